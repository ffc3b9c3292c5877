"""The database: one declarative root, aware UTC times, engines for SQLite and PostgreSQL."""

from core.db.engine import Database, WrongDatabase
from core.db.errors import (
    DatabaseInUse,
    Fault,
    StoreUnreachable,
    classify,
    gave_way,
    is_transient,
    log_failure,
    may_run_again,
    was_broken_off,
)
from core.db.statements import (
    PreparedStatement,
    asked_of_each,
    constant,
    insert_or,
    known_row,
)
from core.db.together import Together
from core.db.types import BigId, Row, UTCDateTime
from core.db.writer import BEFORE_OTHERS, WITHOUT_DISK

__all__ = [
    "BEFORE_OTHERS",
    "WITHOUT_DISK",
    "BigId",
    "Database",
    "DatabaseInUse",
    "Fault",
    "PreparedStatement",
    "Row",
    "StoreUnreachable",
    "Together",
    "UTCDateTime",
    "WrongDatabase",
    "asked_of_each",
    "classify",
    "constant",
    "gave_way",
    "insert_or",
    "is_transient",
    "known_row",
    "log_failure",
    "may_run_again",
    "was_broken_off",
]
