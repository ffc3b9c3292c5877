"""Statements that are asked for every message, handed to SQLite itself.

SQLAlchemy thinks about each run of a statement for many times as long as SQLite needs to answer it.
What is asked for every message is therefore compiled once; after that a run only converts its
parameters and its rows, by the rules of the columns' own types. On PostgreSQL, and while somebody
listens to what is asked, it is run in the library's usual way: the same statement, the same rows.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, String, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from core.db.sqlite_driver import Connection


def constant(word: str) -> ColumnElement[str]:
    """One of our own words, such as a state, as part of the statement's text.

    Only so does SQLite see that an index of certain rows holds what is asked for. With a parameter
    in its place it looks at every row, or thinks the statement over each time it is run.
    """
    if not word.isidentifier():
        raise ValueError(word)
    return literal_column(f"'{word}'", String())


def insert_or(session: AsyncSession, table: Any) -> Any:
    """An insert with ``on_conflict_do_update`` and ``on_conflict_do_nothing``."""
    return _insert_of(session)(table)


def prepared(build: Callable[[Callable[[Any], Any]], Any]) -> Callable[[AsyncSession], Any]:
    """A statement that is built once for each database: ``build`` is handed its ``insert``."""
    built = cache(build)
    return lambda session: built(_insert_of(session))


def _insert_of(session: AsyncSession) -> Callable[[Any], Any]:
    sqlite_s = session.get_bind().dialect.name == "sqlite"
    return sqlite.insert if sqlite_s else postgresql.insert


Given = Mapping[str, Any]
_OURS: Final = "prepared"


@dataclass(frozen=True, slots=True)
class _Bind:
    """A parameter: its name where it must be given, and what it is otherwise."""

    name: str
    required: bool
    usual: Any
    convert: Callable[[Any], Any] | None

    def of(self, given: Given) -> Any:
        value = given[self.name] if self.required else given.get(self.name, self.usual)
        return value if self.convert is None else self.convert(value)


def _bind(bind: Any, dialect: Any) -> _Bind:
    convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
    return _Bind(bind.key, bind.required, bind.effective_value, convert)


class _Plan:
    """A statement in SQLite's words."""

    def __init__(self, statement: Any, dialect: Any, keys: Sequence[str], *, many: bool) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(keys), for_executemany=many)
        left_to_the_library = (
            compiled.post_compile_params,
            getattr(compiled, "insert_prefetch", ()),
            getattr(compiled, "update_prefetch", ()),
        )
        if any(left_to_the_library):
            raise ValueError(f"not a statement that can be prepared: {statement}")
        self.text = str(compiled)
        named = {name: _bind(bind, dialect) for bind, name in compiled.bind_names.items()}
        self._binds = [named[name] for name in compiled.positiontup or ()]
        self._columns = [
            column.type.dialect_impl(dialect).result_processor(dialect, None)
            for column in statement.exported_columns
        ]
        self._plain = not any(self._columns)

    def parameters(self, given: Given) -> tuple[Any, ...]:
        return tuple([bind.of(given) for bind in self._binds])

    def row(self, found: tuple[Any, ...]) -> tuple[Any, ...]:
        if self._plain:
            return found
        pairs = zip(found, self._columns, strict=True)
        return tuple([value if read is None else read(value) for value, read in pairs])


class PreparedStatement:
    """A statement, or what makes one for a session's database (`core.db.statements.prepared`).

    It has no list of unknown length among its parameters, and names every column that it writes.
    ``apart``: it has nothing to do with what the session has changed and not written yet, so that
    may wait, and be written once with what changes later.
    """

    def __init__(self, statement: Any, *, apart: bool = False) -> None:
        self._make = statement if callable(statement) else lambda _session: statement
        self._apart = apart
        self._plans: dict[tuple[object, ...], _Plan] = {}

    async def rows(self, session: AsyncSession, given: Given) -> Sequence[Sequence[Any]]:
        """The rows that it finds, or that it returns of those it has changed."""
        driver = await _driver_of(session)
        if driver is None:
            return (await session.execute(self._make(session), given)).all()
        plan = self._plan(session, given, many=False)
        found = await self._run(session, driver, plan, plan.parameters(given), many=False)
        return [plan.row(row) for row in found[-1]]

    async def change(self, session: AsyncSession, given: Given | Sequence[Given]) -> int:
        """How many rows it has changed; a sequence of parameters is a run with each of them.

        Of a sequence PostgreSQL does not tell how many: -1.
        """
        driver = await _driver_of(session)
        if driver is None:
            with session.no_autoflush if self._apart else nullcontext():
                done: Any = await session.execute(self._make(session), given)
            return int(done.rowcount)
        many = not isinstance(given, Mapping)
        each: Any = given if many else [given]
        plan = self._plan(session, each[0], many=many)
        sets = [plan.parameters(one) for one in each]
        found = await self._run(session, driver, plan, sets if many else sets[0], many=many)
        return int(found[1])

    def _plan(self, session: AsyncSession, given: Given, *, many: bool) -> _Plan:
        kind = (many, *given)
        plan = self._plans.get(kind)
        if plan is None:
            dialect = session.get_bind().dialect
            plan = _Plan(self._make(session), dialect, tuple(given), many=many)
            self._plans[kind] = plan
        return plan

    async def _run(
        self, session: AsyncSession, driver: Connection, plan: _Plan, parameters: Any, *, many: bool
    ) -> Any:
        if not self._apart and not session.sync_session._is_clean():
            await session.flush()  # as the library does before it asks
        try:
            return await driver.ask(many, plan.text, parameters)
        except sqlite3.Error as error:
            dialect = session.get_bind().dialect
            raise DBAPIError.instance(
                plan.text, parameters, error, sqlite3.Error, dialect=dialect
            ) from error


async def _driver_of(session: AsyncSession) -> Connection | None:
    """SQLite's connection in the session's transaction; ``None``: the library is to ask."""
    if _OURS not in session.info:
        session.info[_OURS] = _unwatched(await session.connection())
    found: Connection | None = session.info[_OURS]
    return found


def _unwatched(connection: AsyncConnection) -> Connection | None:
    ours: Any = connection.sync_connection
    if ours.dispatch.before_cursor_execute:
        return None
    driver = ours.connection.dbapi_connection
    return driver if isinstance(driver, Connection) else None
