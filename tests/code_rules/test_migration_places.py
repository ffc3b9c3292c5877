"""Migration 43 copies each open ticket's place beside its tags, and takes turns with actions."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from alembic.command import upgrade
from sqlalchemy import Connection, insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.migrations import config, migrate
from core.addresses import Address
from core.db import Database
from core.models import Person, Ticket
from tests.code_rules.test_migrations import empty
from tests.postgres import Postgres

__all__ = ["empty"]
AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
# Each of them that is not there yet.
WAITING = (
    "SELECT count(*) FROM pg_locks WHERE NOT granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def before(connection: Connection) -> None:
    upgrade(config(connection), "0040")


async def test_open_tickets_have_their_place_beside_their_tags(
    empty: tuple[Database, Database],
) -> None:
    database, _ = empty
    await database.alter(before)
    async with database.write() as session:
        for number, rank in ((1, 0), (2, 1), (3, None)):
            await add(session, number, rank)
    await migrate(database)
    async with database.read() as session:
        beside = "SELECT ticket_id, queue_rank FROM ticket_tag WHERE queue_at IS NOT NULL"
        rows = (await session.execute(text(f"{beside} ORDER BY ticket_id"))).all()
    assert [tuple(row) for row in rows] == [(1, 0), (2, 1)]


async def add(session: AsyncSession, number: int, rank: int | None) -> None:
    """A ticket with a tag; without a rank it is closed."""
    known = {"address": Address("telegram", str(number)), "name": "A", "language": "ru"}
    known["created_at"] = AT
    await session.execute(insert(Person).values(id=number, **known))
    ticket = {"customer_id": number, "title": "t", "state": "new", "origin": "telegram"}
    ticket |= {"opened_at": AT, "opening": "x", "reopened": 0, "queue_rank": rank}
    at = None if rank is None else AT
    await session.execute(insert(Ticket).values(id=number, queue_at=at, **ticket))
    tag = text("INSERT INTO ticket_tag (tag, ticket_id) VALUES ('vip', :number)")
    await session.execute(tag, {"number": number})


@pytest.fixture
async def older(postgres: Postgres) -> AsyncIterator[Database]:
    """A PostgreSQL database of the release before."""
    with postgres.database() as url:
        database = Database(url)
        await database.alter(before)
        yield database
        await database.close()


@pytest.mark.postgres
async def test_an_action_that_holds_a_ticket_still_looks_beside_it(older: Database) -> None:
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        async with older.write() as session:
            await session.execute(text("UPDATE ticket SET title = 'other'"))
            upgrading = group.create_task(migrate(older))
            while not await session.scalar(text(WAITING)):
                await asyncio.sleep(0.01)
            assert await session.scalar(text("SELECT count(*) FROM classification")) == 0
        await upgrading
