"""Everything a person can do in the apps, as far as the page offers it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sandbox.api.reactions import REACTIONS
from sandbox.done import Done
from sandbox.page.attachments import album, attach
from sandbox.page.doing import Doing
from sandbox.page.words import Refused

Json = dict[str, Any]
Act = Callable[[Doing], Json | None]

LONGEST: Final = 16_000  # the apps split what is longer than a message
_LANGUAGES: Final = ("ru", "en", "de", "fr", "es", "it", "pt", "uk", "tr", "kk", "uz", "zh")


def act(doing: Doing) -> Json:
    """Do what ``body["do"]`` says, at once. Raises :class:`Refused`."""
    name = str(doing.body.get("do"))
    found = ACTS.get(name)
    if found is None:
        raise Refused("unknown_do", do=name[:40])
    try:
        return found(doing) or {}
    except ValueError as problem:  # what the apps would not let the person do
        raise Refused("refused", status=409, why=str(problem)) from problem


# ------------------------------------------------------------------ words


def _say(doing: Doing) -> Json:
    chat, text = doing.open_chat, doing.text("text", limit=LONGEST)
    replied = doing.reply_to
    if replied is None:
        return _sent(doing.person.say(chat, text))
    return _sent(doing.person.reply(replied, text, quote=_quote(doing, replied.text)))


def _quote(doing: Doing, text: str) -> str | None:
    quoted = doing.maybe("quote", limit=1024)
    if quoted is not None and quoted not in text:
        raise Refused("no_quote")
    return quoted


def _start(doing: Doing) -> Json:
    payload = doing.maybe("payload", limit=64)
    chat = doing.chat
    if chat.person is None:
        raise Refused("not_private")
    return _sent(doing.person.start(payload))


def _edit(doing: Doing) -> Json:
    message = doing.message
    if message.sender is not doing.person:
        raise Refused("not_author")
    if message.is_service or not (message.text or message.media):
        raise Refused("not_text")
    doing.can_write(message.chat)
    limit = 4096 if message.kind == "text" else 1024
    return _sent(doing.person.edit(message, doing.text("text", limit=limit)))


def _delete(doing: Doing) -> None:
    message = doing.message
    mine = message.chat.person is not None or message.sender is doing.person
    if not mine and not doing.rules:
        raise Refused("no_delete")
    _ = doing.person.delete(message)


def _forward(doing: Doing) -> Json:
    target = doing.chat_in("to")
    doing.can_write(target)
    message = doing.message
    if message.is_service:
        raise Refused("not_text")
    return _sent(doing.person.forward(message, target))


def _react(doing: Doing) -> None:
    message, emoji = doing.message, doing.body.get("emoji")
    if message.is_service:
        raise Refused("bad_reaction")
    if emoji is None:
        _ = doing.person.react(message)
        return
    plain = str(emoji).replace("\ufe0f", "")
    if plain not in REACTIONS:
        raise Refused("bad_reaction")
    _ = doing.person.react(message, plain)


def _pin(doing: Doing) -> None:
    message = doing.message
    if message.chat.person is None and not doing.rules:
        raise Refused("not_admin")
    if message.is_service:
        raise Refused("no_message")
    if not message.pinned:
        _ = doing.person.pin(message)


def _unpin(doing: Doing) -> None:
    message = doing.message
    if message.chat.person is None and not doing.rules:
        raise Refused("not_admin")
    _ = doing.person.unpin(message)


def _vote(doing: Doing) -> None:
    message, options = doing.message, doing.body.get("options")
    if message.kind != "poll" or not isinstance(options, list):
        raise Refused("bad_value", field="options")
    count = len(message.content["poll"]["options"])
    if not all(type(option) is int and 0 <= option < count for option in options):
        raise Refused("bad_value", field="options")
    _ = doing.person.vote(message, *options)


# ------------------------------------------------------------------ buttons


def _press(doing: Doing) -> Json:
    """An inline button, or a key of the keyboard that stands below the input field."""
    message = doing.message
    try:
        press = doing.person.press_at(message, doing.number("row"), doing.number("column")).result
    except LookupError:
        raise Refused("no_button", status=409) from None
    if press.query_id is not None:
        doing.presses.append(press)
        return {"press": press.query_id}
    if press.url is not None:
        return {"url": press.url}
    return {"copy": press.text} if press.text else {}


# ------------------------------------------------------------------ people


def _block(doing: Doing) -> None:
    _ = doing.person.block_bot()


def _unblock(doing: Doing) -> None:
    if doing.person.chat.access == "blocked":
        _ = doing.person.unblock_bot()


def _join(doing: Doing) -> None:
    """Join, or (as an admin) bring ``person`` in."""
    chat = doing.world.chats.get(doing.number("chat"))
    if chat is None or chat.deleted:
        raise Refused("no_chat", status=404)
    if chat.person is not None:
        raise Refused("not_group")
    guest = doing.someone("person") if doing.body.get("person") is not None else None
    if guest is not None and not doing.rules:
        raise Refused("not_admin")
    who = guest or doing.person
    if doing.inside(chat, who):
        raise Refused("inside", status=409, name=who.name, chat=chat.title)
    _ = chat.add_member(who, by=doing.person if guest is not None else None)


def _leave(doing: Doing) -> None:
    _goes(doing)
    _ = doing.person.leave(doing.chat)


def _kick(doing: Doing) -> None:
    who = doing.someone("person")
    if not doing.rules:
        raise Refused("not_admin")
    if not doing.inside(doing.chat, who):
        raise Refused("not_member", name=who.name, chat=doing.chat.title)
    _goes(doing, "person")
    _ = doing.chat.remove_member(who, by=doing.person)


def _goes(doing: Doing, name: str = "as") -> None:
    if doing.chat.person is not None:
        raise Refused("not_group")
    if doing.chat.owner is doing.someone(name):
        raise Refused("owner")


def _add_person(doing: Doing) -> Json:
    """A new customer, or an operator whom the admin brings into the groups."""
    role = doing.text("role", "customer")
    if role not in ("customer", "operator"):
        raise Refused("bad_value", field="role")
    words = doing.text("name", limit=64).split()
    language = _known_language(doing.text("language", "ru"))
    last_name = " ".join(words[1:]) or None
    person = doing.world.user(words[0], last_name=last_name, language=language)
    if role == "operator":
        group = doing.demo.group.migrated_to or doing.demo.group
        for chat in (group, doing.demo.alerts):
            _ = chat.add_member(person, by=doing.demo.admin)
    return {"person": person.id, "chat": person.chat.id}


def _language(doing: Doing) -> None:
    """The language of the person's app: the bot sees it with the next update."""
    who = doing.someone("person") if doing.body.get("person") is not None else doing.person
    who.language = _known_language(doing.text("code"))


def _known_language(code: str) -> str:
    if code not in _LANGUAGES:
        raise Refused("bad_value", field="language")
    return code


def _sent(done: Done[Any]) -> Json:
    return {"message": done.result.id}


_FILES: Final = (
    "photo", "video", "voice", "video_note", "document", "audio", "sticker", "animation",
)  # fmt: skip
_PLAIN: Final = ("location", "contact", "venue", "poll", "dice")

ACTS: Final[dict[str, Act]] = {
    "say": _say,
    "start": _start,
    "edit": _edit,
    "delete": _delete,
    "forward": _forward,
    "react": _react,
    "pin": _pin,
    "unpin": _unpin,
    "vote": _vote,
    "press": _press,
    "block": _block,
    "unblock": _unblock,
    "join": _join,
    "leave": _leave,
    "kick": _kick,
    "add_person": _add_person,
    "language": _language,
    "album": album,
    **dict.fromkeys(_FILES + _PLAIN, attach),
}
