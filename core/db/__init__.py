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
from core.db.shared_writer import COMMIT_NOW
from core.db.statements import PreparedStatement, constant, insert_or
from core.db.together import Together
from core.db.types import BigId, Row, UTCDateTime

__all__ = [
    "COMMIT_NOW",
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
    "classify",
    "constant",
    "gave_way",
    "insert_or",
    "is_transient",
    "log_failure",
    "may_run_again",
    "was_broken_off",
]
