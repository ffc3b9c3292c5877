"""The desk's PostgreSQL database: a transaction for each action, readers apart, one process."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from typing import Any, Final, TypeVar

from sqlalchemy import event, func, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from core.db.errors import DatabaseInUse, StoreUnreachable
from core.db.sqlite_driver import Listener

R = TypeVar("R")

log = logging.getLogger(__name__)

# Named by us alone: the advisory lock of the one writing process.
_ONE_WRITER: Final = 7_391_204_518
# Seconds that PostgreSQL may take to accept a connection; well below the time after which an update
# counts as failed.
CONNECT_TIMEOUT = 10.0
# Seconds that it may take to answer; then it hangs, and its connection is given up. Changes of
# tables may take longer.
COMMAND_TIMEOUT = 15.0
# Seconds between two looks whether the lock is still held. Each process looks this often, so who
# has lost it without hearing of it works on for so long at most, and the time-out above.
LOOK_EVERY = 5.0


async def _connect(*args: Any, **options: Any) -> Any:
    """Connect to PostgreSQL. Raises StoreUnreachable where the driver raises any OSError: a missing
    socket of the server is not to be taken for a missing file of a handler's.
    """
    asyncpg = import_module("asyncpg")
    try:
        return await asyncpg.connect(*args, **options)
    except OSError as error:
        raise StoreUnreachable(str(error) or type(error).__name__) from error


def _give_up_who_hangs(context: Any) -> Exception | None:
    """Treat a statement without an answer as a lost connection: nothing else can be asked of it."""
    if not isinstance(context.original_exception, TimeoutError):
        return None
    context.is_disconnect = True
    return StoreUnreachable("the server does not answer")


def _options(**more: Any) -> dict[str, Any]:
    return {"async_creator_fn": _connect, "timeout": CONNECT_TIMEOUT, **more}


# Asks PostgreSQL itself to refuse what a reader must not do.
_READ_ONLY: Final = {"server_settings": {"default_transaction_read_only": "on"}}


class PostgresDatabase:
    """Sessions at one database of a server."""

    path = None

    def __init__(self, url: URL, listeners: Sequence[Listener]) -> None:
        self._url = url
        self._listeners = listeners
        self._lock = _Lock(url)
        self._writer = self._engine(8)
        self._reader = self._engine(4, **_READ_ONLY)

    def _engine(self, size: int, **options: Any) -> AsyncEngine:
        engine = create_async_engine(
            self._url,
            hide_parameters=True,  # people's words are nothing for a log
            pool_size=size,
            pool_timeout=10,
            connect_args=_options(command_timeout=COMMAND_TIMEOUT, **options),
        )
        event.listen(engine.sync_engine, "handle_error", _give_up_who_hangs, retval=True)
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

    async def hold(self, regained: Callable[[], Awaitable[None]]) -> None:
        """Be the only writing process from now on. Raises `DatabaseInUse`.

        The desk's order per chat and its probes rely on it as long as rows have no leases. Where
        the lock is lost nothing is written until it is held again; then ``regained`` is called
        first: another process may have worked meanwhile.
        """
        await self._lock.take(regained)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session in a transaction of its own. Raises StoreUnreachable while the lock is lost."""
        await self._lock.make_sure()
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
            self._url, hide_parameters=True, poolclass=NullPool, connect_args=_options()
        )
        async with engine.begin() as connection:
            return await connection.run_sync(work, *args)

    async def close(self) -> None:
        """Give back the connections."""
        await self._lock.release()
        await self._writer.dispose()
        await self._reader.dispose()


class _Lock:
    """The advisory lock of the one writing process: as long as its connection lives."""

    def __init__(self, url: URL) -> None:
        self._name = url.database or ""
        self._engine = create_async_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args=_options(command_timeout=COMMAND_TIMEOUT),
        )
        self._connection: AsyncConnection | None = None
        self._regained: Callable[[], Awaitable[None]] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._watch: asyncio.Task[None] | None = None

    async def take(self, regained: Callable[[], Awaitable[None]]) -> None:
        """Take it, and look from now on whether it is still held. Raises `DatabaseInUse`."""
        await self._take()
        self._regained = regained
        self._watch = asyncio.create_task(self._look(), name="database lock")

    async def _take(self) -> None:
        lost, self._connection = self._connection, None
        await self._close(lost)
        connection = await self._engine.connect()
        taken = False
        try:
            taken = bool(await connection.scalar(select(func.pg_try_advisory_lock(_ONE_WRITER))))
        finally:
            if not taken:
                await connection.close()
        if not taken:
            raise DatabaseInUse(self._name)
        self._connection = connection

    async def make_sure(self) -> None:
        """Return if it is held, or was never asked for. Raises StoreUnreachable."""
        if self._regained is None or self._is_held():
            return
        async with self._one_at_a_time:
            if self._is_held():
                return
            try:
                await self._take()
            except (DatabaseInUse, SQLAlchemyError, OSError) as error:
                raise StoreUnreachable(f"the lock of the database is lost: {error!r}") from error
            log.warning("the lock of the database is held again")
            await self._regained()

    def _is_held(self) -> bool:
        """Return whether the connection is open, as far as this machine knows."""
        connection = self._connection
        if connection is None or connection.closed or connection.invalidated:
            return False
        driver: Any = connection.sync_connection and connection.sync_connection.connection
        return not driver.driver_connection.is_closed()

    async def _look(self) -> None:
        """Ask the server every few seconds: a connection that was cut off says nothing."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            connection = self._connection
            try:
                if connection is not None and self._is_held():
                    await connection.scalar(select(1))
            except (SQLAlchemyError, OSError) as error:
                log.warning("the lock of the database is lost: %s", error)
                if self._connection is connection:
                    self._connection = None
                await self._close(connection)

    @staticmethod
    async def _close(connection: AsyncConnection | None) -> None:
        """Close without asking the server, which may not answer."""
        if connection is not None:
            with suppress(SQLAlchemyError, OSError):
                await connection.invalidate()
                await connection.close()

    async def release(self) -> None:
        """Give it back."""
        if self._watch is not None:
            self._watch.cancel()
        self._regained = None
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError, OSError):
                await connection.close()
