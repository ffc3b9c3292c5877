"""Invite links and requests to join."""

from __future__ import annotations

from typing import Any

from sandbox.server.errors import bad_request, forbidden
from sandbox.server.members import (
    InviteLink,
)
from sandbox.server.message import ServerChat
from sandbox.server.methods.members import group_of
from sandbox.server.methods.registry import Call, method

Json = dict[str, Any]


# ------------------------------------------------------------------------------- invite links


def _need_invites(call: Call) -> ServerChat:
    chat = group_of(call)
    call.need_right(chat, "can_invite_users", "not enough rights to manage chat invite link")
    return chat


def _new_link(call: Call, chat: ServerChat, **about: Any) -> InviteLink:
    token = "".join(
        call.context.random.choice("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz0123456789_-")
        for _ in range(16)
    )
    link = InviteLink(f"https://t.me/+{token}", call.context.bot_user, **about)
    chat.invites[link.url] = link
    return link


def _check_link(call: Call) -> Json:
    limit = call.get("member_limit")
    if limit and call.get("creates_join_request"):
        raise bad_request(
            "member limit can't be specified for links requiring administrator approval",
            violation="invalid_parameters",
        )
    if limit and not 1 <= int(limit) <= 99999:
        raise bad_request("invalid member limit specified", violation="invalid_parameters")
    name = call.get("name")
    if name and len(str(name)) > 32:
        raise bad_request("invite link name is too long", violation="too_long")
    return {
        "name": name,
        "expire_date": call.get("expire_date"),
        "member_limit": limit,
        "join_request": bool(call.get("creates_join_request")),
    }


@method("exportChatInviteLink")
def export_chat_invite_link(call: Call) -> str:
    chat = _need_invites(call)
    for link in chat.invites.values():
        if link.primary:
            link.revoked = True
    return _new_link(call, chat, primary=True).url


@method("createChatInviteLink")
def create_chat_invite_link(call: Call) -> Json:
    chat = _need_invites(call)
    return _new_link(call, chat, **_check_link(call)).to_json()


def _own_link(call: Call, chat: ServerChat) -> InviteLink:
    link = chat.invites.get(str(call.get("invite_link")))
    if link is None:
        raise bad_request("INVITE_HASH_EXPIRED", violation="invalid_parameters")
    return link


@method("editChatInviteLink")
def edit_chat_invite_link(call: Call) -> Json:
    chat = _need_invites(call)
    link = _own_link(call, chat)
    about = _check_link(call)
    link.name, link.expire_date = about["name"], about["expire_date"]
    link.member_limit, link.join_request = about["member_limit"], about["join_request"]
    return link.to_json()


@method("revokeChatInviteLink")
def revoke_chat_invite_link(call: Call) -> Json:
    chat = _need_invites(call)
    link = _own_link(call, chat)
    link.revoked = True
    return link.to_json()


def _join_request(call: Call) -> tuple[ServerChat, Any, InviteLink | None]:
    chat = group_of(call)
    if not chat.bot_can("can_invite_users"):
        raise bad_request(
            "not enough rights to manage chat join requests", violation="not_enough_rights"
        )
    found = chat.join_requests.pop(call.user_id(), None)
    if found is None:
        member = chat.members.get(call.user_id())
        if member is not None and member.present:
            raise bad_request("USER_ALREADY_PARTICIPANT")
        raise bad_request("HIDE_REQUESTER_MISSING")
    person, link = found
    if link is not None and link.pending:
        link.pending -= 1
    return chat, person, link


@method("approveChatJoinRequest")
def approve_join(call: Call) -> bool:
    chat, person, link = _join_request(call)
    call.telegram.membership.join(chat, person, None, link, approved=True)
    return True


@method("declineChatJoinRequest")
def decline_join(call: Call) -> bool:
    _join_request(call)
    return True


@method("verifyChat", "verifyUser", "removeChatVerification", "removeUserVerification")
def verify(_call: Call) -> bool:
    raise forbidden("BOT_VERIFIER_FORBIDDEN", violation="unsupported")
