"""Members of chats: who they are, bans, restrictions, promotions."""

from __future__ import annotations

from typing import Any

from sandbox.server.errors import bad_request
from sandbox.server.members import (
    ADMIN_RIGHTS,
    CHANNEL_RIGHTS,
    GROUP_RIGHTS,
    PERMISSIONS,
    Member,
)
from sandbox.server.message import ServerChat
from sandbox.server.methods.registry import Call, method

Json = dict[str, Any]


def group_of(call: Call, *, channel: bool = True) -> ServerChat:
    chat = call.chat()
    if chat.kind == "private" or (chat.kind == "channel" and not channel):
        raise bad_request("method is available only for groups and supergroups")
    return chat


def _large(call: Call) -> ServerChat:
    chat = call.chat()
    if chat.kind not in ("supergroup", "channel"):
        raise bad_request("method is available for supergroup and channel chats only")
    return chat


@method("getChatMember")
def get_chat_member(call: Call) -> Json:
    chat = call.chat(access="members")
    user_id = call.user_id()
    if chat.kind == "private":
        if user_id == chat.id and chat.person is not None:
            return Member(chat.person.to_json()).to_json()
        if user_id == call.context.bot_id:
            return Member(call.context.bot_user).to_json()
        raise bad_request("member not found")
    member = chat.members.get(user_id)
    if member is None:
        person = call.telegram.users.get(user_id)
        if person is None or not call.telegram.chats[person.id].known:
            raise bad_request("member not found")
        member = Member(person.to_json(), "left")
    return _seen(call, user_id, member)


def _seen(call: Call, user_id: int, member: Member) -> Json:
    """``ChatMember`` with the names that the person has now."""
    person = call.telegram.users.get(user_id)
    if person is None:
        return member.to_json()
    call.telegram.events.meet(person.id)
    return member.to_json() | {"user": person.to_json()}


@method("getChatAdministrators")
def get_chat_administrators(call: Call) -> list[Json]:
    chat = call.chat(access="members")
    if chat.kind == "private":
        raise bad_request("there are no administrators in the private chat")
    result = []
    for user_id, member in chat.members.items():
        if not member.is_admin:
            continue
        if member.user["is_bot"] and user_id != call.context.bot_id and not call.get("return_bots"):
            continue  # other bots are left out; the bot itself is always listed
        result.append(_seen(call, user_id, member))
    return result


@method("getChatMemberCount")
def get_chat_member_count(call: Call) -> int:
    chat = call.chat(access="members")
    if chat.kind == "private":
        return 2
    return sum(member.present for member in chat.members.values())


@method("leaveChat")
def leave_chat(call: Call) -> bool:
    chat = group_of(call)
    call.telegram.membership.set_bot(chat, None, "left")
    return True


# ------------------------------------------------------------------------------------ members


def _victim(call: Call, chat: ServerChat) -> Member:
    user_id = call.user_id()
    member = chat.members.get(user_id)
    if member is None:
        person = call.telegram.users.get(user_id)
        if person is None:
            raise bad_request("PARTICIPANT_ID_INVALID", violation="user_not_found")
        member = chat.members.setdefault(user_id, Member(person.to_json(), "left"))
    if member.status == "creator":
        raise bad_request("can't remove chat owner")
    if member.status == "administrator" and not member.by_bot:
        raise bad_request("user is an administrator of the chat")
    if user_id == call.context.bot_id:
        raise bad_request("can't restrict self")
    return member


def _need_restrict(call: Call, chat: ServerChat) -> None:
    call.need_right(
        chat, "can_restrict_members", "not enough rights to restrict/unrestrict chat member"
    )


@method("banChatMember")
def ban_chat_member(call: Call) -> bool:
    chat = group_of(call)
    _need_restrict(call, chat)
    member = _victim(call, chat)
    person = call.telegram.users[member.user["id"]]
    inside = member.present
    until = int(call.get("until_date", 0))
    call.telegram.membership.set_status(chat, person, "kicked", None, until=until, by_bot=True)
    if inside and chat.kind != "channel":
        call.telegram.events.service(chat, {"left_chat_member": person.to_json()}, None)
    if call.get("revoke_messages"):
        for message in chat.messages:
            if message.sender is person:
                message.deleted = True
    return True


@method("unbanChatMember")
def unban_chat_member(call: Call) -> bool:
    chat = _large(call)
    _need_restrict(call, chat)
    member = chat.members.get(call.user_id())
    if member is None:
        return True
    banned = member.status == "kicked"
    if call.get("only_if_banned") and not banned:
        return True
    person = call.telegram.users[member.user["id"]]
    if banned or member.present:
        # without only_if_banned the method also removes the user from the chat
        call.telegram.membership.set_status(chat, person, "left", None, by_bot=True)
    return True


@method("restrictChatMember")
def restrict_chat_member(call: Call) -> bool:
    chat = call.chat()
    if chat.kind != "supergroup":
        raise bad_request("method is available only for supergroups")
    _need_restrict(call, chat)
    member = _victim(call, chat)
    person = call.telegram.users[member.user["id"]]
    given = call.get("permissions")
    permissions = {name: bool(given.get(name)) for name in PERMISSIONS}
    full = all(permissions[name] for name in PERMISSIONS if name.startswith("can_send"))
    call.telegram.membership.set_status(
        chat,
        person,
        "member" if full else "restricted",
        None,
        None if full else permissions,
        until=int(call.get("until_date", 0)),
        by_bot=True,
        inside=member.present,
    )
    return True


@method("promoteChatMember")
def promote_chat_member(call: Call) -> bool:
    chat = group_of(call)
    call.need_right(chat, "can_promote_members", "not enough rights")
    user_id = call.user_id()
    member = chat.members.get(user_id)
    if member is None or (not member.present and chat.kind != "channel"):
        raise bad_request("USER_NOT_MUTUAL_CONTACT")
    names = ADMIN_RIGHTS + (CHANNEL_RIGHTS if chat.kind == "channel" else GROUP_RIGHTS)
    if chat.kind == "supergroup":
        names += ("can_manage_topics",)
    rights = {name: bool(call.get(name)) for name in names}
    person = call.telegram.users[user_id]
    if any(rights.values()):
        for name, value in rights.items():
            if value and not chat.bot_can(name):
                raise bad_request("RIGHT_FORBIDDEN", violation="not_enough_rights")
        rights["can_manage_chat"] = True
        call.telegram.membership.set_status(
            chat, person, "administrator", None, rights, by_bot=True
        )
    else:
        call.telegram.membership.set_status(chat, person, "member", None, by_bot=True)
    return True


@method("setChatAdministratorCustomTitle")
def set_custom_title(call: Call) -> bool:
    chat = group_of(call, channel=False)
    member = chat.members.get(call.user_id())
    if member is None or member.status != "administrator":
        raise bad_request("user is not an administrator")
    if not member.by_bot:
        raise bad_request("not enough rights to change custom title of the user")
    title = str(call.get("custom_title", ""))
    if len(title) > 16:
        raise bad_request("CUSTOM_TITLE_INVALID", violation="too_long")
    member.title = title or None
    return True


@method("setChatMemberTag")
def set_member_tag(call: Call) -> bool:
    chat = group_of(call, channel=False)
    call.need_right(chat, "can_manage_tags", "not enough rights")
    member = chat.members.get(call.user_id())
    if member is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    tag = str(call.get("tag", ""))
    if len(tag) > 16:
        raise bad_request("TAG_INVALID", violation="too_long")
    member.tag = tag or None
    return True


@method("banChatSenderChat", "unbanChatSenderChat")
def ban_sender_chat(call: Call) -> bool:
    chat = group_of(call)
    _need_restrict(call, chat)
    return True
