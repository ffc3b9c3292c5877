"""Statements that are asked for every message, handed to SQLite itself.

They are compiled once (`core.db.plans`). On PostgreSQL they are run in the library's usual way: the
same statement, the same rows.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Select,
    String,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.orm.util import identity_key

from core.db.plans import Given, Plan
from core.db.sqlite_session import SQLiteSession

R = TypeVar("R")


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
    return {database: column.in_(select(value)) for database, value in _listed(name).items()}


def one_of_numbers(column: Any, name: str) -> Mapping[str, ColumnElement[bool]]:
    """The same of numbers."""
    listed = _listed(name)
    return {
        "sqlite": column.in_(select(listed["sqlite"])),
        "postgresql": column.in_(select(cast(listed["postgresql"], BigInteger))),
    }


def _listed(name: str) -> Mapping[str, ColumnElement[str]]:
    texts = bindparam(name, type_=String())
    items = {
        "sqlite": func.json_each(texts),
        "postgresql": func.json_array_elements_text(cast(texts, JSON)),
    }
    return {database: listed.table_valued("value").c.value for database, listed in items.items()}


def for_each_database(build: Callable[[str], Any]) -> Callable[[AsyncSession], Any]:
    """A statement that is built for each database, whose name ``build`` is handed."""
    built = {database: build(database) for database in ("sqlite", "postgresql")}
    return lambda session: built[session.get_bind().dialect.name]


def asked_of_each(rows: Select[Any]) -> ColumnElement[bool]:
    """Build the condition that there is any of these ``rows``, to be asked of each row that comes
    along an index.

    PostgreSQL makes a join of an EXISTS; where it expects that few of very many fit in both, it
    reads all that fit in one. It leaves alone what has an OFFSET.
    """
    return rows.offset(literal_column("0")).exists()


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


def known_row(session: AsyncSession, model: type[R], key: Any) -> R | None:
    """The row with this key, if the session has read or written it."""
    if isinstance(session, SQLiteSession):
        found: R | None = session.known(model, key)
        return found
    row = session.sync_session.identity_map.get(identity_key(model, key))
    return None if row is None or instance_state(row).expired_attributes else row


async def insert_rows(session: AsyncSession, rows: Sequence[object]) -> None:
    """Write new rows at once, after what the session has changed."""
    if isinstance(session, SQLiteSession):
        await session.insert(rows)
    else:
        session.add_all(rows)
        await session.flush()


async def count_each(session: AsyncSession, queries: Sequence[Any]) -> list[int]:
    """How many rows each of the queries has. PostgreSQL is asked once: to ask takes longer than to
    count. SQLite is asked for each: it answers here and now what takes few steps, and all of them
    together do not.
    """
    counts = [select(func.count()).select_from(one.subquery()) for one in queries]
    if isinstance(session, SQLiteSession):
        return [int(await session.scalar(one) or 0) for one in counts]
    together = select(*(one.scalar_subquery() for one in counts))
    return [int(one) for one in (await session.execute(together)).one()]


class PreparedStatement:
    """A statement, or what makes one for a session's database (`core.db.statements.prepared`).

    It has no list of unknown length among its parameters, and names every column that it writes.
    ``apart``: it has nothing to do with what the session has changed and not written yet, so that
    may wait, and be written once with what changes later.
    """

    def __init__(self, statement: Any, *, apart: bool = False) -> None:
        self._make = statement if callable(statement) else lambda _session: statement
        self._apart = apart
        self._plans: dict[tuple[object, ...], Plan] = {}

    async def rows(self, session: AsyncSession, given: Given) -> Sequence[Sequence[Any]]:
        """The rows that it finds, or that it returns of those it has changed."""
        if not isinstance(session, SQLiteSession):
            return (await session.execute(self._make(session), given)).all()
        return await session.rows(self._plan(session, given), given, apart=self._apart)

    async def first(self, session: AsyncSession, given: Given) -> Any:
        """The first value of the first row, if there is one."""
        rows = await self.rows(session, given)
        return rows[0][0] if rows else None

    async def change(self, session: AsyncSession, given: Given | Sequence[Given]) -> int:
        """How many rows it has changed; a sequence of parameters is a run with each of them.

        Of a sequence PostgreSQL does not tell how many: -1.
        """
        if not isinstance(session, SQLiteSession):
            with session.no_autoflush if self._apart else nullcontext():
                done: Any = await session.execute(self._make(session), given)
            return int(done.rowcount)
        first = given if isinstance(given, Mapping) else given[0]
        plan = self._plan(session, first, many=first is not given)
        return await session.change(plan, given, apart=self._apart)

    def _plan(self, session: AsyncSession, given: Given, *, many: bool = False) -> Plan:
        kind = (many, *given)
        plan = self._plans.get(kind)
        if plan is None:
            plan = self._plans[kind] = Plan(self._make(session), tuple(given), many=many)
        return plan
