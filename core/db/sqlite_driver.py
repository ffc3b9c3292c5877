"""SQLite asked in the event loop's thread: its connection.

SQLite has answered an ordinary statement before a switch to another thread would have begun. So it
is asked here and now, and a thread gets what may take long: a query that has run for ``STEPS`` (it
is broken off and asked again there), a lock that another process holds, many rows at once,
deletions. A cursor reads its rows together with its execution, so nothing stays open between two
statements, and a caller who is cancelled leaves nothing half asked.
"""

import asyncio
import math
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any, Final, ParamSpec, TypeVar, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

P = ParamSpec("P")
R = TypeVar("R")
Listener = Callable[[str, Any], None]

# Of SQLite's machine, about half a millisecond: a query that has run for so long, and at most for
# twice as long, is broken off, that it may not hold up everybody else.
STEPS: Final = 20_000
MANY: Final = 50
# Milliseconds for which a lock of another process is waited for, in a thread.
PATIENCE: Final = 5000
_QUERIES: Final = ("SELECT", "WITH")
_LATER: Final = frozenset({sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY})


class _Cursor(sqlite3.Cursor):
    """Reads all rows of a statement at once."""

    _found: Iterator[Any]

    def execute(self, sql: str, parameters: Any = (), /) -> "_Cursor":
        connection = cast(DriverConnection, self.connection)
        for listener in connection.listeners:
            listener(sql, parameters)
        connection.may_break_off = connection.in_a_hurry and sql.startswith(_QUERIES)
        connection.passed = 0
        try:
            super().execute(sql, parameters)
            self._found = iter(super().fetchall() if self.description else ())
        finally:
            connection.may_break_off = False
        return self

    def executemany(self, sql: str, parameters: Any, /) -> "_Cursor":
        for listener in cast(DriverConnection, self.connection).listeners:
            listener(sql, parameters)
        super().executemany(sql, parameters)
        self._found = iter(())
        return self

    def fetchone(self) -> Any:
        return next(self._found, None)

    def fetchmany(self, size: int | None = 1) -> list[Any]:
        return list(islice(self._found, size or 1))

    def fetchall(self) -> list[Any]:
        return list(self._found)

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        return self._found


class DriverConnection(sqlite3.Connection):
    """A connection to the file. ``in_a_hurry``: a query that takes long is broken off, and asked
    again in a thread; ``broken_off_at``: monotonic seconds after which nothing is; ``listeners``
    hear of each statement with its parameters.
    """

    listeners: Sequence[Listener] = ()
    in_a_hurry = False
    may_break_off = False
    passed = 0
    broken_off_at = math.inf

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.set_progress_handler(self._breaks_off, STEPS)

    def _breaks_off(self) -> bool:
        # SQLite counts a statement's steps over all its runs: this run has begun in between
        self.passed += 1
        takes_long = self.may_break_off and self.passed > 1
        return takes_long or time.monotonic() >= self.broken_off_at

    def cursor(self, factory: Any = _Cursor) -> Any:
        """A cursor that leaves nothing open."""
        return super().cursor(factory)

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """Run a statement with a cursor of ours: sqlite3's own way would break nothing off."""
        return self.cursor().execute(sql, parameters)

    def commit(self) -> None:
        """Nothing: who holds the connection says where its transactions begin and end."""

    def rollback(self) -> None:
        """Nothing, as well."""


def driver_of(connection: Connection) -> DriverConnection:
    """SQLite's own connection behind the library's."""
    return cast(DriverConnection, connection.connection.driver_connection)


class _Errand:
    """Work that a thread does, and the future of who waits for it in the loop. It takes one round
    of the loop to tell them; asyncio's chain of futures, with a shield, takes three.
    """

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._loop = asyncio.get_running_loop()
        self._is_over = False
        self._is_given_up = False
        self.told: asyncio.Future[Any] = self._loop.create_future()

    def do(self) -> None:
        """Do it, in the thread."""
        result, error = None, None
        try:
            result = self._work()
        except BaseException as caught:  # noqa: BLE001 who waits is told
            error = caught
        with suppress(RuntimeError):  # a loop that is closed has nobody waiting
            self._loop.call_soon_threadsafe(self._end, result, error)

    def _end(self, result: Any, error: BaseException | None) -> None:
        self._is_over = True
        if self.told.done():
            return
        if error is None or self._is_given_up:
            self.told.set_result(result)
        else:
            self.told.set_exception(error)

    async def outlast(self) -> None:
        """Wait until it is over, whatever comes of it; whoever stops the process may ask more than
        once.
        """
        self._is_given_up = True
        while not self._is_over:
            self.told = self._loop.create_future()
            with suppress(asyncio.CancelledError):
                await self.told


class Threads:
    """Where what takes long is done."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def run(self, work: Callable[P, R], *args: P.args, **options: P.kwargs) -> R:
        """Run it in a thread. Who is cancelled waits until it is over: it holds the connection."""
        errand = _Errand(partial(work, *args, **options))
        self._executor.submit(errand.do)
        try:
            return cast(R, await errand.told)
        except asyncio.CancelledError:
            await errand.outlast()
            raise

    async def wait_for_lock(
        self, driver: DriverConnection, work: Callable[P, R], *args: P.args, **options: P.kwargs
    ) -> R:
        """The same, where a lock may have to be waited for."""

        def patiently() -> R:
            driver.execute(f"PRAGMA busy_timeout={PATIENCE}")
            try:
                return work(*args, **options)
            finally:
                driver.execute("PRAGMA busy_timeout=0")

        return await self.run(patiently)


def is_for_later(error: BaseException | None) -> bool:
    """The statement was broken off, or met a lock."""
    if isinstance(error, OperationalError):
        error = error.orig
    code = error.sqlite_errorcode if isinstance(error, sqlite3.OperationalError) else 0
    return code & 0xFF in _LATER


def of_library(error: Exception, statement: str) -> Exception:
    """The error as the library tells of it."""
    if not isinstance(error, sqlite3.Error):
        return error
    return DBAPIError.instance(statement, None, error, sqlite3.Error)
