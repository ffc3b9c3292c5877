"""The desk's PostgreSQL database: a transaction for each action, readers apart, one process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any, Final, TypeVar

from sqlalchemy import event, func, select
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from core.db.errors import DatabaseInUse, StoreUnreachable
from core.db.sqlite_driver import Listener

R = TypeVar("R")

# Named by us alone: the advisory lock of the one writing process.
_ONE_WRITER: Final = 7_391_204_518
# Seconds that PostgreSQL may take to accept a connection; well below the time after which an update
# counts as failed.
_CONNECT_TIMEOUT: Final = 10


async def _connect(*args: Any, **options: Any) -> Any:
    """Connect to PostgreSQL. Raises StoreUnreachable where the driver raises any OSError: a missing
    socket of the server is not to be taken for a missing file of a handler's.
    """
    asyncpg = import_module("asyncpg")
    try:
        return await asyncpg.connect(*args, **options)
    except OSError as error:
        raise StoreUnreachable(str(error) or type(error).__name__) from error


_OPTIONS: Final[dict[str, Any]] = {"async_creator_fn": _connect, "timeout": _CONNECT_TIMEOUT}
# Asks PostgreSQL itself to refuse what a reader must not do.
_READ_ONLY: Final = _OPTIONS | {"server_settings": {"default_transaction_read_only": "on"}}


class PostgresDatabase:
    """Sessions at one database of a server."""

    path = None

    def __init__(self, url: URL, listeners: Sequence[Listener]) -> None:
        self._url = url
        self._listeners = listeners
        self._held: AsyncConnection | None = None
        self._writer = self._engine(8, _OPTIONS)
        self._reader = self._engine(4, _READ_ONLY)

    def _engine(self, size: int, options: dict[str, Any]) -> AsyncEngine:
        engine = create_async_engine(
            self._url,
            hide_parameters=True,  # people's words are nothing for a log
            pool_size=size,
            pool_timeout=10,
            connect_args=options,
        )
        event.listen(engine.sync_engine, "before_cursor_execute", self._asked)
        event.listen(engine.sync_engine, "commit", self._committed)
        return engine

    def _asked(self, _connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        for listener in self._listeners:
            listener(statement, given)

    def _committed(self, _connection: Any) -> None:
        for listener in self._listeners:
            listener("COMMIT", ())

    def lock(self) -> None:
        """Nothing: :meth:`hold` does it."""

    async def hold(self) -> None:
        """Be the only writing process, until the connection ends. Raises `DatabaseInUse`.

        The desk's order per chat and its probes rely on it as long as rows have no leases.
        """
        engine = create_async_engine(
            self._url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=_OPTIONS
        )
        connection = await engine.connect()
        if not await connection.scalar(select(func.pg_try_advisory_lock(_ONE_WRITER))):
            await connection.close()
            raise DatabaseInUse(self._url.database or "")
        self._held = connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session in a transaction of its own."""
        session = AsyncSession(self._writer, expire_on_commit=False)
        try:
            async with session.begin():
                yield session
        finally:
            await asyncio.shield(session.close())

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that cannot change anything."""
        session = AsyncSession(self._reader, expire_on_commit=False)
        try:
            yield session
        finally:
            await asyncio.shield(session.close())

    async def alter(self, work: Callable[..., R], *args: Any) -> R:
        """What ``work`` returns of a connection, in a transaction for changing tables."""
        engine = create_async_engine(
            self._url, hide_parameters=True, poolclass=NullPool, connect_args=_OPTIONS
        )
        async with engine.begin() as connection:
            return await connection.run_sync(work, *args)

    async def close(self) -> None:
        """Give back the connections."""
        if self._held is not None:
            await self._held.close()
            self._held = None
        await self._writer.dispose()
        await self._reader.dispose()
