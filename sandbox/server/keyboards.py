"""Validation of ``reply_markup`` and look-up of buttons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from aiogram import types

from sandbox.server.errors import ApiError, Severity, bad_request
from sandbox.server.markup.links import check_url, user_link
from sandbox.server.schema import prune

Json = dict[str, Any]
Report = Callable[[str, str, Severity], None]

MAX_BUTTONS: Final = 100  # inline; the documented practical limit
MAX_REPLY_BUTTONS: Final = 300
MAX_ROW: Final = 8  # clients and server cut longer inline rows
MAX_REPLY_ROW: Final = 12
MAX_CALLBACK_DATA: Final = 64  # bytes

# order in which the server looks for the action of an inline button
_INLINE_ACTIONS: Final = (
    "url",
    "callback_data",
    "callback_game",
    "pay",
    "switch_inline_query",
    "switch_inline_query_chosen_chat",
    "switch_inline_query_current_chat",
    "login_url",
    "web_app",
    "copy_text",
    "disabled",
)
_REPLY_ACTIONS: Final = {
    "request_contact": "Phone number can be requested in private chats only",
    "request_location": "Location can be requested in private chats only",
    "request_poll": "Poll can be requested in private chats only",
    "web_app": "Web App buttons can be used in private chats only",
    "request_users": "Users can be requested in private chats only",
    "request_user": "Users can be requested in private chats only",
    "request_chat": "Chats can be requested in private chats only",
    "request_managed_bot": "Managed bots can be requested in private chats only",
}


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def _bad(text: str, kind: str = "bad_keyboard") -> ApiError:
    return bad_request(_lower_first(text), violation=kind)


def _known_fields(model: type[types.TelegramObject], value: Json, report: Report) -> None:
    for key in value:
        if key not in model.model_fields:
            report("unknown_parameter", f"unknown field {key!r} of {model.__name__}", "warning")


def _style(button: Json) -> None:
    style = button.get("style")
    if style and style not in ("danger", "success", "primary"):
        raise _bad("Can't parse inline keyboard button: invalid button style specified")


def _inline_button(button: Any, chat_kind: str, report: Report) -> Json:
    if not isinstance(button, dict):
        raise _bad("Can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    _known_fields(types.InlineKeyboardButton, button, report)
    if not isinstance(button.get("text"), str):
        raise _bad("Can't parse inline keyboard button: Can't find field \"text\"")
    _style(button)
    actions = [
        name
        for name in _INLINE_ACTIONS
        if button.get(name) is not None
        and (button[name] != "" or name.startswith("switch_inline_query"))
    ]
    if not actions:
        raise _bad(
            "Can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if len(actions) > 1:
        report(
            "bad_keyboard",
            f"button {button['text']!r} has {len(actions)} actions ({', '.join(actions)}); "
            "exactly one is allowed",
            "error",
        )
    action = actions[0]
    value = button[action]
    _check_action(action, value, chat_kind)
    kept = {"text": button["text"], action: value} | {
        key: button[key] for key in ("style", "icon_custom_emoji_id") if button.get(key)
    }
    pruned: Json = prune(types.InlineKeyboardButton, kept)
    return pruned


def _check_action(action: str, value: Any, chat_kind: str) -> None:
    """Refuse what the server refuses in the action of an inline button."""
    if action == "url":
        url, reason = check_url(str(value))
        if url is None and user_link(str(value)) is None:
            raise _bad(f"inline keyboard button URL '{value}' is invalid: {reason}")
    elif action == "callback_data":
        if not isinstance(value, str) or len(value.encode()) > MAX_CALLBACK_DATA:
            raise bad_request("BUTTON_DATA_INVALID", violation="bad_keyboard")
    elif action in ("web_app", "login_url"):
        _check_page(action, value, chat_kind)
    elif action == "copy_text":
        copied = value.get("text") if isinstance(value, dict) else None
        if not isinstance(copied, str) or not 1 <= len(copied) <= 256:
            raise bad_request("BUTTON_COPY_TEXT_INVALID", violation="bad_keyboard")
    elif action.startswith("switch_inline_query") and chat_kind == "channel":
        raise _bad(
            f"can't use {action} button in a channel chat, because users will not be able to "
            "use the button without knowing bot's username"
        )


def _check_page(action: str, value: Any, chat_kind: str) -> None:
    name = "Web App" if action == "web_app" else "login"
    link = value.get("url") if isinstance(value, dict) else None
    if not isinstance(link, str):
        raise _bad("Can't parse inline keyboard button: Can't find field \"url\"")
    url, reason = check_url(link, https_only=True)
    if url is None:
        raise _bad(f"inline keyboard button {name} URL '{link}' is invalid: {reason}")
    if action == "web_app" and chat_kind != "private":
        raise bad_request("BUTTON_TYPE_INVALID", violation="bad_keyboard")


def _rows(value: Any, message: str) -> list[list[Any]]:
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        raise _bad(message)
    return value


def inline_keyboard(markup: Json, chat_kind: str, report: Report) -> Json | None:
    """Check an inline keyboard; ``None`` when it has no buttons."""
    _known_fields(types.InlineKeyboardMarkup, markup, report)
    rows = []
    total = 0
    for row in _rows(
        markup["inline_keyboard"],
        'Field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
    ):
        parsed = []
        for button in row:
            if isinstance(button, dict) and button.get("text") == "":
                report("bad_keyboard", "a button with an empty text is dropped", "error")
                continue
            parsed.append(_inline_button(button, chat_kind, report))
        if len(parsed) > MAX_ROW:
            report(
                "keyboard_limit",
                f"{len(parsed)} buttons in a row, only the first {MAX_ROW} are kept",
                "error",
            )
            parsed = parsed[:MAX_ROW]
        total += len(parsed)
        if parsed:
            rows.append(parsed)
    if total > MAX_BUTTONS:
        raise bad_request("reply markup is too long", violation="keyboard_limit")
    return {"inline_keyboard": rows} if rows else None


def _reply_button(button: Any, chat_kind: str, report: Report) -> Json:
    if isinstance(button, str):
        button = {"text": button}
    if not isinstance(button, dict):
        raise _bad("Can't parse keyboard button: KeyboardButton must be a String or an Object")
    _known_fields(types.KeyboardButton, button, report)
    if not isinstance(button.get("text"), str):
        raise _bad("Can't parse keyboard button: Can't find field \"text\"")
    _style(button)
    for action, refusal in _REPLY_ACTIONS.items():
        if button.get(action) and chat_kind != "private":
            raise _bad(refusal)
    if isinstance(button.get("web_app"), dict):
        link = str(button["web_app"].get("url", ""))
        url, reason = check_url(link, https_only=True)
        if url is None:
            raise _bad(f"keyboard button Web App URL '{link}' is invalid: {reason}")
    return button


def _reply_keyboard(markup: Json, chat_kind: str, report: Report) -> Json | None:
    _known_fields(types.ReplyKeyboardMarkup, markup, report)
    placeholder = markup.get("input_field_placeholder")
    if placeholder is not None and len(str(placeholder)) > 64:
        report("bad_keyboard", "input_field_placeholder is longer than 64 characters", "error")
    rows = []
    total = 0
    for row in _rows(markup["keyboard"], 'Field "keyboard" must be an Array of Arrays'):
        parsed = []
        for button in row:
            text = button.get("text") if isinstance(button, dict) else button
            if text == "":
                report("bad_keyboard", "a button with an empty text is dropped", "error")
                continue
            parsed.append(_reply_button(button, chat_kind, report))
        if len(parsed) > MAX_REPLY_ROW:
            report("keyboard_limit", f"{len(parsed)} buttons in a row", "error")
            parsed = parsed[:MAX_REPLY_ROW]
        total += len(parsed)
        if parsed:
            rows.append(parsed)
    if total > MAX_REPLY_BUTTONS:
        raise bad_request("reply markup is too long", violation="keyboard_limit")
    return {**markup, "keyboard": rows} if rows else None


def check_markup(
    markup: Any, chat_kind: str, report: Report, *, inline_only: bool = False
) -> Json | None:
    """Check any ``reply_markup`` and return it in a normal form (``None``: nothing to show)."""
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise _bad("Object expected as reply markup")
    if markup.get("inline_keyboard") is not None:
        if markup.get("keyboard"):
            report("bad_keyboard", "both keyboard and inline_keyboard are given", "error")
        return inline_keyboard(markup, chat_kind, report)
    if inline_only:
        if not markup:
            return None
        raise _bad("Inline keyboard expected")
    if chat_kind == "channel":
        report("bad_keyboard", "a reply keyboard has no effect in a channel", "warning")
    if markup.get("keyboard") is not None:
        return _reply_keyboard(markup, chat_kind, report)
    if markup.get("remove_keyboard"):
        _known_fields(types.ReplyKeyboardRemove, markup, report)
        return markup
    if markup.get("force_reply"):
        _known_fields(types.ForceReply, markup, report)
        return markup
    if markup:
        report("bad_keyboard", f"reply_markup {markup!r} has no effect", "error")
    return None


def buttons(markup: Json | None) -> Iterator[Json]:
    """All buttons of an inline or reply keyboard, row by row."""
    if markup:
        for row in markup.get("inline_keyboard") or markup.get("keyboard") or ():
            for button in row:
                yield {"text": button} if isinstance(button, str) else button
