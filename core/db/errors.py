"""Classifies database errors: transient ones, which pass by themselves, and faults of a statement.

One table for both databases. Everybody who has to decide asks :func:`classify`.
"""

import logging
import sqlite3
from enum import Enum, auto
from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class Fault(Enum):
    """What kind of failure it is."""

    STORE = auto()
    """The store is locked, full, starting or out of reach: whoever asked waits (R18, R19)."""

    REFUSED = auto()
    """The store does not let us in: whoever asked waits, until somebody mends the settings."""

    RACE = auto()
    """Somebody else was first; running the action again from the start helps."""

    DUPLICATE = auto()
    """Somebody else has made the same row; running the action again may help, once."""

    STATEMENT = auto()
    """The database does not accept what was asked, and will not."""

    OTHER = auto()
    """No failure of the database."""


class DatabaseInUse(Exception):
    """Another process writes to this database."""


class StoreUnreachable(ConnectionError):
    """No connection to the database's server could be made."""


# PostgreSQL: the first of these that the SQLSTATE begins with.
_SQLSTATES: Final = (
    ("08", Fault.STORE),  # the connection was lost
    ("25006", Fault.STORE),  # read-only: a standby, or a primary that is being moved
    ("28", Fault.REFUSED),  # wrong user or password
    ("3D", Fault.REFUSED),  # no such database
    ("42501", Fault.REFUSED),  # a right was taken away
    ("40001", Fault.RACE),
    ("40P01", Fault.RACE),
    ("23505", Fault.DUPLICATE),
    ("53", Fault.STORE),  # out of disk, of memory, of connections
    ("55P03", Fault.STORE),  # locked
    ("57P", Fault.STORE),  # shutting down, crashed, starting
    ("58", Fault.STORE),  # the system below it failed
    ("XX001", Fault.STORE),  # damaged data or index: nothing that an update could do
    ("XX002", Fault.STORE),
)
# SQLite says the same kind of error for a locked file and for a query it does not understand.
_SQLITE_STORE: Final = frozenset(
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
# SQLAlchemy's code of a session that went on after its connection was lost.
_LOST_BEFORE: Final = "8s2b"


def classify(error: BaseException) -> Fault:
    """Return whose fault the error is."""
    if isinstance(error, PoolTimeout | ConnectionError):
        return Fault.STORE
    if isinstance(error, PendingRollbackError) and error.code == _LOST_BEFORE:
        return Fault.STORE
    if not isinstance(error, DBAPIError):
        return Fault.OTHER
    if isinstance(error.orig, sqlite3.Error):
        # the lowest byte is the kind, the others say more about it
        kind = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        return Fault.STORE if kind in _SQLITE_STORE else Fault.STATEMENT
    return _of_postgres(error)


def _of_postgres(error: DBAPIError) -> Fault:
    code = getattr(error.orig, "sqlstate", None)
    if code is not None:
        named = (fault for start, fault in _SQLSTATES if code.startswith(start))
        return next(named, Fault.STATEMENT)
    # The server said nothing: the driver found its connection closed, or in the middle of something
    # that a lost connection has left unfinished.
    broken = error.connection_invalidated or isinstance(error, InterfaceError | InternalError)
    return Fault.STORE if broken else Fault.STATEMENT


def is_transient(error: BaseException) -> bool:
    """Return whether nobody's update is to blame, and waiting helps (R18, R19)."""
    return classify(error) in (Fault.STORE, Fault.REFUSED, Fault.RACE)


# PostgreSQL: a lock was not to be had in time; two waited for each other.
_GAVE_WAY: Final = frozenset({"55P03", "40P01"})


def gave_way(error: DBAPIError) -> bool:
    """Return whether the statement was ended because somebody else holds what it needs."""
    return getattr(error.orig, "sqlstate", None) in _GAVE_WAY


# PostgreSQL: a statement has run for longer than it may.
_BROKEN_OFF: Final = "57014"


def was_broken_off(error: DBAPIError) -> bool:
    """Return whether the statement was broken off because it took too long."""
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_INTERRUPT
    return getattr(error.orig, "sqlstate", None) == _BROKEN_OFF


def may_run_again(error: BaseException) -> bool:
    """Return whether the action should be run again at once, from the start."""
    return classify(error) in (Fault.RACE, Fault.DUPLICATE)


def log_failure(log: logging.Logger, what: str, error: Exception, **ids: object) -> None:
    """Log what failed: a line where the store is in trouble, which passes and comes often; with its
    traceback where it is a fault of ours. ``ids``: fields of the entry.
    """
    if is_transient(error):
        log.warning("%s: %s", what, getattr(error, "orig", None) or error, extra=ids)
    else:
        log.error(what, exc_info=error, extra=ids)
