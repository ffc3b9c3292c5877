"""Messages, and how the Bot API shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from sandbox.server.chat import ChatOf, Event
from sandbox.server.entities import utf16_slice
from sandbox.server.keyboards import buttons
from sandbox.server.members import User

Json = dict[str, Any]

# content fields, the most specific first (an animation also has ``document``…)
CONTENT_KINDS: Final = (
    "text", "animation", "live_photo", "audio", "document", "photo", "sticker", "story", "video",
    "video_note", "voice", "venue", "location", "contact", "dice", "game", "poll", "checklist",
    "rich_message", "paid_media", "invoice",
)  # fmt: skip
SERVICE_KINDS: Final = (
    "new_chat_members", "left_chat_member", "new_chat_title", "new_chat_photo",
    "delete_chat_photo", "group_chat_created", "supergroup_chat_created", "channel_chat_created",
    "migrate_to_chat_id", "migrate_from_chat_id", "pinned_message", "forum_topic_created",
    "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened",
    "general_forum_topic_hidden", "general_forum_topic_unhidden", "web_app_data", "users_shared",
    "chat_shared", "write_access_allowed", "message_auto_delete_timer_changed",
    "connected_website",
)  # fmt: skip
MEDIA_KINDS: Final = frozenset(
    {"animation", "audio", "document", "photo", "video", "voice", "video_note", "sticker"}
)
CAPTIONED: Final = frozenset({"animation", "audio", "document", "photo", "video", "voice"})
EDITABLE_MEDIA: Final = frozenset({"animation", "audio", "document", "photo", "video"})


@dataclass(slots=True)
class Revision:
    """What a message looked like at one moment."""

    time: float
    text: str
    keyboard: list[list[str]]


@dataclass(eq=False, slots=True)
class Message:
    """A message; ``sender`` is ``None`` for the bot's own messages and for channel posts."""

    chat: ServerChat
    id: int
    date: int
    content: Json
    from_bot: bool = False
    sender: User | None = None
    anonymous: bool = False
    inline_keyboard: Json | None = None
    reply_keyboard: Json | None = None
    sent_markup: Json | None = None  # whatever came as reply_markup with a bot's message
    thread_id: int | None = None
    reply_to: Message | None = None
    quote: Json | None = None
    external_reply: Json | None = None
    across: Message | None = None  # what it answers in another topic of the same chat
    forward_origin: Json | None = None
    via_bot: Json | None = None  # the bot whose inline result it is
    media_group_id: str | None = None
    edit_date: int | None = None
    protected: bool = False
    silent: bool = False
    effect_id: str | None = None
    signature: str | None = None
    visible: bool = True  # the bot can see it (privacy mode)
    deleted: bool = False
    pinned: bool = False
    seq: int = 0  # of the bot's last event before the message
    extra: Json = field(default_factory=dict)
    reactions: dict[int, list[Json]] = field(default_factory=dict)
    revisions: list[Revision] = field(default_factory=list)

    # ------------------------------------------------------------------ for scenario tests

    @property
    def kind(self) -> str:
        """Kind of the content: "text", "photo", "forum_topic_created"…"""
        for name in CONTENT_KINDS + SERVICE_KINDS:
            if name in self.content:
                return name
        return "unknown"

    @property
    def is_service(self) -> bool:
        """A service message ("X joined the group")."""
        return self.kind in SERVICE_KINDS or self.kind == "unknown"

    @property
    def text(self) -> str:
        """Text or caption; an empty string if there is none."""
        value = self.content.get("text")
        if value is None:
            value = self.content.get("caption", "")
        return str(value)

    @property
    def entities(self) -> list[Json]:
        """Entities of the text or caption."""
        found = self.content.get("entities")
        return list(found if found is not None else self.content.get("caption_entities", []))

    def entity_texts(self, kind: str | None = None) -> list[str]:
        """Texts of the entities of a kind ("bold", "text_link"…)."""
        return [
            utf16_slice(self.text, e["offset"], e["length"])
            for e in self.entities
            if kind is None or e["type"] == kind
        ]

    @property
    def markup(self) -> Json | None:
        """The inline keyboard, or the reply keyboard that came with the message."""
        return self.inline_keyboard or self.reply_keyboard

    @property
    def keyboard(self) -> list[list[str]]:
        """Labels of the buttons, row by row."""
        markup = self.markup or {}
        rows = markup.get("inline_keyboard") or markup.get("keyboard") or []
        return [[b if isinstance(b, str) else str(b["text"]) for b in row] for row in rows]

    @property
    def buttons(self) -> list[str]:
        """Labels of all buttons."""
        return [label for row in self.keyboard for label in row]

    def button(self, label: str) -> Json | None:
        """The button with this label (exact, else containing it, ignoring the case)."""
        wanted = label.casefold()
        every = list(buttons(self.markup))
        for button in every:
            if str(button["text"]).casefold() == wanted:
                return button
        for button in every:
            if wanted in str(button["text"]).casefold():
                return button
        return None

    @property
    def force_reply(self) -> bool:
        """The bot asks for a reply to this message."""
        return bool((self.sent_markup or {}).get("force_reply"))

    @property
    def topic(self) -> int | None:
        """Forum topic of the message."""
        return self.thread_id

    @property
    def edited(self) -> bool:
        """Edited at least once."""
        return bool(self.revisions)

    @property
    def media(self) -> Json | None:
        """The file object (for photos the biggest size)."""
        if self.kind not in MEDIA_KINDS:
            return None
        value = self.content[self.kind]
        return dict(value[-1] if isinstance(value, list) else value)

    @property
    def file_bytes(self) -> bytes:
        """Content of the attached file."""
        media = self.media
        if media is None:
            raise ValueError(f"no file in {self!r}")
        stored = self.chat.context.files.get(media["file_id"])
        return stored.data if stored else b""

    @property
    def bot_reactions(self) -> list[str]:
        """Emoji that the bot put on the message."""
        given = self.reactions.get(self.chat.context.bot_id, [])
        return [str(r.get("emoji", r.get("custom_emoji_id", ""))) for r in given]

    @property
    def link(self) -> str:
        """t.me link of a supergroup or channel message."""
        return f"https://t.me/c/{str(self.chat.id).removeprefix('-100')}/{self.id}"

    @property
    def raw(self) -> Json:
        """The message as the Bot API shows it now."""
        return self.to_json()

    # ------------------------------------------------------------------ for the sandbox

    def snapshot(self) -> Revision:
        """The present look."""
        return Revision(self.chat.context.clock.now(), self.text, self.keyboard)

    def content_text_fields(self) -> tuple[str, str]:
        """Names of the text and entities fields of this kind of message."""
        return ("text", "entities") if self.kind == "text" else ("caption", "caption_entities")

    def to_json(self, *, nested: bool = True) -> Json:
        """The message as a Bot API object; ``nested`` adds ``reply_to_message``."""
        return message_json(self, nested=nested)

    def inaccessible(self) -> Json:
        """An ``InaccessibleMessage`` in place of the message."""
        return {"chat": self.chat.brief(), "message_id": self.id, "date": 0}

    def origin(self) -> Json:
        """``MessageOrigin`` for a forward of this message."""
        return origin_json(self)

    def __repr__(self) -> str:
        who = "bot" if self.from_bot else (self.sender.name if self.sender else "?")
        return f"<Message {self.id} in {self.chat.title!r} by {who}: {self.kind} {self.text!r}>"


ServerChat: TypeAlias = ChatOf[Message]
BotEvent: TypeAlias = Event[Message]


def message_json(message: Message, *, nested: bool = True) -> Json:
    """The message as a Bot API object; ``nested`` adds ``reply_to_message``."""
    chat = message.chat
    data: Json = {"message_id": message.id}
    data.update(_sender(message))
    data["chat"] = chat.brief()
    data["date"] = message.date
    if message.forward_origin is not None:
        data["forward_origin"] = message.forward_origin
        data.update(_old_forward_fields(message.forward_origin))
    if message.via_bot is not None:
        data["via_bot"] = message.via_bot
    thread_id = message.thread_id if message.thread_id is not None else _reply_thread(message)
    if thread_id is not None:
        data["message_thread_id"] = thread_id
        if message.thread_id is not None and (chat.is_forum or chat.kind == "private"):
            data["is_topic_message"] = True
    if nested:
        reply = message.reply_to or _implicit_reply(message)
        if reply is not None and not reply.deleted:
            data["reply_to_message"] = reply.to_json(nested=False)
    if message.external_reply is not None:
        data["external_reply"] = message.external_reply
    if message.quote is not None:
        data["quote"] = message.quote
    if message.edit_date is not None:
        data["edit_date"] = message.edit_date
    if message.media_group_id is not None:
        data["media_group_id"] = message.media_group_id
    if message.protected:
        data["has_protected_content"] = True
    if message.effect_id is not None:
        data["effect_id"] = message.effect_id
    data.update(message.content)
    if message.kind == "pinned_message":
        pinned: Message = message.content["pinned_message"]
        data["pinned_message"] = (
            pinned.to_json(nested=False) if not pinned.deleted else pinned.inaccessible()
        )
    if message.inline_keyboard is not None:
        data["reply_markup"] = message.inline_keyboard
    data.update(message.extra)
    return data


def origin_json(message: Message) -> Json:
    """``MessageOrigin`` for a forward of this message."""
    if message.forward_origin is not None:
        return message.forward_origin
    chat = message.chat
    if chat.kind == "channel":
        origin: Json = {
            "type": "channel",
            "date": message.date,
            "chat": chat.brief(),
            "message_id": message.id,
        }
        if message.signature:
            origin["author_signature"] = message.signature
        return origin
    if message.anonymous:
        return {"type": "chat", "date": message.date, "sender_chat": chat.brief()}
    if message.sender is not None and message.sender.hidden_forwards:
        return {
            "type": "hidden_user",
            "date": message.date,
            "sender_user_name": message.sender.full_name,
        }
    user = chat.context.bot_user if message.sender is None else message.sender.to_json()
    return {"type": "user", "date": message.date, "sender_user": user}


def _sender(message: Message) -> Iterator[tuple[str, Any]]:
    """``from``, ``sender_chat`` and ``author_signature``."""
    context = message.chat.context
    if message.chat.kind == "channel":
        yield "sender_chat", message.chat.brief()
        if message.signature:
            yield "author_signature", message.signature
    elif message.anonymous:
        yield "from", context.anonymous_admin
        yield "sender_chat", message.chat.brief()
        if message.signature:
            yield "author_signature", message.signature
    elif message.from_bot:
        yield "from", context.bot_user
    elif message.sender is not None:
        yield "from", message.sender.to_json()


def _implicit_reply(message: Message) -> Message | None:
    """Messages in a topic look like replies to the service message that created it."""
    if message.thread_id is None or message.id == message.thread_id or not message.chat.is_forum:
        return None
    return message.chat.get(message.thread_id)


def _reply_thread(message: Message) -> int | None:
    """In supergroups without topics a reply carries the first message of its thread."""
    if message.chat.kind != "supergroup" or message.chat.is_forum or message.reply_to is None:
        return None
    return _reply_thread(message.reply_to) or message.reply_to.id


def _old_forward_fields(origin: Json) -> Iterator[tuple[str, Any]]:
    """The fields that the server still sends besides ``forward_origin``."""
    kind = origin["type"]
    if kind == "user":
        yield "forward_from", origin["sender_user"]
    elif kind == "hidden_user":
        yield "forward_sender_name", origin["sender_user_name"]
    elif kind == "chat":
        yield "forward_from_chat", origin["sender_chat"]
    else:
        yield "forward_from_chat", origin["chat"]
        yield "forward_from_message_id", origin["message_id"]
    yield "forward_date", origin["date"]
