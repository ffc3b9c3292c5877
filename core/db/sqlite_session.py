"""SQLAlchemy's session over SQLite's own connection: rows are read and written by plans.

Each row is one object, and its attributes know what has changed of it. Reading a row by its key,
and writing what has changed, is done here: the library needs many times as long for it. Queries
that nobody prepared are the library's. Until one is asked its session knows of no row at all; then
it is handed those that are known, and keeps them.
"""

import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Connection, Delete, inspect
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, make_transient, make_transient_to_detached
from sqlalchemy.orm.attributes import (
    get_history,
    instance_dict,
    instance_state,
    set_committed_value,
)
from sqlalchemy.orm.exc import StaleDataError

from core.db.plans import Given, Plan, Record, record_of
from core.db.sqlite_driver import Threads, driver_of, is_for_later, of_library

R = TypeVar("R")

MANY: Final = 50


class _Library(Session):
    """SQLAlchemy's own session, which knows of no row until it is asked something.

    ``rows``: by their models and keys, those that it has not been told of. ``is_told``: it has
    been asked something, so it may keep rows of its own.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.rows: dict[tuple[type, tuple[Any, ...]], Any] = {}
        self.is_told = False

    def told(self) -> "_Library":
        """Itself, once it keeps all rows that are known."""
        self.is_told = True
        rows = list(self.rows.values())
        self.rows.clear()
        for row in rows:
            self._take(row)
        return self

    def _take(self, row: Any) -> None:
        """What is not written yet counts as changed here, too."""
        values = instance_dict(row)
        changed = {name: values[name] for name in _changed(row)}
        values.update({name: next(iter(get_history(row, name).deleted)) for name in changed})
        make_transient_to_detached(row)
        self.add(row)
        for name, value in changed.items():
            setattr(row, name, value)

    def close(self) -> None:
        """Forget all rows, and what it has begun."""
        self.rows.clear()
        if self.is_told:
            self.is_told = False
            super().close()


class SQLiteSession(AsyncSession):
    """A session whose statements are run here and now, or in a thread if they take long.

    Whoever makes it has begun a transaction of the connection, and ends it.
    """

    def __init__(self, connection: Connection, threads: Threads) -> None:
        super().__init__(bind=None, expire_on_commit=False, sync_session_class=_Library)
        self.sync_session.bind = connection
        self._library = cast(_Library, self.sync_session)
        self._rows = self._library.rows
        self.driver = driver_of(connection)
        self.close_connection = connection.close
        self._threads = threads

    async def ask(
        self, work: Callable[..., R], statement: Any, given: Any = None, **options: Any
    ) -> R:
        """What ``work`` answers to the statement. Raises the library's errors."""
        try:
            try:
                self.driver.in_a_hurry = True
                return work(statement, given, **options)
            except (OperationalError, sqlite3.OperationalError) as error:
                if not is_for_later(error):
                    raise
            finally:
                self.driver.in_a_hurry = False
            return await self._threads.wait_for_lock(self.driver, work, statement, given, **options)
        except sqlite3.Error as error:
            raise of_library(error, str(statement)) from error

    # ---------------------------------------------------------------- plans

    async def rows(self, plan: Plan, given: Given, *, apart: bool) -> list[tuple[Any, ...]]:
        """The rows that it finds, or returns; not ``apart``: what has changed is written first."""
        if not apart:
            await self.flush()
        cursor = await self.ask(self.driver.execute, plan.text, plan.parameters(given))
        return [plan.row(row, self._keep) for row in cursor.fetchall()]

    async def change(self, plan: Plan, given: Given | Sequence[Given], *, apart: bool) -> int:
        """How many rows it has changed; a sequence of parameters is a run with each of them."""
        if not apart:
            await self.flush()
        if isinstance(given, Mapping):
            cursor = await self.ask(self.driver.execute, plan.text, plan.parameters(given))
        else:
            sets = [plan.parameters(one) for one in given]
            cursor = await self.ask(self.driver.cursor().executemany, plan.text, sets)
        return int(cursor.rowcount)

    # ---------------------------------------------------------------- the library's ways

    async def execute(self, statement: Any, params: Any = None, **options: Any) -> Any:
        """Run a statement."""
        if self.autoflush:
            await self.flush()
        work: Callable[..., Any] = self._library.told().execute
        if isinstance(statement, Delete) or (isinstance(params, list) and len(params) > MANY):
            return await self._threads.run(work, statement, params, **options)
        return await self.ask(work, statement, params, **options)

    async def scalars(self, statement: Any, params: Any = None, **options: Any) -> Any:
        """Run a statement and return the first column."""
        return (await self.execute(statement, params, **options)).scalars()

    async def scalar(self, statement: Any, params: Any = None, **options: Any) -> Any:
        """Run a statement and return its first value."""
        return (await self.execute(statement, params, **options)).scalar()

    def add(self, instance: object, *, _warn: bool = True) -> None:
        """Write a new row with the next that is written."""
        self._library.told().add(instance)

    def add_all(self, instances: Iterable[object]) -> None:
        """Write new rows with the next that is written."""
        self._library.told().add_all(instances)

    async def delete(self, instance: object) -> None:
        """Delete a row with the next that is written."""
        self._library.told().delete(instance)

    async def merge(self, instance: Any, **options: Any) -> Any:
        """Write a row over the one with its key."""
        return self._library.told().merge(instance, **options)

    def expire_all(self) -> None:
        """Read all rows anew."""
        self._library.told().expire_all()

    @property  # type: ignore[misc]
    def identity_map(self) -> Any:
        """The rows that are known."""
        return self._library.told().identity_map

    # ---------------------------------------------------------------- rows as objects

    async def get(self, entity: Any, ident: Any, **options: Any) -> Any:
        """A row by its key, if there is one; ``populate_existing`` and ``with_for_update`` read it
        anew.
        """
        record = record_of(entity)
        key = ident if isinstance(ident, tuple) else (ident,)
        anew = bool(options.get("populate_existing") or options.get("with_for_update"))
        known = None if anew else self.known(entity, ident)
        if known is not None:
            return known
        if anew or (self._library.is_told and self._library.new):
            await self.flush()
        plan, which = record.select, record.which(key)
        cursor = await self.ask(self.driver.execute, plan.text, plan.parameters(which))
        keep = partial(self._keep, anew=anew)
        found = [plan.row(row, keep)[0] for row in cursor.fetchall()]
        return found[0] if found else None

    def known(self, entity: Any, ident: Any) -> Any:
        """The same, if it has been read or written already and nothing of it must be read again."""
        row = self._known(record_of(entity), ident if isinstance(ident, tuple) else (ident,))
        return None if row is None or instance_state(row).expired_attributes else row

    def _known(self, record: Record, key: tuple[Any, ...]) -> Any:
        row = self._rows.get((record.model, key))
        if row is None and self._library.is_told:
            row = self._library.identity_map.get(record.identity(key))
        return row

    def _keep(self, record: Record, values: Sequence[Any], *, anew: bool = False) -> object:
        """The object of a row; one that is known stays as it is, unless it is to be read anew."""
        key = tuple([values[at] for at in record.key_at])
        if None in key:  # nothing was joined
            return None
        known = self._known(record, key)
        if known is None:
            known = self._rows[record.model, key] = record.new_object()
            instance_dict(known).update(zip(record.columns, values, strict=True))
        elif anew or (outdated := instance_state(known).expired_attributes):
            for name, value in zip(record.columns, values, strict=True):
                if anew or name in outdated:
                    set_committed_value(known, name, value)
        return known

    async def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Write what has changed; what is out of the ordinary is left to the library."""
        library = self._library
        changed = [(key, row) for (_, key), row in self._rows.items() if library.is_modified(row)]
        if changed and not await self._update(changed):
            library.told()  # a key has changed
        if not library.is_told:
            return
        if not (library.identity_map.check_modified() or library.new or library.deleted):
            return
        if not library.deleted:
            await self._update([(inspect(row).identity, row) for row in library.dirty])
            for row in library.new:
                library.expunge(row)
                await self._insert(row)
        library.flush(objects)

    async def insert(self, rows: Iterable[Any]) -> None:
        """Write those of these rows that are new, after what has changed."""
        await self.flush()
        for row in rows:
            if instance_state(row).transient and not self._is_aside(row):
                await self._insert(row)

    def _is_aside(self, row: Any) -> bool:
        """It is written already, and the library has not been told of it."""
        key = tuple([instance_dict(row).get(name) for name in record_of(row.__class__).key])
        return self._rows.get((row.__class__, key)) is row

    async def _update(self, rows: Iterable[tuple[Any, Any]]) -> bool:
        """Write rows with these keys; those of which the same columns have changed are written
        together. False: the key of some has changed, and these were not.
        """
        alike = defaultdict(list)
        for key, row in rows:
            alike[row.__class__, _changed(row)].append((key, row))
        is_whole = True
        for (model, changed), group in alike.items():
            record = record_of(model)
            if not set(changed).isdisjoint(record.key):
                is_whole = False
                continue
            if changed:
                await self._write_changes(record, changed, group)
            for key, row in group:
                instance_dict(row).update(zip(record.key, key, strict=True))
                self._note_written(row)
        return is_whole

    def _note_written(self, row: Any) -> None:
        """The object is as the database has it, whoever keeps it."""
        is_kept = instance_state(row).persistent
        if is_kept:
            make_transient(row)
        make_transient_to_detached(row)
        if is_kept:
            self._library.add(row)
        else:
            make_transient(row)

    async def _write_changes(
        self, record: Record, changed: Sequence[str], rows: Sequence[tuple[Any, Any]]
    ) -> None:
        plan = record.update(changed)
        sets = [plan.parameters(instance_dict(row) | record.which(key)) for key, row in rows]
        cursor = await self.ask(self.driver.cursor().executemany, plan.text, sets)
        if cursor.rowcount != len(rows):
            raise StaleDataError(f"a row of {record.model.__name__} is none any more")

    async def _insert(self, row: Any) -> None:
        record = record_of(row.__class__)
        mine = instance_dict(row)
        values = record.defaults | mine
        plan = record.insert(tuple([name for name in record.key if values[name] is None]))
        cursor = await self.ask(self.driver.execute, plan.text, plan.parameters(values))
        (key,) = cursor.fetchall()
        mine.update(values)
        mine.update(zip(record.key, key, strict=True))
        self._rows[record.model, tuple(key)] = row
        if self._library.is_modified(row):
            self._note_written(row)

    # ---------------------------------------------------------------- a part of a transaction

    @asynccontextmanager
    async def begin_nested(self) -> AsyncIterator[None]:  # type: ignore[override]
        """What is changed in this block is taken back if it raises, of objects as well."""
        await self.flush()
        known = list(self.identity_map.values())
        self.driver.execute("SAVEPOINT part")
        try:
            yield
            await self.flush()
        except BaseException:
            if self.driver.in_transaction:
                self.driver.execute("ROLLBACK TO part")
            self._forget_all_but(known)
            raise
        finally:
            if self.driver.in_transaction:
                self.driver.execute("RELEASE part")

    def _forget_all_but(self, known: Sequence[Any]) -> None:
        """Those that were known before are read anew; the others are none any more."""
        before, library = {id(row) for row in known}, self._library.told()
        for row in [*library.new, *library.identity_map.values()]:
            if id(row) not in before:
                library.expunge(row)
        library.expire_all()


def _changed(row: Any) -> tuple[str, ...]:
    """The names of the columns of which the row's object has another value than the database."""
    unmodified = inspect(row).unmodified
    return tuple(
        name
        for name in record_of(row.__class__).columns
        if name not in unmodified and get_history(row, name).has_changes()
    )
