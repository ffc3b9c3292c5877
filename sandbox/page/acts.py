"""Everything a person can do in the apps, as far as the page offers it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sandbox.page.act_request import ActRequest
from sandbox.page.attachments import album, attach
from sandbox.page.words import Refused
from sandbox.people.done import Done
from sandbox.server.methods.reactions import REACTIONS

Json = dict[str, Any]
Act = Callable[[ActRequest], Json | None]

LONGEST: Final = 16_000  # the apps split what is longer than a message
_LANGUAGES: Final = ("ru", "en", "de", "fr", "es", "it", "pt", "uk", "tr", "kk", "uz", "zh")


def act(request: ActRequest) -> Json:
    """Do what ``body["do"]`` says, at once. Raises :class:`Refused`."""
    name = str(request.body.get("do"))
    found = ACTS.get(name)
    if found is None:
        raise Refused("unknown_do", do=name[:40])
    try:
        return found(request) or {}
    except ValueError as problem:  # what the apps would not let the person do
        raise Refused("refused", status=409, why=str(problem)) from problem


# ------------------------------------------------------------------ words


def _say(request: ActRequest) -> Json:
    chat, text = request.open_chat, request.text("text", limit=LONGEST)
    replied = request.reply_to
    if replied is None:
        return _sent(request.person.say(chat, text, **request.where))
    return _sent(request.person.reply(replied, text, quote=_quote(request, replied.text)))


def _quote(request: ActRequest, text: str) -> str | None:
    quoted = request.maybe("quote", limit=1024)
    if quoted is not None and quoted not in text:
        raise Refused("no_quote")
    return quoted


def _start(request: ActRequest) -> Json:
    payload = request.maybe("payload", limit=64)
    chat = request.chat
    if chat.person is None:
        raise Refused("not_private")
    return _sent(request.person.start(payload))


def _edit(request: ActRequest) -> Json:
    message = request.message
    if message.sender is not request.person:
        raise Refused("not_author")
    if message.is_service or not (message.text or message.media):
        raise Refused("not_text")
    request.can_write(message.chat)
    limit = 4096 if message.kind == "text" else 1024
    return _sent(request.person.edit(message, request.text("text", limit=limit)))


def _delete(request: ActRequest) -> None:
    message = request.message
    mine = message.chat.person is not None or message.sender is request.person
    if not mine and not request.rules:
        raise Refused("no_delete")
    _ = request.person.delete(message)


def _forward(request: ActRequest) -> Json:
    target = request.chat_in("to")
    request.can_write(target)
    message = request.message
    if message.is_service:
        raise Refused("not_text")
    return _sent(request.person.forward(message, target))


def _react(request: ActRequest) -> None:
    message, emoji = request.message, request.body.get("emoji")
    if message.is_service:
        raise Refused("bad_reaction")
    if emoji is None:
        _ = request.person.react(message)
        return
    plain = str(emoji).replace("\ufe0f", "")
    if plain not in REACTIONS:
        raise Refused("bad_reaction")
    _ = request.person.react(message, plain)


def _pin(request: ActRequest) -> None:
    message = request.message
    if message.chat.person is None and not request.rules:
        raise Refused("not_admin")
    if message.is_service:
        raise Refused("no_message")
    if not message.pinned:
        _ = request.person.pin(message)


def _topics(request: ActRequest) -> None:
    """An admin switches the topics of a group on or off. In a private chat it is the bot's owner,
    for all of them.
    """
    chat, enabled = request.chat, bool(request.body.get("enabled"))
    if chat.person is not None:
        request.world.context.options.private_topics = enabled
        return
    if not request.rules:
        raise Refused("not_admin")
    if chat.kind != "supergroup":
        raise Refused("not_group")
    _ = chat.make_forum(enabled=enabled)


def _new_topic(request: ActRequest) -> Json:
    """A person begins a topic in their own chat with the bot."""
    chat = request.chat
    if chat.person is None:
        raise Refused("not_private")
    if not chat.has_topics:
        raise Refused("no_topics")
    return {"topic": request.person.create_topic(chat, request.text("name", limit=128)).result.id}


def _unpin(request: ActRequest) -> None:
    message = request.message
    if message.chat.person is None and not request.rules:
        raise Refused("not_admin")
    _ = request.person.unpin(message)


def _vote(request: ActRequest) -> None:
    message, options = request.message, request.body.get("options")
    if message.kind != "poll" or not isinstance(options, list):
        raise Refused("bad_value", field="options")
    count = len(message.content["poll"]["options"])
    if not all(type(option) is int and 0 <= option < count for option in options):
        raise Refused("bad_value", field="options")
    _ = request.person.vote(message, *options)


# ------------------------------------------------------------------ buttons


def _press(request: ActRequest) -> Json:
    """An inline button, or a key of the keyboard that stands below the input field."""
    message = request.message
    try:
        press = request.person.press_at(
            message, request.number("row"), request.number("column")
        ).result
    except LookupError:
        raise Refused("no_button", status=409) from None
    if press.query_id is not None:
        request.presses.append(press)
        return {"press": press.query_id}
    if press.url is not None:
        return {"url": press.url}
    return {"copy": press.text} if press.text else {}


# ------------------------------------------------------------------ people


def _block(request: ActRequest) -> None:
    _ = request.person.block_bot()


def _unblock(request: ActRequest) -> None:
    if request.person.chat.access == "blocked":
        _ = request.person.unblock_bot()


def _join(request: ActRequest) -> None:
    """Join, or (as an admin) bring ``person`` in."""
    chat = request.world.chats.get(request.number("chat"))
    if chat is None or chat.deleted:
        raise Refused("no_chat", status=404)
    if chat.person is not None:
        raise Refused("not_group")
    guest = request.someone("person") if request.body.get("person") is not None else None
    if guest is not None and not request.rules:
        raise Refused("not_admin")
    who = guest or request.person
    if request.inside(chat, who):
        raise Refused("inside", status=409, name=who.name, chat=chat.title)
    _ = chat.add_member(who, by=request.person if guest is not None else None)


def _leave(request: ActRequest) -> None:
    _goes(request)
    _ = request.person.leave(request.chat)


def _kick(request: ActRequest) -> None:
    who = request.someone("person")
    if not request.rules:
        raise Refused("not_admin")
    if not request.inside(request.chat, who):
        raise Refused("not_member", name=who.name, chat=request.chat.title)
    _goes(request, "person")
    _ = request.chat.remove_member(who, by=request.person)


def _goes(request: ActRequest, name: str = "as") -> None:
    if request.chat.person is not None:
        raise Refused("not_group")
    if request.chat.owner is request.someone(name):
        raise Refused("owner")


def _add_person(request: ActRequest) -> Json:
    """A new customer, or an operator whom the admin brings into the groups."""
    role = request.text("role", "customer")
    if role not in ("customer", "operator"):
        raise Refused("bad_value", field="role")
    words = request.text("name", limit=64).split()
    language = _known_language(request.text("language", "ru"))
    last_name = " ".join(words[1:]) or None
    person = request.world.user(words[0], last_name=last_name, language=language)
    if role == "operator":
        group = request.demo.group.migrated_to or request.demo.group
        for chat in (group, request.demo.alerts):
            _ = chat.add_member(person, by=request.demo.admin)
    return {"person": person.id, "chat": person.chat.id}


def _language(request: ActRequest) -> None:
    """The language of the person's app: the bot sees it with the next update."""
    who = request.someone("person") if request.body.get("person") is not None else request.person
    who.language = _known_language(request.text("code"))


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
    "topics": _topics,
    "new_topic": _new_topic,
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
