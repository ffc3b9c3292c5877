"""The database: one declarative root, aware UTC times, engines for SQLite and PostgreSQL."""

from core.db.engine import Database, DatabaseInUse, WrongDatabase
from core.db.errors import Fault, StoreUnreachable, classify, is_transient, may_run_again
from core.db.statements import PreparedStatement, constant, insert_or
from core.db.types import BigId, Row, UTCDateTime

__all__ = [
    "BigId",
    "Database",
    "DatabaseInUse",
    "Fault",
    "PreparedStatement",
    "Row",
    "StoreUnreachable",
    "UTCDateTime",
    "WrongDatabase",
    "classify",
    "constant",
    "insert_or",
    "is_transient",
    "may_run_again",
]
