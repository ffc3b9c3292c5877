"""Ephemeral messages: shown to one person of a group, kept by nobody."""

from __future__ import annotations

from sandbox.server.entities import CAPTION_LIMIT, formatted
from sandbox.server.errors import bad_request
from sandbox.server.message import Message, ServerChat
from sandbox.server.methods.deleting import delete_one
from sandbox.server.methods.parts import input_media, markup_of, text_of
from sandbox.server.methods.registry import Call, method
from sandbox.server.methods.rich import rich_content

# ---------------------------------------------------------------------------------- ephemeral


def _ephemeral(call: Call) -> tuple[ServerChat, Message]:
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
    call.telegram.bot_messages.edit(message, content, markup_of(call, chat, inline_only=True))
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
    call.telegram.bot_messages.edit(message, content, markup_of(call, chat, inline_only=True))
    return True


@method("editEphemeralMessageMedia")
def edit_ephemeral_media(call: Call) -> bool:
    chat, message = _ephemeral(call)
    content = input_media(call, call.get("media"))
    call.telegram.bot_messages.edit(message, content, markup_of(call, chat, inline_only=True))
    return True


@method("editEphemeralMessageReplyMarkup")
def edit_ephemeral_markup(call: Call) -> bool:
    chat, message = _ephemeral(call)
    call.telegram.bot_messages.edit(message, None, markup_of(call, chat, inline_only=True))
    return True


@method("deleteEphemeralMessage")
def delete_ephemeral(call: Call) -> bool:
    chat, message = _ephemeral(call)
    delete_one(chat, message)
    return True
