"""Opens the database for a command, or says in one line why that is not possible."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.migrations import NewerDatabase, head, pending
from core.db import Database, Fault, classify

NO_TABLES: Final = "it has no tables of this release yet; `python -m bot migrate` makes them"


log = logging.getLogger(__name__)

# When a machine boots, PostgreSQL may answer later than the desk: how many seconds to wait for it.
WAIT_LIMIT = 120.0
_PAUSE: Final = 2.0


class DatabaseUnusable(Exception):
    """The database cannot be used; the message says in one line why, and what to do."""


class DatabaseUnreachable(DatabaseUnusable):
    """No server answers, at present."""


async def wait_for_server(url: str) -> None:
    """Wait until PostgreSQL answers, for at most `WAIT_LIMIT` seconds; then return all the same:
    whoever opens the database reports what is wrong.
    """
    end = time.monotonic() + WAIT_LIMIT
    while not url.startswith("sqlite"):
        try:
            async with _closing(url) as database:
                with _clear_errors():
                    await _try_to_write(database)
            return
        except DatabaseUnreachable as error:
            if time.monotonic() > end:
                return
            log.warning("the database is waited for, %s", error)
        except DatabaseUnusable:
            return
        await asyncio.sleep(_PAUSE)


@asynccontextmanager
async def open_for_writing(url: str) -> AsyncIterator[Database]:
    """Open a database that no other process writes to; its tables may still have to be made.

    Raises :class:`DatabaseUnusable`, and DatabaseInUse when another process holds it.
    """
    async with _closing(url) as database:
        with _clear_errors():
            database.lock()
            await _try_to_write(database)
            await pending(database)
        yield database


@asynccontextmanager
async def open_existing(url: str, *, exclusive: bool = False) -> AsyncIterator[Database]:
    """Open a database whose tables are up to date; nothing is made where there is none.

    ``exclusive``: no other process may hold it. Raises as :func:`open_for_writing` does.
    """
    async with _closing(url) as database:
        with _clear_errors():
            if database.path is not None and not database.path.exists():
                raise DatabaseUnusable(NO_TABLES)
            if exclusive:
                database.lock()
            if await pending(database):
                raise DatabaseUnusable(NO_TABLES)
        yield database


@asynccontextmanager
async def _closing(url: str) -> AsyncIterator[Database]:
    with _clear_errors():
        database = Database(url)
    try:
        yield database
    finally:
        await database.close()


async def _try_to_write(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("SELECT 1"))


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except NewerDatabase as newer:
        raise DatabaseUnusable(
            f"a later release has changed it (it is at {newer}, this release knows {head()}); "
            "install that release again, or restore the backup made before it"
        ) from None
    except ImportError as missing:
        raise DatabaseUnusable(
            f"the driver {missing.name} is not installed; `make setup` brings it"
        ) from None
    except (SQLAlchemyError, OSError) as error:
        unreachable = classify(error) is Fault.STORE
        kind = DatabaseUnreachable if unreachable else DatabaseUnusable
        raise kind(f"it cannot be opened: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    """Return the driver's message, without SQLAlchemy's statement and link around it."""
    message = str(getattr(error, "orig", None) or error).strip()
    return message.splitlines()[0] if message else type(error).__name__
