"""One message as the page shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from sandbox.page.words import service
from sandbox.server.members import User
from sandbox.server.message import MEDIA_KINDS, Message

Json = dict[str, Any]

_PREVIEW: Final = 120  # characters of a message that is replied to, or pinned


def message_view(message: Message, users: Mapping[int, User]) -> Json:
    """The message; what it lacks is absent."""
    data: Json = {
        "id": message.id,
        "chat": message.chat.id,
        "from": _author(message),
        "date": message.date,
        "edit_date": message.edit_date,
        "reply_to": _reply(message),
        "forward": _forwarded(message),
        "album": message.media_group_id,
        "buttons": _buttons(message),
        "keyboard_request": _asks(message),
        "reactions": _reactions(message, users),
        "topic": message.thread_id,
    }
    if message.is_service:
        data |= _service(message)
    else:
        data |= {name: message.content[name] for name in _WORDS if message.content.get(name)}
        data["media"] = _media(message)
    receiver = message.extra.get("receiver_user")
    if receiver:
        data["private"] = receiver["id"]
    return {name: value for name, value in data.items() if value is not None}


_WORDS: Final = ("text", "entities", "caption", "caption_entities")


def fingerprint(message: Message) -> tuple[Any, ...]:
    """Changes whenever what the message shows may have changed; far cheaper than showing it."""
    poll = message.content.get("poll")
    replied = message.reply_to
    return (
        message.deleted,
        len(message.revisions),
        message.edit_date,
        id(message.inline_keyboard),
        id(message.content),
        tuple((who, str(given)) for who, given in message.reactions.items()),
        (poll["total_voter_count"], poll["is_closed"]) if poll else None,
        (len(replied.revisions), replied.deleted) if replied is not None else None,
    )


# ------------------------------------------------------------------ who, to what


def _author(message: Message) -> Json:
    chat = message.chat
    if chat.kind == "channel" or message.anonymous:
        return {"id": chat.id, "name": message.signature or chat.title, "bot": message.from_bot}
    if message.from_bot or message.sender is None:
        bot = chat.context.bot_user
        return {"id": bot["id"], "name": bot["first_name"], "bot": True}
    return {"id": message.sender.id, "name": message.sender.full_name, "bot": False}


def preview(message: Message) -> str:
    """The first words of a message, or its kind."""
    text = " ".join(message.text.split())
    return text[:_PREVIEW] or message.kind


def _reply(message: Message) -> Json | None:
    quoted = {"quote": message.quote["text"]} if message.quote is not None else {}
    replied = message.reply_to or message.across
    if replied is not None:
        if replied.deleted:
            return {"id": replied.id, "deleted": True, "name": "", "text": ""} | quoted
        kind = {} if replied.kind == "text" else {"kind": replied.kind}
        name = _author(replied)["name"]
        return {"id": replied.id, "name": name, "text": preview(replied)} | kind | quoted
    if message.external_reply is not None:
        name = _origin_name(message.external_reply["origin"])
        return {"name": name, "text": "", "external": True} | quoted
    return None


def _forwarded(message: Message) -> str | None:
    return _origin_name(message.forward_origin) if message.forward_origin is not None else None


def _origin_name(origin: Json) -> str:
    if "sender_user_name" in origin:
        return str(origin["sender_user_name"])
    if "sender_user" in origin:
        user = origin["sender_user"]
        return " ".join(filter(None, (user["first_name"], user.get("last_name"))))
    chat = origin.get("chat") or origin.get("sender_chat") or {}
    return str(chat.get("title", ""))


# ------------------------------------------------------------------ buttons, reactions


def _buttons(message: Message) -> list[list[Json]] | None:
    if message.inline_keyboard is None:
        return None
    return [[_button(b) for b in row] for row in message.inline_keyboard["inline_keyboard"]]


def _button(button: Json) -> Json:
    """What a press does, and how the button looks."""
    shown = {"text": button["text"], "data": button.get("callback_data")}
    shown["url"] = button.get("url") or (button.get("login_url") or {}).get("url")
    shown["copy"] = (button.get("copy_text") or {}).get("text")
    shown["app"] = (button.get("web_app") or {}).get("url")
    shown["style"] = button.get("style")
    return {name: value for name, value in shown.items() if value is not None}


def keyboard_view(message: Message | None) -> Json | None:
    """A reply keyboard as it stands below the input field."""
    if message is None or message.reply_keyboard is None:
        return None
    markup = message.reply_keyboard
    rows = [[_key(key) for key in row] for row in markup["keyboard"]]
    return {
        "message": message.id,
        "rows": rows,
        "resize": bool(markup.get("resize_keyboard")),
        "one_time": bool(markup.get("one_time_keyboard")),
        "persistent": bool(markup.get("is_persistent")),
        "placeholder": markup.get("input_field_placeholder") or "",
    }


def _key(key: Json | str) -> Json:
    if isinstance(key, str):
        return {"text": key}
    asks = [name for name in key if name.startswith("request_") and key[name]]
    shown = {"text": key["text"], "style": key.get("style"), "asks": asks[0] if asks else None}
    return {name: value for name, value in shown.items() if value is not None}


def _asks(message: Message) -> Json | None:
    """The bot wants the answer to be a reply (``ForceReply``)."""
    if not message.force_reply or message.sent_markup is None:
        return None
    return {"placeholder": message.sent_markup.get("input_field_placeholder", "")}


def _reactions(message: Message, users: Mapping[int, User]) -> list[Json]:
    bot = str(message.chat.context.bot_user["first_name"])
    by: dict[str, list[str]] = {}
    for who, given in message.reactions.items():
        name = users[who].full_name if who in users else bot
        for reaction in given:
            by.setdefault(str(reaction.get("emoji", "*")), []).append(name)
    return [{"emoji": emoji, "by": names} for emoji, names in by.items()]


# ------------------------------------------------------------------ content


def file_url(message: Message, file_id: str) -> str | None:
    """Where the page finds a file; ``None`` when the world has lost it."""
    stored = message.chat.context.files.get(file_id)
    if stored is None:
        return None
    return f"/page/file/{quote(stored.path)}?v={stored.unique_id}"


def _media(message: Message) -> Json | None:
    kind = message.kind
    if kind == "text":
        return None
    if kind in MEDIA_KINDS:
        return {"kind": kind} | _file(message)
    shown = _PLAIN.get(kind)
    return {"kind": kind} | (shown(message.content[kind]) if shown is not None else {})


def _file(message: Message) -> Json:
    media = message.media or {}
    shown = {
        "url": file_url(message, media["file_id"]),
        "width": media.get("width") or media.get("length"),
        "height": media.get("height") or media.get("length"),
        "duration": media.get("duration"),
        "name": media.get("file_name"),
        "size": media.get("file_size"),
        "mime": media.get("mime_type"),
        "title": media.get("title"),
        "performer": media.get("performer"),
        "emoji": media.get("emoji"),
        "spoiler": message.content.get("has_media_spoiler"),
    }
    return {name: value for name, value in shown.items() if value is not None}


def _poll(poll: Json) -> Json:
    return {
        "id": poll["id"],
        "question": poll["question"],
        "options": [{"text": o["text"], "votes": o["voter_count"]} for o in poll["options"]],
        "total": poll["total_voter_count"],
        "closed": poll["is_closed"],
        "anonymous": poll["is_anonymous"],
        "multiple": poll["allows_multiple_answers"],
    }


def _place(place: Json) -> Json:
    return {name: place[name] for name in ("latitude", "longitude")} | (
        {"live": True} if place.get("live_period") else {}
    )


def _contact(contact: Json) -> Json:
    name = " ".join(filter(None, (contact["first_name"], contact.get("last_name"))))
    return {"name": name, "phone": contact["phone_number"]}


_PLAIN: Final[dict[str, Callable[[Json], Json]]] = {
    "location": _place,
    "venue": lambda v: _place(v["location"]) | {"title": v["title"], "address": v["address"]},
    "contact": _contact,
    "poll": _poll,
    "dice": lambda dice: {"emoji": dice["emoji"], "value": dice["value"]},
}


# ------------------------------------------------------------------ service messages


def _service(message: Message) -> Json:
    """What happened, in both languages, and the facts for who wants to say it otherwise."""
    kind, value = message.kind, message.content.get(message.kind)
    by = _author(message)["name"]
    users = value if isinstance(value, list) else [value]
    names = [_user_name(user) for user in users if isinstance(user, dict) and "first_name" in user]
    pinned = value if kind == "pinned_message" else None
    text = preview(pinned) if pinned is not None else _named(value)
    facts: Json = {"kind": kind, "by": by, "names": names, "text": text}
    if pinned is not None:
        facts["message"] = pinned.id
    shown = _OTHERS.get(kind, kind) if names and by not in names else kind
    russian, english = service(shown, by=by, names=", ".join(names), text=text)
    return {"service": russian, "service_en": english, "service_facts": facts}


_OTHERS: Final = {"new_chat_members": "added", "left_chat_member": "removed"}


def _user_name(user: Json) -> str:
    return " ".join(filter(None, (user["first_name"], user.get("last_name"))))


def _named(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("name", ""))
    return value if isinstance(value, str) else ""
