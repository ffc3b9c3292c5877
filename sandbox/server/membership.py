"""Who is in which chat, with which rights, and the updates about this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.server.chat import Access
from sandbox.server.context import Context
from sandbox.server.events import Events
from sandbox.server.members import (
    ADMIN_RIGHTS,
    CHANNEL_RIGHTS,
    GROUP_RIGHTS,
    InviteLink,
    Member,
    User,
)
from sandbox.server.message import Message, ServerChat

Json = dict[str, Any]


class Membership:
    """Changes of memberships."""

    def __init__(self, context: Context, events: Events, users: Mapping[int, User]) -> None:
        self.context = context
        self.events = events
        self.users = users
        self.join_grace: dict[int, float] = {}  # by user, until when the bot may write to them

    # ------------------------------------------------------------------ private chats

    def set_access(self, chat: ServerChat, access: Access) -> None:
        """Block or unblock the bot in a private chat."""
        person = chat.person
        if person is None or chat.access == access:
            return
        was, chat.access = chat.access, access
        self.context.violations.refused.pop(chat.id, None)
        if access == "started" and was == "never":
            chat.known = True
            return
        old, new = Member(self.context.bot_user), Member(self.context.bot_user)
        (new if access == "blocked" else old).status = "kicked"
        self._updated(chat, person.to_json(), old, new, mine=True, actor_id=person.id)

    # ------------------------------------------------------------------ helpers

    def _updated(
        self,
        chat: ServerChat,
        actor: Json,
        old: Member | Json,
        new: Member,
        *,
        mine: bool,
        actor_id: int,
        **extra: Any,
    ) -> None:
        payload: Json = {
            "chat": chat.brief(),
            "from": actor,
            "date": self.context.clock.unix(),
            "old_chat_member": old if isinstance(old, dict) else old.to_json(),
            "new_chat_member": new.to_json(),
            **extra,
        }
        if mine:
            self.events.emit("my_chat_member", payload, chat)
        elif chat.bot_is_admin:
            self.events.emit("chat_member", payload, chat)
        self.events.meet(actor_id)

    def _member(self, chat: ServerChat, user: Json) -> Member:
        return chat.members.setdefault(user["id"], Member(user, "left"))

    # ------------------------------------------------------------------ the bot

    def set_bot(
        self, chat: ServerChat, by: User | None, status: str, rights: Json | None = None
    ) -> None:
        """Change the bot's own status; the bot learns it from ``my_chat_member``."""
        member = self._member(chat, self.context.bot_user)
        old = member.to_json()
        was_inside = member.present
        leaving = status in ("left", "kicked")
        actor = by.to_json() if by is not None else self.context.bot_user
        if leaving and was_inside and chat.kind in ("group", "supergroup"):
            # the service message comes while the bot still is a member
            self.events.service(chat, {"left_chat_member": self.context.bot_user}, by, force=True)
        member.status = status
        member.rights = rights
        if member.to_json() == old:
            return
        if not was_inside and not leaving:
            chat.known = True
        self._updated(
            chat,
            actor,
            old,
            member,
            mine=True,
            actor_id=by.id if by is not None else self.context.bot_id,
        )
        if not was_inside and not leaving and chat.kind in ("group", "supergroup"):
            self.events.service(chat, {"new_chat_members": [self.context.bot_user]}, by)

    def add_bot(self, chat: ServerChat, by: User, *, admin: bool | Json) -> None:
        """Add the bot to a chat."""
        if admin or chat.kind == "channel":
            rights = chat.all_rights() | (admin if isinstance(admin, dict) else {})
            self.set_bot(chat, by, "administrator", rights)
        else:
            self.set_bot(chat, by, "member")

    # ------------------------------------------------------------------ people

    def set_status(
        self,
        chat: ServerChat,
        person: User,
        status: str,
        by: User | None,
        rights: Json | None = None,
        *,
        until: int = 0,
        by_bot: bool = False,
        inside: bool = True,
        **extra: Any,
    ) -> None:
        """Change the status of a person."""
        member = self._member(chat, person.to_json())
        old = member.to_json()
        member.status, member.rights, member.until = status, rights, until
        member.inside, member.by_bot = inside, by_bot
        actor = (
            by.to_json() if by is not None else (self.context.bot_user if by_bot else member.user)
        )
        if member.to_json() != old:
            self._updated(
                chat,
                actor,
                old,
                member,
                mine=False,
                actor_id=by.id if by is not None else person.id,
                **extra,
            )

    def promote(
        self, chat: ServerChat, person: User, by: User, title: str | None, changes: Json
    ) -> None:
        """Make a person an administrator."""
        names = ADMIN_RIGHTS + (CHANNEL_RIGHTS if chat.kind == "channel" else GROUP_RIGHTS)
        rights: Json = dict.fromkeys(names, True)
        if chat.kind == "supergroup":
            rights["can_manage_topics"] = True
        anonymous = bool(changes.pop("is_anonymous", False))
        member = self._member(chat, person.to_json())
        member.title, member.anonymous = title, anonymous
        self.set_status(chat, person, "administrator", by, rights | changes)

    def join(
        self,
        chat: ServerChat,
        person: User,
        by: User | None,
        link: InviteLink | str | None = None,
        *,
        approved: bool = False,
    ) -> Message | None:
        """A person joins, or is added by somebody."""
        member = self._member(chat, person.to_json())
        if member.present:
            return None
        extra: Json = {}
        invite = chat.invites.get(link) if isinstance(link, str) else link
        if invite is not None:
            if invite.revoked:
                raise ValueError("the invite link is revoked")
            extra["invite_link"] = invite.to_json()
        if approved and invite is None:
            extra["via_join_request"] = True
        self.set_status(chat, person, "member", by, **extra)
        if chat.kind == "channel":
            return None
        return self.events.service(chat, {"new_chat_members": [person.to_json()]}, by or person)

    def leave(self, chat: ServerChat, person: User, by: User | None) -> Message | None:
        """A person leaves, or is removed by somebody."""
        member = chat.members.get(person.id)
        if member is None or not member.present:
            return None
        self.set_status(chat, person, "kicked" if by is not None else "left", by)
        if chat.kind == "channel":
            return None
        return self.events.service(chat, {"left_chat_member": person.to_json()}, by or person)

    def request_join(self, chat: ServerChat, person: User, link: InviteLink | str | None) -> None:
        """A person asks to be admitted."""
        invite = chat.invites.get(link) if isinstance(link, str) else link
        chat.join_requests[person.id] = (person, invite)
        if invite is not None:
            invite.pending += 1
        if not chat.bot_can("can_invite_users"):
            return
        payload: Json = {
            "chat": chat.brief(),
            "from": person.to_json(),
            "user_chat_id": person.id,
            "date": self.context.clock.unix(),
        }
        if person.bio:
            payload["bio"] = person.bio
        if invite is not None:
            payload["invite_link"] = invite.to_json()
        # the bot may write to the user for five minutes even without Start
        self.join_grace[person.id] = self.context.clock.now() + 300
        self.events.meet(person.id)
        self.events.emit("chat_join_request", payload, chat)

    def migrate(self, chat: ServerChat, new: ServerChat) -> None:
        """Upgrade a basic group: ``new`` is the empty supergroup that takes its place."""
        new.members = chat.members
        new.permissions = chat.permissions
        new.known = chat.known
        actor = self.owner(chat)
        self.events.service(chat, {"migrate_to_chat_id": new.id}, actor)
        chat.migrated_to_id = new.id
        chat.members = {key: Member(m.user, "left") for key, m in new.members.items()}
        self.events.service(new, {"migrate_from_chat_id": chat.id}, actor)

    def owner(self, chat: ServerChat) -> User:
        """Owner of the group or channel."""
        for member in chat.members.values():
            if member.status == "creator":
                return self.users[member.user["id"]]
        raise LookupError(f"{chat.title!r} has no owner")
