"""Chats: private ones, groups, supergroups (with topics) and channels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, Protocol, TypeVar

from sandbox.server.context import Context
from sandbox.server.members import (
    ADMIN_RIGHTS,
    CHANNEL_RIGHTS,
    GROUP_RIGHTS,
    PERMISSIONS,
    InviteLink,
    Member,
    User,
)

Json = dict[str, Any]
ChatKind = Literal["private", "group", "supergroup", "channel"]
Access = Literal["never", "started", "blocked", "deactivated"]

GENERAL_TOPIC: Final = 1
ICON_COLORS: Final = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)


@dataclass(eq=False, slots=True)
class Topic:
    """A topic of a forum (or of a private chat with topics)."""

    id: int
    name: str
    icon_color: int = ICON_COLORS[0]
    icon_custom_emoji_id: str | None = None
    closed: bool = False
    hidden: bool = False
    deleted: bool = False
    by_bot: bool = False

    def to_json(self) -> Json:
        """``ForumTopic``."""
        data: Json = {
            "message_thread_id": self.id,
            "name": self.name,
            "icon_color": self.icon_color,
        }
        if self.icon_custom_emoji_id:
            data["icon_custom_emoji_id"] = self.icon_custom_emoji_id
        return data


class StoredMessage(Protocol):
    """What a chat asks of its messages. ``message.py`` has them; it imports this file."""

    id: int
    deleted: bool
    from_bot: bool
    pinned: bool
    thread_id: int | None
    visible: bool

    @property
    def text(self) -> str:
        """Text or caption."""

    @property
    def buttons(self) -> list[str]:
        """Labels of all buttons."""

    @property
    def is_service(self) -> bool:
        """A service message."""

    def to_json(self, *, nested: bool = True) -> Json:
        """``Message``."""


M = TypeVar("M", bound=StoredMessage)


@dataclass(slots=True)
class Event(Generic[M]):
    """One visible action of the bot in a chat."""

    seq: int
    kind: str  # "new", "edit", "delete", "reaction", "pin"
    message: M
    text: str
    labels: list[str]
    time: float
    used: bool = False  # an expectation has taken it


class ChatOf(Generic[M]):
    """A chat with its history of messages and its members."""

    def __init__(
        self,
        context: Context,
        kind: ChatKind,
        chat_id: int,
        title: str,
        *,
        username: str | None = None,
        person: User | None = None,
        forum: bool = False,
    ) -> None:
        self.context = context
        self.kind: ChatKind = kind
        self.id = chat_id
        self.title = title
        self.username = username
        self.person = person  # the other side of a private chat
        self.is_forum = forum
        self.access: Access = "never"  # private chats only
        self.known = False  # the bot has met the user (or the chat)
        self.history: dict[int, M] = {}
        self.events: list[Event[M]] = []
        self.last_mark = 0  # ``seq`` of the context when a person last acted here
        self.topics: dict[int, Topic] = {}
        self.members: dict[int, Member] = {}
        self.invites: dict[str, InviteLink] = {}
        self.join_requests: dict[int, tuple[User, InviteLink | None]] = {}
        self.actions: list[tuple[float, str, int | None]] = []
        self.reply_keyboards: dict[int, M] = {}  # by user id
        self.description: str | None = None
        self.permissions: Json = dict.fromkeys(PERMISSIONS, True)
        self.protected = False
        self.slow_mode = 0
        self.signed = False
        self.menu_button: Json | None = None
        self.deleted = False
        self.migrated_to_id: int | None = None  # the supergroup that a basic group has become
        self.photo: str | None = None
        self._last_id = 1  # the first message says that the chat was created
        if forum:
            self.open_topics()

    # ------------------------------------------------------------------ history

    @property
    def messages(self) -> list[M]:
        """Messages of the chat that are not deleted, oldest first."""
        return [m for m in self.history.values() if not m.deleted]

    @property
    def bot_messages(self) -> list[M]:
        """The bot's messages that are not deleted, oldest first."""
        return [m for m in self.messages if m.from_bot and not m.is_service]

    @property
    def last(self) -> M:
        """The newest message of the bot."""
        return self.bot_messages[-1]

    @property
    def pinned(self) -> list[M]:
        """Pinned messages, the newest pin last."""
        return [m for m in self.messages if m.pinned]

    def next_id(self) -> int:
        """Identifier for a new message."""
        if self.kind in ("private", "group"):
            return self.context.next_common_id()
        self._last_id += 1
        return self._last_id

    def get(self, message_id: int | None) -> M | None:
        """Message by identifier, deleted ones too."""
        return self.history.get(message_id) if message_id else None

    def visible(self, message_id: int | None) -> M | None:
        """Message that the bot can use."""
        message = self.get(message_id)
        if message is None or message.deleted or not message.visible:
            return None
        return message

    def store(self, message: M) -> M:
        """Keep a new message."""
        self.history[message.id] = message
        limit = self.context.history_limit
        if limit is not None and len(self.history) > limit:
            del self.history[next(iter(self.history))]
        self.context.touched()
        return message

    def mark(self) -> int:
        """A person acts here: whoever waits for the bot ignores what happened until now."""
        self.last_mark = self.context.seq
        return self.last_mark

    def record(self, kind: str, message: M) -> None:
        """Note an action of the bot."""
        context = self.context
        context.seq += 1
        if not context.lean:
            now = context.clock.now()
            self.events.append(
                Event(context.seq, kind, message, message.text, message.buttons, now)
            )
        context.touched()

    def forget(self) -> None:
        """Nothing was ever said here, and a private chat was never opened."""
        self.access = "never"
        self.known = self.person is None
        self.menu_button = None
        for book in (self.history, self.reply_keyboards, self.actions, self.events, self.topics):
            book.clear()
        if self.is_forum:
            self.open_topics()

    # ------------------------------------------------------------------ topics

    def open_topics(self) -> None:
        """Every forum has the General topic."""
        self.topics.setdefault(GENERAL_TOPIC, Topic(GENERAL_TOPIC, "General"))

    @property
    def has_topics(self) -> bool:
        """Messages can stand in topics here."""
        return self.is_forum or (self.kind == "private" and self.context.options.private_topics)

    def next_topic_id(self, message_id: int) -> int:
        """Identifier for a new topic: in groups that of the message that says so. Private chats
        number their topics as the person's account does, apart from the messages that a bot sees.
        """
        return max(self.topics, default=1) + 1 if self.kind == "private" else message_id

    def topic(self, name: Topic | str | int) -> Topic:
        """Topic by (a part of) its name or by its identifier."""
        if isinstance(name, Topic):
            return name
        if isinstance(name, int):
            return self.topics[name]
        alive = [t for t in self.topics.values() if not t.deleted]
        for topic in alive:
            if topic.name == name:
                return topic
        for topic in alive:
            if name.casefold() in topic.name.casefold():
                return topic
        raise AssertionError(f"no topic {name!r} in {self.title!r}: {[t.name for t in alive]}")

    def drop_topic(self, topic: Topic) -> None:
        """Delete a topic and its messages."""
        topic.deleted = True
        for message in self.history.values():
            if topic.id == message.thread_id:
                message.deleted = True
        self.context.touched()

    # ------------------------------------------------------------------ the bot's rights

    def all_rights(self) -> Json:
        """Rights of an administrator with all rights in this kind of chat."""
        rights: Json = dict.fromkeys(ADMIN_RIGHTS, True)
        rights["can_promote_members"] = False  # usual for bots
        names: Iterable[str] = CHANNEL_RIGHTS if self.kind == "channel" else GROUP_RIGHTS
        rights |= dict.fromkeys(names, True)
        if self.kind == "supergroup":
            rights["can_manage_topics"] = True
        return rights

    def bot_can(self, right: str) -> bool:
        """The bot is an administrator with this right."""
        member = self.members.get(self.context.bot_id)
        return member is not None and member.can(right)

    @property
    def bot_is_admin(self) -> bool:
        """The bot is an administrator here."""
        member = self.members.get(self.context.bot_id)
        return member is not None and member.is_admin

    @property
    def bot_inside(self) -> bool:
        """The bot is in the chat (or the private chat is open)."""
        if self.kind == "private":
            return self.access == "started"
        member = self.members.get(self.context.bot_id)
        return member is not None and member.present

    # ------------------------------------------------------------------ as JSON

    @property
    def link(self) -> str:
        """Public or private t.me link of the chat."""
        if self.username:
            return f"https://t.me/{self.username}"
        return f"https://t.me/c/{str(self.id).removeprefix('-100')}"

    def brief(self) -> Json:
        """``Chat``."""
        data: Json = {"id": self.id, "type": self.kind}
        if self.person is not None:
            data["first_name"] = self.person.first_name
            if self.person.last_name:
                data["last_name"] = self.person.last_name
            if self.person.username:
                data["username"] = self.person.username
            return data
        data["title"] = self.title
        if self.username:
            data["username"] = self.username
        if self.is_forum:
            data["is_forum"] = True
        return data

    def full(self) -> Json:
        """``ChatFullInfo``."""
        data = self.brief()
        data["accent_color_id"] = 0
        data["max_reaction_count"] = 11
        data["accepted_gift_types"] = {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        }
        if self.username or (self.person and self.person.username):
            data["active_usernames"] = [data["username"]]
        pinned = self.pinned
        if pinned:
            data["pinned_message"] = pinned[-1].to_json(nested=False)
        if self.person is not None:
            if self.person.bio:
                data["bio"] = self.person.bio
            if self.person.hidden_forwards:
                data["has_private_forwards"] = True
            return data
        if self.description:
            data["description"] = self.description
        if self.kind != "channel":
            data["permissions"] = self.permissions
        if self.protected:
            data["has_protected_content"] = True
        if self.slow_mode and self.kind == "supergroup":
            data["slow_mode_delay"] = self.slow_mode
        if self.bot_can("can_invite_users"):
            primary = [i for i in self.invites.values() if i.primary and not i.revoked]
            if primary:
                data["invite_link"] = primary[0].url
        return data

    def __repr__(self) -> str:
        return f"<Chat {self.kind} {self.title!r} {self.id}>"
