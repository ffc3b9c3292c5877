"""Pinned messages."""

from __future__ import annotations

from sandbox.server.errors import bad_request
from sandbox.server.message import ServerChat
from sandbox.server.methods.registry import Call, method

# -------------------------------------------------------------------------------------- pins


def _check_pin_right(chat: ServerChat) -> None:
    if chat.kind == "private":
        return
    right = "can_edit_messages" if chat.kind == "channel" else "can_pin_messages"
    if chat.kind == "group" and not chat.bot_is_admin and chat.permissions.get(right):
        return
    if not chat.bot_can(right):
        raise bad_request(
            "not enough rights to manage pinned messages in the chat",
            violation="not_enough_rights",
            severity="warning",
        )


@method("pinChatMessage")
def pin_chat_message(call: Call) -> bool:
    chat = call.chat()
    message = call.message(chat, "message to pin")
    _check_pin_right(chat)
    if message.is_service:
        raise bad_request("service messages can't be pinned", violation="bad_pin")
    if message.pinned:
        raise bad_request("CHAT_NOT_MODIFIED", violation="not_modified", severity="warning")
    if chat.kind == "private":
        call.check_can_write(chat)
    call.telegram.events.pin(message, None)
    return True


@method("unpinChatMessage")
def unpin_chat_message(call: Call) -> bool:
    chat = call.chat()
    _check_pin_right(chat)
    number = int(call.get("message_id", 0))
    if number:
        message = call.message(chat, "message to unpin")
    else:
        pinned = chat.pinned
        if not pinned:
            raise bad_request("message to unpin not found")
        message = pinned[-1]
    message.pinned = False
    chat.record("unpin", message)
    return True


def _unpin_all(chat: ServerChat, thread_id: int | None, *, whole: bool) -> bool:
    _check_pin_right(chat)
    for message in chat.pinned:
        if whole or message.thread_id == thread_id:
            message.pinned = False
            chat.record("unpin", message)
    return True


@method("unpinAllChatMessages")
def unpin_all_chat_messages(call: Call) -> bool:
    return _unpin_all(call.chat(), None, whole=True)


@method("unpinAllForumTopicMessages")
def unpin_all_forum_topic_messages(call: Call) -> bool:
    return _unpin_all(call.chat(), int(call.get("message_thread_id")), whole=False)


@method("unpinAllGeneralForumTopicMessages")
def unpin_all_general_forum_topic_messages(call: Call) -> bool:
    return _unpin_all(call.chat(), None, whole=False)
