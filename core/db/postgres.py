"""The desk's PostgreSQL database: a transaction for each action, readers apart."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final, TypeVar

from sqlalchemy import event, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from core.db.errors import StoreUnreachable
from core.db.process_lock import ProcessLock
from core.db.process_news import ProcessNews
from core.db.sqlite_driver import Listener

R = TypeVar("R")

# Connections of a process: for actions, and for those who only read. Two more are for what
# processes agree on and tell each other.
WRITERS: Final = 8
READERS: Final = 8
# Seconds that PostgreSQL may take to accept a connection; well below the time after which an update
# counts as failed.
CONNECT_TIMEOUT = 10.0
# Seconds that it may take to answer; then it hangs, and its connection is given up. Changes of
# tables may take longer.
COMMAND_TIMEOUT = 15.0
# The same where the processes agree: who gets no answer so soon takes itself for cut off.
AGREE_TIMEOUT = 3.0


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


# What a page reads takes milliseconds, whatever PostgreSQL expects of it; to compile a query that
# it expects to be long takes a hundred.
_SETTINGS: Final = {"jit": "off"}
# Asks PostgreSQL itself to refuse what a reader must not do.
_READ_ONLY: Final = {"default_transaction_read_only": "on"}


class PostgresDatabase:
    """Sessions at one database of a server."""

    path = None

    def __init__(self, url: URL, listeners: Sequence[Listener]) -> None:
        self._url = url
        self._listeners = listeners
        self.processes = ProcessLock(url, _options(command_timeout=AGREE_TIMEOUT))
        self.news = ProcessNews(url, _options(command_timeout=AGREE_TIMEOUT))
        self._writer = self._engine(WRITERS)
        self._reader = self._engine(READERS, _READ_ONLY)

    def _engine(self, size: int, settings: Mapping[str, str] = MappingProxyType({})) -> AsyncEngine:
        """No connection more than these, however much is to be done: a server takes a hundred, from
        all processes together, and would refuse the others.
        """
        engine = create_async_engine(
            self._url,
            hide_parameters=True,  # people's words are nothing for a log
            pool_size=size,
            max_overflow=0,
            pool_timeout=10,
            connect_args=_options(
                command_timeout=COMMAND_TIMEOUT, server_settings={**_SETTINGS, **settings}
            ),
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

    async def on_disk(self, patience: float) -> None:
        """Nothing: each transaction has waited for it."""
        del patience

    def lock(self) -> None:
        """Nothing: :meth:`hold` does it."""

    async def hold(self, regained: Callable[[], Awaitable[None]], *, alone: bool = True) -> None:
        """Be the only process that writes, or one of a running desk. Raises `DatabaseInUse`."""
        await self.processes.take(regained, alone=alone)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session in a transaction of its own. Raises StoreUnreachable while the lock is lost."""
        await self.processes.make_sure()
        session = AsyncSession(self._writer, expire_on_commit=False)
        try:
            async with session.begin():
                yield session
        finally:
            await asyncio.shield(session.close())

    @asynccontextmanager
    async def read(self, within: float | None = None) -> AsyncIterator[AsyncSession]:
        """A session that cannot change anything; ``within``: see `Database.read`."""
        session = AsyncSession(self._reader, expire_on_commit=False)
        try:
            if within is not None:  # until the transaction ends, and it is rolled back
                limit = f"SET LOCAL statement_timeout = {max(1, round(within * 1000))}"
                await session.execute(text(limit))
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
        await self.processes.release()
        await self._writer.dispose()
        await self._reader.dispose()
