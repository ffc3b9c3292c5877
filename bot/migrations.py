"""Brings the tables to the revision of this release, and tells whether they are there already.

Alembic costs a noticeable part of the start-up: it is imported only when there is work for it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text

from core.db import Database

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER: Final = Path(__file__).parents[1] / "migrations"
# The advisory lock that whoever migrates a PostgreSQL database holds; any number, always the same.
_LOCK: Final = 740_211


class NewerDatabase(Exception):
    """The tables were made by a later release; the argument is their revision."""


class BrokenReferences(Exception):
    """A migration left foreign keys without their rows; it was rolled back."""


def head() -> str:
    """Return the revision this release expects: the last file ``v<revision>_<what>.py``."""
    names = (path.name for path in (FOLDER / "versions").glob("v[0-9]*_*.py"))
    return max(name[1:].split("_")[0] for name in names)


async def pending(database: Database) -> bool:
    """Return whether the tables have to be changed. Raises :class:`NewerDatabase`."""
    async with database.read() as session:
        revision = await session.run_sync(lambda sync: _revision(sync.connection()))
    if revision is not None and revision > head():
        raise NewerDatabase(revision)
    return revision != head()


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalars(text("SELECT version_num FROM alembic_version"))
    return found.one_or_none()


async def migrate(database: Database) -> None:
    """Upgrade to :func:`head` in one transaction; two queries if there is nothing to do."""
    if await pending(database):
        await database.alter(_upgrade, "head")


async def undo(database: Database, revision: str = "base") -> None:
    """Go back to a revision; ``base`` is an empty database."""
    await database.alter(_downgrade, revision)


def _upgrade(connection: Connection, revision: str) -> None:
    from alembic.command import upgrade

    _wait_for_others(connection)
    upgrade(config(connection), revision)
    _check_references(connection)


def _downgrade(connection: Connection, revision: str) -> None:
    from alembic.command import downgrade

    _wait_for_others(connection)
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


def _check_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.execute(text("PRAGMA foreign_key_check")).all()
        if broken:
            raise BrokenReferences(sorted({row[0] for row in broken}))
