"""Lanes: order in a chat, nobody waits for another's trouble, nothing is lost or done twice."""

import asyncio
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

BOT = "telegram:42"


class Hall:
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
def hall(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Hall:
    monkeypatch.setattr(module, "RETRIES", (0.01, 0.02))
    monkeypatch.setattr(module, "DATABASE_PAUSE", 0.01)
    return Hall(desk)


def locked() -> OperationalError:
    """What SQLite says when another process holds the file."""
    cause = sqlite3.OperationalError("database is locked")
    cause.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return OperationalError("UPDATE", {}, cause)


async def test_updates_of_a_chat_are_handled_in_order(hall: Hall) -> None:
    updates = [(number % 7, number) for number in range(210)]
    async with hall.open():
        for begin in range(0, 210, 30):
            await hall.store(*updates[begin : begin + 30])
        await hall.until_handled()
    for ordering_key in range(7):
        mine = [pair for pair in hall.seen if pair[0] == ordering_key]
        assert mine == [pair for pair in updates if pair[0] == ordering_key]


async def test_chats_are_handled_side_by_side(hall: Hall) -> None:
    gate = asyncio.Event()
    waiting: set[int] = set()

    async def wait(stored: Stored) -> None:
        waiting.add(int(stored.ordering_key))
        await gate.wait()

    hall.handle = wait
    async with hall.open():
        await hall.store(*((ordering_key, ordering_key) for ordering_key in range(50)), (1, 100))
        async with asyncio.timeout(30):
            while len(waiting) < 50:
                await asyncio.sleep(0.002)
        assert hall.update_queue.waiting == 51
        gate.set()
        await hall.until_handled()
    assert hall.update_queue.waiting == 0


async def test_what_a_killed_process_left_behind_comes_first(hall: Hall) -> None:
    await hall.store((1, 1), (2, 2), (1, 3))
    async with hall.open():
        await hall.store((1, 4))
        await hall.until_handled()
    assert [number for ordering_key, number in hall.seen if ordering_key == 1] == [1, 3, 4]


async def test_a_handler_that_fails_is_tried_again_and_then_put_aside(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = Hall(desk)  # with the waits of real life
    tries = []

    async def fail_first(stored: Stored) -> None:
        if stored.external_id == "1":
            tries.append(time.monotonic())
            raise KeyError("surprise")
        await hall.note(stored)

    hall.handle = fail_first
    began = time.monotonic()
    async with hall.open():
        await hall.store((1, 1), (1, 2), (2, 3))
        await hall.until_handled()
    assert time.monotonic() - began < 3  # half a second of waiting; the rest is a slow machine's
    assert len(tries) == 3
    assert hall.seen == [(2, 3), (1, 2)]
    assert await hall.states() == {1: "quarantined", 2: "done", 3: "done"}
    (one,) = await desk.read(inbox.list_quarantined)
    assert "surprise" in one.error and one.raw == "{}"


async def test_passing_trouble_of_a_handler_is_no_quarantine(hall: Hall) -> None:
    failures = [RuntimeError("once"), RuntimeError("twice")]

    async def shaky(stored: Stored) -> None:
        if failures:
            raise failures.pop()
        await hall.note(stored)

    hall.handle = shaky
    async with hall.open():
        await hall.store((1, 1))
        await hall.until_handled()
    assert await hall.states() == {1: "done"}


async def test_what_cannot_be_parsed_is_put_aside_at_once_and_told(hall: Hall) -> None:
    tries = []

    async def refuse(stored: Stored) -> None:
        tries.append(int(stored.external_id))
        raise UnparsableUpdate("message.chat: Field required")

    hall.handle = refuse
    async with hall.open():
        await hall.store((1, 1))
        await hall.until_handled()
    assert tries == [1]
    async with hall.desk.database.read() as session:
        (alert,) = (await session.scalars(select(OutboxRow))).all()
    assert alert.key == "alert.quarantined"
    assert Address(alert.channel, alert.address) == hall.desk.company.alerts_chat


@pytest.mark.parametrize(
    "error",
    [
        KeyError("my PIN is 4711"),
        UnparsableUpdate("message.text: my PIN is 4711"),
        ValueError("4711"),
    ],
)
async def test_what_people_wrote_is_not_told_with_what_went_wrong(
    hall: Hall, error: Exception
) -> None:
    async def refuse(stored: Stored) -> None:
        del stored
        raise error

    hall.handle = refuse
    async with hall.open():
        await hall.store((1, 1))
        await hall.until_handled()
    (kept,) = await hall.desk.read(inbox.list_quarantined)
    assert "4711" in kept.error and "4711" not in kept.cause
    async with hall.desk.database.read() as session:
        (told,) = (await session.scalars(select(OutboxRow.facts))).all()
    assert told["error"] and "4711" not in str(told)


@pytest.mark.parametrize(
    "words", ["\ud800 half a pair", "a \0 in it", "я" * 5000], ids=["half", "null", "long"]
)
async def test_whatever_an_error_says_it_can_be_put_aside(hall: Hall, words: str) -> None:
    async def refuse(stored: Stored) -> None:
        if stored.external_id == "1":
            raise UnparsableUpdate(words)

    hall.handle = refuse
    async with hall.open():
        await hall.store((1, 1), (1, 2))
        await hall.until_handled()
    assert await hall.states() == {1: "quarantined", 2: "done"}


async def test_what_cannot_be_told_is_put_aside_all_the_same_before_the_next_one(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise LookupError("a mistake in a recorder")

    async def refuse(stored: Stored) -> None:
        if stored.external_id == "1":
            raise UnparsableUpdate("no")

    monkeypatch.setattr(inbox, "quarantine", broken)
    hall.handle = refuse
    async with hall.open():
        await hall.store((1, 1), (1, 2))
        await hall.until_handled()
    assert await hall.states() == {1: "quarantined", 2: "done"}


async def test_trouble_of_the_store_puts_nothing_aside(hall: Hall) -> None:
    failures = [locked() for _ in range(10)]

    async def shaky(stored: Stored) -> None:
        if failures:
            raise failures.pop()
        await hall.note(stored)

    hall.handle = shaky
    async with hall.open():
        await hall.store((1, 1), (1, 2))
        await hall.until_handled()
    assert await hall.states() == {1: "done", 2: "done"}
    assert hall.seen == [(1, 1), (1, 2)]


async def test_a_line_that_is_down_puts_nothing_aside(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
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
        await hall.note(stored)

    hall.handle = ask_telegram
    async with hall.open():
        await hall.store((1, 1), (1, 2))
        await hall.until_handled()
    assert await hall.states() == {1: "done", 2: "done"}
    assert hall.seen == [(1, 1), (1, 2)]


async def test_a_stop_does_not_wait_for_the_line(hall: Hall) -> None:
    failed = asyncio.Event()

    async def ask_telegram(stored: Stored) -> None:
        failed.set()
        raise TelegramNetworkError(GetMe(), f"no route for {stored.external_id}")

    hall.handle = ask_telegram
    async with hall.open():
        await hall.store((1, 1))
        await asyncio.wait_for(failed.wait(), 30)
        began = time.monotonic()
    assert time.monotonic() - began < module.TELEGRAM_PAUSE / 2
    assert await hall.states() == {1: "new"}


async def test_what_telegram_refuses_is_no_trouble_of_the_line(hall: Hall) -> None:
    async def act(stored: Stored) -> None:
        raise TelegramBadRequest(GetMe(), f"no sense in {stored.external_id}")

    hall.handle = act
    async with hall.open():
        await hall.store((1, 1))
        await hall.until_handled()
    assert await hall.states() == {1: "quarantined"}


async def test_a_statement_that_makes_no_sense_is_the_updates_fault(hall: Hall) -> None:
    async def ask(tx: Tx) -> None:
        await tx.session.execute(text("SELECT * FROM nowhere"))

    async def search(stored: Stored) -> None:
        await hall.desk.run(ask)

    hall.handle = search
    async with hall.open():
        await hall.store((1, 1))
        await hall.until_handled()
    assert await hall.states() == {1: "quarantined"}


async def test_a_locked_file_is_waited_out(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    await hall.store((1, 1))
    path = hall.desk.database.path
    assert path is not None
    monkeypatch.setattr(sqlite_driver, "PATIENCE", 20)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        async with hall.open():
            await asyncio.sleep(0.2)
            assert (await hall.states()) == {1: "new"}
            other.execute("COMMIT")
            await hall.until_handled()
    assert await hall.states() == {1: "done"}
    assert len(hall.seen) > 1  # it was tried while the file was locked


async def test_an_inbox_that_cannot_be_read_is_read_later_whatever_the_reason(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hall.store((1, 1))
    read, failures = hall.desk.read, [locked(), LookupError("a mistake of ours")]

    async def shaky(query: object, *args: object) -> object:
        if failures and query is inbox.list_unfinished:
            raise failures.pop()
        found: object = await read(query, *args)  # type: ignore[arg-type]
        return found

    monkeypatch.setattr(hall.desk, "read", shaky)
    async with hall.open():
        await hall.until_handled()
    assert not failures


async def test_the_effect_of_an_update_happens_once_though_its_handler_fails_after_it(
    hall: Hall,
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
        await hall.desk.run(count)
        raise RuntimeError("the answer could not be shown")

    hall.handle = act
    async with hall.open():
        await hall.store((1, 1), (1, 2))
        await hall.until_handled()
    assert await hall.states() == {1: "done", 2: "done"}
    assert set(tries) == {1, 2}
    async with hall.desk.database.read() as session:
        assert (await session.scalars(select(SystemState.value))).all() == [{"n": 2}]


async def test_a_redelivered_update_is_not_handled_again(hall: Hall) -> None:
    async with hall.open():
        await hall.store((1, 1))
        await hall.until_handled()
        await hall.store((1, 1), (1, 2))
        await hall.until_handled()
    assert hall.seen == [(1, 1), (1, 2)]


async def test_who_comes_second_with_the_same_row_changes_nothing(hall: Hall) -> None:
    await hall.store((1, 1))
    (stored,) = await hall.desk.read(inbox.list_unfinished, 0, 10)

    tries = []

    async def act(tx: Tx) -> None:
        tries.append(tx.now)

    with hall.desk.handling(stored.id):
        await hall.desk.run(act)
    with hall.desk.handling(stored.id), pytest.raises(AlreadyHandled):
        await hall.desk.run(act)
    assert len(tries) == 1


async def test_stop_ends_after_the_update_each_lane_is_at(hall: Hall) -> None:
    gate, begun = asyncio.Event(), asyncio.Event()

    async def wait(stored: Stored) -> None:
        begun.set()
        await gate.wait()
        await hall.note(stored)

    hall.handle = wait
    async with hall.open():
        await hall.store((1, 1), (1, 2))
        await begun.wait()
        stopping = asyncio.create_task(hall.update_queue.stop())
        await asyncio.sleep(0.01)
        assert not stopping.done()
        gate.set()
        await asyncio.wait_for(stopping, 1)
    assert await hall.states() == {1: "done", 2: "new"}


async def test_stop_does_not_wait_for_ever(hall: Hall) -> None:
    begun = asyncio.Event()

    async def hang(stored: Stored) -> None:
        begun.set()
        await asyncio.Event().wait()

    hall.handle = hang
    task = asyncio.create_task(hall.update_queue.run())
    await hall.store((1, 1))
    await begun.wait()
    await asyncio.wait_for(hall.update_queue.stop(patience=0.05), 1)
    for stuck in [*hall.update_queue._tasks, task]:
        stuck.cancel()
    await asyncio.gather(*hall.update_queue._tasks, task, return_exceptions=True)
    assert await hall.states() == {1: "new"}


async def test_a_handler_that_hangs_has_failed(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.02)

    async def hang(stored: Stored) -> None:
        if stored.external_id == "1":
            await asyncio.Event().wait()

    hall.handle = hang
    async with hall.open():
        await hall.store((1, 1), (1, 2))
        await hall.until_handled()
    assert await hall.states() == {1: "quarantined", 2: "done"}


async def test_ids_that_began_anew_after_an_idle_week_are_handled(hall: Hall, desk: Desk) -> None:
    async def older(tx: Tx) -> None:
        await inbox.store(tx, BOT, [Raw("7", "1", '{"old":1}')])

    await desk.run(older)
    async with hall.open():
        await hall.until_handled()
        desk.clock.move(7 * 86400)  # type: ignore[attr-defined]
        await desk.run(inbox.purge)
        await hall.store((1, 7), (1, 6))
        await hall.until_handled()
    assert hall.seen == [(1, 7), (1, 7), (1, 6)]


async def test_updates_are_replayed_while_the_desk_runs_and_overtake_nothing(
    hall: Hall, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 0.02)
    gate, begun = asyncio.Event(), asyncio.Event()

    async def refuse(stored: Stored) -> None:
        raise UnparsableUpdate(f"an old version does not know {stored.id}")

    async def wait(stored: Stored) -> None:
        begun.set()
        await gate.wait()
        await hall.note(stored)

    hall.handle = refuse
    async with hall.open():
        await hall.store((1, 1), (2, 2), (1, 3))
        await hall.until_handled()
        numbers = [one.id for one in await desk.read(inbox.list_quarantined)]
        hall.handle = wait
        await hall.store((1, 4), (1, 5))
        await begun.wait()
        assert await desk.run(inbox.replay, numbers) == sorted(numbers)
        assert await desk.run(inbox.replay, numbers) == []
        gate.set()
        await hall.until_handled()
    assert [number for key, number in hall.seen if key == 1] == [4, 5, 1, 3]
    assert await hall.states() == dict.fromkeys((1, 2, 3, 4, 5), "done")


@pytest.mark.parametrize("end", [SystemExit(1), asyncio.CancelledError()])
async def test_a_handler_that_ends_its_task_or_the_process_is_a_failure_like_any_other(
    hall: Hall, end: BaseException
) -> None:
    async def leave(stored: Stored) -> None:
        if stored.external_id == "1":
            raise end
        await hall.note(stored)

    hall.handle = leave
    async with hall.open():
        await hall.store((1, 1), (1, 2))
        await hall.until_handled()
    assert hall.seen == [(1, 2)]
    assert await hall.states() == {1: "quarantined", 2: "done"}


async def test_of_a_long_backlog_no_more_is_read_than_may_wait(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, most = 20, 50
    monkeypatch.setattr(module, "PAGE", page)
    monkeypatch.setattr(module, "MAX_WAITING", most)
    now = hall.desk.clock()
    async with hall.desk.database.write() as session:
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
        read_so_far.append(hall.update_queue._read_up_to)
        waiting.append(hall.update_queue.waiting)
        if read_so_far[-1] > 2 * most:
            enough.set()

    hall.handle = count
    async with hall.open(), asyncio.timeout(60):
        await enough.wait()
    assert read_so_far[0] <= most + page
    assert max(waiting) <= most + page


async def test_an_update_that_has_to_wait_is_not_at_fault_and_keeps_its_place(hall: Hall) -> None:
    tries = 0

    async def wait(stored: Stored) -> None:
        nonlocal tries
        tries += 1
        if tries < 10:
            raise UpdateNotReady("something is under way")
        await hall.note(stored)

    hall.handle = wait
    async with hall.open():
        await hall.store((1, 1), (1, 2))
        await hall.until_handled()
    assert hall.seen == [(1, 1), (1, 2)]
    assert await hall.states() == {1: "done", 2: "done"}
