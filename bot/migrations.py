"""Brings the tables to the revision of this release, and tells whether they are there already.

Alembic costs a noticeable part of the start-up: it is imported only when there is work for it.
"""

import asyncio
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, delete, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError

from core.db import Database, DatabaseInUse, gave_way
from core.desk import utc_now
from core.models import SystemState

if TYPE_CHECKING:
    from alembic.config import Config

log = logging.getLogger(__name__)

FOLDER: Final = Path(__file__).parents[1] / "migrations"
# The advisory lock that whoever migrates a PostgreSQL database holds; any number, always the same.
_LOCK: Final = 740_211
# Seconds to wait for a table that an earlier release works with: whoever comes behind us waits as
# long. Less than the second after which PostgreSQL looks for a deadlock and ends one of the two: so
# it is we who give way, and never an action.
LOCK_TIMEOUT: Final = 0.8
# What of the schema is ours: it may have tables of others, of an extension say, which our role may
# not lock, and which no migration touches.
_OWN_TABLES: Final = text(
    "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
    "AND relkind IN ('r', 'p') AND pg_has_role(relowner, 'USAGE')"
)
# The tables that actions come to last: whoever is in the middle of one finds them free, and ends.
_LAST: Final = ("timer", "journal", "outbox", "inbox", "directory_version", "system_state")
# So often it is tried, with pauses of so many seconds that grow: some four minutes.
TRIES: Final = 30
PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 10.0


# Stands in a migration that takes nothing away: an earlier release works with its tables, too.
_ADDS_ONLY: Final = re.compile(r"^ADDS_ONLY: Final = True$", re.MULTILINE)
# What the database says of itself: the revision of the oldest release that may work with it.
SCHEMA: Final = "schema"


class NewerDatabase(Exception):
    """The tables were made by a later release; the argument is their revision."""


class BrokenReferences(Exception):
    """A migration left foreign keys without their rows; it was rolled back."""


def head() -> str:
    """Return the revision this release expects: the last file ``v<revision>_<what>.py``."""
    return max(_files())


def oldest_beside() -> str:
    """Return the revision of the oldest release that works beside this one: that of the last
    migration that does more than add.
    """
    files = _files()
    return max(each for each in files if not _ADDS_ONLY.search(files[each].read_text("utf-8")))


def _files() -> dict[str, Path]:
    """The migrations by their revision."""
    files = (FOLDER / "versions").glob("v[0-9]*_*.py")
    return {path.name[1:].split("_")[0]: path for path in files}


async def pending(database: Database) -> bool:
    """Return whether the tables have to be changed. Raises :class:`NewerDatabase`, unless the
    later release has only added to them.
    """
    revision, oldest = await _state_of(database)
    if revision is not None and revision > head():
        if oldest is None or head() < oldest:
            raise NewerDatabase(revision)
        return False
    return revision != head()


async def has_tables(database: Database) -> bool:
    """Return whether a desk has ever worked with this database."""
    revision, _ = await _state_of(database)
    return revision is not None


async def must_be_alone(database: Database) -> bool:
    """Return whether no other process may work while this release changes the tables."""
    revision, _ = await _state_of(database)
    return revision is None or revision < oldest_beside()


async def _state_of(database: Database) -> tuple[str | None, str | None]:
    """The revision that the tables have, and that of the oldest release that may use them."""
    async with database.read() as session:
        return await session.run_sync(lambda sync: _read_state(sync.connection()))


def _read_state(connection: Connection) -> tuple[str | None, str | None]:
    revision = _revision(connection)
    if revision is None or not inspect(connection).has_table(SystemState.__tablename__):
        return revision, None
    found = connection.scalar(select(SystemState.value).where(SystemState.name == SCHEMA))
    if found is None or found["revision"] != revision:  # it is of other tables
        return revision, None
    return revision, str(found["oldest"])


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalars(text("SELECT version_num FROM alembic_version"))
    return found.one_or_none()


async def migrate(database: Database) -> None:
    """Upgrade to :func:`head` in one transaction; two queries if there is nothing to do.

    A release that works beside it holds tables, in an order of its own. All are taken before
    anything is done, or none: where one is not free soon, that is tried again, so that nobody waits
    for long and nobody is ended. Raises DatabaseInUse if it goes on for minutes.
    """
    for tried in range(1, TRIES + 1):
        if not await pending(database):
            return
        try:
            await database.alter(_upgrade, "head")
        except DBAPIError as error:
            if not gave_way(error):
                raise
            if tried == TRIES:
                raise DatabaseInUse("its tables, and has for minutes") from error
            log.warning("the tables are in use; the upgrade is tried again: %s", error.orig)
            await asyncio.sleep(min(PAUSE * tried, LONGEST_PAUSE))
        else:
            return


async def undo(database: Database, revision: str = "base") -> None:
    """Go back to a revision; ``base`` is an empty database."""
    await database.alter(_downgrade, revision)


def _upgrade(connection: Connection, revision: str) -> None:
    from alembic.command import upgrade

    _wait_for_others(connection)
    _take_tables(connection)
    upgrade(config(connection), revision)
    _check_references(connection)
    _note_oldest(connection)


def _downgrade(connection: Connection, revision: str) -> None:
    from alembic.command import downgrade

    _wait_for_others(connection)
    connection.execute(delete(SystemState).where(SystemState.name == SCHEMA))  # it says of this one
    downgrade(config(connection), revision)
    _check_references(connection)


def config(connection: Connection | None = None) -> "Config":
    """Return Alembic's configuration; there is no file of it."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def _wait_for_others(connection: Connection) -> None:
    """One process migrates, the next finds it done. SQLite's transaction is a lock already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _take_tables(connection: Connection) -> None:
    """Have all tables for ourselves: in the middle of the work nothing is waited for any more."""
    if connection.dialect.name != "postgresql" or _revision(connection) in (None, head()):
        return
    found = connection.scalars(_OWN_TABLES).all()
    limit = f"SET LOCAL lock_timeout = {round(LOCK_TIMEOUT * 1000)}"
    connection.execute(text(limit))
    names = [*sorted(set(found) - set(_LAST)), *(name for name in _LAST if name in found)]
    quoted = ", ".join(f'"{name}"' for name in names)
    connection.execute(text(f"LOCK TABLE {quoted} IN ACCESS EXCLUSIVE MODE"))


def _note_oldest(connection: Connection) -> None:
    """Tell processes of earlier releases that they may go on, if any may."""
    value = {"revision": head(), "oldest": oldest_beside()}
    connection.execute(delete(SystemState).where(SystemState.name == SCHEMA))
    if value["oldest"] != value["revision"]:
        note = {"name": SCHEMA, "value": value, "at": utc_now()}
        connection.execute(insert(SystemState), [note])


def _check_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.execute(text("PRAGMA foreign_key_check")).all()
        if broken:
            raise BrokenReferences(sorted({row[0] for row in broken}))
