"""``INSERT … ON CONFLICT`` in the words of whichever database is in use."""

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession


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
