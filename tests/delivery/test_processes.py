"""Several processes at one PostgreSQL: one leads, each chat is handled by one of them, what must be
known to all is told at once (R23).
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from aiogram.methods import EditMessageText
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from sqlalchemy import text

from bot import peers as peers_module
from bot import update_queue
from bot.peers import Peers, SharedIds, SharedMenus, SharedPacer, StoredHere
from bot.update_queue import UpdateQueue
from core import inbox
from core.changes import TICKETS
from core.company import Company
from core.db import Database, DatabaseInUse, Row, process_lock
from core.db import postgres as postgres_module
from core.delivery.pacing import Priority
from core.desk import CHANGED, OUTGOING, WRITTEN, Desk
from core.events import TicketReleased
from core.inbox import Raw, Stored
from core.models import SystemState
from core.outgoing import Written
from core.tx import ReadTx, Tx
from sandbox.process import python, tied
from tests.postgres import Postgres

pytestmark = pytest.mark.postgres

CHATS, EACH = 24, 6


@pytest.fixture(scope="module")
def url(postgres: Postgres) -> Iterator[str]:
    with postgres.database(empty=True) as url:
        yield url


@pytest.fixture
async def two(url: str) -> AsyncIterator[list[Desk]]:
    """Two processes' desks at one database."""
    databases = [Database(url), Database(url)]
    await databases[0].alter(Row.metadata.drop_all)
    await databases[0].alter(Row.metadata.create_all)
    for database in databases:
        await database.hold(nothing, alone=False)
    yield [Desk(database, Company()) for database in databases]
    for database in databases:
        await database.close()


async def nothing() -> None:
    """What is to be done when the lock is held again."""


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)


# ---------------------------------------------------------------- who may work


async def test_a_command_that_must_be_alone_and_a_running_desk_exclude_each_other(
    two: list[Desk], url: str
) -> None:
    command = Database(url)
    with pytest.raises(DatabaseInUse):
        await command.hold(nothing)
    for desk in two:
        await desk.database.close()
    await command.hold(nothing)
    late = Database(url)
    with pytest.raises(DatabaseInUse):
        await late.hold(nothing, alone=False)
    await command.close()
    await late.close()


async def test_one_of_two_leads_and_the_other_follows_when_it_is_gone(two: list[Desk]) -> None:
    first, second = (desk.database for desk in two)
    assert await first.lead()
    assert first.leads()
    assert not await second.lead()
    assert not second.leads()
    await first.close()
    assert await second.lead()


STOPPED_LEADER = """
import asyncio, os, signal, sys
from core.db import Database

async def nothing():
    pass

async def lead():
    database = Database(sys.argv[1])
    await database.hold(nothing, alone=False)
    print(await database.lead(), flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
    # nothing was read meanwhile that would tell that the connection has gone
    print("leads" if database.leads() else "lost", flush=True)

asyncio.run(lead())
"""


async def test_a_leader_that_is_cut_off_without_a_word_is_followed_within_ten_seconds(
    url: str,
) -> None:
    """It is stopped: it says nothing and closes nothing, as if the network had gone. When it comes
    back it knows by the clock alone that it leads no more.
    """
    assert process_lock.LEAD_FOR < process_lock.CUT_OFF_AFTER < 10
    command = tied(python("-c", STOPPED_LEADER, url))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as leader:
        assert leader.stdout is not None
        try:
            assert leader.stdout.readline() == "True\n"
            await asyncio.to_thread(os.waitpid, leader.pid, os.WUNTRACED)  # until it has stopped
            other = Database(url)
            await other.hold(nothing, alone=False)
            begun = time.monotonic()
            async with asyncio.timeout(60):
                while not await other.lead():
                    await asyncio.sleep(0.1)
            # the server counts from the leader's last question
            longest = process_lock.CUT_OFF_AFTER + process_lock.LOOK_EVERY
            assert time.monotonic() - begun < 2 * longest
            os.kill(leader.pid, signal.SIGCONT)
            assert await asyncio.to_thread(leader.stdout.readline) == "lost\n"
            await other.close()
        finally:
            leader.kill()


# ---------------------------------------------------------------- who handles what


class Handlers:
    """The update queues of two processes; who handles what at the moment, and what was seen."""

    def __init__(self, desks: list[Desk]) -> None:
        self.desks = desks
        self.begun: list[tuple[str, int]] = []
        self.seen: list[tuple[str, int]] = []
        self.by: list[set[str]] = [set(), set()]
        self.take_part = [asyncio.Event(), asyncio.Event()]
        self.busy: dict[str, int] = {}
        self.most_at_once = 0
        self.together: list[str] = []  # chats that two handled at once; an error would be retried
        self.queues = [UpdateQueue(desk, self._handler(at)) for at, desk in enumerate(desks)]

    def _handler(self, at: int) -> Callable[[Stored], Awaitable[None]]:
        async def handle(stored: Stored) -> None:
            chat = stored.ordering_key
            if chat in self.busy:
                self.together.append(chat)
            self.busy[chat] = at
            self.begun.append((chat, int(stored.external_id)))
            self.most_at_once = max(self.most_at_once, list(self.busy.values()).count(at))
            self.take_part[at].set()
            try:
                # however quick one of them is: it has no more than its share, the rest is for both
                await asyncio.gather(*(part.wait() for part in self.take_part))
                await asyncio.sleep(0.002)
                await self.desks[at].run(_effect, stored)
            finally:
                self.busy.pop(chat, None)
            self.seen.append((chat, int(stored.external_id)))
            self.by[at].add(chat)

        return handle

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(queue.run()) for queue in self.queues]
        try:
            yield
        finally:
            for queue in self.queues:
                await queue.stop()
            await asyncio.gather(*tasks)


async def _effect(tx: Tx, stored: Stored) -> None:
    await tx.insert(SystemState(name=f"done {stored.external_id}", value={}, at=tx.now))


async def test_each_chat_is_handled_by_one_process_at_a_time_in_order_and_both_take_part(
    two: list[Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update_queue, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(update_queue, "MOST_AT_ONCE", 4)
    handlers = Handlers(two)
    numbers = [(str(number % CHATS), number) for number in range(CHATS * EACH)]
    async with handlers.open():
        for begin in range(0, len(numbers), CHATS):
            batch = [Raw(str(n), chat, "{}") for chat, n in numbers[begin : begin + CHATS]]
            await two[(begin // CHATS) % 2].run(inbox.store, "telegram:42", batch)
            for queue in handlers.queues:
                queue.news.set()
            await asyncio.sleep(0.02)
        async with asyncio.timeout(60):
            while await two[0].read(inbox.count_unfinished):
                await asyncio.sleep(0.02)
        await until(lambda: not any(queue.waiting for queue in handlers.queues))
    assert not handlers.together
    assert sorted(handlers.seen) == sorted(numbers)
    assert sorted(handlers.begun) == sorted(numbers), "what one has handled the other leaves alone"
    assert handlers.most_at_once <= 4, "the rest is for the other"
    for chat in map(str, range(CHATS)):
        mine = [number for where, number in handlers.seen if where == chat]
        assert mine == sorted(mine)
    assert all(handlers.by)


@pytest.mark.parametrize("meanwhile", ["handled", "asked about"])
async def test_what_another_handled_after_it_was_read_here_is_not_begun_again(
    two: list[Desk], monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """A page may be read before the other process handles its rows, and arrive when this process
    has the chat already; here the other one handles the row without asking for the chat.
    """
    here, there = two
    begun, handled_there = list[str](), list[str]()
    list_unfinished, keep_unfinished = inbox.list_unfinished, inbox.keep_unfinished

    async def come(number: str) -> None:
        waiting = queue.waiting
        await here.run(inbox.store, "telegram:42", [Raw(number, "chat", "{}")])
        queue.news.set()
        await until(lambda: queue.waiting > waiting)

    async def slow_page(tx: ReadTx, after: int, limit: int) -> list[Stored]:
        page = await list_unfinished(tx, after, limit)
        for stored in page:
            if stored.external_id == "2" and not handled_there:
                with there.handling(stored.id):
                    await there.run(inbox.change_nothing)
                handled_there.append(stored.external_id)
        return page

    async def slow_look(tx: ReadTx, ids: Collection[int]) -> set[int]:
        unfinished = await keep_unfinished(tx, ids)
        if meanwhile == "asked about" and not handled_there:
            await come("2")
        return unfinished

    async def handle(stored: Stored) -> None:
        begun.append(stored.external_id)
        if meanwhile == "handled" and not handled_there:
            await come("2")

    monkeypatch.setattr(inbox, "list_unfinished", slow_page)
    monkeypatch.setattr(inbox, "keep_unfinished", slow_look)
    queue = UpdateQueue(here, handle)
    task = asyncio.create_task(queue.run())
    await come("1")
    await until(lambda: bool(handled_there) and not queue.waiting)
    await queue.stop()
    await task
    assert begun == ["1"]


async def test_what_follows_an_update_that_was_left_to_another_process_does_not_overtake_it(
    two: list[Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process gives the chat back without it; a page that begins behind it comes then."""
    here, there = two
    seen: list[str] = []
    reads_on, leased = asyncio.Event(), here.database.lease
    list_unfinished = inbox.list_unfinished

    async def come(number: str) -> None:
        await here.run(inbox.store, "telegram:42", [Raw(number, "chat", "{}")])
        queue.news.set()

    async def slow_page(tx: ReadTx, after: int, limit: int) -> list[Stored]:
        page = await list_unfinished(tx, after, limit)
        if [stored.external_id for stored in page] == ["2"] and not reads_on.is_set():
            reads_on.set()
            await until(lambda: not queue.waiting)
        return page

    @asynccontextmanager
    async def late(name: str) -> AsyncIterator[bool]:
        if not reads_on.is_set():
            await come("2")
            await reads_on.wait()
            async with there.database.lease(name), leased(name) as is_ours:
                assert not is_ours
                yield is_ours
        else:
            async with leased(name) as is_ours:
                yield is_ours

    async def handle(stored: Stored) -> None:
        seen.append(stored.external_id)

    monkeypatch.setattr(inbox, "list_unfinished", slow_page)
    monkeypatch.setattr(here.database, "lease", late)
    queue = UpdateQueue(here, handle)
    task = asyncio.create_task(queue.run())
    await come("1")
    await until(lambda: len(seen) == 2)
    await queue.stop()
    await task
    assert seen == ["1", "2"]


async def test_a_chat_is_one_process_s_until_it_gives_it_back(two: list[Desk]) -> None:
    first, second = (desk.database for desk in two)
    async with first.lease("chat") as held:
        assert held
        async with second.lease("chat") as other:
            assert not other
        async with second.lease("another") as other:
            assert other
    async with second.lease("chat") as other:
        assert other


async def test_a_chat_that_another_process_has_is_looked_at_again_soon(
    two: list[Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else is told of what came for it: whoever has stored it looks again."""
    monkeypatch.setattr(update_queue, "LOOK_EVERY", 3600.0)
    handled = asyncio.Event()

    async def handle(_: Stored) -> None:
        handled.set()

    queue = UpdateQueue(two[0], handle)
    async with two[1].database.lease("chat"):
        await two[0].run(inbox.store, "telegram:42", [Raw("1", "chat", "{}")])
        task = asyncio.create_task(queue.run())
        await until(lambda: bool(queue._left))
    async with asyncio.timeout(30):
        await handled.wait()
    await queue.stop()
    await task


async def test_a_process_takes_no_more_connections_than_it_says_however_much_is_to_be_done(
    two: list[Desk],
) -> None:
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"

    async def look(tx: ReadTx) -> int:
        return int(await tx.session.scalar(text(count)) or 0)

    one = two[0]
    await two[1].database.close()
    counted = [
        number
        for desk_does in (one.run, one.read)
        for number in await asyncio.gather(*(desk_does(look) for _ in range(60)))
    ]
    assert max(counted) <= postgres_module.WRITERS + postgres_module.READERS + 2
    assert max(counted) >= postgres_module.WRITERS


async def test_many_chats_are_asked_for_and_given_back_together(
    two: list[Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    store: Any = two[0].database._store
    asked, rows = list[int](), store.processes._rows

    async def counted(statement: Any, **given: Any) -> Any:
        if "numbers" in given:
            asked.append(len(given["numbers"]))
        return await rows(statement, **given)

    monkeypatch.setattr(store.processes, "_rows", counted)
    all_held = asyncio.Barrier(50)

    async def hold(number: int) -> bool:
        async with two[0].database.lease(f"chat {number}") as held:
            await all_held.wait()
            return held

    assert all(await asyncio.gather(*map(hold, range(50))))
    assert asked == [50, 50]
    async with two[1].database.lease("chat 7") as other:
        assert other, "it was given back"


async def test_a_chat_that_nobody_waits_for_any_more_is_given_back(two: list[Desk]) -> None:
    async def hold() -> None:
        async with two[0].database.lease("chat"):
            raise AssertionError

    asking = asyncio.create_task(hold())
    await asyncio.sleep(0)  # it has asked
    await asyncio.sleep(0)
    asking.cancel()
    async with asyncio.timeout(30):
        while True:
            async with two[1].database.lease("chat") as other:
                if other:
                    return


async def test_what_comes_while_a_chat_is_given_back_is_handled_after_it_and_alone(
    two: list[Desk], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The lock of a chat is the process's: a second task of it would get it, too."""
    desk, seen, busy = two[0], list[str](), set[str]()
    leased, second, third = desk.database.lease, asyncio.Event(), asyncio.Event()

    async def come(number: str) -> None:
        await desk.run(inbox.store, "telegram:42", [Raw(number, "chat", "{}")])
        queue.news.set()

    async def soon(event: asyncio.Event) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), 0.5)

    @asynccontextmanager
    async def slow(name: str) -> AsyncIterator[bool]:
        async with leased(name) as is_ours:
            yield is_ours
            if seen == ["1"]:
                await come("2")
                await soon(second)

    async def handle(stored: Stored) -> None:
        assert not busy, "two tasks handle one chat"
        busy.add(stored.ordering_key)
        if stored.external_id == "2":
            second.set()
            await come("3")
            await soon(third)
        elif stored.external_id == "3":
            third.set()
        busy.clear()
        seen.append(stored.external_id)

    monkeypatch.setattr(desk.database, "lease", slow)
    queue = UpdateQueue(desk, handle)
    task = asyncio.create_task(queue.run())
    await come("1")
    await until(lambda: len(seen) == 3)
    await queue.stop()
    await task
    assert seen == ["1", "2", "3"]
    assert not [record for record in caplog.records if record.exc_info]


# ---------------------------------------------------------------- what all know


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
