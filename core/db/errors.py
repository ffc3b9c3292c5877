"""Whose fault a failure is: the store's, which will be back, or the statement's, which will not."""

import socket
import sqlite3
from typing import Final

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# SQLite says the same kind of error for a locked file and for a query it does not understand.
_SQLITE_TROUBLE: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)


class DatabaseInUse(Exception):
    """Another process writes to this database."""


def is_transient(error: BaseException) -> bool:
    """The store is locked, full or out of reach: nobody's update is to blame (R18, R19)."""
    if isinstance(error, PoolTimeout | ConnectionError | socket.gaierror):
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    if not isinstance(error.orig, sqlite3.Error):
        return True
    # the lowest byte is the kind, the others say more about it
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _SQLITE_TROUBLE
