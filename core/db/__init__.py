"""The database: one declarative root, aware UTC times, engines for SQLite and PostgreSQL."""

from core.db.conflict import insert_or
from core.db.constants import constant
from core.db.engine import Database, DatabaseInUse, WrongDatabase
from core.db.straight import Straight
from core.db.trouble import is_store_trouble
from core.db.types import BigId, Row, UTCDateTime

__all__ = [
    "BigId",
    "Database",
    "DatabaseInUse",
    "Row",
    "Straight",
    "UTCDateTime",
    "WrongDatabase",
    "constant",
    "insert_or",
    "is_store_trouble",
]
