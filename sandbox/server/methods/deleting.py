"""Deletion of messages."""

from __future__ import annotations

from typing import Final

from sandbox.server.errors import bad_request
from sandbox.server.message import Message, ServerChat
from sandbox.server.methods.registry import Call, method

DELETE_LIMIT: Final = 48 * 3600


# ----------------------------------------------------------------------------------- deletion


def _deletable(call: Call, chat: ServerChat, message: Message) -> bool:
    young = call.context.clock.now() - message.date <= DELETE_LIMIT
    if chat.kind == "private":
        return young  # both the own messages and those of the user
    if chat.kind == "channel":
        if message.from_bot and chat.bot_can("can_post_messages"):
            return young
        return chat.bot_can("can_delete_messages")
    if chat.bot_can("can_delete_messages"):
        return True
    return message.from_bot and young


def delete_one(chat: ServerChat, message: Message) -> None:
    """Delete a message, and with a topic's first message the topic."""
    message.deleted = True
    topic = chat.topics.get(message.id)
    if topic is not None:
        chat.drop_topic(topic)
    chat.record("delete", message)


@method("deleteMessage")
def delete_message(call: Call) -> bool:
    chat = call.chat()
    message = chat.visible(int(call.get("message_id", 0)))
    if message is None:
        raise bad_request("message to delete not found")
    if not _deletable(call, chat, message):
        text = (
            "message can't be deleted"
            if message.from_bot or chat.bot_is_admin
            else "message can't be deleted for everyone"
        )
        raise bad_request(text, violation="bad_delete", severity="warning")
    delete_one(chat, message)
    return True


@method("deleteMessages")
def delete_messages(call: Call) -> bool:
    chat = call.chat()
    ids = call.get("message_ids")
    if not isinstance(ids, list) or not ids:
        raise bad_request("message identifiers are not specified", violation="invalid_parameters")
    if len(ids) > 100:
        raise bad_request("too many message identifiers specified", violation="invalid_parameters")
    for number in ids:  # those that can't be found are skipped
        message = chat.visible(int(number))
        if message is not None and _deletable(call, chat, message):
            delete_one(chat, message)
    return True
