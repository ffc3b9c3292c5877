"""Engines: one writer, and readers apart from it.

SQLite: WAL, ``synchronous=FULL``, ``BEGIN IMMEDIATE`` and a single writing connection (several
make the slowest wait for seconds, a deferred ``BEGIN`` loses updates); readers are query-only.
One process per file, held by a lock beside it. PostgreSQL: two pools, no lock.
"""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from sqlalchemy import event, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    create_async_engine,
)
from sqlalchemy.pool import NullPool

from core.db import sqlite_driver
from core.db.errors import StoreUnreachable

sqlite_driver.register()

# Named by us alone: the advisory lock of the one writing process.
_ONE_WRITER = 7_391_204_518
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000")
# Seconds that PostgreSQL may take to accept a connection; well below the time after which an update
# counts as failed.
_CONNECT_TIMEOUT = 10


async def _connect(*args: Any, **options: Any) -> Any:
    """Connect to PostgreSQL. Raises StoreUnreachable where the driver raises any OSError: a missing
    socket of the server is not to be taken for a missing file of a handler's.
    """
    asyncpg = import_module("asyncpg")
    try:
        return await asyncpg.connect(*args, **options)
    except OSError as error:
        raise StoreUnreachable(str(error) or type(error).__name__) from error


_POSTGRES: dict[str, Any] = {"async_creator_fn": _connect, "timeout": _CONNECT_TIMEOUT}
# Asks PostgreSQL itself to refuse what a reader must not do.
_READ_ONLY = _POSTGRES | {"server_settings": {"default_transaction_read_only": "on"}}


class WrongDatabase(Exception):
    """The URL is not one of the two databases the desk runs on."""


class DatabaseInUse(Exception):
    """Another process writes to this SQLite database."""


class Database:
    """The two ways to the store: :meth:`write` (one transaction) and :meth:`read`."""

    def __init__(self, url: str) -> None:
        self.url = _checked(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._lock: IO[str] | None = None
        self._held: AsyncConnection | None = None
        self.writer = self._engine(writer=True)
        self.reader = self._engine(writer=False)

    @property
    def path(self) -> Path | None:
        """File of a SQLite database."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    def _engine(self, *, writer: bool) -> AsyncEngine:
        if not self.is_sqlite:
            return create_async_engine(
                self.url,
                hide_parameters=True,  # people's words are nothing for a log
                pool_size=8 if writer else 4,
                pool_timeout=10,
                connect_args=_POSTGRES if writer else _READ_ONLY,
            )
        url = self.url.set(drivername="sqlite+onthespot")
        engine = create_async_engine(
            url,
            hide_parameters=True,
            pool_size=1 if writer else 4,
            max_overflow=0,
            pool_timeout=30,
        )
        _configure_sqlite(engine, writer=writer)
        return engine

    def lock(self) -> None:
        """Hold the file for this process alone, until it ends.

        Raises :class:`DatabaseInUse` when another process holds it (R24).
        """
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for beside in ("", "-wal", "-shm", ".lock"):  # made by a release that left them open (S33)
            with suppress(FileNotFoundError, PermissionError):
                Path(f"{self.path}{beside}").chmod(0o600)
        handle = Path(f"{self.path}.lock").open("a")  # noqa: SIM115 held for the process's life
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            raise DatabaseInUse(str(self.path)) from None
        self._lock = handle

    async def hold(self) -> None:
        """Be the only writing process on PostgreSQL too, until the connection ends.

        The desk's order per chat and its probes rely on it as long as rows have no leases. Raises
        :class:`DatabaseInUse`. On SQLite the file's lock does it.
        """
        if self.is_sqlite:
            return
        engine = create_async_engine(
            self.url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=_POSTGRES
        )
        connection = await engine.connect()
        if not await connection.scalar(select(func.pg_try_advisory_lock(_ONE_WRITER))):
            await connection.close()
            raise DatabaseInUse(self.url.database or "")
        self._held = connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session in a transaction: committed at the end of the block, or rolled back."""
        session = AsyncSession(self.writer, expire_on_commit=False)
        try:
            async with session.begin():
                yield session
        finally:
            await self._close(session)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that cannot change anything."""
        session = AsyncSession(self.reader, expire_on_commit=False)
        try:
            yield session
        finally:
            await self._close(session)

    async def _close(self, session: AsyncSession) -> None:
        if self.is_sqlite:
            await session.close()  # waits for nobody, so nothing can come in between
        else:
            await asyncio.shield(session.close())

    @asynccontextmanager
    async def alter(self) -> AsyncIterator[AsyncConnection]:
        """A transaction for changing tables, on a connection of its own.

        On SQLite foreign keys rest meanwhile: copying a parent table would empty its children.
        """
        url = self.url.set(drivername="sqlite+onthespot") if self.is_sqlite else self.url
        engine = create_async_engine(
            url,
            hide_parameters=True,
            poolclass=NullPool,
            connect_args={} if self.is_sqlite else _POSTGRES,
        )
        if self.is_sqlite:
            _configure_sqlite(engine, writer=True, foreign_keys=False)
        async with engine.begin() as connection:
            yield connection

    async def close(self) -> None:
        """Give back connections and the lock."""
        if self._held is not None:
            await self._held.close()
            self._held = None
        await self.writer.dispose()
        await self.reader.dispose()
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise WrongDatabase(url) from error
    if parsed.drivername not in ("sqlite+aiosqlite", "postgresql+asyncpg"):
        raise WrongDatabase(parsed.drivername)
    return parsed


def _configure_sqlite(engine: AsyncEngine, *, writer: bool, foreign_keys: bool = True) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions of its own: the dialect does, in this way.
        connection.isolation_level = None
        connection.opening = "BEGIN IMMEDIATE" if writer else "BEGIN"
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        if not writer:
            cursor.execute("PRAGMA query_only=ON")
        if not foreign_keys:
            cursor.execute("PRAGMA foreign_keys=OFF")
        cursor.close()
