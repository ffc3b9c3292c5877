"""Migration 48 makes room for the longest address of mail, beside rows that are there."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from alembic.command import upgrade
from sqlalchemy import Connection, insert, text

from bot.migrations import config, migrate, undo
from core.addresses import LONGEST_ADDRESS, LONGEST_CHAT, Address
from core.db import Database, Row
from core.models import ContactPoint, Person
from tests.code_rules.test_migrations import empty

__all__ = ["empty"]
AT: Final = datetime(2026, 11, 30, 12, tzinfo=UTC)
SHORT: Final = "anna@x.test"
LONG: Final = f"a{'%' * 63}@{'d' * 184}.test"
PEOPLE: Final = "SELECT address FROM person ORDER BY id"
# Columns of chats and addresses by how they are called; those of a message's own id are others.
NAMES: Final = ("address", "chat", "source_chat", "mailbox", "reader", "ordering_key", "domain")
KNOWN: Final[Mapping[str, str]] = {"contact_point": "value", "camera_owner": "value"}


def before(connection: Connection) -> None:
    upgrade(config(connection), "0047")


async def test_the_longest_address_stands_beside_those_of_before(
    empty: tuple[Database, Database],
) -> None:
    database, _ = empty
    await database.alter(before)
    await add(database, 1, SHORT)
    await migrate(database)
    await add(database, 2, LONG)
    assert await found(database) == [f"email:{SHORT}", str(Address("email", LONG))]
    await undo(database, "0047")
    assert len(await found(database)) == 2, "the release before goes on with it"
    await migrate(database)


async def test_on_postgresql_it_is_known_still_how_addresses_are_spread(
    empty: tuple[Database, Database],
) -> None:
    """Without that, lists by an address are read in whatever way fits an empty table."""
    database, _ = empty
    await database.alter(before)
    for number in (1, 2):
        await add(database, number, f"{number}{SHORT}")
    await migrate(database)
    async with database.read() as session:
        if session.get_bind().dialect.name == "postgresql":
            known = "SELECT count(*) FROM pg_stats WHERE tablename = 'contact_point'"
            assert await session.scalar(text(f"{known} AND attname = 'value'")) == 1


def width(kind: object) -> int:
    """Of text without a width, and of what is no text, nothing is asked."""
    return getattr(kind, "length", None) or LONGEST_CHAT


def test_every_column_of_an_address_has_room_for_the_longest() -> None:
    assert len(LONG) == LONGEST_CHAT
    assert len(str(Address("email", LONG))) <= LONGEST_ADDRESS
    narrow = [
        f"{table.name}.{column.name}: {width(column.type)}"
        for table in Row.metadata.sorted_tables
        for column in table.columns
        if column.name in NAMES or KNOWN.get(table.name) == column.name
        if width(column.type) < LONGEST_CHAT
    ]
    assert not narrow


async def add(database: Database, number: int, address: str) -> None:
    """Somebody who writes from there."""
    async with database.write() as session:
        who = {"address": Address("email", address), "name": "A", "language": "ru"}
        await session.execute(insert(Person).values(id=number, created_at=AT, **who))
        point = {"person_id": number, "kind": "email", "value": address}
        await session.execute(insert(ContactPoint).values(**point))


async def found(database: Database) -> list[str]:
    async with database.read() as session:
        return [str(one) for one in await session.scalars(text(PEOPLE))]
