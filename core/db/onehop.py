"""A dialect for aiosqlite that crosses to the database thread once per statement.

The stock one crosses three or four times (cursor, execute, fetch, close), which is most of what a
small unit of work costs, and a task cancelled in between leaves a cursor that keeps the database
locked. Here the cursor lives and dies inside one crossing. It builds on private parts of
SQLAlchemy, which is why that is pinned; ``tests/actions/test_database.py`` holds it.
"""

import collections
import sqlite3
from collections.abc import Sequence
from typing import Any

import aiosqlite
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite import aiosqlite as stock


class _Cursor(stock.AsyncAdapt_aiosqlite_cursor):
    """Holds the rows of one statement, all of them fetched in the same crossing."""

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

    def _work(self, many: bool, statement: str, parameters: Any) -> Any:
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

    async def _cross(self, many: bool, statement: str, parameters: Any) -> None:
        async with self._adapt_connection._execute_mutex:
            found = await self._connection._execute(self._work, many, statement, parameters)
        self._description, self._rowcount, self._lastrowid, rows = found
        self._rows = collections.deque(rows)

    async def _execute_async(self, statement: str, parameters: Any) -> None:
        await self._cross(False, statement, parameters)

    async def _executemany_async(self, statement: str, parameters: Sequence[Any]) -> None:
        await self._cross(True, statement, parameters)


class _Connection(stock.AsyncAdapt_aiosqlite_connection):
    __slots__ = ()
    _cursor_cls: Any = _Cursor


class _Dbapi(stock.AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *args: Any, **options: Any) -> _Connection:
        connection = super().connect(*args, **options)
        return _Connection(self, connection._connection)


class OneHopDialect(stock.SQLiteDialect_aiosqlite):
    """``sqlite+onehop://``: aiosqlite with one thread crossing per statement."""

    driver = "onehop"
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> Any:
        """The adapted driver."""
        return _Dbapi(aiosqlite, sqlite3)


def register() -> None:
    """Make ``sqlite+onehop`` known to SQLAlchemy."""
    registry.register("sqlite.onehop", __name__, "OneHopDialect")
