"""What one test has had compiled serves the next.

Nearly every test has a database of its own, and with it an engine, which compiles each statement
anew: a fifth of what a conversation costs. A desk has one engine for its whole life.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from core.db.sqlite import SQLiteFile
from core.db.sqlite_driver import Listener

# more than the whole suite asks: none is compiled twice
STATEMENTS: Final = 20_000


def share_statements() -> None:
    """From now on all engines of SQLite files have the statements of one."""
    shared = create_engine("sqlite://", query_cache_size=STATEMENTS)
    with shared.connect():
        pass  # only now does its dialect know the library's version
    shared.dispose()
    begin = SQLiteFile.__init__

    def begin_sharing(file: SQLiteFile, url: URL, listeners: Sequence[Listener]) -> None:
        begin(file, url, listeners)
        file._engine.dialect = shared.dialect
        file._engine._compiled_cache = shared._compiled_cache

    SQLiteFile.__init__ = begin_sharing  # type: ignore[assignment]
