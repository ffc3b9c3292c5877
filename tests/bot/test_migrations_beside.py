"""An upgrade beside a release that works: it takes all tables or none, and ends nobody."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from bot import migrations
from bot.migrations import migrate, pending, undo
from core.db import Database, DatabaseInUse
from core.db import gave_way as gives_way
from tests.postgres import Postgres

pytestmark = pytest.mark.postgres


@pytest.fixture
async def older(postgres: Postgres) -> AsyncIterator[tuple[Database, str]]:
    """A database of the release before, whose next migration indexes the outbox."""
    with postgres.database() as url:
        database = Database(url)
        await migrate(database)
        await undo(database, "0043")
        yield database, url.replace("+asyncpg", "")
        await database.close()


@pytest.fixture
def gave_way(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often an upgrade gave way."""
    monkeypatch.setattr(migrations, "LOCK_TIMEOUT", 0.1)
    monkeypatch.setattr(migrations, "PAUSE", 0.01)
    monkeypatch.setattr(migrations, "TRIES", 1_000_000)  # however slow the machine is
    seen: list[str] = []

    def note(error: DBAPIError) -> bool:
        seen.append(str(error.orig))
        return gives_way(error)

    monkeypatch.setattr(migrations, "gave_way", note)
    return seen


async def test_whoever_works_is_not_ended_and_the_upgrade_waits_its_turn(
    older: tuple[Database, str], gave_way: list[str]
) -> None:
    database, url = older
    works = await asyncpg.connect(url)
    action = works.transaction()
    await action.start()
    await works.execute("UPDATE outbox SET error = NULL")
    upgrade = asyncio.create_task(migrate(database))
    async with asyncio.timeout(30):
        while len(gave_way) < 2:
            await asyncio.sleep(0.01)
    # what the action takes in the other order: it would wait for us, and we for it
    await works.execute("UPDATE ticket SET title = NULL")
    await works.execute("UPDATE inbox SET error = NULL")
    assert await pending(database)
    await action.commit()
    await works.close()
    await asyncio.wait_for(upgrade, 60)
    assert not await pending(database)


async def test_nothing_is_done_before_all_tables_are_free(
    older: tuple[Database, str], gave_way: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, url = older
    begun: list[Any] = []
    monkeypatch.setattr(migrations, "config", begun.append)
    monkeypatch.setattr(migrations, "TRIES", 2)
    reads = await asyncpg.connect(url)
    action = reads.transaction()
    await action.start()
    await reads.fetch("SELECT id FROM journal")
    with pytest.raises(DatabaseInUse, match="its tables") as wrong:
        await migrate(database)
    assert "lock timeout" in str(wrong.value.__cause__)
    assert len(gave_way) == 2 and not begun
    await reads.fetch("SELECT id FROM ticket")  # nothing is held after it has given up
    await action.rollback()
    await reads.close()


class _Undo(Exception):
    """Nothing of the role and the tables stays."""


async def test_tables_of_others_in_the_schema_are_left_alone(older: tuple[Database, str]) -> None:
    """As those of an extension are: the desk's role may not lock them."""
    database, _ = older

    def take(connection: Connection) -> None:
        ours = inspect(connection).get_table_names()
        for statement in (
            "CREATE TABLE a_strangers (id int)",
            "CREATE ROLE frontdoor_by_itself",
            "GRANT USAGE, CREATE ON SCHEMA public TO frontdoor_by_itself",
            *(f"ALTER TABLE {name} OWNER TO frontdoor_by_itself" for name in ours),
            "SET LOCAL ROLE frontdoor_by_itself",
        ):
            connection.execute(text(statement))
        migrations._take_tables(connection)
        locked = "SELECT relation::regclass::text FROM pg_locks WHERE mode = 'AccessExclusiveLock'"
        held = set(connection.scalars(text(f"{locked} AND pid = pg_backend_pid()")))
        assert set(ours) <= held
        raise _Undo

    with pytest.raises(_Undo):
        await database.alter(take)
