"""Migration 46 notes with the tickets that are late which deadline they have missed."""

from datetime import UTC, datetime, timedelta

from alembic.command import upgrade
from sqlalchemy import Connection, insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.migrations import config, migrate
from core.addresses import Address
from core.db import Database
from core.models import Person, Ticket
from tests.code_rules.test_migrations import empty

__all__ = ["empty"]
NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def before(connection: Connection) -> None:
    upgrade(config(connection), "0045")


async def test_who_is_late_is_known_to_be(empty: tuple[Database, Database]) -> None:
    database, _ = empty
    await database.alter(before)
    late, in_time, answered, closed = (0, NOW - DAY), (0, NOW + DAY), (1, None), (None, None)
    async with database.write() as session:
        for number, (rank, due) in enumerate((late, in_time, answered, closed), 1):
            await add(session, number, rank, due)
    await migrate(database)
    async with database.read() as session:
        known = "SELECT id FROM ticket WHERE missed_due = answer_due"
        assert (await session.scalars(text(known))).all() == [1]
        noted = "SELECT id FROM ticket WHERE missed_due IS NOT NULL"
        assert (await session.scalars(text(noted))).all() == [1]


async def add(session: AsyncSession, number: int, rank: int | None, due: datetime | None) -> None:
    """A ticket, as the release before has it."""
    known = {"address": Address("telegram", str(number)), "name": "A", "language": "ru"}
    await session.execute(insert(Person).values(id=number, created_at=NOW, **known))
    ticket = {"customer_id": number, "title": "t", "state": "new", "origin": "telegram"}
    ticket |= {"opened_at": NOW, "opening": "x", "reopened": 0, "answer_due": due}
    place = {"queue_rank": rank, "queue_at": due or NOW if rank is not None else None}
    await session.execute(insert(Ticket).values(id=number, **ticket, **place))
