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
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from core.db.sqlite_driver import Threads, is_for_later, of_library
from core.db.sqlite_session import SQLiteSession

# The longest that one has to wait for others before it is committed.
MOST_TOGETHER: Final = 64
_BEGIN: Final = "BEGIN IMMEDIATE"
_COMMIT: Final = "COMMIT"
_SAVEPOINT: Final = "SAVEPOINT action"
_TAKE_BACK: Final = "ROLLBACK TO action"
_RELEASE: Final = "RELEASE action"
COMMIT_NOW: Final = "commit now"
"""In ``session.info``: nobody else is to come into this transaction."""


@dataclass(slots=True)
class _Turn:
    """Somebody who writes: when they may begin, when they have ended, when it is committed.

    ``leads``: they begin the transaction, let others in after them, and commit it.
    """

    leads: bool = False
    given: asyncio.Future[bool] = field(default_factory=asyncio.Future)
    over: asyncio.Future[None] = field(default_factory=asyncio.Future)
    committed: asyncio.Future[None] = field(default_factory=asyncio.Future)
    error: BaseException | None = None
    is_last: bool = False


class SharedWriter:
    """Gives turns at the connection that ``connect`` opens."""

    def __init__(self, connect: Callable[[], Connection], threads: Threads) -> None:
        self._connect = connect
        self._threads = threads
        self._opened: SQLiteSession | None = None
        self._waiting: deque[_Turn] = deque()
        self._idle = asyncio.Event()
        self._idle.set()
        self._changes = 0

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session in a savepoint: kept at the end of the block, which returns when it is
        committed, or taken back if the block raises.
        """
        turn = await self._come()
        try:
            async with self._savepoint(turn) as session:
                yield session
        except BaseException as error:
            turn.error = error
            raise
        finally:
            if turn.leads:
                await self._finish(turn)
            else:
                turn.over.set_result(None)
        if not turn.leads:
            await turn.committed

    async def _come(self) -> _Turn:
        turn = _Turn()
        if self._idle.is_set():
            self._idle.clear()
            turn.leads = True
        else:
            self._waiting.append(turn)
            turn.leads = await self._called(turn)
        if turn.leads:
            await self._begin()
        return turn

    async def _called(self, turn: _Turn) -> bool:
        try:
            return await turn.given
        except asyncio.CancelledError:
            called = turn.given.done() and not turn.given.cancelled()
            if called and turn.given.exception() is None:
                turn.error = asyncio.CancelledError()
                turn.over.set_result(None)
                if turn.given.result():
                    self._hand_over()
            raise

    def _hand_over(self) -> None:
        """The next who waits leads the next transaction."""
        turn = self._next()
        if turn is None:
            self._idle.set()
        else:
            turn.given.set_result(True)

    def _next(self) -> _Turn | None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.given.done():  # otherwise they were cancelled
                return turn
        return None

    @asynccontextmanager
    async def _savepoint(self, turn: _Turn) -> AsyncIterator[AsyncSession]:
        session = self._session()
        driver = session.driver
        driver.execute(_SAVEPOINT)
        try:
            yield session
            await session.flush()
            turn.is_last = session.info.pop(COMMIT_NOW, False)
        except BaseException:
            if driver.in_transaction:  # SQLite may have taken everything back by itself
                driver.execute(_TAKE_BACK)
            raise
        finally:
            session.sync_session.close()
            if driver.in_transaction:
                driver.execute(_RELEASE)

    def _session(self) -> SQLiteSession:
        """One session for all: who has a turn has it alone, and finds it empty."""
        if self._opened is None:
            self._opened = SQLiteSession(self._connect(), self._threads)
        return self._opened

    # ---------------------------------------------------------------- leading

    async def _begin(self) -> None:
        """Raises where the file stays locked; then everybody who waits is told."""
        try:
            driver = self._session().driver
            try:
                driver.execute(_BEGIN)
            except sqlite3.Error as error:
                if not is_for_later(error):
                    raise
                await self._threads.wait_for_lock(driver, driver.execute, _BEGIN)
        except BaseException as error:
            self._roll_back()
            if not isinstance(error, Exception):
                self._hand_over()
                raise
            told = of_library(error, _BEGIN)
            _tell((turn.given for turn in self._waiting), told)
            self._hand_over()
            raise told from error
        self._changes = driver.total_changes

    async def _finish(self, leader: _Turn) -> None:
        """Let others in, commit, and tell them. Raises what the leader is to be told of it; one who
        is cancelled meanwhile is so when all this is done.
        """
        kept: list[_Turn] = []
        cancelled: BaseException | None = None
        failed: BaseException | None = None
        try:
            cancelled = await self._give_turns(leader, kept)
            await self._commit()
        except asyncio.CancelledError as error:
            cancelled = error
        except Exception as error:  # noqa: BLE001 they are told, the leader last
            failed = error
        if (failed or cancelled) and self._roll_back():
            failed = failed or cancelled  # the commit was not made
        if kept:
            _tell((turn.committed for turn in kept), failed)
        self._hand_over()
        told = failed or cancelled
        if told is not None and leader.error is None:
            raise told

    async def _give_turns(self, before: _Turn, kept: list[_Turn]) -> BaseException | None:
        """Returns the cancellation that has come meanwhile."""
        driver, cancelled = self._session().driver, None
        if not driver.in_transaction and before.error is not None:
            return None  # SQLite took everything back, and nobody else is in it
        while not before.is_last and len(kept) < MOST_TOGETHER and (turn := self._next()):
            turn.given.set_result(False)
            cancelled = await _outlast(turn.over) or cancelled
            if turn.error is None:
                kept.append(turn)
            elif not driver.in_transaction:  # SQLite took everything back: the disk is full
                raise turn.error
            before = turn
        return cancelled

    async def _commit(self) -> None:
        driver = self._session().driver
        try:
            if driver.total_changes == self._changes:
                driver.execute(_COMMIT)
            else:
                await self._threads.run(driver.execute, _COMMIT)
        except sqlite3.Error as error:
            raise of_library(error, _COMMIT) from error

    def _roll_back(self) -> bool:
        """Take back what was not committed, if there is something. A connection that cannot even do
        that is given up; the next transaction opens another.
        """
        driver = None if self._opened is None else self._opened.driver
        if driver is None or not driver.in_transaction:
            return False
        try:
            driver.execute("ROLLBACK")
        except sqlite3.Error:
            self._close()
        return True

    async def stop(self) -> None:
        """Close the connection once nothing is written any more. Who failed was told before the
        others' commit, which is in a thread: a connection that is closed under it ends the process.
        """
        await self._idle.wait()
        self._close()

    def _close(self) -> None:
        if self._opened is not None:
            self._opened.close_connection()
            self._opened = None


async def _outlast(over: asyncio.Future[None]) -> BaseException | None:
    """Wait for it even if cancelled: whoever has their turn has the connection. Returns the
    cancellation.
    """
    cancelled: BaseException | None = None
    while not over.done():
        try:
            await asyncio.wait([over])
        except asyncio.CancelledError as error:
            cancelled = error
    return cancelled


def _tell(told: Iterable[asyncio.Future[Any]], error: BaseException | None) -> None:
    for future in told:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
