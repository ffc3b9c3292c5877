"""``move --to URL``: takes the whole database of a stopped desk to PostgreSQL, and checks it there.

Every row is copied in one transaction of the new database, read again, and compared by count and
checksum before it is committed: the new database has all or nothing. The old one is left as it was
but for a mark: a desk refuses to run on it, because two that go on from one state answer people
twice.
"""

import argparse
import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Table, bindparam, delete, func, insert, select, text, tuple_, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands import FINE, WRONG, complain
from bot.database_access import open_existing, open_for_writing
from bot.migrations import migrate
from bot.settings import Settings
from core.db import Database, Row
from core.desk import utc_now
from core.models import InboxRow, JournalEntry, Person, SystemState, Ticket
from core.setup.company_settings import RESTORED

MARK: Final = "moved"
# Rows read and written at once: a few hundred kilobytes.
BATCH: Final = 500
# A database that has one of these is somebody's.
_SIGNS_OF_LIFE: Final = (Ticket, Person, InboxRow, JournalEntry)

_LAST_NUMBER: Final = text(
    "SELECT pg_sequence_last_value(pg_get_serial_sequence(:table, 'id')::regclass)"
)
_SET_SEQUENCE: Final = text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :newest)")

Values = Mapping[str, Any]


class CannotMove(Exception):
    """Nothing was moved. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a table holds: its rows, and a checksum that does not depend on their order."""

    rows: int = 0
    checksum: int = 0

    def plus(self, values: Values) -> "Content":
        """With one more row."""
        digest = hashlib.blake2b(_spelled(values).encode("utf-8", "surrogatepass"), digest_size=16)
        total = self.checksum + int.from_bytes(digest.digest())
        return Content(self.rows + 1, total % (1 << 128))


def _spelled(values: Values) -> str:
    """Spell a row the same, whichever database has stored it."""
    return json.dumps(dict(values), ensure_ascii=False, sort_keys=True, default=_as_text)


def _as_text(value: object) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


async def command(settings: Settings, options: argparse.Namespace) -> int:
    """Move, or with ``--cancel`` let the old database be used again."""
    url = settings.database_url.get_secret_value()
    if options.cancel:
        return await _cancel(url)
    try:
        contents = await move(url, options.to or "")
    except CannotMove as error:
        complain([f"move: {error}"])
        return WRONG
    for table, content in contents.items():
        if content.rows:
            print(f"{table}\t{content.rows}\t{content.checksum:032x}")
    print(f"moved and compared; set DATABASE_URL to {_shown(options.to)} and start the desk")
    return FINE


async def _cancel(url: str) -> int:
    async with open_existing(url, exclusive=True) as database, database.write() as session:
        await session.execute(delete(SystemState).where(SystemState.name == MARK))
    print("the desk runs on this database again; the other one must not be used any more")
    return FINE


async def move(source_url: str, target_url: str) -> Mapping[str, Content]:
    """Copy everything from one database to the other, which has to be empty.

    Returns what was moved, by table. Raises CannotMove, DatabaseInUse, DatabaseUnusable.
    """
    if not target_url.startswith("postgresql+asyncpg://"):
        raise CannotMove("name where to: --to postgresql+asyncpg://user:password@host/database")
    if make_url(source_url) == make_url(target_url):
        raise CannotMove("--to names the database that the desk has already")
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(_stopped(source_url))
        target = await stack.enter_async_context(_stopped(target_url))
        await migrate(source)
        await migrate(target)
        contents = await _move_rows(source, target)
        await _mark(source, target_url)
    return contents


@asynccontextmanager
async def _stopped(url: str) -> AsyncIterator[Database]:
    """A database that no desk works with."""
    async with open_for_writing(url) as database:
        await database.hold(_lost)
        yield database


async def _lost() -> None:
    """End at once: a desk may have begun to work with it."""
    raise CannotMove("the connection was lost, and with it the lock; begin again")


async def _move_rows(source: Database, target: Database) -> Mapping[str, Content]:
    tables = Row.metadata.sorted_tables
    async with source.read() as reader, target.write() as writer:
        await _refuse_unless_empty(writer)
        for table in reversed(tables):
            await writer.execute(table.delete())  # what the migrations have put there
        contents = {table.name: await _copy(table, reader, writer) for table in tables}
        for table in tables:
            if await _content(table, writer) != contents[table.name]:
                raise CannotMove(f"{table.name} is not the same there; nothing was moved")
            await _continue_numbers(table, reader, writer)
    return contents


async def _refuse_unless_empty(writer: AsyncSession) -> None:
    for model in _SIGNS_OF_LIFE:
        if await writer.scalar(select(func.count()).select_from(select(model).limit(1).subquery())):
            raise CannotMove("the database of --to is in use already; name an empty one")


async def _copy(table: Table, reader: AsyncSession, writer: AsyncSession) -> Content:
    content = Content()
    later = [key.parent.name for key in table.foreign_keys if key.column.table is table]
    async for batch in _batches(table, reader):
        for values in batch:
            content = content.plus(values)
        await _insert(table, writer, [{**values, **dict.fromkeys(later)} for values in batch])
    for name in later:
        await _refer(table, name, reader, writer)
    return content


async def _batches(table: Table, session: AsyncSession) -> AsyncIterator[Sequence[Values]]:
    """All rows in the order of their keys, some hundred at a time."""
    keys = list(table.primary_key)
    query = select(table).order_by(*keys).limit(BATCH)
    page = query
    while batch := (await session.execute(page)).mappings().all():
        yield [dict(values) for values in batch]
        last = tuple_(*(bindparam(None, batch[-1][key.name], key.type) for key in keys))
        page = query.where(tuple_(*keys) > last)


async def _insert(table: Table, writer: AsyncSession, rows: Sequence[Values]) -> None:
    try:
        await writer.execute(insert(table), rows)
    except DBAPIError as error:
        numbers = ", ".join(str(rows[at][key.name]) for at in (0, -1) for key in table.primary_key)
        raise CannotMove(
            f"a row of {table.name} between {numbers} is refused there: {error.orig}"
        ) from error


async def _refer(table: Table, name: str, reader: AsyncSession, writer: AsyncSession) -> None:
    """Fill a column that names other rows of its own table, now that all of them are there."""
    (key,) = table.primary_key
    query = select(key, table.c[name]).where(table.c[name].is_not(None))
    change = update(table).where(key == bindparam("own")).values({name: bindparam("other")})
    given = [{"own": own, "other": other} for own, other in await reader.execute(query)]
    if given:
        connection = await writer.connection()
        await connection.execute(change, given)


async def _content(table: Table, session: AsyncSession) -> Content:
    content = Content()
    async for batch in _batches(table, session):
        for values in batch:
            content = content.plus(values)
    return content


async def _continue_numbers(table: Table, reader: AsyncSession, writer: AsyncSession) -> None:
    """Let the next number be above every one that was given, of rows that are gone even."""
    if [key.name for key in table.primary_key] != ["id"]:
        return
    newest = await writer.scalar(select(func.max(table.c.id))) or 0
    if reader.get_bind().dialect.name == "postgresql":
        newest = max(newest, await reader.scalar(_LAST_NUMBER, {"table": table.name}) or 0)
    if table.name == Ticket.__tablename__:
        query = select(SystemState.value).where(SystemState.name == RESTORED)
        newest = max(newest, (await reader.scalar(query) or {}).get("first_number", 0) - 1)
    if newest > 0:
        await writer.execute(_SET_SEQUENCE, {"table": table.name, "newest": newest})


async def _mark(source: Database, target_url: str) -> None:
    async with source.write() as session:
        value = {"to": _shown(target_url)}
        await session.execute(
            insert(SystemState), [{"name": MARK, "value": value, "at": utc_now()}]
        )


def _shown(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)


async def moved_to(database: Database) -> str | None:
    """Return where everything was moved to, if it was."""
    try:
        async with database.read() as session:
            query = select(SystemState.value).where(SystemState.name == MARK)
            value = await session.scalar(query)
    except SQLAlchemyError:  # no tables yet
        return None
    return None if value is None else str(value["to"])
