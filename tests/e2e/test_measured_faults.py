"""The faults that six other support bots were tried with, played to this desk: nothing is lost,
doubled or overtaken, and nobody reads of a success before there is one (docs/reliability.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import pytest

from sandbox import Message
from sandbox.server.faults import Faults
from tests.e2e.looking import posts
from tests.e2e.stage import Stage, staged

Break = Callable[..., Any]
# How a call fails, and what of it reached the chat: all but the last did nothing.
FAILURES: Final[dict[str, Break]] = {
    "429": lambda faults, **where: faults.flood(2, **where),
    "502": lambda faults, **where: faults.garbage(**where),
    "500": lambda faults, **where: faults.error(500, **where),
    "dropped": lambda faults, **where: faults.drop(**where),
    "answer-lost": lambda faults, **where: faults.cut(**where),
}


@pytest.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with staged(tmp_path_factory.mktemp("measured")) as stage, stage.process():
        yield stage


@pytest.fixture(autouse=True)
async def cleared(stage: Stage) -> AsyncIterator[None]:
    yield
    stage.world.faults.clear()


def said(stage: Stage, card: Message) -> list[str]:
    """What stands below the card, in order."""
    return [message.text for message in posts(stage, card)]


async def test_five_words_at_once_are_relayed_in_their_order(stage: Stage) -> None:
    anna = stage.customer("Анна")
    _, card = await stage.open_ticket(anna, "Камера не работает")
    words = [f"Подробность {number}" for number in range(5)]
    for word in words:
        await anna.say(word)
    await stage.settle()
    told = "\n".join(said(stage, card))
    assert [word for word in told.splitlines() if word.startswith("Подробность")] == words


async def test_three_answers_at_once_arrive_in_their_order(stage: Stage) -> None:
    boris = stage.customer("Борис")
    _, card = await stage.open_ticket(boris, "Нет записи")
    words = [f"Шаг {number}" for number in range(3)]
    answers = [await stage.olga.reply(card, word) for word in words]
    await stage.settle()
    assert [m.text for m in boris.chat.bot_messages if m.text.startswith("Шаг")] == words
    for answer in answers:
        await stage.group.expect_reaction(answer, "👌")


@pytest.mark.parametrize("failure", FAILURES)
async def test_what_a_customer_says_arrives_once_whatever_a_call_comes_to(
    stage: Stage, failure: str
) -> None:
    vera = stage.customer(f"Вера {failure}")
    _, card = await stage.open_ticket(vera, f"Первые слова, {failure}")
    await stage.settle()
    broken = fail(stage, failure, chat=stage.group)
    await vera.say("Дошло?")
    await vera.say("А это?")
    await stage.group.expect("А это?", reply_to=card, timeout=60)
    await stage.settle(60)
    assert broken.hits == 1
    assert "\n".join(said(stage, card)) == "Дошло?\nА это?"


@pytest.mark.parametrize("failure", FAILURES)
async def test_an_answer_arrives_once_and_is_not_said_to_have_arrived_before(
    stage: Stage, failure: str
) -> None:
    gleb = stage.customer(f"Глеб {failure}")
    _, card = await stage.open_ticket(gleb, f"Вопрос, {failure}")
    await stage.settle()
    broken = fail(stage, failure, chat=gleb)
    answer = await stage.olga.reply(card, "Первый ответ")
    await stage.olga.reply(card, "Второй ответ")
    await stage.world.until(lambda: broken.hits, 30, "the call failed")
    receipts: list[bool] = []
    await stage.group.expect_reaction(answer, "👌", timeout=60)
    receipts.append(any(m.text == "Первый ответ" for m in gleb.chat.bot_messages))
    await gleb.expect("Второй ответ", timeout=60)
    await stage.settle(60)
    arrived = [m.text for m in gleb.chat.bot_messages if m.text.endswith("ответ")]
    assert (receipts, arrived) == ([True], ["Первый ответ", "Второй ответ"])


def fail(stage: Stage, failure: str, **where: Any) -> Any:
    """The next message to the chat comes to this."""
    faults: Faults = stage.world.faults
    return FAILURES[failure](faults, method="sendMessage", **where)


async def test_three_first_words_at_once_are_one_ticket_though_calls_are_slow(
    stage: Stage,
) -> None:
    dina = stage.customer("Дина")
    stage.world.faults.slow(0.5, times=3, method="sendMessage", chat=dina)
    words = ["Здравствуйте", "Домофон не открывает", "Подъезд второй"]
    await asyncio.gather(*(dina.say(word) for word in words))
    await dina.press_soon("Открыть")
    await dina.expect("принято")
    await stage.settle()
    tickets = stage.query(
        "SELECT ticket.id FROM ticket JOIN person ON person.id = customer_id WHERE name='Дина'"
    )
    ((number,),) = tickets
    messages = stage.query("SELECT text FROM message WHERE ticket_id=? ORDER BY id", number)
    assert sorted(text for (text,) in messages) == sorted(words)


async def test_what_is_said_while_the_bot_is_down_is_handled_when_it_is_back(
    stage: Stage,
) -> None:
    egor = stage.customer("Егор")
    _, card = await stage.open_ticket(egor, "Перед выключением")
    await stage.settle()
    bot = stage.bot
    assert bot is not None
    await bot.stop()
    words = [f"Пока бота нет, {number}" for number in range(3)]
    for word in words:
        await egor.say(word)
    await stage.olga.reply(card, "Ответ без бота")
    await bot.start()
    await egor.expect("Ответ без бота", timeout=60)
    await stage.settle(60)
    assert "\n".join(said(stage, card)).splitlines() == words
