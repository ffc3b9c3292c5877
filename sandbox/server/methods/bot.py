"""The bot itself: commands, names, descriptions, menu buttons."""

from __future__ import annotations

import re
from typing import Any

from sandbox.server.errors import bad_request
from sandbox.server.markup.links import check_url
from sandbox.server.members import ADMIN_RIGHTS, CHANNEL_RIGHTS, GROUP_RIGHTS
from sandbox.server.methods.registry import Call, method

Json = dict[str, Any]


@method("getMe")
def get_me(call: Call) -> Json:
    telegram = call.telegram
    return telegram.context.bot_user | {
        "can_join_groups": True,
        "can_read_all_group_messages": not telegram.context.options.privacy,
        "supports_guest_queries": False,
        "supports_inline_queries": True,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": telegram.context.options.private_topics,
        "allows_users_to_create_topics": telegram.context.options.private_topics,
        "can_manage_bots": False,
        "supports_join_request_queries": False,
    }


# ----------------------------------------------------------------------------------- commands


def _language(call: Call) -> str:
    code = str(call.get("language_code", ""))
    if code and not re.fullmatch(r"[a-z]{2}", code):
        raise bad_request("invalid language code specified", violation="invalid_parameters")
    return code


def _scope(call: Call) -> tuple[Any, ...]:
    scope = call.get("scope") or {"type": "default"}
    if not isinstance(scope, dict):
        raise bad_request("BotCommandScope must be an Object", violation="invalid_parameters")
    kind = scope.get("type")
    if kind in ("default", "all_private_chats", "all_group_chats", "all_chat_administrators"):
        return (kind,)
    if kind not in ("chat", "chat_administrators", "chat_member"):
        raise bad_request(
            "can't parse BotCommandScope: Unsupported type specified",
            violation="invalid_parameters",
        )
    if scope.get("chat_id") in (None, ""):
        raise bad_request(
            "can't parse BotCommandScope: Empty chat_id specified", violation="invalid_parameters"
        )
    chat = call.telegram.find_chat(scope["chat_id"])
    if chat is None or not chat.known:
        raise bad_request("chat not found", violation="chat_not_found", severity="warning")
    call.check_access(chat, "members")
    if chat.kind == "channel":
        raise bad_request("can't change commands in channel chats")
    if kind != "chat" and chat.kind == "private":
        raise bad_request("can't use specified scope in private chats")
    if kind == "chat_member":
        user_id = int(scope.get("user_id") or 0)
        if user_id <= 0:
            raise bad_request(
                "can't parse BotCommandScope: Invalid user_id specified",
                violation="invalid_parameters",
            )
        return (kind, chat.id, user_id)
    return (kind, chat.id)


@method("setMyCommands")
def set_my_commands(call: Call) -> bool:
    commands = call.get("commands")
    if not isinstance(commands, list):
        raise bad_request("expected an Array of BotCommand", violation="invalid_parameters")
    key = (*_scope(call), _language(call))
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH", violation="too_long")
    checked = []
    for command in commands:
        if not isinstance(command, dict):
            raise bad_request(
                "can't parse BotCommand: expected an Object", violation="invalid_parameters"
            )
        name = str(command.get("command", "")).removeprefix("/")
        description = str(command.get("description", "")).strip()
        if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
            raise bad_request("BOT_COMMAND_INVALID", violation="invalid_parameters")
        if not description or len(description) > 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID", violation="invalid_parameters")
        item: Json = {"command": name, "description": description}
        if command.get("is_ephemeral"):
            item["is_ephemeral"] = True
        checked.append(item)
    if checked:
        call.telegram.profile.commands[key] = checked
    else:
        call.telegram.profile.commands.pop(key, None)
    return True


@method("getMyCommands")
def get_my_commands(call: Call) -> list[Json]:
    return call.telegram.profile.commands.get((*_scope(call), _language(call)), [])


@method("deleteMyCommands")
def delete_my_commands(call: Call) -> bool:
    call.telegram.profile.commands.pop((*_scope(call), _language(call)), None)
    return True


# ------------------------------------------------------------------------------------ profile

_PROFILE = {
    "Name": ("name", 64),
    "Description": ("description", 512),
    "ShortDescription": ("short_description", 120),
}


@method("setMyName", "setMyDescription", "setMyShortDescription")
def set_profile(call: Call) -> bool:
    field, limit = _PROFILE[call.info.name.removeprefix("setMy")]
    value = str(call.get(field, ""))
    if len(value) > limit:
        raise bad_request(f"BOT_{field.upper()}_INVALID", violation="too_long")
    key = (field, _language(call))
    if value:
        call.telegram.profile.texts[key] = value
    else:
        call.telegram.profile.texts.pop(key, None)
    return True


@method("getMyName", "getMyDescription", "getMyShortDescription")
def get_profile(call: Call) -> Json:
    field, _ = _PROFILE[call.info.name.removeprefix("getMy")]
    profile = call.telegram.profile.texts
    fallback = str(call.context.bot_user["first_name"]) if field == "name" else ""
    value = profile.get((field, _language(call))) or profile.get((field, ""), fallback)
    return {field: value}


@method("setMyProfilePhoto")
def set_my_profile_photo(call: Call) -> bool:
    photo = call.get("photo")
    kind = photo.get("type") if isinstance(photo, dict) else None
    if kind == "static":
        call.context.files.resolve("chat_photo", photo.get("photo"), call.uploads, "photo")
    elif kind == "animated":
        call.context.files.resolve("video", photo.get("animation"), call.uploads, "animation")
    else:
        raise bad_request("invalid profile photo type specified", violation="invalid_parameters")
    return True


@method("removeMyProfilePhoto")
def remove_my_profile_photo(_call: Call) -> bool:
    return True


# ------------------------------------------------------------------- menu buttons and rights


@method("setChatMenuButton")
def set_chat_menu_button(call: Call) -> bool:
    button = call.get("menu_button") or {"type": "default"}
    kind = button.get("type")
    if kind not in ("default", "commands", "web_app"):
        raise bad_request("MenuButton has unsupported type", violation="invalid_parameters")
    if kind == "web_app":
        link = str((button.get("web_app") or {}).get("url", ""))
        url, reason = check_url(link, https_only=True)
        if url is None:
            raise bad_request(
                f"menu button Web App URL '{link}' is invalid: {reason}",
                violation="invalid_parameters",
            )
    if call.get("chat_id") is None:
        call.telegram.profile.menu_button = {"type": "commands"} if kind == "default" else button
        return True
    chat = call.chat(access="read")
    if chat.kind != "private":
        raise bad_request("chat identifier must be a private chat")
    chat.menu_button = None if kind == "default" else button
    return True


@method("getChatMenuButton")
def get_chat_menu_button(call: Call) -> Json:
    if call.get("chat_id") is not None:
        chat = call.chat(access="read")
        if chat.menu_button is not None:
            return chat.menu_button
    return call.telegram.profile.menu_button


@method("setMyDefaultAdministratorRights")
def set_default_rights(call: Call) -> bool:
    call.telegram.profile.default_rights[bool(call.get("for_channels"))] = call.get("rights") or {}
    return True


@method("getMyDefaultAdministratorRights")
def get_default_rights(call: Call) -> Json:
    channels = bool(call.get("for_channels"))
    names = ("is_anonymous", *ADMIN_RIGHTS, *(CHANNEL_RIGHTS if channels else GROUP_RIGHTS))
    if not channels:
        names += ("can_manage_topics",)
    given = call.telegram.profile.default_rights.get(channels, {})
    return {name: bool(given.get(name)) for name in names}
