"""Chats: information and settings."""

from __future__ import annotations

from typing import Any

from sandbox.server.errors import bad_request
from sandbox.server.members import (
    PERMISSIONS,
)
from sandbox.server.message import ServerChat
from sandbox.server.methods.members import group_of
from sandbox.server.methods.registry import Call, method

Json = dict[str, Any]


@method("getChat")
def get_chat(call: Call) -> Json:
    return call.chat(access="read").full()


# ----------------------------------------------------------------------------------- settings


def _need_info(call: Call, chat: ServerChat, what: str) -> None:
    if chat.kind == "private":
        raise bad_request(f"can't change private chat {what}")
    call.need_right(chat, "can_change_info", f"not enough rights to change chat {what}")


@method("setChatTitle")
def set_chat_title(call: Call) -> bool:
    chat = call.chat()
    _need_info(call, chat, "title")
    title = str(call.get("title", "")).strip()
    if not title:
        raise bad_request("title must be non-empty", violation="invalid_parameters")
    if len(title) > 128:
        call.report("too_long", "chat title of more than 128 characters")
        title = title[:128]
    if title == chat.title:
        return True
    chat.title = title
    call.telegram.events.service(chat, {"new_chat_title": title}, None)
    return True


@method("setChatDescription")
def set_chat_description(call: Call) -> bool:
    chat = call.chat()
    _need_info(call, chat, "description")
    description = str(call.get("description", ""))
    if len(description) > 255:
        call.report("too_long", "chat description of more than 255 characters")
        description = description[:255]
    if description == (chat.description or ""):
        raise bad_request(
            "chat description is not modified", violation="not_modified", severity="warning"
        )
    chat.description = description
    return True


@method("setChatPhoto")
def set_chat_photo(call: Call) -> bool:
    chat = call.chat()
    _need_info(call, chat, "photo")
    stored = call.context.files.resolve("chat_photo", call.get("photo"), call.uploads, "photo")
    chat.photo = stored.file_id
    size = stored.base() | {"width": 640, "height": 640}
    call.telegram.events.service(chat, {"new_chat_photo": [size]}, None)
    return True


@method("deleteChatPhoto")
def delete_chat_photo(call: Call) -> bool:
    chat = call.chat()
    _need_info(call, chat, "photo")
    if chat.photo is None:
        raise bad_request("CHAT_NOT_MODIFIED", violation="not_modified", severity="warning")
    chat.photo = None
    call.telegram.events.service(chat, {"delete_chat_photo": True}, None)
    return True


@method("setChatPermissions")
def set_chat_permissions(call: Call) -> bool:
    chat = group_of(call, channel=False)
    call.need_right(chat, "can_restrict_members", "not enough rights to change chat permissions")
    given = call.get("permissions")
    chat.permissions = {name: bool(given.get(name)) for name in PERMISSIONS}
    return True


@method("setChatStickerSet", "deleteChatStickerSet")
def set_chat_sticker_set(call: Call) -> bool:
    call.chat()
    raise bad_request("can't set supergroup sticker set")
