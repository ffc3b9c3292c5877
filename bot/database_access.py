"""Opening the database for a command; where that fails, one line about what is wrong with it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.commands.migrate import NewerDatabase, head, pending
from core.db import Database

NO_TABLES: Final = "it has no tables of this release yet; `python -m bot migrate` makes them"


log = logging.getLogger(__name__)

# At boot the desk may be there before PostgreSQL: so many seconds it is waited for.
REACHED_WITHIN = 120.0
_PAUSE: Final = 2.0
_STARTING: Final = "57P03"  # PostgreSQL's code for one that is not ready yet


class Unusable(Exception):
    """The database cannot be worked with; the words say why, and what to do, in one line."""


class Unreachable(Unusable):
    """Nobody answers there, for now at least."""


async def reached(url: str) -> None:
    """Wait for a PostgreSQL that does not answer yet; who opens it then hears what is wrong."""
    end = time.monotonic() + REACHED_WITHIN
    while not url.startswith("sqlite"):
        try:
            async with _closing(url) as database:
                with _explained():
                    await _try_to_write(database)
            return
        except Unreachable as why:
            if time.monotonic() > end:
                return
            log.warning("the database is waited for, %s", why)
        except Unusable:
            return
        await asyncio.sleep(_PAUSE)


@asynccontextmanager
async def opened_to_write(url: str) -> AsyncIterator[Database]:
    """A database that this process alone may write to; its tables may still have to be made.

    Raises :class:`Unusable`, and DatabaseInUse when another process holds it.
    """
    async with _closing(url) as database:
        with _explained():
            database.lock()
            await _try_to_write(database)
            await pending(database)
        yield database


@asynccontextmanager
async def opened_as_it_is(url: str, *, alone: bool = False) -> AsyncIterator[Database]:
    """A database whose tables are there and up to date; nothing is made where there is none.

    ``alone``: no other process may hold it. Raises as :func:`opened_to_write` does.
    """
    async with _closing(url) as database:
        with _explained():
            if database.path is not None and not database.path.exists():
                raise Unusable(NO_TABLES)
            if alone:
                database.lock()
            if await pending(database):
                raise Unusable(NO_TABLES)
        yield database


@asynccontextmanager
async def _closing(url: str) -> AsyncIterator[Database]:
    with _explained():
        database = Database(url)
    try:
        yield database
    finally:
        await database.close()


async def _try_to_write(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("SELECT 1"))


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except NewerDatabase as newer:
        raise Unusable(
            f"a later release has changed it (it is at {newer}, this release knows {head()}); "
            "install that release again, or restore the backup made before it"
        ) from None
    except ImportError as missing:
        raise Unusable(
            f"the driver {missing.name} is not installed; `make setup` brings it"
        ) from None
    except (SQLAlchemyError, OSError) as error:
        kind = Unreachable if _may_pass(error) else Unusable
        raise kind(f"it cannot be opened: {_first_line(error)}") from None


def _may_pass(error: Exception) -> bool:
    starting = getattr(getattr(error, "orig", None), "sqlstate", None) == _STARTING
    return starting or isinstance(error, OSError)


def _first_line(error: Exception) -> str:
    """What the driver said, without SQLAlchemy's statement and link around it."""
    said = str(getattr(error, "orig", None) or error).strip()
    return said.splitlines()[0] if said else type(error).__name__
