"""Copies and forwards."""

from __future__ import annotations

import json
from typing import Any, Final

from sandbox.server.errors import bad_request
from sandbox.server.keyboards import buttons
from sandbox.server.message import CAPTIONED, Message, ServerChat
from sandbox.server.methods.parts import caption_of
from sandbox.server.methods.registry import Call, method
from sandbox.server.methods.target import Target

Json = dict[str, Any]
_UNSENDABLE: Final = frozenset({"invoice", "paid_media", "giveaway", "game"})


# --------------------------------------------------------------------- copies and forwards


def _source(call: Call, what: str) -> tuple[ServerChat, Message]:
    source = call.chat("from_chat_id", "read")
    return source, call.message(source, what)


def _check_forwardable(message: Message, *, copy: bool) -> None:
    verb = "copied" if copy else "forwarded"
    if message.is_service or (copy and message.kind in _UNSENDABLE):
        raise bad_request(f"the message can't be {verb}", violation="bad_forward")
    if not copy and (message.protected or message.chat.protected):
        raise bad_request(
            "message has protected content and can't be forwarded", violation="bad_forward"
        )


def _carried_markup(message: Message) -> Json | None:
    """Forwards and copies keep an inline keyboard that consists of links only."""
    every = list(buttons(message.inline_keyboard))
    if every and all("url" in button or "login_url" in button for button in every):
        return message.inline_keyboard
    return None


def _clean(content: Json) -> Json:
    copied: Json = json.loads(json.dumps(content))
    return copied


@method("copyMessage")
def copy_message(call: Call) -> Json:
    _, message = _source(call, "message to copy")
    target = Target(call)
    _check_forwardable(message, copy=True)
    content = _clean(message.content)
    if call.get("caption") is not None and message.kind in CAPTIONED:
        content.pop("caption", None)
        content.pop("caption_entities", None)
        content |= caption_of(call)
    if message.kind == "poll":
        content["poll"] = _fresh_poll(call, content["poll"])
    target.check()
    if "reply_markup" not in call.values:
        target.markup = _carried_markup(message)
    return {"message_id": target.send(content).id}


def _fresh_poll(call: Call, poll: Json) -> Json:
    return call.telegram.actions.new_poll(
        poll["question"],
        [option["text"] for option in poll["options"]],
        is_anonymous=poll["is_anonymous"],
        type=poll["type"],
    )


@method("forwardMessage")
def forward_message(call: Call) -> Json:
    _, message = _source(call, "message to forward")
    target = Target(call)
    _check_forwardable(message, copy=False)
    target.check()
    target.markup = _carried_markup(message)
    sent = target.send(_clean(message.content), forward_origin=message.origin())
    return sent.to_json()


def _many(call: Call, *, copy: bool) -> list[Json]:
    ids = call.get("message_ids")
    if not isinstance(ids, list) or not ids:
        raise bad_request("message identifiers are not specified", violation="invalid_parameters")
    if len(ids) > 100:
        raise bad_request("too many message identifiers specified", violation="invalid_parameters")
    numbers = [int(i) for i in ids]
    if numbers != sorted(set(numbers)):
        raise bad_request(
            "message identifiers must be in a strictly increasing order",
            violation="invalid_parameters",
        )
    source = call.chat("from_chat_id", "read")
    found = [m for m in (source.visible(n) for n in numbers) if m is not None]
    verb = "copy" if copy else "forward"
    usable = [m for m in found if not m.is_service and (copy or not m.protected)]
    if not usable:
        raise bad_request(f"there are no messages to {verb}")
    target = Target(call, count=len(usable))
    target.check()
    groups: dict[str, str] = {}
    result = []
    for message in usable:
        content = _clean(message.content)
        if copy and call.get("remove_caption"):
            content.pop("caption", None)
            content.pop("caption_entities", None)
        more: Json = {}
        if message.media_group_id:
            more["media_group_id"] = groups.setdefault(
                message.media_group_id, call.context.new_media_group()
            )
        if not copy:
            more["forward_origin"] = message.origin()
        result.append({"message_id": target.send(content, **more).id})
    return result


@method("copyMessages")
def copy_messages(call: Call) -> list[Json]:
    return _many(call, copy=True)


@method("forwardMessages")
def forward_messages(call: Call) -> list[Json]:
    return _many(call, copy=False)
