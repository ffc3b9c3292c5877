"""The database of a URL: SQLite or PostgreSQL, the same to all who use it."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncSession

from core.db.postgres import PostgresDatabase
from core.db.process_news import News
from core.db.sqlite import SQLiteFile
from core.db.sqlite_driver import Listener

R = TypeVar("R")


class WrongDatabase(Exception):
    """The URL is not one of the two databases the desk runs on."""


class Database:
    """The two ways to the store: :attr:`write` (one transaction) and :attr:`read`.

    ``listeners`` hear every statement with its parameters.
    """

    def __init__(self, url: str) -> None:
        self.url = _checked(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.listeners: list[Listener] = []
        kind = SQLiteFile if self.is_sqlite else PostgresDatabase
        self._store: SQLiteFile | PostgresDatabase = kind(self.url, self.listeners)
        self.write = self._store.write
        """A session whose changes are on the disk at the end of the block, or taken back."""
        self.read = self._store.read
        """A session that cannot change anything. ``within``: seconds after which what it asks is
        broken off (`was_broken_off`): of all together on SQLite, of each on PostgreSQL.
        """
        self.on_disk = self._store.on_disk
        """Returns when all that is committed by now would survive a power cut. ``patience``:
        seconds in which somebody else will probably wait for that. Raises `StoreUnreachable`.
        """

    @property
    def path(self) -> Path | None:
        """File of a SQLite database."""
        return self._store.path

    def lock(self) -> None:
        """Hold a SQLite file for this process alone, until it ends.

        Raises :class:`DatabaseInUse` when another process holds it (R24).
        """
        self._store.lock()

    async def hold(self, regained: Callable[[], Awaitable[None]], *, alone: bool = True) -> None:
        """Be the only writing process on PostgreSQL too, or not ``alone`` one of a running desk.

        ``regained`` is called when that was lost and is so again, before anything is written.
        Raises :class:`DatabaseInUse`.
        """
        await self._store.hold(regained, alone=alone)

    async def release(self) -> None:
        """Give back what :meth:`hold` took."""
        if not isinstance(self._store, SQLiteFile):
            await self._store.processes.release()

    # ---------------------------------------------------------------- several processes (R23)

    def leads(self) -> bool:
        """Return whether this process delivers, fetches and watches the clock: one of them does."""
        return isinstance(self._store, SQLiteFile) or self._store.processes.leads()

    async def lead(self) -> bool:
        """Lead if nobody else does. Raises StoreUnreachable, and what the database raises."""
        return isinstance(self._store, SQLiteFile) or await self._store.processes.lead()

    def lease(self, name: str) -> AbstractAsyncContextManager[bool]:
        """Whether what has this name is this process's to handle, in the block."""
        if isinstance(self._store, SQLiteFile):
            return nullcontext(enter_result=True)
        return self._store.processes.lease(name)

    async def tell_with(self, session: AsyncSession, news: Sequence[News]) -> None:
        """Tell other processes once the session's transaction is committed."""
        if not isinstance(self._store, SQLiteFile):
            await self._store.news.tell_with(session, news)

    async def tell(self, news: Sequence[News]) -> None:
        """Tell other processes now, if they can be reached."""
        if not isinstance(self._store, SQLiteFile):
            await self._store.news.tell(news)

    async def hear(self, heard: Callable[[News], None], begun: Callable[[], None]) -> None:
        """Call ``heard`` for what other processes tell, ``begun`` when some may have been missed;
        until cancelled.
        """
        if isinstance(self._store, SQLiteFile):
            return
        await self._store.news.hear(heard, begun)

    # ---------------------------------------------------------------- tables, the end

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
