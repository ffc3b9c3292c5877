"""Reads a message as it came in: its words, files and references as the desk keeps them.

``content`` is JSON: ``kind``, ``text``, ``entities``, ``file_id`` and ``more`` (what the kind
needs besides). Where it has them, ``reply`` is the message that it answers and the ``quote`` of it,
``outside`` the author and the words of a message elsewhere that it answers, ``forward`` whose words
it is, ``thread`` the topic of a private chat. `message_builder` makes calls of it that send it
elsewhere.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from aiogram.enums import ContentType
from aiogram.types import (
    Message,
    MessageOriginChat,
    MessageOriginHiddenUser,
    MessageOriginUnion,
    MessageOriginUser,
    PhotoSize,
)

from channels.telegram.messages.formatting import plain_words
from core.addresses import TELEGRAM, MessageRef
from core.delivery.channel import Delivery
from core.tickets.incoming import IncomingMessage
from core.words.names import clean_name

# Characters of a message elsewhere that are shown with the answer to it.
LONGEST_QUOTE: Final = 300


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A message of a kind that cannot be relayed: a poll, a game, a kind that is unknown here."""

    kind: str


@dataclass(frozen=True, slots=True)
class Service:
    """A service message: something has happened in the chat, and nobody wrote it."""

    kind: str


Content = dict[str, Any]

_REFUSED: Final = frozenset(
    {
        ContentType.POLL,
        ContentType.DICE,
        ContentType.STORY,
        ContentType.GAME,
        ContentType.CHECKLIST,
        ContentType.PAID_MEDIA,
        ContentType.GIVEAWAY,
        ContentType.GIVEAWAY_WINNERS,
        ContentType.INVOICE,
        ContentType.RICH_MESSAGE,
        ContentType.PASSPORT_DATA,
        ContentType.UNKNOWN,
    }
)


def read(message: Message) -> IncomingMessage | Unsupported | Service:
    """The message as the desk stores it."""
    kind = ContentType(message.content_type)
    reader = _READERS.get(kind)
    if reader is None:
        return Unsupported(kind.value) if kind in _REFUSED else Service(kind.value)
    text, entities = plain_words(
        message.text or message.caption or "", message.entities or message.caption_entities or ()
    )
    content: Content = {"kind": _NAMES.get(kind, kind).value, "text": text, "entities": entities}
    content |= {"file_id": None, "more": {}}
    summary = reader(message, content)
    if message.is_topic_message and message.chat.type == "private":
        content["thread"] = str(message.message_thread_id)
    reply_to = _answered(message)
    if reply_to is not None or message.external_reply or message.forward_origin:
        content |= _context(message, reply_to)
    return IncomingMessage(
        ref=message_ref(message.chat.id, message.message_id),
        kind=content["kind"],
        text=content["text"] or summary,
        content=content,
        album=message.media_group_id,
        reply_to=reply_to,
    )


_NAMES: Final = {ContentType.LIVE_PHOTO: ContentType.PHOTO}


def _answered(message: Message) -> MessageRef | None:
    """The message that this one replies to; the one that opened a forum topic does not count."""
    answered = message.reply_to_message
    if answered is None or getattr(answered, "forum_topic_created", None):
        return None
    return message_ref(message.chat.id, answered.message_id)


def _context(message: Message, reply_to: MessageRef | None) -> Content:
    """What the message goes with: what it answers, in this chat or elsewhere, and whose it is."""
    context: Content = {}
    outside, quote, forward = message.external_reply, message.quote, message.forward_origin
    if outside is not None:
        words = clean_name(quote.text, LONGEST_QUOTE) if quote is not None else ""
        context["outside"] = {"name": _author(outside.origin), "words": words}
    elif reply_to is not None:
        context["reply"] = {"to": str(reply_to)}
        if quote is not None and quote.is_manual:
            _, entities = plain_words(quote.text, quote.entities or ())
            context["reply"] |= {"quote": quote.text, "entities": entities}
    if forward is not None:
        context["forward"] = {"name": _author(forward)}
    return context


def _author(origin: MessageOriginUnion) -> str:
    """Who wrote it, as far as Telegram tells: a person, or a chat and who signed there."""
    match origin:
        case MessageOriginUser():
            name = origin.sender_user.full_name
        case MessageOriginHiddenUser():
            name = origin.sender_user_name
        case MessageOriginChat():
            name = ", ".join(filter(None, (origin.sender_chat.title, origin.author_signature)))
        case _:
            name = ", ".join(filter(None, (origin.chat.title, origin.author_signature)))
    return clean_name(name)


# One reader for each kind: fills the content and returns a line of text that describes it.


def _text(_message: Message, _content: Content) -> str:
    return ""


def _photo(message: Message, content: Content) -> str:
    sizes: list[PhotoSize] = list(message.photo or ())
    if not sizes and message.live_photo is not None:
        sizes = list(message.live_photo.photo or ())
    if not sizes and message.live_photo is not None:
        # a live photo without a still picture is relayed as a video
        content["kind"] = "video"
        content["file_id"] = message.live_photo.file_id
    else:
        content["file_id"] = max(sizes, key=lambda size: size.width * size.height).file_id
    _looks(message, content)
    return ""


def _looks(message: Message, content: Content) -> None:
    if message.has_media_spoiler:
        content["more"]["spoiler"] = True
    if message.show_caption_above_media:
        content["more"]["above"] = True


def _file(attribute: str, *named_by: str) -> Callable[[Message, Content], str]:
    def read_file(message: Message, content: Content) -> str:
        file = getattr(message, attribute)
        content["file_id"] = file.file_id
        _looks(message, content)
        names = (getattr(file, name, None) for name in named_by)
        return " — ".join(name for name in names if name)

    return read_file


def _location(message: Message, content: Content) -> str:
    """Where it is now; a live location is relayed as one, and moves with its edits."""
    place = message.location
    if place is None:
        return ""
    content["more"] = {"latitude": place.latitude, "longitude": place.longitude}
    if place.live_period:
        content["more"]["live_period"] = place.live_period
    return f"{place.latitude:.5f}, {place.longitude:.5f}"


def _venue(message: Message, content: Content) -> str:
    venue = message.venue
    if venue is None:
        return ""
    content["more"] = {
        "latitude": venue.location.latitude,
        "longitude": venue.location.longitude,
        "title": venue.title,
        "address": venue.address,
    }
    return f"{venue.title}, {venue.address}"


def _contact(message: Message, content: Content) -> str:
    contact = message.contact
    if contact is None:
        return ""
    facts = {
        "phone_number": contact.phone_number,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "vcard": contact.vcard,
    }
    content["more"] = {name: fact for name, fact in facts.items() if fact}
    name = " ".join(filter(None, (contact.first_name, contact.last_name)))
    return f"{name}, {contact.phone_number}"


_READERS: Final[dict[ContentType, Callable[[Message, Content], str]]] = {
    ContentType.TEXT: _text,
    ContentType.PHOTO: _photo,
    ContentType.LIVE_PHOTO: _photo,
    ContentType.VIDEO: _file("video"),
    ContentType.VOICE: _file("voice"),
    ContentType.VIDEO_NOTE: _file("video_note"),
    ContentType.DOCUMENT: _file("document", "file_name"),
    ContentType.AUDIO: _file("audio", "performer", "title"),
    ContentType.STICKER: _file("sticker", "emoji"),
    ContentType.ANIMATION: _file("animation"),
    ContentType.LOCATION: _location,
    ContentType.VENUE: _venue,
    ContentType.CONTACT: _contact,
}


def thread_of(message: Message) -> int | None:
    """The topic that it stands in; ``None`` in a chat without topics, and in «General»."""
    return message.message_thread_id if message.is_topic_message else None


def message_ref(chat: int, message: int) -> MessageRef:
    """The desk's reference of a Telegram message."""
    return MessageRef(TELEGRAM, str(chat), str(message))


def message_id(message: object) -> int | None:
    """Telegram's id of a stored reference; ``None`` for what is no number."""
    words = str(message).removeprefix("-")
    return int(str(message)) if words.isdecimal() else None


def message_told_of(update: str) -> tuple[int, int] | None:
    """The chat and the id of the message that an update's JSON tells of, new or edited; ``None`` if
    it tells of none, or cannot be read.
    """
    try:
        told = json.loads(update)
    except ValueError:  # whoever handles it says so; here it must keep nobody from beginning
        return None
    match told:
        case {"message": {"chat": {"id": int(chat)}, "message_id": int(message)}}:
            return chat, message
        case {"edited_message": {"chat": {"id": int(chat)}, "message_id": int(message)}}:
            return chat, message
    return None


def ref_here(delivery: Delivery, ref: MessageRef | None) -> int | None:
    """The message's number, if it stands in the chat that the delivery is for."""
    here = (delivery.channel, delivery.address)
    return int(ref.message) if ref is not None and (ref.channel, ref.chat) == here else None
