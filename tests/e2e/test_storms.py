"""Many at once: a storm of customers at Telegram's own limits, and two hands on one button."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable
from pathlib import Path

from sandbox import Message, Person
from tests.e2e.looking import value
from tests.e2e.stage import Stage, staged

CUSTOMERS = 200
TAKES = 100
# How long a storm may take to be confirmed: two messages for each at 28 a second, and some air.
MINUTE = 60.0
# Seconds for which the sandbox itself may stand still: what the bot has sent meanwhile, at 28 a
# second, comes to it at once, and is no more than Telegram takes at once. Beyond that it says 429
# to a bot that kept its pace: such a storm shows nothing, and another one is raised.
STANDSTILL = 0.8
STORMS = 4


async def test_two_hundred_customers_in_a_minute_are_all_confirmed_without_a_single_429(
    tmp_path: Path,
) -> None:
    """In a world with Telegram's limits, with the bot at its real pace."""
    for number in range(STORMS):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        async with staged(folder, rate_limits=True) as strict, strict.process():
            longest = await longest_standstill(storm(strict))
            refused = strict.world.stats.errors["429"] + strict.world.limiter.refusals
        if not refused:
            return
        assert longest > STANDSTILL, (
            f"{refused} refused, though the sandbox stood still for no time"
        )
    raise AssertionError("the sandbox stands still again and again")


async def longest_standstill(work: Awaitable[None]) -> float:
    """For how many seconds this process had no turn while the work was done."""
    longest, doing = 0.0, asyncio.ensure_future(work)
    while not doing.done():
        before = time.monotonic()
        await asyncio.wait({doing}, timeout=0.05)
        longest = max(longest, time.monotonic() - before)
    await doing
    return longest


async def storm(strict: Stage) -> None:
    """It is stilled, and nobody was forgotten or mistaken for another."""
    began = time.monotonic()
    crowd = [strict.customer(f"Клиент {number}") for number in range(CUSTOMERS)]
    await asyncio.gather(*(open_in_a_storm(person) for person in crowd))
    confirmed = {}
    for person in crowd:
        (said,) = [m for m in person.chat.bot_messages if "принято" in m.text]
        confirmed[re.findall(r"#(\d+)", said.text)[0]] = person
    assert len(confirmed) == CUSTOMERS == value(strict, "SELECT count(*) FROM ticket")
    owners = strict.query(
        "SELECT ticket.id, substr(address, 10) FROM ticket JOIN person ON person.id = customer_id"
    )
    assert {str(number): int(person) for number, person in owners} == {
        number: person.id for number, person in confirmed.items()
    }
    # the group hears of them in as many posts as its budget has, not in two hundred
    minutes = 1 + (time.monotonic() - began) // MINUTE
    assert len(strict.group.bot_messages) <= 20 * minutes


async def open_in_a_storm(person: Person) -> None:
    """As people do when nothing works: they write, and press what they are shown."""
    await person.say(f"Ничего не работает, это {person.first_name}")
    await person.press_soon("Открыть", timeout=MINUTE)
    await person.expect("принято", timeout=MINUTE)


# ------------------------------------------------------------------ two hands on one button


async def take(operator: Person, number: int, card: Message) -> str:
    """Press, whatever the card shows by now: the other's finger was on its way already."""
    press = operator.press_data(card, f"t:take:{number}").result
    await press.answer(timeout=60)
    return press.text


async def test_of_two_who_take_at_once_one_wins_and_the_other_reads_who_and_how_long_ago(
    shared: Stage,
) -> None:
    opened = []
    for begin in range(0, TAKES, 10):  # more at once would try the machine, not the desk
        opened += await asyncio.gather(
            *(
                shared.open_ticket(shared.customer(f"Сосед {number}"), f"Вопрос {number}")
                for number in range(begin, begin + 10)
            )
        )
    pairs = (shared.olga, shared.oleg), (shared.oleg, shared.olga)
    answers = []
    for begin in range(0, TAKES, 10):  # a press is answered in its turn, and not after 15 seconds
        answers += await asyncio.gather(
            *(
                asyncio.gather(*(take(who, number, card) for who in pairs[number % 2]))
                for number, card in opened[begin : begin + 10]
            )
        )
    won = dict(
        shared.query("SELECT ticket.id, name FROM ticket JOIN person ON person.id = assignee_id")
    )
    for (number, _), both in zip(opened, answers, strict=True):
        said = dict(zip((who.first_name for who in pairs[number % 2]), both, strict=True))
        winner = won[number]
        del said[winner]
        (told,) = said.values()
        assert re.fullmatch(rf"#{number} уже взято: {winner}, (только что|.+ назад)\.", told), told
        taken = "SELECT count(*) FROM journal WHERE ticket_id=? AND event='ticket_taken'"
        assert value(shared, taken, number) == 1
