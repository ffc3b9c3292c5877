"""The two databases keep what the desk relies on."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError, StatementError

from channels.telegram.addresses import chat_address
from core.db import Database, DatabaseInUse, WrongDatabase
from core.desk import Desk
from core.models import LinkedChat, SystemState
from core.tickets.intake import hear
from core.tx import Tx
from sandbox.process import python, tied
from tests.actions.people import ALICE, opens, says
from tests.actions.store import Store

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LONG = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"
    " SELECT max(i) FROM n"
)

LOCK = """
import sys
from core.db import Database, DatabaseInUse
try:
    Database(sys.argv[1]).lock()
except DatabaseInUse:
    sys.exit(3)
"""


def fact(name: str, **value: Any) -> dict[str, Any]:
    return {"name": name, "value": value, "at": NOON}


@pytest.fixture
async def own(own_sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(own_sqlite_url)
    yield database
    await database.close()


# One crossing for each statement


async def test_rows_come_back_from_inserts_updates_and_deletes(database: Database) -> None:
    async with database.write() as session:
        rows = [fact("a"), fact("b"), fact("c")]
        made = await session.scalars(insert(SystemState).returning(SystemState.name), rows)
        assert sorted(made) == ["a", "b", "c"]
        changed = await session.scalars(
            update(SystemState)
            .values(value={"n": 1})
            .where(SystemState.name != "a")
            .returning(SystemState.name)
        )
        assert sorted(changed) == ["b", "c"]
        result = await session.execute(text("DELETE FROM system_state WHERE name <> 'zzz'"))
        assert result.rowcount == 3  # type: ignore[attr-defined]


async def test_many_rows_go_in_one_statement(database: Database) -> None:
    async with database.write() as session:
        await session.execute(insert(SystemState), [fact(f"n{n}", n=n) for n in range(500)])
    async with database.read() as session:
        found = (
            await session.scalars(select(SystemState).order_by(SystemState.at, SystemState.name))
        ).all()
    assert len(found) == 500
    assert {row.value["n"] for row in found} == set(range(500))
    assert found[0].at == NOON


async def test_a_savepoint_gives_back_only_its_own(database: Database) -> None:
    async with database.write() as session:
        session.add(SystemState(**fact("kept")))
        with pytest.raises(ZeroDivisionError):
            async with session.begin_nested():
                session.add(SystemState(**fact("lost")))
                await session.flush()
                raise ZeroDivisionError
        session.add(SystemState(**fact("kept too")))
    async with database.read() as session:
        assert sorted(await session.scalars(select(SystemState.name))) == ["kept", "kept too"]


async def test_a_failed_statement_leaves_the_connection_usable(database: Database) -> None:
    for _ in range(2):
        with pytest.raises(DBAPIError):
            async with database.write() as session:
                await session.execute(text("SELECT nothing FROM nowhere"))
    async with database.write() as session:
        assert await session.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize("pause", [0.0, 0.02, 0.1])
async def test_a_cancelled_statement_does_not_leave_the_database_locked(
    own: Database, pause: float
) -> None:
    async def slow() -> None:
        async with own.write() as session:
            await session.execute(insert(SystemState), [fact("half")])
            await session.execute(text(LONG.format(400_000)))
            await asyncio.Event().wait()  # a quick machine has done by then: it does not end

    task = asyncio.create_task(slow())
    await asyncio.sleep(pause)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(30):
        async with own.write() as session:
            await session.execute(insert(SystemState), [fact("next")])
    async with own.read() as session:
        assert list(await session.scalars(select(SystemState.name))) == ["next"]


async def test_a_cancelled_action_is_finished_all_the_same(desk: Desk, store: Store) -> None:
    ticket, begun, goes_on = await opens(desk), asyncio.Event(), asyncio.Event()

    async def act(tx: Tx) -> None:
        begun.set()
        await goes_on.wait()
        await hear(tx, ALICE, says(ALICE, "Wait"))

    task = asyncio.create_task(desk.run(act))
    await begun.wait()
    task.cancel()
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(await store.messages(ticket.id)) == 2
    await desk.run(hear, ALICE, says(ALICE, "Go on"))
    assert len(await store.messages(ticket.id)) == 3


# Who may do what


async def test_a_second_process_is_refused(own: Database) -> None:
    own.lock()
    url = own.url.render_as_string()
    second = subprocess.run(tied(python("-c", LOCK, url)), cwd=ROOT)
    assert second.returncode == 3
    with pytest.raises(DatabaseInUse):
        Database(url).lock()
    await own.close()
    third = Database(url)
    third.lock()
    await third.close()


@pytest.mark.parametrize("way", ["by a link to the file", "by a link to its folder", "unlocked"])
async def test_a_second_process_is_refused_by_whatever_way_it_comes(
    own: Database, tmp_path: Path, way: str
) -> None:
    own.lock()
    path = own.path
    assert path is not None
    if way == "by a link to the file":
        (tmp_path / "other.db").symlink_to(path)
        path = tmp_path / "other.db"
    elif way == "by a link to its folder":
        (tmp_path / "other").symlink_to(path.parent)
        path = tmp_path / "other" / path.name
    else:
        Path(f"{path}.lock").unlink()
    second = Database(f"sqlite+aiosqlite:///{path}")
    with pytest.raises(DatabaseInUse):
        second.lock()


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError):
        async with database.read() as session:
            await session.execute(insert(SystemState), [fact("smuggled")])
    async with database.read() as session:
        assert (await session.scalars(select(SystemState))).all() == []


async def test_a_reader_sees_no_unfinished_work(database: Database) -> None:
    async with database.write() as session:
        await session.execute(insert(SystemState), [fact("new")])
        async with database.read() as reader:
            assert (await reader.scalars(select(SystemState))).all() == []


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite:///x", "postgresql://x/y", "nonsense"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(WrongDatabase):
        Database(url)


# What goes in comes out


async def test_an_instant_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises((StatementError, ValueError), match="zone"):
        async with database.write() as session:
            await session.execute(insert(SystemState), [fact("x") | {"at": datetime(2026, 1, 1)}])  # noqa: DTZ001


async def test_instants_come_back_in_utc(database: Database) -> None:
    moscow = timezone(timedelta(hours=3))
    async with database.write() as session:
        session.add(SystemState(name="x", value={}, at=NOON.astimezone(moscow)))
    async with database.read() as session:
        at = (await session.scalars(select(SystemState.at))).one()
    assert (at, at.tzinfo) == (NOON, UTC)


async def test_words_of_any_kind_survive(database: Database) -> None:
    words = {"ru": "подъезд №1", "emoji": "👩‍👩‍👧", "quote": "'; DROP TABLE fact; --", "none": None}
    async with database.write() as session:
        session.add(SystemState(name="x", value=words, at=NOON))
    async with database.read() as session:
        assert (await session.scalars(select(SystemState.value))).one() == words


# At the same time


async def test_of_ten_who_count_at_once_every_one_counts(desk: Desk, store: Store) -> None:
    async def count(tx: Tx) -> None:
        row = await tx.get(LinkedChat, "operators", hold=True)
        seen = int(row.chat.chat)
        await asyncio.sleep(0.005)
        row.chat = chat_address(seen + 1)

    async def begin(tx: Tx) -> None:
        tx.session.add(
            LinkedChat(role="operators", configured=chat_address(0), chat=chat_address(0))
        )

    await desk.run(begin)
    await asyncio.gather(*(desk.run(count) for _ in range(10)))
    assert (await store.rows(select(LinkedChat.chat))) == [chat_address(10)]
