"""Those who wait for SQLite's writer share a commit, and nothing else."""

import asyncio
import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from core.db import BEFORE_OTHERS, Database, StoreUnreachable, is_transient
from core.desk import Desk
from core.models import SystemState
from core.tx import Tx

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Commits:
    """How many there were."""

    def __init__(self, database: Database) -> None:
        self.count = 0
        self._database = database

    def __enter__(self) -> Self:
        self._database.listeners.append(self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        self._database.listeners.remove(self._heard)

    def _heard(self, statement: str, _given: Any) -> None:
        self.count += statement == "COMMIT"


async def put(tx: Tx, name: str) -> str:
    await tx.session.execute(insert(SystemState), {"name": name, "value": {}, "at": tx.now})
    return name


async def put_and_fail(tx: Tx, name: str) -> None:
    await put(tx, name)
    raise ZeroDivisionError(name)


async def names(desk: Desk) -> list[str]:
    async with desk.database.read() as session:
        return sorted(await session.scalars(select(SystemState.name)))


async def test_a_hundred_who_come_together_share_few_commits(desk: Desk) -> None:
    with Commits(desk.database) as commits:
        done = await asyncio.gather(*(desk.run(put, f"n{n:03}") for n in range(100)))
    assert done == await names(desk)
    if desk.database.is_sqlite:
        assert commits.count <= 10
    else:
        assert commits.count == 100


async def test_who_fails_takes_back_only_their_own(desk: Desk) -> None:
    acts = [desk.run(put_and_fail if n % 3 == 0 else put, f"n{n}") for n in range(9)]
    told = await asyncio.gather(*acts, return_exceptions=True)
    kept = [f"n{n}" for n in range(9) if n % 3]
    assert [one for one in told if isinstance(one, str)] == kept == await names(desk)
    assert sum(isinstance(one, ZeroDivisionError) for one in told) == 3


async def test_a_database_is_closed_when_nothing_is_written_any_more(tmp_path: Path) -> None:
    """A connection closed under the commit of those who came before ended the process."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'desk.db'}")
    async with database.write() as session:
        await session.execute(text("CREATE TABLE said (words TEXT)"))
    with pytest.raises(ZeroDivisionError):
        async with database.write() as session:
            await session.execute(text("INSERT INTO said VALUES ('late')"))
            raise ZeroDivisionError
    await database.close()
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "writer"]


async def test_each_is_told_after_the_commit(desk: Desk) -> None:
    """What an action has returned is there for every reader."""

    async def act(name: str) -> bool:
        await desk.run(put, name)
        return name in await names(desk)

    assert all(await asyncio.gather(*(act(f"n{n}") for n in range(20))))


async def test_a_commit_that_fails_is_told_to_all_of_it_and_keeps_nothing(
    own_sqlite_url: str, desk: Desk
) -> None:
    own = Database(own_sqlite_url)
    mine = Desk(own, desk.company, clock=desk.clock)

    async def break_a_reference(tx: Tx) -> None:
        await tx.session.execute(text("PRAGMA defer_foreign_keys=ON"))
        await tx.session.execute(
            text("INSERT INTO timer (ticket_id, kind, due_at) VALUES (999, 'x', :at)"),
            {"at": "2026-11-23 12:00:00"},
        )

    assert await mine.run(put, "alone") == "alone"
    acts = [mine.run(put, "before"), mine.run(break_a_reference), mine.run(put, "after")]
    told: list[Any] = await asyncio.gather(*acts, return_exceptions=True)
    assert all(isinstance(one, IntegrityError) for one in told), told
    assert await names(mine) == ["alone"]
    assert await mine.run(put, "again") == "again"
    await own.close()


async def test_on_a_full_disk_each_is_told_the_truth(own_sqlite_url: str, desk: Desk) -> None:
    own = Database(own_sqlite_url)
    mine = Desk(own, desk.company, clock=desk.clock)

    async def allow(tx: Tx, pages: str) -> None:
        await tx.session.execute(text(f"PRAGMA max_page_count={pages}"))

    async def put_much(tx: Tx, name: str) -> str:
        value = {"much": "x" * 200_000}
        await tx.session.execute(insert(SystemState), {"name": name, "value": value, "at": tx.now})
        return name

    await mine.run(allow, "1")  # as many as there are
    acts = [mine.run(put_much if n % 2 else put, f"n{n}") for n in range(6)]
    told: list[Any] = await asyncio.gather(*acts, return_exceptions=True)
    kept = [one for one in told if isinstance(one, str)]
    assert kept == await names(mine)
    failed = [one for one in told if not isinstance(one, str)]
    assert len(failed) >= 3
    assert all(is_transient(one) for one in failed), failed
    await mine.run(allow, "1000000")
    assert await mine.run(put_much, "then") in await names(mine)
    await own.close()


async def test_who_passes_over_a_full_disk_is_told_of_it_all_the_same(
    own_sqlite_url: str, desk: Desk
) -> None:
    """SQLite has taken the whole transaction back by itself then, and nothing ends it."""
    own = Database(own_sqlite_url)
    mine = Desk(own, desk.company, clock=desk.clock)

    async def put_what_fits(tx: Tx) -> None:
        await put(tx, "before")
        await tx.session.execute(text("PRAGMA max_page_count=1"))  # as many as there are
        much = {"name": "much", "value": {"much": "x" * 200_000}, "at": tx.now}
        with contextlib.suppress(DBAPIError):
            await tx.session.execute(insert(SystemState), much)

    with pytest.raises(StoreUnreachable):
        async with asyncio.timeout(10):
            await mine.run(put_what_fits)
    assert await names(mine) == []
    await own.close()


async def test_who_is_cancelled_while_waiting_has_done_nothing_and_holds_up_nobody(
    database: Database,
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def write(name: str) -> None:
        async with database.write() as session:
            begun.set()
            await go_on.wait()
            await session.execute(insert(SystemState), {"name": name, "value": {}, "at": NOON})

    first = asyncio.create_task(write("first"))
    await begun.wait()
    others = [asyncio.create_task(write(name)) for name in ("cancelled", "last")]
    await asyncio.sleep(0)
    others[0].cancel()
    go_on.set()
    await asyncio.gather(first, *others, return_exceptions=True)
    async with database.read() as session:
        assert sorted(await session.scalars(select(SystemState.name))) == ["first", "last"]


async def test_who_comes_after_a_change_of_what_is_kept_sees_it_anew(desk: Desk) -> None:
    """Nobody shares a transaction with a change that the cache does not know of yet."""

    async def change(tx: Tx) -> None:
        tx.invalidate(str)

    async def look(tx: Tx) -> object:
        return tx.cache.get(str)

    for _ in range(5):
        desk.cache[str] = "old"
        _, *seen = await asyncio.gather(desk.run(change), *(desk.run(look) for _ in range(5)))
        if desk.database.is_sqlite:
            assert seen == [None] * 5


async def test_instants_are_in_the_order_of_what_was_done(desk: Desk) -> None:
    """An action's instant is that of its turn, not of its call: who comes later is not earlier."""
    if not desk.database.is_sqlite:
        pytest.skip("there actions go side by side")
    instants = iter(range(1000))
    desk.clock = lambda: datetime.fromtimestamp(next(instants), UTC)
    order: list[datetime] = []

    async def note(tx: Tx) -> None:
        order.append(tx.now)

    await asyncio.gather(*(desk.run(note) for _ in range(50)))
    assert order == sorted(order)


async def test_who_is_cancelled_while_others_write_commits_with_them(own_sqlite_url: str) -> None:
    """Whoever came first commits for all: the others are not to suffer."""
    own = Database(own_sqlite_url)
    begun, go_on = [asyncio.Event() for _ in range(2)], [asyncio.Event() for _ in range(2)]

    async def write(number: int) -> None:
        async with own.write() as session:
            begun[number].set()
            await go_on[number].wait()
            row = {"name": f"n{number}", "value": {}, "at": NOON}
            await session.execute(insert(SystemState), row)

    leads, follows = [asyncio.create_task(write(number)) for number in range(2)]
    await begun[0].wait()
    go_on[0].set()
    await begun[1].wait()
    leads.cancel()
    await asyncio.sleep(0)
    go_on[1].set()
    await follows
    with pytest.raises(asyncio.CancelledError):
        await leads
    async with own.write() as session:  # and nobody is held up
        assert sorted(await session.scalars(select(SystemState.name))) == ["n0", "n1"]
    await own.close()


async def test_who_is_cancelled_when_called_calls_the_next(own_sqlite_url: str) -> None:
    own = Database(own_sqlite_url)
    go_on = asyncio.Event()

    async def write(name: str) -> None:
        async with own.write() as session:
            await session.execute(insert(SystemState), {"name": name, "value": {}, "at": NOON})

    async def write_first() -> None:
        async with own.write() as session:
            await go_on.wait()
            session.info[BEFORE_OTHERS] = True  # who waits leads a transaction of their own
        second.cancel()  # called by now, and not come yet

    first = asyncio.create_task(write_first())
    await asyncio.sleep(0)
    second, third = [asyncio.create_task(write(name)) for name in ("second", "third")]
    await asyncio.sleep(0)
    go_on.set()
    await first
    await third
    with pytest.raises(asyncio.CancelledError):
        await second
    async with own.read() as session:
        assert (await session.scalars(select(SystemState.name))).all() == ["third"]
    await own.close()
