"""Lanes: order in a chat, nobody waits for another's trouble, nothing is lost or done twice."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import GetMe
from sqlalchemy import insert, select, text
from sqlalchemy.exc import OperationalError

from bot import update_queue as module
from bot.update_queue import UnparsableUpdate, UpdateNotReady, UpdateQueue
from core import inbox
from core.addresses import Address
from core.db import sqlite_driver
from core.desk import AlreadyHandled, Desk
from core.inbox import Raw, Stored
from core.models import InboxRow, OutboxRow, SystemState
from core.tx import Tx
from tests.harness import logged

BOT = "telegram:42"


class QueueHarness:
    """Lanes whose handler is a test's; what it saw, in order."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.seen: list[tuple[int, int]] = []
        self.handle: Callable[[Stored], Awaitable[None]] = self.note
        self.update_queue = UpdateQueue(desk, self._handle)

    async def _handle(self, stored: Stored) -> None:
        await self.handle(stored)

    async def note(self, stored: Stored) -> None:
        await asyncio.sleep(0)
        self.seen.append((int(stored.ordering_key), int(stored.external_id)))

    async def store(self, *updates: tuple[int, int]) -> None:
        """Updates as pairs of chat and id."""
        await self.desk.run(inbox.store, BOT, [Raw(str(n), str(key), "{}") for key, n in updates])
        self.update_queue.news.set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[UpdateQueue]:
        self.update_queue = UpdateQueue(self.desk, self._handle)
        task = asyncio.create_task(self.update_queue.run())
        try:
            yield self.update_queue
        finally:
            await self.update_queue.stop()
            await asyncio.wait_for(task, 5)

    async def states(self) -> dict[int, str]:
        async with self.desk.database.read() as session:
            found = await session.execute(select(InboxRow.external_id, InboxRow.state))
            return {int(row.external_id): row.state for row in found}

    async def until_handled(self, timeout: float = 30.0) -> None:
        async with asyncio.timeout(timeout):
            while await self.desk.read(inbox.count_unfinished):
                await asyncio.sleep(0.002)


@pytest.fixture
def harness(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> QueueHarness:
    monkeypatch.setattr(module, "RETRIES", (0.01, 0.02))
    monkeypatch.setattr(module, "DATABASE_PAUSE", 0.01)
    return QueueHarness(desk)


def locked() -> OperationalError:
    """What SQLite says when another process holds the file."""
    cause = sqlite3.OperationalError("database is locked")
    cause.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return OperationalError("UPDATE", {}, cause)


async def test_updates_of_a_chat_are_handled_in_order(harness: QueueHarness) -> None:
    updates = [(number % 7, number) for number in range(210)]
    async with harness.open():
        for begin in range(0, 210, 30):
            await harness.store(*updates[begin : begin + 30])
        await harness.until_handled()
    for ordering_key in range(7):
        mine = [pair for pair in harness.seen if pair[0] == ordering_key]
        assert mine == [pair for pair in updates if pair[0] == ordering_key]


async def test_chats_are_handled_side_by_side(harness: QueueHarness) -> None:
    gate = asyncio.Event()
    waiting: set[int] = set()

    async def wait(stored: Stored) -> None:
        waiting.add(int(stored.ordering_key))
        await gate.wait()

    harness.handle = wait
    async with harness.open():
        await harness.store(*((ordering_key, ordering_key) for ordering_key in range(50)), (1, 100))
        async with asyncio.timeout(30):
            while len(waiting) < 50:
                await asyncio.sleep(0.002)
        assert harness.update_queue.waiting == 51
        gate.set()
        await harness.until_handled()
    assert harness.update_queue.waiting == 0


async def test_what_a_killed_process_left_behind_comes_first(harness: QueueHarness) -> None:
    await harness.store((1, 1), (2, 2), (1, 3))
    async with harness.open():
        await harness.store((1, 4))
        await harness.until_handled()
    assert [number for ordering_key, number in harness.seen if ordering_key == 1] == [1, 3, 4]


async def test_a_handler_that_fails_is_tried_again_and_then_put_aside(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = QueueHarness(desk)  # with the waits of real life
    tries = []

    async def fail_first(stored: Stored) -> None:
        if stored.external_id == "1":
            tries.append(time.monotonic())
            raise KeyError("surprise")
        await harness.note(stored)

    harness.handle = fail_first
    began = time.monotonic()
    async with harness.open():
        await harness.store((1, 1), (1, 2), (2, 3))
        await harness.until_handled()
    assert time.monotonic() - began < 3  # half a second of waiting; the rest is a slow machine's
    assert len(tries) == 3
    assert harness.seen == [(2, 3), (1, 2)]
    assert await harness.states() == {1: "quarantined", 2: "done", 3: "done"}
    (one,) = await desk.read(inbox.list_quarantined)
    assert "surprise" in one.error and one.raw == "{}"


async def test_passing_trouble_of_a_handler_is_no_quarantine(harness: QueueHarness) -> None:
    failures = [RuntimeError("once"), RuntimeError("twice")]

    async def shaky(stored: Stored) -> None:
        if failures:
            raise failures.pop()
        await harness.note(stored)

    harness.handle = shaky
    async with harness.open():
        await harness.store((1, 1))
        await harness.until_handled()
    assert await harness.states() == {1: "done"}


async def test_what_cannot_be_parsed_is_put_aside_at_once_and_told(harness: QueueHarness) -> None:
    tries = []

    async def refuse(stored: Stored) -> None:
        tries.append(int(stored.external_id))
        raise UnparsableUpdate("message.chat: Field required")

    harness.handle = refuse
    async with harness.open():
        await harness.store((1, 1))
        await harness.until_handled()
    assert tries == [1]
    async with harness.desk.database.read() as session:
        (alert,) = (await session.scalars(select(OutboxRow))).all()
    assert alert.key == "alert.quarantined"
    assert Address(alert.channel, alert.address) == harness.desk.company.alerts_chat


@pytest.mark.parametrize(
    "error",
    [
        KeyError("my PIN is 4711"),
        UnparsableUpdate("message.text: my PIN is 4711"),
        ValueError("4711"),
    ],
)
async def test_what_people_wrote_is_not_told_with_what_went_wrong(
    harness: QueueHarness, error: Exception
) -> None:
    async def refuse(stored: Stored) -> None:
        del stored
        raise error

    harness.handle = refuse
    async with harness.open():
        await harness.store((1, 1))
        await harness.until_handled()
    (kept,) = await harness.desk.read(inbox.list_quarantined)
    assert "4711" in kept.error and "4711" not in kept.cause
    async with harness.desk.database.read() as session:
        (told,) = (await session.scalars(select(OutboxRow.facts))).all()
    assert told["error"] and "4711" not in str(told)


@pytest.mark.parametrize(
    "words", ["\ud800 half a pair", "a \0 in it", "я" * 5000], ids=["half", "null", "long"]
)
async def test_whatever_an_error_says_it_can_be_put_aside(
    harness: QueueHarness, words: str
) -> None:
    async def refuse(stored: Stored) -> None:
        if stored.external_id == "1":
            raise UnparsableUpdate(words)

    harness.handle = refuse
    async with harness.open():
        await harness.store((1, 1), (1, 2))
        await harness.until_handled()
    assert await harness.states() == {1: "quarantined", 2: "done"}


async def test_what_cannot_be_told_is_put_aside_all_the_same_before_the_next_one(
    harness: QueueHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise LookupError("a mistake in a recorder")

    async def refuse(stored: Stored) -> None:
        if stored.external_id == "1":
            raise UnparsableUpdate("no")

    monkeypatch.setattr(inbox, "quarantine", broken)
    harness.handle = refuse
    async with harness.open():
        await harness.store((1, 1), (1, 2))
        await harness.until_handled()
    assert await harness.states() == {1: "quarantined", 2: "done"}


async def test_trouble_of_the_store_puts_nothing_aside(harness: QueueHarness) -> None:
    failures = [locked() for _ in range(10)]

    async def shaky(stored: Stored) -> None:
        if failures:
            raise failures.pop()
        await harness.note(stored)

    harness.handle = shaky
    async with harness.open():
        await harness.store((1, 1), (1, 2))
        await harness.until_handled()
    assert await harness.states() == {1: "done", 2: "done"}
    assert harness.seen == [(1, 1), (1, 2)]


async def test_a_line_that_is_down_puts_nothing_aside(
    harness: QueueHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TELEGRAM_PAUSE", 0.01)
    failures: list[Exception] = [
        TelegramNetworkError(GetMe(), "no route"),
        TelegramServerError(GetMe(), "Bad Gateway"),
        TelegramRetryAfter(GetMe(), "Too Many Requests", 3),
        ClientDecodeError("no JSON", ValueError("<html>"), "<html>"),
    ] * 2

    async def ask_telegram(stored: Stored) -> None:
        if failures:
            raise failures.pop()
        await harness.note(stored)

    harness.handle = ask_telegram
    async with harness.open():
        await harness.store((1, 1), (1, 2))
        await harness.until_handled()
    assert await harness.states() == {1: "done", 2: "done"}
    assert harness.seen == [(1, 1), (1, 2)]


async def test_a_stop_does_not_wait_for_the_line(harness: QueueHarness) -> None:
    failed = asyncio.Event()

    async def ask_telegram(stored: Stored) -> None:
        failed.set()
        raise TelegramNetworkError(GetMe(), f"no route for {stored.external_id}")

    harness.handle = ask_telegram
    async with harness.open():
        await harness.store((1, 1))
        await asyncio.wait_for(failed.wait(), 30)
        began = time.monotonic()
    assert time.monotonic() - began < module.TELEGRAM_PAUSE / 2
    assert await harness.states() == {1: "new"}


async def test_what_telegram_refuses_is_no_trouble_of_the_line(harness: QueueHarness) -> None:
    async def act(stored: Stored) -> None:
        raise TelegramBadRequest(GetMe(), f"no sense in {stored.external_id}")

    harness.handle = act
    async with harness.open():
        await harness.store((1, 1))
        await harness.until_handled()
    assert await harness.states() == {1: "quarantined"}


async def test_a_statement_that_makes_no_sense_is_the_updates_fault(harness: QueueHarness) -> None:
    async def ask(tx: Tx) -> None:
        await tx.session.execute(text("SELECT * FROM nowhere"))

    async def search(stored: Stored) -> None:
        await harness.desk.run(ask)

    harness.handle = search
    async with harness.open():
        await harness.store((1, 1))
        await harness.until_handled()
    assert await harness.states() == {1: "quarantined"}


async def test_a_locked_file_is_waited_out(
    harness: QueueHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await harness.store((1, 1))
    path = harness.desk.database.path
    assert path is not None
    monkeypatch.setattr(sqlite_driver, "PATIENCE", 20)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        async with harness.open():
            await asyncio.sleep(0.2)
            assert (await harness.states()) == {1: "new"}
            other.execute("COMMIT")
            await harness.until_handled()
    assert await harness.states() == {1: "done"}
    assert len(harness.seen) > 1  # it was tried while the file was locked


async def test_a_full_disk_is_waited_out(harness: QueueHarness) -> None:
    async def take_pages(tx: Tx, most: int) -> None:
        await tx.session.execute(text(f"PRAGMA max_page_count={most}"))

    async def keep(tx: Tx) -> None:
        await tx.insert(SystemState(name="kept", value={"words": "x" * 100_000}, at=tx.now))

    async def write(stored: Stored) -> None:
        await harness.note(stored)
        await harness.desk.run(keep)

    harness.handle = write
    await harness.store((1, 1))
    await harness.desk.run(take_pages, 1)  # as many as there are
    async with harness.open():
        async with asyncio.timeout(30):
            while len(harness.seen) < 10:  # more often than what fails by itself is tried
                await asyncio.sleep(0.002)
        assert await harness.states() == {1: "new"}
        await harness.desk.run(take_pages, 1_000_000)
        await harness.until_handled()
    assert await harness.states() == {1: "done"}


async def test_a_locked_file_is_a_line_of_the_log_and_a_count(
    harness: QueueHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a desk that was locked for a minute: 1,419 lines."""
    await harness.store(*((chat, chat) for chat in range(40)))
    path = harness.desk.database.path
    assert path is not None
    monkeypatch.setattr(sqlite_driver, "PATIENCE", 1)
    with logged() as stream, sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        async with harness.open(), asyncio.timeout(60):
            while len(harness.seen) < 200:
                await asyncio.sleep(0.01)
            assert stream.getvalue().count("database is locked") == 1
            other.execute("COMMIT")
            await harness.until_handled()
        logging.getLogger().handlers[0].close()
    first, again = (line for line in stream.getvalue().splitlines() if "is locked" in line)
    assert "[update_id=" in first
    # each was tried once more when the file was free
    assert int(again.partition("repeated=")[2].rstrip("]")) == len(harness.seen) - 40 - 1


async def test_an_inbox_that_cannot_be_read_is_read_later_whatever_the_reason(
    harness: QueueHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await harness.store((1, 1))
    read, failures = harness.desk.read, [locked(), LookupError("a mistake of ours")]

    async def shaky(query: object, *args: object) -> object:
        if failures and query is inbox.list_unfinished:
            raise failures.pop()
        found: object = await read(query, *args)  # type: ignore[arg-type]
        return found

    monkeypatch.setattr(harness.desk, "read", shaky)
    async with harness.open():
        await harness.until_handled()
    assert not failures


async def test_the_effect_of_an_update_happens_once_though_its_handler_fails_after_it(
    harness: QueueHarness,
) -> None:
    tries = []

    async def count(tx: Tx) -> None:
        fact = await tx.session.get(SystemState, "n")
        if fact is None:
            fact = SystemState(name="n", value={"n": 0}, at=tx.now)
            tx.session.add(fact)
        fact.value = {"n": fact.value["n"] + 1}

    async def act(stored: Stored) -> None:
        tries.append(int(stored.external_id))
        await harness.desk.run(count)
        raise RuntimeError("the answer could not be shown")

    harness.handle = act
    async with harness.open():
        await harness.store((1, 1), (1, 2))
        await harness.until_handled()
    assert await harness.states() == {1: "done", 2: "done"}
    assert set(tries) == {1, 2}
    async with harness.desk.database.read() as session:
        assert (await session.scalars(select(SystemState.value))).all() == [{"n": 2}]


async def test_a_redelivered_update_is_not_handled_again(harness: QueueHarness) -> None:
    async with harness.open():
        await harness.store((1, 1))
        await harness.until_handled()
        await harness.store((1, 1), (1, 2))
        await harness.until_handled()
    assert harness.seen == [(1, 1), (1, 2)]


async def test_who_comes_second_with_the_same_row_changes_nothing(harness: QueueHarness) -> None:
    await harness.store((1, 1))
    (stored,) = await harness.desk.read(inbox.list_unfinished, 0, 10)

    tries = []

    async def act(tx: Tx) -> None:
        tries.append(tx.now)

    with harness.desk.handling(stored.id):
        await harness.desk.run(act)
    with harness.desk.handling(stored.id), pytest.raises(AlreadyHandled):
        await harness.desk.run(act)
    assert len(tries) == 1


async def test_stop_ends_after_the_update_each_lane_is_at(harness: QueueHarness) -> None:
    gate, begun = asyncio.Event(), asyncio.Event()

    async def wait(stored: Stored) -> None:
        begun.set()
        await gate.wait()
        await harness.note(stored)

    harness.handle = wait
    async with harness.open():
        await harness.store((1, 1), (1, 2))
        await begun.wait()
        stopping = asyncio.create_task(harness.update_queue.stop())
        await asyncio.sleep(0.01)
        assert not stopping.done()
        gate.set()
        await asyncio.wait_for(stopping, 20)
    assert await harness.states() == {1: "done", 2: "new"}


async def test_stop_does_not_wait_for_ever(harness: QueueHarness) -> None:
    begun = asyncio.Event()

    async def hang(stored: Stored) -> None:
        begun.set()
        await asyncio.Event().wait()

    harness.handle = hang
    task = asyncio.create_task(harness.update_queue.run())
    await harness.store((1, 1))
    await begun.wait()
    await asyncio.wait_for(harness.update_queue.stop(patience=0.05), 20)
    for stuck in [*harness.update_queue._tasks, task]:
        stuck.cancel()
    await asyncio.gather(*harness.update_queue._tasks, task, return_exceptions=True)
    assert await harness.states() == {1: "new"}


async def test_a_handler_that_hangs_has_failed(
    harness: QueueHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.02)

    async def hang(stored: Stored) -> None:
        if stored.external_id == "1":
            await asyncio.Event().wait()

    harness.handle = hang
    async with harness.open():
        await harness.store((1, 1), (1, 2))
        await harness.until_handled()
    assert await harness.states() == {1: "quarantined", 2: "done"}


async def test_ids_that_began_anew_after_an_idle_week_are_handled(
    harness: QueueHarness, desk: Desk
) -> None:
    async def older(tx: Tx) -> None:
        await inbox.store(tx, BOT, [Raw("7", "1", '{"old":1}')])

    await desk.run(older)
    async with harness.open():
        await harness.until_handled()
        desk.clock.move(7 * 86400)  # type: ignore[attr-defined]
        await desk.run(inbox.purge, 100)
        await harness.store((1, 7), (1, 6))
        await harness.until_handled()
    assert harness.seen == [(1, 7), (1, 7), (1, 6)]


async def test_updates_are_replayed_while_the_desk_runs_and_overtake_nothing(
    harness: QueueHarness, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 0.02)
    gate, begun = asyncio.Event(), asyncio.Event()

    async def refuse(stored: Stored) -> None:
        raise UnparsableUpdate(f"an old version does not know {stored.id}")

    async def wait(stored: Stored) -> None:
        begun.set()
        await gate.wait()
        await harness.note(stored)

    harness.handle = refuse
    async with harness.open():
        await harness.store((1, 1), (2, 2), (1, 3))
        await harness.until_handled()
        numbers = [one.id for one in await desk.read(inbox.list_quarantined)]
        harness.handle = wait
        await harness.store((1, 4), (1, 5))
        await begun.wait()
        assert await desk.run(inbox.replay, numbers) == sorted(numbers)
        assert await desk.run(inbox.replay, numbers) == []
        gate.set()
        await harness.until_handled()
    assert [number for key, number in harness.seen if key == 1] == [4, 5, 1, 3]
    assert await harness.states() == dict.fromkeys((1, 2, 3, 4, 5), "done")


@pytest.mark.parametrize("end", [SystemExit(1), asyncio.CancelledError()])
async def test_a_handler_that_ends_its_task_or_the_process_is_a_failure_like_any_other(
    harness: QueueHarness, end: BaseException
) -> None:
    async def leave(stored: Stored) -> None:
        if stored.external_id == "1":
            raise end
        await harness.note(stored)

    harness.handle = leave
    async with harness.open():
        await harness.store((1, 1), (1, 2))
        await harness.until_handled()
    assert harness.seen == [(1, 2)]
    assert await harness.states() == {1: "quarantined", 2: "done"}


async def test_of_a_long_backlog_no_more_is_read_than_may_wait(
    harness: QueueHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, most = 20, 50
    monkeypatch.setattr(module, "PAGE", page)
    monkeypatch.setattr(module, "MAX_WAITING", most)
    now = harness.desk.clock()
    async with harness.desk.database.write() as session:
        rows = [
            {
                "source": BOT,
                "external_id": str(number),
                "ordering_key": str(number % 100),
                "raw": "{}",
                "state": "new",
                "received_at": now,
            }
            for number in range(6 * most)
        ]
        await session.execute(insert(InboxRow), rows)
    read_so_far, waiting = [], []
    enough = asyncio.Event()

    async def count(stored: Stored) -> None:
        read_so_far.append(harness.update_queue._read_up_to)
        waiting.append(harness.update_queue.waiting)
        if read_so_far[-1] > 2 * most:
            enough.set()

    harness.handle = count
    async with harness.open(), asyncio.timeout(60):
        await enough.wait()
    assert read_so_far[0] <= most + page
    assert max(waiting) <= most + page


async def test_an_update_that_has_to_wait_is_not_at_fault_and_keeps_its_place(
    harness: QueueHarness,
) -> None:
    tries = 0

    async def wait(stored: Stored) -> None:
        nonlocal tries
        tries += 1
        if tries < 10:
            raise UpdateNotReady("something is under way")
        await harness.note(stored)

    harness.handle = wait
    async with harness.open():
        await harness.store((1, 1), (1, 2))
        await harness.until_handled()
    assert harness.seen == [(1, 1), (1, 2)]
    assert await harness.states() == {1: "done", 2: "done"}


async def test_a_long_backlog_does_not_keep_its_first_update_waiting(desk: Desk) -> None:
    """It is read by pages, along an index, however much waits (R17)."""
    backlog = 20_000
    many = [Raw(str(number), str(number % 500), "{}") for number in range(backlog)]
    for begin in range(0, backlog, 1000):
        await desk.run(inbox.store, BOT, many[begin : begin + 1000])
    asked: list[tuple[str, object]] = []
    desk.database.listeners[:] = [lambda statement, given: asked.append((statement, given))]
    begun, goes_on = asyncio.get_running_loop().create_future(), asyncio.Event()

    async def handle(_: Stored) -> None:
        if not begun.done():
            begun.set_result([one for one in asked if "FROM inbox" in one[0]])
        await goes_on.wait()

    queue = UpdateQueue(desk, handle)
    task = asyncio.create_task(queue.run())
    async with asyncio.timeout(30):
        reads = await begun
    assert len(reads) <= module.MAX_WAITING // module.PAGE
    assert all("LIMIT" in statement for statement, _ in reads)
    async with desk.database.read() as session:
        plan = str((await session.execute(text(f"EXPLAIN QUERY PLAN {_filled(*reads[0])}"))).all())
    assert "USING INDEX" in plan and "TEMP B-TREE" not in plan, plan
    goes_on.set()
    await queue.stop()
    await task


def _filled(statement: str, given: object) -> str:
    """The statement with its parameters written into it: all of them are numbers."""
    for value in given if isinstance(given, tuple | list) else ():
        statement = statement.replace("?", str(int(value)), 1)
    return statement
