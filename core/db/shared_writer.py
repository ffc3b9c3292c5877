"""SQLite's one writer: whoever waits for it meanwhile shares the next transaction.

A commit waits for the disk, so it is made once for all who wait. Each has a savepoint: who fails
takes back only their own, and everybody is told after the commit. It is the order of coming that
counts; of two in one transaction the second sees what the first did.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from core.db.sqlite_driver import SQLiteSession, Threads, driver_of, is_for_later, of_library

# The longest that one has to wait for others before it is committed.
MOST_TOGETHER: Final = 64
_BEGIN: Final = "BEGIN IMMEDIATE"
_COMMIT: Final = "COMMIT"
COMMIT_NOW: Final = "commit now"
"""In ``session.info``: nobody else is to come into this transaction."""


def _future() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True)
class _Turn:
    """Somebody who writes: when they may begin, when they have ended, when it is committed."""

    given: asyncio.Future[None] = field(default_factory=_future)
    over: asyncio.Future[None] = field(default_factory=_future)
    committed: asyncio.Future[None] = field(default_factory=_future)
    error: BaseException | None = None
    is_last: bool = False


class SharedWriter:
    """Gives turns at the connection that ``connect`` opens."""

    def __init__(self, connect: Callable[[], Connection], threads: Threads) -> None:
        self._connect = connect
        self._threads = threads
        self._connection: Connection | None = None
        self._waiting: deque[_Turn] = deque()
        self._leader: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session in a savepoint: kept at the end of the block, which returns when it is
        committed, or taken back if the block raises.
        """
        turn = self._queue()
        try:
            await turn.given
            async with self._savepoint(turn) as session:
                yield session
        except BaseException as error:
            turn.error = error
            raise
        finally:
            turn.over.set_result(None)
        await turn.committed

    def _queue(self) -> _Turn:
        turn = _Turn()
        self._waiting.append(turn)
        if self._leader is None or self._leader.done():
            self._leader = asyncio.create_task(self._lead(), name="writer")
        return turn

    @asynccontextmanager
    async def _savepoint(self, turn: _Turn) -> AsyncIterator[AsyncSession]:
        session = SQLiteSession(self._opened(), self._threads)
        try:
            yield session
            await session.flush()
            session.sync_session.commit()
            turn.is_last = COMMIT_NOW in session.info
        finally:
            session.sync_session.close()

    def _opened(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    async def _lead(self) -> None:
        while self._waiting:
            await self._transaction()

    async def _transaction(self) -> None:
        """One transaction with all who wait, and all who come meanwhile."""
        kept: list[_Turn] = []
        try:
            await self._begin()
            changes = driver_of(self._opened()).total_changes
            await self._give_turns(kept)
            await self._commit(changes)
        except BaseException as error:
            self._roll_back()
            _tell((turn.committed for turn in kept), error)
            if not isinstance(error, Exception):
                raise
        else:
            _tell((turn.committed for turn in kept), None)

    async def _begin(self) -> None:
        """Raises where the file stays locked; then everybody who waits is told."""
        try:
            driver = driver_of(self._opened())
            try:
                driver.execute(_BEGIN)
            except sqlite3.Error as error:
                if not is_for_later(error):
                    raise
                await self._threads.wait_for_lock(driver, driver.execute, _BEGIN)
        except Exception as error:
            turns, self._waiting = self._waiting, deque()
            _tell((turn.given for turn in turns), of_library(error, _BEGIN))
            raise

    async def _give_turns(self, kept: list[_Turn]) -> None:
        driver = driver_of(self._opened())
        while self._waiting and len(kept) < MOST_TOGETHER:
            turn = self._waiting.popleft()
            if turn.given.done():  # they were cancelled
                continue
            turn.given.set_result(None)
            await turn.over
            if turn.error is None:
                kept.append(turn)
            elif not driver.in_transaction:  # SQLite took everything back: the disk is full
                raise turn.error
            if turn.is_last:
                return

    async def _commit(self, changes: int) -> None:
        driver = driver_of(self._opened())
        try:
            if driver.total_changes == changes:
                driver.execute(_COMMIT)
            else:
                await self._threads.run(driver.execute, _COMMIT)
        except sqlite3.Error as error:
            raise of_library(error, _COMMIT) from error

    def _roll_back(self) -> None:
        """A connection that cannot even do that is given up; the next transaction opens another."""
        try:
            if self._connection is not None and driver_of(self._connection).in_transaction:
                driver_of(self._connection).execute("ROLLBACK")
        except sqlite3.Error:
            self._close()

    async def stop(self) -> None:
        """Close the connection once nothing is written any more. Who failed was told before the
        others' commit, which is in a thread: a connection that is closed under it ends the process.
        """
        if self._leader is not None:
            await asyncio.wait([self._leader])
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _tell(told: Iterable[asyncio.Future[None]], error: BaseException | None) -> None:
    for future in told:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
