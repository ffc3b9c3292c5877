"""Updates are read as far as the desk needs them, and say there what aiogram's types say."""

import ast
import json
from typing import Any

import pytest
from aiogram import Bot
from aiogram.enums import ContentType
from aiogram.types import CallbackQuery, InaccessibleMessage, Message
from pydantic import ValidationError

from bot.polling import ALLOWED
from channels.telegram.messages.incoming_updates import (
    KINDS,
    READ_OF_MESSAGE,
    NoUpdate,
    kinds_in,
    parse_update,
)
from channels.telegram.messages.message_parser import read
from tests.code_rules.source import modules

BOT = Bot("123456:" + "a" * 35)
ANNA = {"id": 5, "is_bot": False, "first_name": "Anna"}
GROUP = {"id": -1001, "type": "supergroup", "title": "Дом", "is_forum": True}
SAID = {"message_id": 7, "date": 1, "chat": GROUP, "from": ANNA, "text": "не работает"}
PLACES = [
    {"type": "user", "date": 1, "sender_user": ANNA},
    {"type": "hidden_user", "date": 1, "sender_user_name": "Nobody"},
    {"type": "chat", "date": 1, "sender_chat": GROUP, "author_signature": "A."},
    {"type": "channel", "date": 1, "chat": GROUP, "message_id": 3, "author_signature": "B."},
]
# Fields of our own calls, which are named like those of a message.
OF_CALLS = {"reply_markup"}


def event(**update: Any) -> Any:
    parsed = parse_update(json.dumps({"update_id": 1, **update}), BOT)
    assert parsed is not None
    return parsed.event


def test_the_kinds_that_are_asked_for_are_read() -> None:
    assert KINDS.keys() == set(ALLOWED)


@pytest.mark.parametrize("origin", PLACES)
@pytest.mark.parametrize("where", ["forward_origin", "external_reply", "reply_to_message"])
def test_what_a_message_goes_with_is_read_as_by_aiogram(origin: dict[str, Any], where: str) -> None:
    inside: Any = {"external_reply": {"origin": origin, "dice": {"emoji": "🎲", "value": 1}}}
    inside |= {"reply_to_message": SAID | {"forward_origin": origin}, "forward_origin": origin}
    raw = SAID | {where: inside[where], "quote": {"text": "не", "position": 0, "is_manual": True}}
    found = event(message=raw)
    assert read(found) == read(Message.model_validate(raw))
    assert found.bot is BOT and found.chat.full_name == "Дом" and found.chat.is_forum


@pytest.mark.parametrize(
    "kind", ["video_chat_started", "giveaway_created", "general_forum_topic_hidden", "game", "gift"]
)
def test_what_is_not_read_still_tells_the_kind_even_empty(kind: str) -> None:
    found = event(message={key: SAID[key] for key in SAID if key != "text"} | {kind: {}})
    assert found.content_type == ContentType(kind)


def test_a_press_tells_where_its_button_stands() -> None:
    press = {"id": "1", "from": ANNA, "chat_instance": "1", "data": "x"}
    found = event(callback_query=press | {"message": SAID})
    assert isinstance(found, CallbackQuery) and isinstance(found.message, Message)
    gone = event(callback_query=press | {"message": {"chat": GROUP, "message_id": 7, "date": 0}})
    assert isinstance(gone.message, InaccessibleMessage) and gone.message.chat.id == GROUP["id"]


def test_an_unknown_kind_is_told_by_its_name_alone() -> None:
    raw = json.dumps({"update_id": 1, "hologram": {"text": "шлагбаум"}})
    assert parse_update(raw, BOT) is None
    assert kinds_in(raw) == ["hologram"]


@pytest.mark.parametrize("raw", ["{", "[]", '"x"', '{"message": {}}', '{"update_id": "1"}'])
def test_what_is_no_update_says_nothing_of_what_was_in_it(raw: str) -> None:
    with pytest.raises(NoUpdate):
        parse_update(raw, BOT)


@pytest.mark.parametrize("part", [{}, "нет", [1], SAID | {"chat": None}, SAID | {"date": "x"}])
def test_a_part_of_an_unknown_shape_is_refused(part: Any) -> None:
    with pytest.raises(ValidationError):
        event(message=part)


def test_nothing_is_asked_of_a_message_that_is_not_read() -> None:
    unread = Message.model_fields.keys() - READ_OF_MESSAGE - OF_CALLS
    found = [
        f"{module.name}: {ast.unparse(node)}"
        for module in modules("handlers", "channels", "bot")
        if module.name.startswith(("handlers/telegram", "channels/telegram", "bot/update"))
        for node in ast.walk(ast.parse(module.text))
        if _named_by(node) in unread
    ]
    assert not found, found


def _named_by(node: ast.AST) -> object:
    """What may be asked of something, as `thing.name` or as `getattr(thing, "name")`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.value if isinstance(node, ast.Constant) else None
