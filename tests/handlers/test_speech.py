"""Direct answers: whole, in as few messages as they take, and never worth a failed handler."""

import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiogram import Bot
from aiogram.types import CallbackQuery, ReplyKeyboardRemove, User

from bot.update_queue import TIMEOUT
from channels.telegram.client import gateway as gate
from channels.telegram.client.gateway import Gateway, make_bot
from channels.telegram.screens.screen import packed, plain_of
from core.company import Company
from core.db import Database
from core.delivery.pacing import GROUP_BUDGET, Pacer
from core.desk import Desk
from core.texts import Texts
from core.words.names import units
from handlers.telegram import responder as module
from handlers.telegram.acknowledgements import Acknowledgements
from handlers.telegram.responder import Responder
from sandbox import Chat, Person, World

LOCALES = Path(__file__).parents[2] / "locales"
LIMIT = 4096


@dataclass
class GroupHarness:
    """A private chat and a group in which we speak."""

    world: World
    bot: Bot
    pacer: Pacer
    desk: Desk
    texts: Texts
    anna: Person
    group: Chat

    @property
    def responder(self) -> Responder:
        """As each update gets it: afresh."""
        return Responder(self.bot, self.desk, self.texts, Acknowledgements(), "en")

    def exhaust(self) -> None:
        """The group's minute is used up."""
        self.pacer.take(str(self.group.id), time.monotonic(), GROUP_BUDGET)


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[GroupHarness]:
    async with World.start() as world:
        bot = make_bot(world.token, world.api_url, timeout=2)
        pacer = Pacer()
        Gateway(bot, pacer)
        desk = Desk(Database(f"sqlite+aiosqlite:///{tmp_path / 'none.db'}"), Company())
        anna = world.user("Anna", started=True)
        group = world.supergroup("Operators", members=[anna], bot="admin")
        yield GroupHarness(world, bot, pacer, desk, Texts.load(LOCALES), anna, group)
        await bot.session.close()
        await desk.database.close()


# Whole


def test_blocks_are_packed_by_what_is_read_and_none_is_torn() -> None:
    blocks = [f"<blockquote>{'&amp;' * 500}\n{number}</blockquote>" for number in range(20)]
    messages = packed(blocks)
    assert len(messages) == 3  # eight blocks of five hundred signs in each
    assert "\n".join(messages) == "\n".join(blocks)
    assert all(units(plain_of(message)) <= LIMIT for message in messages)


def test_a_block_that_no_message_takes_keeps_its_words_and_loses_its_looks() -> None:
    messages = packed(["<b>head</b>", f"<i>{'5&lt;6🙂 ' * 900}</i>", "<b>foot</b>"])
    assert messages[0].startswith("<b>head</b>") and messages[-1].endswith("<b>foot</b>")
    words = "".join(plain_of(message) for message in messages)
    assert words.count("5<6🙂") == 900
    assert all(units(plain_of(message)) <= LIMIT for message in messages)


async def test_a_long_answer_is_said_whole_with_its_buttons_below(harness: GroupHarness) -> None:
    question = await harness.anna.say("/help")
    blocks = [f"<b>{number}</b> {'word &lt; ' * 60}" for number in range(40)]
    keyboard = ReplyKeyboardRemove(remove_keyboard=True)
    reply = question.id
    await harness.responder.say(harness.anna.id, blocks, keyboard=keyboard, reply_to=reply)
    said = harness.anna.chat.bot_messages
    assert len(said) > 3
    assert all(units(message.text) <= LIMIT for message in said)
    assert sum(message.text.count("word <") for message in said) == 40 * 60
    assert all(message.reply_to is question for message in said)
    harness.world.assert_clean()


# Never worth a failed handler

TROUBLES = ("garbage", "drop", "cut", "hang", "error")


def trouble(world: World, kind: str) -> None:
    if kind == "error":
        world.faults.error(500, times=9)
    elif kind == "hang":
        world.faults.hang(5, times=9)
    else:
        getattr(world.faults, kind)(times=9)


@contextmanager
def unharmed(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing is raised, somebody who reads logs learns of it, and it does not take long."""
    began = time.monotonic()
    with caplog.at_level(logging.INFO, "handlers.telegram.responder"):
        yield
    assert "not shown" in caplog.text
    assert time.monotonic() - began < TIMEOUT / 2


@pytest.mark.parametrize("kind", TROUBLES)
async def test_whatever_is_wrong_with_the_line_is_no_fault_of_a_handler(
    harness: GroupHarness, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    responder, chat = harness.responder, harness.group.id
    assert await responder.say(chat, "menu")
    posted = harness.group.bot_messages[-1]
    trouble(harness.world, kind)
    responder.deadline = time.monotonic() + 1.5
    message: Any = SimpleNamespace(chat=SimpleNamespace(id=chat), message_id=posted.id)
    with unharmed(caplog):
        await responder.say(chat, ["<b>one</b>", "x" * LIMIT])
        await responder.edit(message, "another screen")
        await responder.show_buttons(message, None)
        responder.react(message, "👌")
        await responder.acknowledgements.finish(TIMEOUT)


async def test_a_button_pressed_while_the_line_is_down_fails_nothing(
    harness: GroupHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.world.faults.garbage(method="answerCallbackQuery", times=9)
    user = User(id=harness.anna.id, is_bot=False, first_name="Anna")
    query = CallbackQuery(id="1", from_user=user, chat_instance="1")
    with unharmed(caplog):
        await harness.responder.toast(query, "taken")


# Nobody waits long to be shown something


async def test_who_asks_in_a_group_without_room_holds_up_the_others_for_seconds_only(
    harness: GroupHarness, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "PATIENCE", 0.5)
    harness.exhaust()
    began = time.monotonic()
    with unharmed(caplog):
        assert await harness.responder.say(harness.group.id, ["a" * LIMIT, "b" * LIMIT]) is False
    assert time.monotonic() - began < 5
    assert not harness.group.bot_messages


async def test_what_one_person_asked_for_in_a_group_without_room_is_told_in_private(
    harness: GroupHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "PATIENCE", 0.5)
    asked = harness.anna.say(harness.group, "/queue").result
    harness.exhaust()
    message: Any = SimpleNamespace(chat=SimpleNamespace(id=harness.group.id), message_id=asked.id)
    await harness.responder.say_to_one(harness.anna.id, message, "The queue is empty.")
    assert harness.anna.last.text == "The queue is empty."
    assert not harness.group.bot_messages


async def test_a_long_429_is_not_waited_out_by_who_holds_a_lane(
    harness: GroupHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.world.faults.flood(25)
    began = time.monotonic()
    with unharmed(caplog):
        await harness.responder.say(harness.anna.id, "menu")
    assert time.monotonic() - began < 5


async def test_all_that_one_update_shows_ends_before_the_update_counts_as_hung(
    harness: GroupHarness, caplog: pytest.LogCaptureFixture
) -> None:
    assert module.SHOWING + 5 <= TIMEOUT
    harness.world.faults.hang(5, times=20)
    responder = harness.responder
    responder.deadline = time.monotonic() + 0.5
    began = time.monotonic()
    with unharmed(caplog):
        for _ in range(20):  # by themselves they would take two seconds each
            await responder.say(harness.anna.id, "part")
    assert time.monotonic() - began < 13
