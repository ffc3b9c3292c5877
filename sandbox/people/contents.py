"""What people's messages contain, as fields of the Bot API's ``Message``."""

from __future__ import annotations

from typing import Any, Final

from sandbox.server.entities import TEXT_LIMIT, detect_entities, formatted
from sandbox.server.images import png
from sandbox.server.markup.plain import Entity
from sandbox.server.media import StoredFile, media_content
from sandbox.server.members import User
from sandbox.server.message import Message
from sandbox.server.telegram import Telegram

Json = dict[str, Any]

_PREVIEWED: Final = frozenset({"photo", "document", "video", "voice", "audio", "sticker"})
_FACTS: Final = ("duration", "performer", "title", "emoji")


def text_contents(
    text: str, parse_mode: str | None = None, entities: list[Entity] | None = None
) -> list[Json]:
    """The text as one message, or as several: the apps split what is too long for one."""
    if parse_mode or entities:
        text, entities = formatted(text, parse_mode, entities, limit=10**6)
    else:
        entities = detect_entities(text)
    if len(text) <= TEXT_LIMIT:
        return [_text(text, entities)]
    parts = [text[i : i + TEXT_LIMIT] for i in range(0, len(text), TEXT_LIMIT)]
    return [_text(part, detect_entities(part)) for part in parts]


def _text(text: str, entities: list[Entity]) -> Json:
    return {"text": text, "entities": entities} if entities else {"text": text}


def edited_content(message: Message, text: str, parse_mode: str | None) -> Json:
    """The message with another text or caption."""
    plain, entities = formatted(text, parse_mode, None, limit=4096)
    field_text, field_entities = message.content_text_fields()
    content = dict(message.content) | {field_text: plain}
    content.pop(field_entities, None)
    if entities:
        content[field_entities] = entities
    return content


def quote_of(message: Message, quote: str) -> Json:
    """``TextQuote``: a part of the message's text."""
    before = message.text[: message.text.index(quote)]
    position = len(before.encode("utf-16-le")) // 2
    return {"text": quote, "position": position, "is_manual": True}


def external_reply_to(message: Message) -> Json:
    """``ExternalReplyInfo``: a reply to a message of another chat."""
    preview: Json = {"origin": message.origin()}
    if message.chat.kind in ("supergroup", "channel"):
        preview |= {"chat": message.chat.brief(), "message_id": message.id}
    if message.kind in _PREVIEWED:
        preview[message.kind] = message.content[message.kind]
    return preview


def file_content(telegram: Telegram, kind: str, how: Json) -> Json:
    """A file with its caption; takes out of ``how`` what describes them."""
    caption, parse_mode = how.pop("caption", None), how.pop("parse_mode", None)
    facts: Json = {name: how.pop(name) for name in _FACTS if name in how}
    content = media_content(_stored(telegram, kind, how), kind, facts)
    if caption:
        text, entities = formatted(caption, parse_mode, None, limit=1024, what="caption")
        content["caption"] = text
        if entities:
            content["caption_entities"] = entities
    return content


def _stored(telegram: Telegram, kind: str, how: Json) -> StoredFile:
    """The file that ``file_id`` names, or a new one: of ``data``, or a sample."""
    files, actions = telegram.context.files, telegram.actions
    about = {name: how.pop(name, None) for name in ("data", "name", "size")}
    file_id, data = how.pop("file_id", None), about.pop("data")
    stored = files.get(file_id) if file_id else None
    if stored is not None:
        return stored
    actions.media_counter += 1
    if data is None:
        drawn = kind in ("photo", "sticker")
        number = actions.media_counter
        data = png(seed=number) if drawn else f"{kind} {number}".encode()
    about |= {"mime": how.pop("mime", None)}
    return files.add(kind, data, width=how.pop("width", 0), height=how.pop("height", 0), **about)


def location_content(latitude: float, longitude: float, live: int | None = None) -> Json:
    """A point on the map; ``live``: a live location for so many seconds."""
    location: Json = {"latitude": latitude, "longitude": longitude}
    if live:
        location["live_period"] = live
    return {"location": location}


def contact_content(person: User, phone: str | None = None, first_name: str | None = None) -> Json:
    """The contact of the person, or of a ``phone`` that nobody here has."""
    if phone is not None:
        return {"contact": {"phone_number": phone, "first_name": first_name or "Someone"}}
    contact: Json = {
        "phone_number": person.phone,
        "first_name": person.first_name,
        "user_id": person.id,
    }
    if person.last_name:
        contact["last_name"] = person.last_name
    return {"contact": contact}
