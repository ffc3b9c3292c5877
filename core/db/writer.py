"""SQLite's one writer: those who write take turns in the order of their coming.

Those whose turns come in the same round of the event loop share a transaction, with a savepoint
each after the first: who fails takes back only their own, and pages that several of them change are
written once.
The commit does not wait for the disk. Whoever wrote does, while others write on (`core.db.disk`).
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from core.db.disk import Disk
from core.db.errors import StoreUnreachable
from core.db.sqlite_driver import DriverConnection, Threads, is_for_later, of_library
from core.db.sqlite_session import SQLiteSession

log = logging.getLogger(__name__)

BEFORE_OTHERS: Final = "before others"
"""In ``session.info``: nobody else writes before whoever made this change is told."""
WITHOUT_DISK: Final = "without the disk"
"""In the same: what was written would be found out again if a power cut took it."""

# Changed rows of a transaction that are written in a thread, being too many for the loop's.
_MUCH: Final = 1000
# After so many changed rows the log is copied into the file: it is some 1,000 pages long then.
_COPY_AFTER: Final = 400

_BEGIN: Final = "BEGIN IMMEDIATE"
_COMMIT: Final = "COMMIT"
_SAVEPOINT: Final = "SAVEPOINT action"
_TAKE_BACK: Final = "ROLLBACK TO action"
_RELEASE: Final = "RELEASE action"
# Listeners can tell it from the end of a reader's transaction.
_ROLLBACK: Final = "ROLLBACK TRANSACTION"


class Writer:
    """Gives turns at the connection that ``connect`` opens."""

    def __init__(self, connect: Callable[[], Connection], threads: Threads, disk: Disk) -> None:
        self._connect = connect
        self._threads = threads
        self._disk = disk
        self._opened: SQLiteSession | None = None
        self._turn = asyncio.Lock()
        # of the open transaction: who waits for its end, and whether for the disk as well
        self._waiting: list[tuple[asyncio.Future[None], bool]] = []
        self._changes = 0  # of the connection, before it
        self._ends_soon = self._ends_with_turn = False
        # so often none could be begun, and why
        self._failures = 0
        self._failure: Exception | None = None
        self._not_copied = 0
        self._copying: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """What is written in it is kept at the end of the block, which returns when the disk has
        it, or taken back if the block raises.
        """
        failures = self._failures
        async with self._turn:
            if self._failure is not None and self._failures != failures:
                raise self._failure  # who has waited meanwhile need not wait for the same again
            session = await self._enter()
            try:
                yield session
                await session.flush()
                session.sync_session.close()
                self._release(session.driver)
            except BaseException as error:
                self._take_back(session, error)
                raise
            told = await self._leave(session)
        await told

    # ---------------------------------------------------------------- a turn

    async def _enter(self) -> SQLiteSession:
        """Raises where the file stays locked; everybody who waits is told the same."""
        try:
            if self._opened is None:
                self._opened = SQLiteSession(self._connect(), self._threads)
            session = self._opened  # one for all: who has a turn has it alone, and finds it empty
            if not session.driver.in_transaction:
                try:
                    session.driver.execute(_BEGIN)
                except sqlite3.Error as error:
                    await self._wait_for_lock(session.driver, error)
                self._ends_with_turn = False
                self._changes = session.driver.total_changes
        except asyncio.CancelledError:
            self._end_soon()  # it may have been begun all the same
            raise
        except Exception as error:
            self._failures += 1
            self._failure = of_library(error, _BEGIN)
            raise self._failure from error
        if self._waiting:  # who is alone in it takes back all of it
            session.driver.execute(_SAVEPOINT)
        return session

    def _release(self, driver: DriverConnection) -> None:
        """Raises where SQLite has taken it back by itself, and whoever wrote has passed over that:
        nothing would be committed, and nobody told.
        """
        if self._waiting:
            driver.execute(_RELEASE)
        elif not driver.in_transaction:
            raise StoreUnreachable("SQLite has taken the transaction back")

    async def _wait_for_lock(self, driver: DriverConnection, error: sqlite3.Error) -> None:
        if not is_for_later(error):
            raise error
        await self._threads.wait_for_lock(driver, driver.execute, _BEGIN)

    def _take_back(self, session: SQLiteSession, error: BaseException) -> None:
        session.sync_session.close()
        session.info.clear()
        if not (session.driver.in_transaction and self._waiting):
            # nobody else is in it, or SQLite has taken it back by itself: the disk is full
            self._give_up(error)
            return
        try:
            session.driver.execute(_TAKE_BACK)
            session.driver.execute(_RELEASE)
        except sqlite3.Error as failure:
            self._give_up(failure)
        else:
            self._end_soon()

    async def _leave(self, session: SQLiteSession) -> asyncio.Future[None]:
        """Returns what the end of the transaction tells."""
        wishes, driver = set(session.info), session.driver
        session.info.clear()
        told = asyncio.get_running_loop().create_future()
        self._waiting.append((told, WITHOUT_DISK not in wishes))
        changed = driver.total_changes - self._changes
        at_once = not changed or (WITHOUT_DISK in wishes and not self._ends_soon)
        if changed > _MUCH:
            await self._commit_in_thread(driver)
        elif self._ends_with_turn or BEFORE_OTHERS in wishes or at_once:
            self._commit(driver)
        else:
            self._end_soon()
        if BEFORE_OTHERS in wishes:
            await told
        return told

    # ---------------------------------------------------------------- the end of a transaction

    def _end_soon(self) -> None:
        """Those who are ready in this round of the loop share it."""
        if not self._ends_soon:
            self._ends_soon = True
            asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        self._ends_soon = False
        if self._turn.locked():
            self._ends_with_turn = True
        elif self._opened is not None and self._opened.driver.in_transaction:
            self._commit(self._opened.driver)

    def _commit(self, driver: DriverConnection) -> None:
        try:
            driver.execute(_COMMIT)
        except sqlite3.Error as error:
            self._give_up(error)
        else:
            self._note_commit(driver)

    async def _commit_in_thread(self, driver: DriverConnection) -> None:
        try:
            await self._threads.run(driver.execute, _COMMIT)
        except sqlite3.Error as error:
            self._give_up(error)
        except asyncio.CancelledError as error:
            if driver.in_transaction:
                self._give_up(error)
            else:
                self._note_commit(driver)
            raise
        else:
            self._note_commit(driver)

    def _note_commit(self, driver: DriverConnection) -> None:
        changed = driver.total_changes - self._changes
        self._disk.written += bool(changed)
        waiting, self._waiting = self._waiting, []
        for told, for_disk in waiting:
            # who has changed nothing may have found what others wrote a moment ago
            self._disk.tell(self._disk.written if for_disk else 0, told)
        self._not_copied += changed
        if (self._not_copied >= _COPY_AFTER or self._disk.failed) and self._copying is None:
            self._copying = asyncio.create_task(self._copy_log())

    def _give_up(self, error: BaseException) -> None:
        """Take everything back. A connection that cannot even do that is closed; the next
        transaction opens another.
        """
        try:
            if self._opened is not None and self._opened.driver.in_transaction:
                self._opened.driver.execute(_ROLLBACK)
        except sqlite3.Error:
            self._close()
        self._tell_failure(error)

    def _tell_failure(self, error: BaseException) -> None:
        """Whoever was to be kept is told of it, in words that are about the database."""
        if isinstance(error, sqlite3.Error):
            error = of_library(error, _COMMIT)
        elif not isinstance(error, SQLAlchemyError):
            error = StoreUnreachable("the transaction was taken back")
        waiting, self._waiting = self._waiting, []
        for told, _ in waiting:
            if not told.done():
                told.set_exception(error)

    # ---------------------------------------------------------------- the log

    async def _copy_log(self) -> None:
        """Copy the log into the file; what readers still need of it stays until the next time."""
        async with self._turn:
            self._copying, self._not_copied = None, 0
            if self._opened is None:
                return
            driver = self._opened.driver
            if driver.in_transaction:
                self._commit(driver)
            try:
                if await self._threads.run(_copy_log, driver, all_of_it=self._disk.failed):
                    self._disk.note_copied()
            except (sqlite3.Error, RuntimeError) as error:
                log.warning("the log was not copied into the database's file: %s", error)
                if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_IOERR:
                    self._disk.fail(error)  # the system tells of what it has lost only once

    async def stop(self) -> None:
        """Close the connection once nothing is written any more: one that is closed under a thread
        ends the process.
        """
        if self._copying is not None:
            await asyncio.wait([self._copying])
        async with self._turn:
            if self._opened is not None and self._opened.driver.in_transaction:
                self._commit(self._opened.driver)
            with suppress(StoreUnreachable):  # whoever waits is told
                await self._disk.reached(patience=0)
            self._close()  # with it the log may go

    def _close(self) -> None:
        if self._opened is not None:
            self._opened.close_connection()
            self._opened = None
            self._disk.close_log()


def _copy_log(driver: DriverConnection, *, all_of_it: bool) -> bool:
    """Returns whether all of the log is in the file, and on the disk. Then it is begun anew as
    well: SQLite waits for the disk there.
    """
    how = "TRUNCATE" if all_of_it else "PASSIVE"
    ((waits, pages, copied),) = driver.execute(f"PRAGMA wal_checkpoint({how})")
    if waits or pages != copied:
        return False
    ((number,),) = driver.execute("PRAGMA user_version")
    driver.execute(f"PRAGMA user_version={number}")
    return True
