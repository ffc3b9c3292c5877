"""Updates as the desk reads them: aiogram's types, without what nobody here reads.

A whole message has three hundred types within it. To build them took a tenth of a second of CPU of
each start, before the first message was handled. What is not read stays as it came, and a kind of
update is built at the first of that kind.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final

from aiogram import Bot, types
from aiogram.types import (
    CallbackQuery,
    Chat,
    ChatMemberUpdated,
    ExternalReplyInfo,
    InaccessibleMessage,
    InlineQuery,
    Message,
    MessageOriginChannel,
    MessageOriginChat,
    MessageOriginHiddenUser,
    MessageOriginUser,
    MessageReactionUpdated,
    TelegramObject,
)
from pydantic import AfterValidator, Field, create_model
from pydantic_core import from_json

READ_OF_CHAT: Final = frozenset(
    {"id", "type", "title", "username", "first_name", "last_name", "is_forum"}
)
READ_OF_MESSAGE: Final = frozenset(
    {
        *("message_id", "date", "edit_date", "chat", "message_thread_id", "is_topic_message"),
        *("from_user", "sender_chat", "via_bot", "is_automatic_forward", "author_signature"),
        *("reply_to_message", "quote", "external_reply", "forward_origin", "media_group_id"),
        *("text", "entities", "caption", "caption_entities"),
        *("show_caption_above_media", "has_media_spoiler"),
        *("animation", "audio", "document", "live_photo", "photo", "sticker", "video"),
        *("video_note", "voice", "contact", "venue", "location"),
        *("new_chat_members", "left_chat_member", "migrate_to_chat_id", "migrate_from_chat_id"),
        *("forum_topic_created", "forum_topic_edited", "forum_topic_closed"),
        *("ephemeral_message_id", "receiver_user"),
    }
)


class Unread(dict[str, Any]):
    """Something that Telegram said and nobody here reads. It is there even where it is empty: of
    what kind a message is, is told by what is there.
    """

    def __bool__(self) -> bool:
        return True


class NoUpdate(ValueError):
    """It has no shape of an update; the message says why, and nothing of what was in it."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """An update: its kind, as Telegram calls it, and what happened."""

    kind: str
    event: TelegramObject


def parse_update(raw: str, bot: Bot) -> Incoming | None:
    """Return the update, which belongs to ``bot``; ``None``: it is of a kind that is not read.

    Raises `NoUpdate`, and pydantic's `ValidationError` where a part of it has an unknown shape.
    """
    said = _said(raw)
    kind = next((each for each in KINDS if said.get(each) is not None), None)
    if kind is None:
        return None
    return Incoming(kind, KINDS[kind]().model_validate(said[kind], context={"bot": bot}))


def kinds_in(raw: str) -> list[str]:
    """Return what an update is made of, by name."""
    return sorted(_said(raw).keys() - {"update_id"})


def _said(raw: str) -> dict[str, Any]:
    try:
        said = from_json(raw)
    except ValueError:
        raise NoUpdate("it is no JSON") from None
    if not isinstance(said, dict) or type(said.get("update_id")) is not int:
        raise NoUpdate("it has no update_id")
    return said


def _left(value: Any) -> Any:
    return Unread(value) if isinstance(value, dict) else value


_AS_IT_CAME: Final = Annotated[Any, AfterValidator(_left)]


def _reading(kind: type[Any], read: Collection[str], **others: Any) -> Any:
    """Return a type of aiogram's with these of its fields, and ``others`` of other types; the rest
    stays as it came.
    """
    rest = kind.model_fields.keys() - set(read) - others.keys()
    fields: dict[str, Any] = dict.fromkeys(rest, (_AS_IT_CAME, None))
    for name, found in others.items():
        fields[name] = found, ... if kind.model_fields[name].is_required() else None
    made = create_model(f"Read{kind.__name__}", __base__=kind, __module__=__name__, **fields)
    made.model_rebuild(_types_namespace=vars(types) | {made.__name__: made})
    return made


def _all_of(kind: type[Any], **others: Any) -> Any:
    return _reading(kind, kind.model_fields, **others)


@cache
def _chat() -> Any:
    return _reading(Chat, READ_OF_CHAT)


@cache
def _message() -> Any:
    chat = _chat()
    origin: Any = Annotated[
        MessageOriginUser
        | MessageOriginHiddenUser
        | _all_of(MessageOriginChat, sender_chat=chat)
        | _all_of(MessageOriginChannel, chat=chat),
        Field(discriminator="type"),
    ]
    return _reading(
        Message,
        READ_OF_MESSAGE,
        chat=chat,
        sender_chat=chat | None,
        forward_origin=origin | None,
        external_reply=_reading(ExternalReplyInfo, (), origin=origin) | None,
        reply_to_message="ReadMessage | None",
    )


@cache
def _press() -> Any:
    lost = _all_of(InaccessibleMessage, chat=_chat())
    return _all_of(CallbackQuery, message=_message() | lost | None)


@cache
def _membership() -> Any:
    return _all_of(ChatMemberUpdated, chat=_chat())


@cache
def _reaction() -> Any:
    return _all_of(MessageReactionUpdated, chat=_chat(), actor_chat=_chat() | None)


KINDS: Final[dict[str, Callable[[], Any]]] = {
    "message": _message,
    "edited_message": _message,
    "channel_post": _message,
    "callback_query": _press,
    "inline_query": lambda: InlineQuery,
    "my_chat_member": _membership,
    "chat_member": _membership,
    "message_reaction": _reaction,
}
"""The kinds that are asked for (`bot/polling.py`), each with its type."""
