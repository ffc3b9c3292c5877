"""Statements that are asked for every message, handed to SQLite itself.

SQLAlchemy thinks about each run of a statement for many times as long as SQLite needs to answer it.
What is asked for every message is therefore compiled once; after that a run only converts its
parameters and its rows, by the rules of the columns' own types. On PostgreSQL it is run in the
library's usual way: the same statement, the same rows.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    String,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from core.db.sqlite_driver import SQLiteSession, of_library


def constant(word: str) -> ColumnElement[str]:
    """One of our own words, such as a state, as part of the statement's text.

    Only so does SQLite see that an index of certain rows holds what is asked for. With a parameter
    in its place it looks at every row, or thinks the statement over each time it is run.
    """
    if not word.isidentifier():
        raise ValueError(word)
    return literal_column(f"'{word}'", String())


def one_of(column: ColumnElement[str], name: str) -> Mapping[str, ColumnElement[bool]]:
    """For each database: the column is one of the texts of a JSON list, given as ``name``.

    A list of unknown length has the library think about the statement anew; this is one parameter.
    """
    texts = bindparam(name, type_=String())
    items = {
        "sqlite": func.json_each(texts),
        "postgresql": func.json_array_elements_text(cast(texts, JSON)),
    }
    return {
        database: column.in_(select(listed.table_valued("value").c.value))
        for database, listed in items.items()
    }


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
        if not isinstance(session, SQLiteSession):
            return (await session.execute(self._make(session), given)).all()
        plan = self._plan(session, given, many=False)
        cursor = await self._run(session, session.driver.execute, plan.text, plan.parameters(given))
        return [plan.row(row) for row in cursor.fetchall()]

    async def change(self, session: AsyncSession, given: Given | Sequence[Given]) -> int:
        """How many rows it has changed; a sequence of parameters is a run with each of them.

        Of a sequence PostgreSQL does not tell how many: -1.
        """
        if not isinstance(session, SQLiteSession):
            with session.no_autoflush if self._apart else nullcontext():
                done: Any = await session.execute(self._make(session), given)
            return int(done.rowcount)
        many = not isinstance(given, Mapping)
        each: Any = given if many else [given]
        plan = self._plan(session, each[0], many=many)
        sets = [plan.parameters(one) for one in each]
        if many:
            cursor = await self._run(session, session.driver.executemany, plan.text, sets)
        else:
            cursor = await self._run(session, session.driver.execute, plan.text, sets[0])
        return int(cursor.rowcount)

    def _plan(self, session: AsyncSession, given: Given, *, many: bool) -> _Plan:
        kind = (many, *given)
        plan = self._plans.get(kind)
        if plan is None:
            dialect = session.get_bind().dialect
            plan = _Plan(self._make(session), dialect, tuple(given), many=many)
            self._plans[kind] = plan
        return plan

    async def _run(
        self, session: SQLiteSession, work: Callable[..., Any], text: str, parameters: Any
    ) -> Any:
        if not self._apart:
            session.sync_session.flush()  # as the library does before it asks
        try:
            return await session.ask(work, text, parameters)
        except sqlite3.Error as error:
            raise of_library(error, text) from error
