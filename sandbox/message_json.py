"""Messages as the Bot API shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.message import Message

Json = dict[str, Any]


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
    user = chat.world.bot_user if message.sender is None else message.sender.to_json()
    return {"type": "user", "date": message.date, "sender_user": user}


def _sender(message: Message) -> Iterator[tuple[str, Any]]:
    """``from``, ``sender_chat`` and ``author_signature``."""
    world = message.chat.world
    if message.chat.kind == "channel":
        yield "sender_chat", message.chat.brief()
        if message.signature:
            yield "author_signature", message.signature
    elif message.anonymous:
        yield "from", world.anonymous_admin
        yield "sender_chat", message.chat.brief()
        if message.signature:
            yield "author_signature", message.signature
    elif message.from_bot:
        yield "from", world.bot_user
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
