"""What the processes of one desk agree on at PostgreSQL: who works, who leads, who handles what.

All of it is advisory locks of one connection, so a process that is gone has given up everything at
once. A connection that is cut off without a word is ended by both sides by the clock: the process
takes itself for out after `LEAD_FOR` seconds without an answer, the server ends what is silent for
`CUT_OFF_AFTER`, which is later.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from zlib import crc32

from sqlalchemy import Executable, func, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from core.db.errors import DatabaseInUse, StoreUnreachable
from core.db.together import Together

log = logging.getLogger(__name__)

# Named by us alone. Processes of a running desk share the first one; a command that must be alone
# takes it whole. The second is the leading process's. The third begins those of conversations.
_DESK: Final = 7_391_204_518
_LEADER: Final = 7_391_204_519
_CONVERSATIONS: Final = 7_391

# Seconds between two questions to the server, and for which an answer counts.
LOOK_EVERY = 2.0
LEAD_FOR = 6.0
# Seconds of silence after which the server ends the connection, and with it the locks.
CUT_OFF_AFTER = 9.0

_TROUBLES: Final = (SQLAlchemyError, OSError)
_SILENCE: Final = select(func.set_config("idle_session_timeout", f"{CUT_OFF_AFTER:.0f}s", False))
# Of many conversations at once: which of them are ours now; that they are ours no more.
_LEASE: Final = text(
    "SELECT n, pg_try_advisory_lock(:kind, n) FROM unnest(CAST(:numbers AS integer[])) AS n"
)
_GIVE_BACK: Final = text(
    "SELECT n, pg_advisory_unlock(:kind, n) FROM unnest(CAST(:numbers AS integer[])) AS n"
)


class ProcessLock:
    """The locks of one process. ``options``: of its connection."""

    def __init__(self, url: URL, options: Mapping[str, Any]) -> None:
        self._name = url.database or ""
        self._engine = create_async_engine(
            url,
            hide_parameters=True,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args=dict(options),
        )
        self._connection: AsyncConnection | None = None
        self._leading: AsyncConnection | None = None
        self._answered = float("-inf")
        self._alone = True
        self._regained: Callable[[], Awaitable[None]] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._one_statement = asyncio.Lock()
        self._watch: asyncio.Task[None] | None = None
        # conversations are asked for together while there is much to do
        self._leases = Together(self._lease_all, self._not_wanted)
        self._returns = Together(self._give_back_all)

    async def take(self, regained: Callable[[], Awaitable[None]], *, alone: bool) -> None:
        """Be one of the desk's processes, or the only one.

        Where that is lost nothing is written until it is so again; then ``regained`` is called
        first: others may have worked meanwhile. Raises `DatabaseInUse`.
        """
        self._alone = alone
        await self._take()
        self._regained = regained
        self._watch = asyncio.create_task(self._look(), name="database lock")

    async def _take(self) -> None:
        lost, self._connection = self._connection, None
        await self._close(lost)
        begun = time.monotonic()
        connection = await self._engine.connect()
        taken = False
        try:
            with suppress(SQLAlchemyError):  # a server before version 14 ends nothing
                await connection.scalar(_SILENCE)
            lock = func.pg_try_advisory_lock if self._alone else func.pg_try_advisory_lock_shared
            taken = bool(await connection.scalar(select(lock(_DESK))))
        finally:
            if not taken:
                await connection.close()
        if not taken:
            raise DatabaseInUse(self._name)
        self._connection, self._answered = connection, begun

    async def make_sure(self) -> None:
        """Return if it is held, or was never asked for. Raises StoreUnreachable."""
        if self._regained is None or self._is_held():
            return
        async with self._one_at_a_time:
            if self._is_held():
                return
            if self._is_open():
                with suppress(*_TROUBLES):
                    await self._ask(select(1))
                    return
            try:
                await self._take()
            except (DatabaseInUse, *_TROUBLES) as error:
                raise StoreUnreachable(f"the lock of the database is lost: {error!r}") from error
            log.warning("the lock of the database is held again")
            await self._regained()

    def _is_held(self) -> bool:
        """Return whether it is, as far as this machine knows."""
        return self._is_open() and time.monotonic() - self._answered < LEAD_FOR

    def _is_open(self) -> bool:
        connection = self._connection
        if connection is None or connection.closed or connection.invalidated:
            return False
        driver: Any = connection.sync_connection and connection.sync_connection.connection
        return not driver.driver_connection.is_closed()

    async def _ask(self, statement: Executable) -> Any:
        """What the server answers. Who gets none has lost the connection."""
        return (await self._rows(statement))[0][0]

    async def _rows(self, statement: Executable, **given: Any) -> Sequence[Any]:
        async with self._one_statement:
            connection, begun = self._connection, time.monotonic()
            if connection is None:
                raise StoreUnreachable("the lock of the database is lost")
            try:
                rows = (await connection.execute(statement, given)).all()
            except _TROUBLES as error:
                log.warning("the lock of the database is lost: %s", error)
                await self._lose(connection)
                raise
            self._answered = begun
            return rows

    async def _lose(self, connection: AsyncConnection) -> None:
        if self._connection is connection:
            self._connection = None
        await self._close(connection)

    async def _look(self) -> None:
        """Ask the server every few seconds: a connection that was cut off says nothing."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if self._is_open():
                with suppress(*_TROUBLES):
                    await self._ask(select(1))

    # ---------------------------------------------------------------- who leads

    def leads(self) -> bool:
        """Return whether this process delivers, fetches and watches the clock."""
        if self._regained is None:  # nobody else works
            return True
        return self._leading is not None and self._leading is self._connection and self._is_held()

    async def lead(self) -> bool:
        """Lead if nobody else does. Raises StoreUnreachable, and what the database raises."""
        if self.leads():
            return True
        await self.make_sure()
        connection = self._connection
        if await self._ask(select(func.pg_try_advisory_lock(_LEADER))):
            self._leading = connection
        return self.leads()

    # ---------------------------------------------------------------- who handles what

    @asynccontextmanager
    async def lease(self, name: str) -> AsyncIterator[bool]:
        """Whether what has this name is this process's for the block.

        It is as long as the connection lives: whoever must not do a thing twice compares and sets
        besides.
        """
        if self._regained is None:  # nobody else works
            yield True
            return
        await self.make_sure()
        number = crc32(name.encode()) - (1 << 31)
        holder = await self._leases.ask(number)
        try:
            yield holder is not None
        finally:
            if holder is not None and holder is self._connection:
                with suppress(*_TROUBLES):
                    await asyncio.shield(self._returns.ask(number))

    async def _lease_all(self, numbers: Sequence[int]) -> dict[int, AsyncConnection | None]:
        """The connection that holds each of them now; none where another process does."""
        rows = await self._rows(_LEASE, kind=_CONVERSATIONS, numbers=list(numbers))
        holder = self._connection
        return {number: holder if held else None for number, held in rows}

    async def _not_wanted(self, leased: Sequence[tuple[int, AsyncConnection | None]]) -> None:
        """Who has asked was cancelled meanwhile."""
        numbers = [number for number, holder in leased if holder is not None]
        if numbers:
            with suppress(*_TROUBLES):
                await self._give_back_all(numbers)

    async def _give_back_all(self, numbers: Sequence[int]) -> dict[int, bool]:
        rows = await self._rows(_GIVE_BACK, kind=_CONVERSATIONS, numbers=list(numbers))
        return dict(rows)

    # ---------------------------------------------------------------- the end

    @staticmethod
    async def _close(connection: AsyncConnection | None) -> None:
        """Close without asking the server, which may not answer."""
        if connection is not None:
            with suppress(*_TROUBLES):
                await connection.invalidate()
                await connection.close()

    async def release(self) -> None:
        """Give everything back."""
        if self._watch is not None:
            self._watch.cancel()
        self._regained = None
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*_TROUBLES):
                await connection.close()
