"""What must be known to all processes is told to them at once (R23)."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from aiogram.methods import EditMessageText
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot import peers as peers_module
from bot.peers import Peers, SharedIds, SharedMenus, SharedPacer, StoredHere
from bot.update_queue import UpdateQueue
from core import inbox
from core.changes import TICKETS
from core.delivery.pacing import Priority
from core.desk import CHANGED, OUTGOING, WRITTEN, Desk
from core.events import TicketReleased
from core.inbox import Raw, Stored
from core.outgoing import Written
from core.tx import Tx
from tests.delivery.two_processes import until

pytestmark = pytest.mark.postgres


@pytest.fixture
async def lines(two: list[Desk], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Peers]]:
    """The lines of both processes, each of which has heard of the other."""
    monkeypatch.setattr(peers_module, "HELLO_EVERY", 0.05)
    lines = [Peers(desk.database, {}, lambda: None) for desk in two]
    tasks = [asyncio.create_task(line.run()) for line in lines]
    await until(lambda: all(line.any for line in lines))
    yield lines
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_one_process_sends_counts_for_the_pace_of_the_other(lines: list[Peers]) -> None:
    here, there = SharedPacer(), SharedPacer()
    here.tell = lines[0].tell
    lines[1].handlers |= {"took": there.hear_took, "blocked": there.hear_blocked}
    now = time.monotonic()
    here.take("-100", now, 18)
    await until(lambda: there.delay("-100", Priority.HUMAN_ANSWER, time.monotonic()) > 0)
    here.blocked("7", now + 60)
    await until(lambda: there.delay("7", Priority.HUMAN_ANSWER, time.monotonic()) > 50)


async def test_a_page_served_by_one_process_follows_what_another_does(
    lines: list[Peers], two: list[Desk]
) -> None:
    two[0].changes.tell = lines[0].tell
    lines[1].handlers[TICKETS] = two[1].changes.hear

    async def release(tx: Tx) -> None:
        tx.emit(TicketReleased(ticket_id=7, assignee_id=1))

    with two[1].changes.watch(7) as watch, two[1].changes.watch(8) as other:
        await two[0].run(release)
        assert await watch.wait(20)
        assert not await other.wait(0)


async def test_messages_seen_by_one_process_are_known_to_the_other(lines: list[Peers]) -> None:
    here, there = SharedIds(lines[0].tell), SharedIds(lines[1].tell)
    lines[1].handlers["seen"] = there.hear
    for number in range(1, 2001):  # more than one notification holds
        here.note(-100123, number)
    await until(lambda: there.newest(-100123) == 2000)
    assert all(there.is_known(-100123, number) for number in range(1, 2001))


async def test_a_menu_opened_by_one_process_is_kept_by_the_other_that_draws_the_card(
    lines: list[Peers],
) -> None:
    here, there = SharedMenus(lines[0].tell), SharedMenus(lines[1].tell)
    lines[1].handlers |= {"opened": there.hear_opened, "closed": there.hear_closed}
    menu, card = keyboard("m:1"), keyboard("t:more:1")
    drawn = EditMessageText(chat_id=-5, message_id=7, text="card", reply_markup=card)
    here.open((-5, 7), menu, "t:more:1")
    await until(lambda: there.keep(drawn).reply_markup == menu)  # type: ignore[attr-defined]
    here.close((-5, 7))
    await until(lambda: there.keep(drawn) is drawn)


def keyboard(data: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text="a", callback_data=data)]]
    )


async def test_a_change_of_what_is_kept_is_told_with_the_commit_and_a_new_delivery_after_it(
    two: list[Desk], lines: list[Peers]
) -> None:
    heard: list[str] = []
    for news in (CHANGED, OUTGOING):
        lines[1].handlers[news[0]] = lambda kind=news[0]: heard.append(kind)
    await two[1].database.lead()
    two[0].tell = lines[0].tell

    async def change(tx: Tx) -> None:
        tx.invalidate(int)
        tx.outgoing = True

    async def fail(tx: Tx) -> None:
        await change(tx)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await two[0].run(fail)
    await two[0].run(change)
    await until(lambda: len(heard) >= 2)
    assert heard == ["changed", "outgoing"]


class Told:
    """The departures of whoever leads: notes where something waits."""

    def __init__(self) -> None:
        self.written: list[tuple[str, datetime]] = []

    async def claim_along(self, tx: Tx) -> None:
        raise AssertionError(tx)

    def note(self, written: Written) -> None:
        self.written += written


async def test_who_leads_is_told_where_something_waits_and_of_many_places_that_there_is(
    two: list[Desk], lines: list[Peers]
) -> None:
    leader, told = two[1], Told()
    await leader.database.lead()
    leader.departures = told
    two[0].tell = lines[0].tell
    lines[1].handlers |= {OUTGOING[0]: leader.outbox_wakeup.set, WRITTEN: leader.hear_written}

    async def write(tx: Tx, addresses: int) -> None:
        tx.written += [(f"telegram:{number}", tx.now) for number in range(addresses)]

    leader.outbox_wakeup.clear()
    await two[0].run(write, 2)
    await until(lambda: bool(told.written))
    assert [address for address, _ in told.written] == ["telegram:0", "telegram:1"]
    assert not leader.outbox_wakeup.is_set(), "it knows, and need not look"
    await two[0].run(write, 2000)
    await until(leader.outbox_wakeup.is_set)
    assert len(told.written) == 2


async def test_others_are_called_only_by_a_process_that_has_more_to_do(
    two: list[Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = list[str]()
    monkeypatch.setattr(peers_module, "HELP_AFTER", 0.0)
    at_work, go_on = asyncio.Event(), asyncio.Event()

    async def handle(stored: Stored) -> None:
        if stored.external_id != "1":
            at_work.set()
            await go_on.wait()

    queue = UpdateQueue(two[0], handle)
    line: Any = SimpleNamespace(tell=told.append)
    stored_here = StoredHere(queue.news, queue, line)
    task = asyncio.create_task(queue.run())

    async def come(number: str) -> None:
        await two[0].run(inbox.store, "telegram:42", [Raw(number, f"chat {number}", "{}")])

    await come("1")
    queue.news.set()
    await until(lambda: not queue.waiting)
    stored_here()
    await until(lambda: stored_here.look is None)
    assert told == [], "it had done with it"
    await come("2")
    queue.news.set()
    await at_work.wait()
    stored_here()
    assert told == ["stored"], "it is at work on something else"
    go_on.set()
    await queue.stop()
    await task
