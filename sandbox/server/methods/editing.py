"""Methods that change messages."""

from __future__ import annotations

import json
from typing import Any, Final

from aiogram import types

from sandbox.server.errors import bad_request
from sandbox.server.message import CAPTIONED, EDITABLE_MEDIA, Message, ServerChat
from sandbox.server.methods.parts import caption_of, coordinates, input_media, markup_of, text_of
from sandbox.server.methods.registry import Call, method
from sandbox.server.methods.rich import rich_content
from sandbox.server.schema import prune

Json = dict[str, Any]

EDIT_LIMIT: Final = 48 * 3600  # of others' posts; a bot's own messages have no limit
_NOT_MODIFIED: Final = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


def _target(call: Call, *, only_markup: bool = False) -> tuple[ServerChat, Message]:
    """The message to edit."""
    if call.get("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID", violation="unsupported", severity="warning")
    if call.get("chat_id") is None:
        raise bad_request("chat_id is empty", violation="invalid_parameters")
    if not call.get("message_id"):
        raise bad_request("message identifier is not specified", violation="invalid_parameters")
    chat = call.chat(access="edit")
    message = call.message(chat, "message to edit")
    editable = not message.is_service and message.forward_origin is None
    if message.reply_keyboard is not None:
        editable = False
    if chat.kind == "channel":
        own = message.from_bot and chat.bot_can("can_post_messages")
        editable = editable and (own or chat.bot_can("can_edit_messages"))
    else:
        editable = editable and message.from_bot
    old = call.context.clock.now() - message.date > EDIT_LIMIT
    if not message.from_bot and old:
        editable = False
    if not editable or (
        not only_markup
        and message.kind in ("sticker", "voice", "video_note")
        and call.info.name == "editMessageMedia"
    ):
        raise bad_request("message can't be edited", violation="bad_edit", severity="warning")
    return chat, message


def _same(left: Any, right: Any) -> bool:
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def _apply(call: Call, chat: ServerChat, message: Message, content: Json | None) -> Json:
    markup = markup_of(call, chat, inline_only=True)
    call.rate(chat, edit=True)
    if chat.kind == "private":
        call.check_can_write(chat)
    unchanged = content is None or _same(content, message.content)
    if unchanged and _same(markup, message.inline_keyboard):
        # harmless, but the bot works for nothing
        call.report("not_modified", "the edit changes nothing", "warning")
        raise bad_request(_NOT_MODIFIED)
    call.telegram.bot_messages.edit(message, content, markup, silent=content is None)
    return message.to_json()


@method("editMessageText")
def edit_message_text(call: Call) -> Json:
    rich = call.get("rich_message")
    content = rich_content(rich) if rich else text_of(call)
    chat, message = _target(call)
    if message.kind not in ("text", "rich_message", "game"):
        raise bad_request("there is no text in the message to edit", violation="bad_edit")
    if not rich and call.get("link_preview_options"):
        content["link_preview_options"] = prune(
            types.LinkPreviewOptions, call.get("link_preview_options")
        )
    return _apply(call, chat, message, content)


@method("editMessageCaption")
def edit_message_caption(call: Call) -> Json:
    caption = caption_of(call)
    chat, message = _target(call)
    if message.kind not in CAPTIONED:
        raise bad_request("there is no caption in the message to edit", violation="bad_edit")
    content = {
        key: value
        for key, value in message.content.items()
        if key not in ("caption", "caption_entities", "show_caption_above_media")
    }
    return _apply(call, chat, message, content | caption)


@method("editMessageMedia")
def edit_message_media(call: Call) -> Json:
    item = call.get("media")
    if not isinstance(item, dict):
        raise bad_request("can't parse input media JSON object", violation="invalid_parameters")
    chat, message = _target(call)
    if item.get("type") not in EDITABLE_MEDIA:
        raise bad_request("message can't be edited", violation="bad_edit")
    if message.media_group_id and item.get("type") not in ("photo", "video", message.kind):
        raise bad_request(
            "can't use the media of the specified type in the album", violation="bad_edit"
        )
    return _apply(call, chat, message, input_media(call, item))


@method("editMessageReplyMarkup")
def edit_message_reply_markup(call: Call) -> Json:
    chat, message = _target(call, only_markup=True)
    return _apply(call, chat, message, None)


@method("editMessageLiveLocation", "stopMessageLiveLocation")
def edit_message_live_location(call: Call) -> Json:
    chat, message = _target(call)
    if message.kind != "location" or "live_period" not in message.content["location"]:
        raise bad_request("there is no live location in the message to edit", violation="bad_edit")
    location = dict(message.content["location"])
    if call.info.name == "stopMessageLiveLocation":
        location.pop("live_period")
    else:
        location |= coordinates(call)
    return _apply(call, chat, message, {"location": location})


@method("editMessageChecklist")
def edit_message_checklist(_call: Call) -> Json:
    raise bad_request("business connection not found", violation="unsupported")


@method("stopPoll")
def stop_poll(call: Call) -> Json:
    chat, message = _target(call)
    if message.kind != "poll":
        raise bad_request("message poll not found", violation="bad_edit")
    poll = message.content["poll"]
    if poll["is_closed"]:
        raise bad_request("poll has already been closed", violation="bad_edit")
    markup = markup_of(call, chat, inline_only=True)
    call.telegram.bot_messages.edit(message, {"poll": poll | {"is_closed": True}}, markup)
    state: Json = message.content["poll"]
    call.telegram.events.emit("poll", state, None)
    return state
