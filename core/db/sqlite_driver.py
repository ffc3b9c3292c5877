"""A dialect for aiosqlite that crosses to the database thread only with what may take long.

The stock one crosses three or four times for each statement, which is most of what a small unit of
work costs: SQLite has answered an ordinary statement before a crossing has begun. So here it is
asked on the spot, and the thread gets what waits for the disk or for somebody else: a commit that
has something to write, many rows at once, deletions, a lock that another process holds, and a query
that has run for ``STEPS`` (it is broken off and asked again over there). A cursor lives and dies
within one statement, so that a task cancelled in between leaves nothing open.

It builds on private parts of SQLAlchemy, which is why that is pinned; ``tests/actions/
test_database.py`` holds it.
"""

import collections
import sqlite3
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, Final

import aiosqlite
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite import aiosqlite as stock
from sqlalchemy.util.concurrency import await_

# Of SQLite's machine, about a millisecond: so long a query may hold up everybody else.
STEPS: Final = 20_000
MANY: Final = 50

_QUERIES: Final = ("SELECT", "WITH")
_LONG: Final = ("DELETE",)
_TIMEOUT: Final = "PRAGMA busy_timeout="


class _AtOnce(Awaitable[None]):
    """Nothing to wait for."""

    def __await__(self) -> Generator[None, None, None]:
        return
        yield


_AT_ONCE: Final = _AtOnce()


class _Cursor(stock.AsyncAdapt_aiosqlite_cursor):
    """Holds the rows of one statement, fetched together with its execution."""

    __slots__ = ("_description", "_lastrowid", "_rowcount")
    _awaitable_cursor_close = False
    arraysize = 1

    def __init__(self, connection: Any) -> None:
        self._adapt_connection = connection
        self._connection = connection._connection
        self._cursor: Any = None
        self._rows = collections.deque()
        self._description: Any = None
        self._rowcount = -1
        self._lastrowid = -1
        self._soft_closed_memoized: Any = {}

    @property
    def description(self) -> Any:
        return self._description

    @property
    def rowcount(self) -> int:
        return self._rowcount

    @property
    def lastrowid(self) -> int:
        return self._lastrowid

    async def _async_soft_close(self) -> None:
        return

    def close(self) -> None:
        self._rows.clear()

    def execute(self, operation: Any, parameters: Any = None) -> None:
        self._ask(False, operation, parameters)

    def executemany(self, operation: Any, seq_of_parameters: Sequence[Any]) -> None:
        self._ask(True, operation, seq_of_parameters)

    def _ask(self, many: bool, statement: str, parameters: Any) -> None:
        connection: Any = self._adapt_connection
        if statement.startswith(_TIMEOUT):
            connection.patience = int(statement.removeprefix(_TIMEOUT))
            await_(_AT_ONCE)
            return
        long = statement.startswith(_LONG) or (many and len(parameters) > MANY)
        try:
            if long:
                found = connection.cross(connection.work, many, statement, parameters)
            else:
                found = connection.on_the_spot(many, statement, parameters)
        except Exception as error:  # noqa: BLE001 the library's own way on
            connection._handle_exception(error)
        else:
            self._description, self._rowcount, self._lastrowid, rows = found
            self._rows = collections.deque(rows)


class Connection(stock.AsyncAdapt_aiosqlite_connection):
    """``opening`` begins a transaction. ``patience`` is for how many milliseconds a lock is waited
    for, over there; on the spot nobody waits.
    """

    __slots__ = ("_changes", "_crossing", "_hurried", "opening", "patience")
    _cursor_cls: Any = _Cursor

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self._hurried = False
        self._crossing: list[None] = []
        self._changes = 0
        self.opening = "BEGIN"
        self.patience = 5000
        connection._conn.execute(f"{_TIMEOUT}0").close()
        connection._conn.set_progress_handler(lambda: self._hurried, STEPS)

    def work(self, many: bool, statement: str, parameters: Any) -> Any:
        """Run a statement to its end: its description, count of rows, last id, and rows."""
        cursor = self._connection._conn.cursor()
        try:
            if many:
                cursor.executemany(statement, parameters)
            elif parameters is None:
                cursor.execute(statement)
            else:
                cursor.execute(statement, parameters)
            rows = cursor.fetchall() if cursor.description else ()
            return cursor.description, cursor.rowcount, cursor.lastrowid, rows
        finally:
            cursor.close()

    def on_the_spot(self, *asked: Any) -> Any:
        """Work here and now; over there after all, if it takes long or meets a lock."""
        found = self._at_once(*asked)
        if found is None:
            return self.cross(self._patiently, *asked)
        await_(_AT_ONCE)  # the library insists on something to wait for
        return found

    async def ask(self, many: bool, statement: str, parameters: Any) -> Any:
        """The same without the library, for whoever brings a statement that is ready to be run."""
        if many and len(parameters) > MANY:
            return await self._over_there(self.work, many, statement, parameters)
        found = self._at_once(many, statement, parameters)
        if found is None:
            return await self._over_there(self._patiently, many, statement, parameters)
        return found

    def _at_once(self, many: bool, statement: str, parameters: Any) -> Any:
        """What `work` gives; ``None`` where it cannot be had here and now."""
        raw = self._connection._conn
        if self._crossing:  # a task was cancelled while its statement runs on
            return None
        begun = raw.in_transaction
        self._hurried = statement.startswith(_QUERIES)
        try:
            return self.work(many, statement, parameters)
        except sqlite3.OperationalError as error:
            code = error.sqlite_errorcode & 0xFF
            broken_off = code == sqlite3.SQLITE_INTERRUPT and self._hurried
            locked = code == sqlite3.SQLITE_BUSY
            if not (broken_off or locked) or raw.in_transaction != begun:
                raise
            return None
        finally:
            self._hurried = False

    def _patiently(self, *asked: Any) -> Any:
        raw = self._connection._conn
        raw.execute(f"{_TIMEOUT}{self.patience}").close()
        try:
            return self.work(*asked)
        finally:
            raw.execute(f"{_TIMEOUT}0").close()

    def cross(self, work: Callable[..., Any], *asked: Any) -> Any:
        """Work in the database's thread."""
        return await_(self._over_there(work, *asked))

    def _over_there(self, work: Callable[..., Any], *asked: Any) -> Awaitable[Any]:
        def counted() -> Any:
            try:
                return work(*asked)
            finally:
                self._crossing.pop()

        self._crossing.append(None)
        found: Awaitable[Any] = self._connection._execute(counted)
        return found

    def begin(self) -> None:
        """Begin a transaction; the driver begins none by itself."""
        self.cursor().execute(self.opening)

    def commit(self) -> None:
        raw = self._connection._connection
        if raw is not None:
            self._finish(raw.commit, long=raw.total_changes != self._changes)

    def rollback(self) -> None:
        raw = self._connection._connection
        if raw is not None:
            self._finish(raw.rollback, long=False)

    def _finish(self, work: Callable[[], None], *, long: bool) -> None:
        try:
            if long or self._crossing:
                self.cross(work)
            else:
                work()
        except Exception as error:  # noqa: BLE001 the library's own way on
            self._handle_exception(error)
        self._changes = self._connection._conn.total_changes


class _Dbapi(stock.AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *args: Any, **options: Any) -> Connection:
        connection = super().connect(*args, **options)
        return Connection(self, connection._connection)


class OnTheSpotDialect(stock.SQLiteDialect_aiosqlite):
    """``sqlite+onthespot://``: aiosqlite without a thread where none is needed."""

    driver = "onthespot"
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> Any:
        """The adapted driver."""
        return _Dbapi(aiosqlite, sqlite3)

    def do_begin(self, dbapi_connection: Any) -> None:
        """Begin a transaction of the kind that the connection is for."""
        dbapi_connection.begin()


def register() -> None:
    """Make ``sqlite+onthespot`` known to SQLAlchemy."""
    registry.register("sqlite.onthespot", __name__, "OnTheSpotDialect")
