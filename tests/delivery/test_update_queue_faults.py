"""Updates whose handler fails, and a store that is away: what is put aside, told, waited out."""

import asyncio
import logging
import sqlite3
import time

import pytest
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import GetMe
from sqlalchemy import select, text

from bot import update_queue as module
from bot.update_queue import UnparsableUpdate, UpdateQueue
from core import inbox
from core.addresses import Address
from core.db import sqlite_driver
from core.desk import Desk
from core.inbox import Stored
from core.models import OutboxRow, SystemState
from core.tx import Tx
from tests.delivery.update_queue_fixture import QueueHarness, locked
from tests.harness import logged


@pytest.fixture
def harness(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> QueueHarness:
    monkeypatch.setattr(module, "RETRIES", (0.01, 0.02))
    monkeypatch.setattr(module, "DATABASE_PAUSE", 0.01)
    return QueueHarness(desk)


async def test_a_handler_that_fails_is_tried_again_and_then_put_aside(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = QueueHarness(desk)  # with the waits of real life
    tries, waits, pause = [], list[float](), UpdateQueue._pause

    async def fail_first(stored: Stored) -> None:
        if stored.external_id == "1":
            tries.append(stored.id)
            raise KeyError("surprise")
        await harness.note(stored)

    async def noted(queue: UpdateQueue, seconds: float) -> None:
        waits.append(seconds)
        await pause(queue, seconds)

    monkeypatch.setattr(UpdateQueue, "_pause", noted)
    harness.handle = fail_first
    async with harness.open():
        await harness.store((1, 1), (1, 2), (2, 3))
        await harness.until_handled()
    assert sum(waits) == pytest.approx(0.5)  # all that it holds up its chat
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


async def test_a_stop_does_not_wait_for_the_line(
    harness: QueueHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TELEGRAM_PAUSE", 600.0)
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
            async with asyncio.timeout(30):
                while len(harness.seen) < 2:  # it is tried again while the file is locked
                    await asyncio.sleep(0.002)
            assert (await harness.states()) == {1: "new"}
            other.execute("COMMIT")
            await harness.until_handled()
    assert await harness.states() == {1: "done"}


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
