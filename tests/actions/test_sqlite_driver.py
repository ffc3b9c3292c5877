"""SQLite is asked on the spot, but holds up nobody: what takes long goes to its thread."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.exc import OperationalError

from core.db import Database, disk, sqlite_driver
from core.models import SystemState
from tests.rounds import best_of

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LONG = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000)"
    " SELECT max(i) FROM n"
)


@pytest.fixture
async def own(own_sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(own_sqlite_url)
    yield database
    await database.close()


def facts(count: int) -> list[dict[str, Any]]:
    return [{"name": f"n{n}", "value": {"n": n}, "at": NOON} for n in range(count)]


class Where:
    """In which threads the database was at work."""

    def __init__(self, database: Database) -> None:
        self.here = threading.get_ident()
        self.threads: list[int] = []
        self.asked: list[str] = []
        database.listeners.append(self._note)

    def _note(self, statement: str, _given: object) -> None:
        self.threads.append(threading.get_ident())
        self.asked.append(statement)

    def threads_of(self, beginning: str) -> list[int]:
        """In which threads statements that begin so were asked."""
        both = zip(self.asked, self.threads, strict=True)
        return [thread for asked, thread in both if asked.startswith(beginning)]

    def last_was_here(self) -> bool:
        return self.threads[-1] == self.here


async def longest_silence(work: asyncio.Task[Any]) -> float:
    """For how long nobody else had a turn."""
    longest, before = 0.0, time.monotonic()
    while not work.done():
        await asyncio.sleep(0)
        longest, before = max(longest, time.monotonic() - before), time.monotonic()
    return longest


async def test_an_ordinary_statement_is_answered_on_the_spot(own: Database) -> None:
    where = Where(own)
    async with own.write() as session:
        await session.execute(insert(SystemState), facts(3))
        assert where.last_was_here()
        assert await session.scalar(select(func.count()).select_from(SystemState)) == 3
        assert where.last_was_here()


async def test_what_a_savepoint_would_take_back_makes_no_file(own: Database) -> None:
    """In memory that is only the writer's: who reads may sort more than fits there."""
    in_memory = 2
    pragma = text("PRAGMA temp_store")
    async with own.write() as session:
        assert await session.scalar(pragma) == in_memory
    async with own.read() as session:
        assert await session.scalar(pragma) != in_memory


async def test_what_writes_to_the_disk_crosses(
    own: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, written = Where(own), list[int]()
    monkeypatch.setattr(disk, "write_out", lambda _: written.append(threading.get_ident()))
    async with own.write() as session:
        await session.execute(insert(SystemState), facts(1))
    assert where.last_was_here(), "the commit"
    assert written, "and the wait for the disk"
    assert where.here not in written
    async with own.write() as session:
        await session.scalar(select(SystemState.name))
    assert where.last_was_here(), "a commit of nothing"
    async with own.write() as session:
        await session.execute(insert(SystemState), facts(500)[1:])
        assert not where.last_was_here(), "many rows"
        await session.execute(delete(SystemState))
        assert not where.last_was_here(), "a deletion"


@pytest.mark.parametrize("way", ["read", "write"])
async def test_a_long_query_holds_up_nobody(own: Database, way: str) -> None:
    async def ask() -> Any:
        async with getattr(own, way)() as session:
            return await session.scalar(LONG)

    where = Where(own)

    async def share_of_silence() -> float:
        began = time.monotonic()
        work = asyncio.create_task(ask())
        silence = await longest_silence(work)
        assert work.result() == 2_000_000
        assert where.threads_of("WITH RECURSIVE")[-1] != where.here
        return silence / (time.monotonic() - began)

    # held up, the loop would be silent all the while, however slow the machine is
    assert await best_of(share_of_silence, 0.5) < 0.5


async def test_a_short_query_stays_on_the_spot_however_often_it_is_asked(own: Database) -> None:
    """SQLite counts the steps of a statement over all its runs, as long as it is kept."""
    short = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)"
        " SELECT max(i) FROM n"
    )
    where = Where(own)
    async with own.read() as session:
        for _ in range(60):
            assert await session.scalar(short) == 400
            assert where.last_was_here()


async def test_what_was_written_before_a_long_query_is_still_there(own: Database) -> None:
    async with own.write() as session:
        await session.execute(insert(SystemState), facts(1))
        assert await session.scalar(LONG) == 2_000_000
        await session.execute(insert(SystemState), facts(2)[1:])
    async with own.read() as session:
        assert sorted(await session.scalars(select(SystemState.name))) == ["n0", "n1"]


async def test_a_locked_file_is_waited_for_elsewhere(own: Database) -> None:
    async with own.write() as session:
        await session.execute(insert(SystemState), facts(1))
    assert own.path is not None

    async def write() -> None:
        async with own.write() as session:
            await session.execute(insert(SystemState), facts(2)[1:])

    where = Where(own)
    with sqlite3.connect(own.path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        work = asyncio.create_task(write())
        await asyncio.sleep(0.1)
        # held up, this loop would not be here before the lock is given up as lost
        assert not work.done()
        assert where.threads_of("BEGIN")[-1] != where.here
        other.execute("COMMIT")
    await work


async def test_a_lock_that_stays_is_an_error_in_the_end(
    own: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_driver, "PATIENCE", 20)
    assert own.path is not None
    with sqlite3.connect(own.path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            async with own.write() as session:
                await session.execute(insert(SystemState), facts(1))
        other.execute("ROLLBACK")
    async with own.write() as session:
        await session.execute(insert(SystemState), facts(1))


async def test_a_query_cancelled_on_the_other_side_harms_no_later_one(own: Database) -> None:
    async def ask() -> None:
        async with own.read() as session:
            await session.scalar(LONG)
            await asyncio.Event().wait()  # a quick machine has done by then: it does not end

    for _ in range(5):  # as many as there are readers, and one more
        work = asyncio.create_task(ask())
        await asyncio.sleep(0.01)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
    async with own.read() as session:
        assert (await session.scalars(select(SystemState))).all() == []
