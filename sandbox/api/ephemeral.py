"""Ephemeral messages: shown to one person of a group, kept by nobody."""

from __future__ import annotations

from sandbox.api.deleting import delete_one
from sandbox.api.parts import input_media, markup_of, text_of
from sandbox.api.registry import Call, method
from sandbox.api.rich import rich_content
from sandbox.chat import Chat
from sandbox.entities import CAPTION_LIMIT, formatted
from sandbox.errors import bad_request
from sandbox.message import Message

# ---------------------------------------------------------------------------------- ephemeral


def _ephemeral(call: Call) -> tuple[Chat, Message]:
    chat = call.chat(access="edit")
    message = chat.visible(int(call.get("ephemeral_message_id", 0)))
    if message is None or message.extra.get("receiver_user", {}).get("id") != call.get(
        "receiver_user_id"
    ):
        raise bad_request("message to edit not found")
    return chat, message


@method("editEphemeralMessageText")
def edit_ephemeral_text(call: Call) -> bool:
    chat, message = _ephemeral(call)
    rich = call.get("rich_message")
    content = rich_content(rich) if rich else text_of(call)
    call.world.bot_edit(message, content, markup_of(call, chat, inline_only=True))
    return True


@method("editEphemeralMessageCaption")
def edit_ephemeral_caption(call: Call) -> bool:
    chat, message = _ephemeral(call)
    text, entities = formatted(
        str(call.get("caption", "")),
        call.get("parse_mode"),
        call.get("caption_entities"),
        limit=CAPTION_LIMIT,
        what="caption",
        allow_empty=True,
    )
    content = dict(message.content) | {"caption": text, "caption_entities": entities}
    call.world.bot_edit(message, content, markup_of(call, chat, inline_only=True))
    return True


@method("editEphemeralMessageMedia")
def edit_ephemeral_media(call: Call) -> bool:
    chat, message = _ephemeral(call)
    content = input_media(call, call.get("media"))
    call.world.bot_edit(message, content, markup_of(call, chat, inline_only=True))
    return True


@method("editEphemeralMessageReplyMarkup")
def edit_ephemeral_markup(call: Call) -> bool:
    chat, message = _ephemeral(call)
    call.world.bot_edit(message, None, markup_of(call, chat, inline_only=True))
    return True


@method("deleteEphemeralMessage")
def delete_ephemeral(call: Call) -> bool:
    chat, message = _ephemeral(call)
    delete_one(chat, message)
    return True
