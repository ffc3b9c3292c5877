"""The database of a URL: SQLite or PostgreSQL, the same to all who use it."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncSession

from core.db.postgres import PostgresDatabase
from core.db.sqlite import SQLiteFile
from core.db.sqlite_driver import Listener

R = TypeVar("R")


class WrongDatabase(Exception):
    """The URL is not one of the two databases the desk runs on."""


class Database:
    """The two ways to the store: :meth:`write` (one transaction) and :meth:`read`.

    ``listeners`` hear every statement with its parameters.
    """

    def __init__(self, url: str) -> None:
        self.url = _checked(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.listeners: list[Listener] = []
        kind = SQLiteFile if self.is_sqlite else PostgresDatabase
        self._store: SQLiteFile | PostgresDatabase = kind(self.url, self.listeners)

    @property
    def path(self) -> Path | None:
        """File of a SQLite database."""
        return self._store.path

    def lock(self) -> None:
        """Hold a SQLite file for this process alone, until it ends.

        Raises :class:`DatabaseInUse` when another process holds it (R24).
        """
        self._store.lock()

    async def hold(self, regained: Callable[[], Awaitable[None]]) -> None:
        """Be the only writing process on PostgreSQL too. Raises :class:`DatabaseInUse`.

        ``regained`` is called when the lock was lost and is held again, before anything is written.
        """
        await self._store.hold(regained)

    def write(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A session whose changes are committed at the end of the block, or taken back."""
        return self._store.write()

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A session that cannot change anything."""
        return self._store.read()

    async def alter(self, work: Callable[..., R], *args: Any) -> R:
        """What ``work(connection, *args)`` returns, in a transaction for changing tables."""
        return await self._store.alter(work, *args)

    async def close(self) -> None:
        """Give back connections and the lock."""
        await self._store.close()


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise WrongDatabase(url) from error
    if parsed.drivername not in ("sqlite+aiosqlite", "postgresql+asyncpg"):
        raise WrongDatabase(parsed.drivername)
    return parsed
