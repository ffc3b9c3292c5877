"""What the parameters of many methods have in common: text, caption, keyboard, topic."""

from __future__ import annotations

from typing import Any

from sandbox.server.chat import GENERAL_TOPIC
from sandbox.server.entities import CAPTION_LIMIT, TEXT_LIMIT, formatted
from sandbox.server.errors import bad_request
from sandbox.server.keyboards import check_markup
from sandbox.server.markup.plain import Entity
from sandbox.server.media import media_content
from sandbox.server.message import ServerChat
from sandbox.server.methods.registry import Call

Json = dict[str, Any]


# ------------------------------------------------------------------------------ common parts


def text_of(call: Call, name: str = "text", limit: int = TEXT_LIMIT, **how: Any) -> Json:
    """Content of a text message."""
    entities_name = "entities" if name == "text" else f"{name}_entities"
    text, entities = formatted(
        str(call.get(name, "")),
        call.get("parse_mode"),
        call.get(entities_name),
        limit=limit,
        what=name,
        **how,
    )
    entities = resolve_mentions(call, entities)
    content: Json = {name: text} if text else {}
    if text and entities:
        content[entities_name] = entities
    return content


def caption_of(call: Call) -> Json:
    """Caption fields of a media message."""
    content = text_of(call, "caption", CAPTION_LIMIT, allow_empty=True)
    if content and call.get("show_caption_above_media"):
        content["show_caption_above_media"] = True
    return content


def resolve_mentions(call: Call, entities: list[Entity]) -> list[Entity]:
    """Mentions of users by identifier work for known users only."""
    result = []
    for entity in entities:
        if entity["type"] == "text_mention":
            person = call.telegram.users.get(int(entity["user"]["id"]))
            if person is None:
                continue
            result.append(entity | {"user": person.to_json()})
        else:
            result.append(entity)
    return result


def markup_of(call: Call, chat: ServerChat | None, *, inline_only: bool = False) -> Json | None:
    """The checked ``reply_markup``."""
    value = call.get("reply_markup")
    if isinstance(value, str):
        raise bad_request("can't parse reply keyboard markup JSON object", violation="bad_keyboard")
    return check_markup(
        value, chat.kind if chat is not None else "private", call.report, inline_only=inline_only
    )


def thread_of(call: Call, chat: ServerChat) -> int | None:
    """The checked ``message_thread_id``."""
    thread_id = int(call.get("message_thread_id", 0))
    if not thread_id:
        return None
    if not chat.has_topics:
        if chat.kind == "private":
            raise bad_request(
                "message thread not found", violation="topic_not_found", severity="warning"
            )
        # the server ignores the parameter in chats without topics
        call.report("useless_parameter", "message_thread_id in a chat without topics", "warning")
        return None
    topic = chat.topics.get(thread_id)
    if thread_id == GENERAL_TOPIC or topic is None or topic.deleted:
        raise bad_request(
            "message thread not found", violation="topic_not_found", severity="warning"
        )
    return thread_id


def check_topic_open(chat: ServerChat, thread_id: int | None) -> None:
    """Only administrators with the right to manage topics may write in closed topics."""
    if not chat.is_forum:
        return
    topic = chat.topics.get(thread_id if thread_id is not None else GENERAL_TOPIC)
    if topic is None or not topic.closed:
        return
    if not chat.bot_can("can_manage_topics") and not topic.by_bot:
        raise bad_request("TOPIC_CLOSED", violation="topic_closed", severity="warning")


def coordinates(call: Call) -> Json:
    """Latitude and longitude."""
    latitude, longitude = float(call.get("latitude")), float(call.get("longitude"))
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise bad_request("BAD_GEO_POINT", violation="invalid_parameters")
    return {"latitude": latitude, "longitude": longitude}


def input_media(call: Call, item: Json) -> Json:
    """Content for an ``InputMedia``."""
    kind = str(item.get("type"))
    field = {"live_photo": "photo"}.get(kind, "media")
    stored = call.context.files.resolve(
        "photo" if kind == "live_photo" else kind, item.get(field), call.uploads, field
    )
    text, entities = formatted(
        str(item.get("caption") or ""),
        item.get("parse_mode"),
        item.get("caption_entities"),
        limit=CAPTION_LIMIT,
        what="caption",
        allow_empty=True,
    )
    extra = {name: item.get(name) for name in ("duration", "width", "height") if item.get(name)}
    if kind == "audio":
        extra |= {n: item[n] for n in ("performer", "title") if item.get(n)}
        extra.pop("width", None)
        extra.pop("height", None)
    content = media_content(stored, "photo" if kind == "live_photo" else kind, extra)
    if text:
        content["caption"] = text
        if entities:
            content["caption_entities"] = entities
        if item.get("show_caption_above_media"):
            content["show_caption_above_media"] = True
    if item.get("has_spoiler"):
        content["has_media_spoiler"] = True
    return content
