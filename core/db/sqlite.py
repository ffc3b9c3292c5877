"""The desk's SQLite file: one writer, four readers, one process.

WAL, ``BEGIN IMMEDIATE``, foreign keys on. Several writing connections would make the slowest wait
for seconds, a deferred ``BEGIN`` would lose updates. A commit does not wait for the disk: whoever
wrote does, and copying the log into the file has a turn of its own (`core.db.writer`).
"""

import asyncio
import fcntl
import math
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.pool import NullPool

from core.db.disk import Disk
from core.db.errors import DatabaseInUse
from core.db.sqlite_driver import (
    PATIENCE,
    DriverConnection,
    Listener,
    Threads,
    driver_of,
    of_library,
)
from core.db.sqlite_session import SQLiteSession
from core.db.types import read_json, write_json
from core.db.writer import Writer

R = TypeVar("R")

READERS: Final = 4
_PRAGMAS: Final = (
    f"busy_timeout={PATIENCE}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=0",  # from now on nobody waits in the loop's thread
)
# What a savepoint would take back of the file's pages, the writer keeps in memory: a message that
# is handled and claimed in one transaction changes some twenty pages, and from the sixteenth on
# SQLite makes a file for them, each time anew. Who reads sorts as much as they like, on the disk.
_IN_MEMORY: Final = "temp_store=MEMORY"


class SQLiteFile:
    """Sessions at one file."""

    def __init__(self, url: URL, listeners: Sequence[Listener]) -> None:
        self.path = Path(url.database or "")
        self._engine = create_engine(
            url.set(drivername="sqlite"),
            hide_parameters=True,  # people's words are nothing for a log
            json_serializer=write_json,
            json_deserializer=read_json,
            poolclass=NullPool,
            connect_args={
                "factory": DriverConnection,
                "isolation_level": None,  # the driver begins no transaction of its own
                "check_same_thread": False,
            },
        )
        self._listeners = listeners
        self._executor = ThreadPoolExecutor(READERS + 1, "sqlite")
        self.threads = Threads(self._executor)
        self._disk = Disk(Path(f"{self.path}-wal"))
        self._writer = Writer(self._connect_writer, self.threads, self._disk)
        self.write = self._writer.session
        """A session in a transaction; its block ends when the disk has what was written."""
        self.on_disk = self._disk.reached
        self._readers: list[SQLiteSession] = []
        self._may_read = asyncio.Semaphore(READERS)
        self._locks: list[int] = []

    def _connect(self, *pragmas: str) -> Connection:
        connection = self._engine.connect()
        driver = driver_of(connection)
        try:
            for pragma in (*_PRAGMAS, *pragmas):
                driver.execute(f"PRAGMA {pragma}")
        except sqlite3.Error as error:
            connection.close()
            raise of_library(error, "PRAGMA") from error
        driver.listeners = self._listeners
        return connection

    def _connect_writer(self) -> Connection:
        return self._connect(_IN_MEMORY, "synchronous=NORMAL", "wal_autocheckpoint=0")

    def lock(self) -> None:
        """Hold the file for this process alone, until it ends. Raises `DatabaseInUse` (R24)."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for beside in ("", "-wal", "-shm", ".lock"):  # an earlier release left them open (S33)
            with suppress(FileNotFoundError, PermissionError):
                Path(f"{self.path}{beside}").chmod(0o600)
        # the file itself, however it is called and whoever deletes the other; that other one for
        # the sake of earlier releases
        for name in (self.path, f"{self.path}.lock"):
            self._locks.append(os.open(name, os.O_RDWR | os.O_CREAT, 0o600))
            try:
                fcntl.flock(self._locks[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._unlock()
                raise DatabaseInUse(str(self.path)) from None

    def _unlock(self) -> None:
        while self._locks:
            os.close(self._locks.pop())

    async def hold(self, _regained: Callable[[], Awaitable[None]], *, alone: bool = True) -> None:
        """Nothing: the file's lock has done it, and the system does not lose it."""
        del alone

    @asynccontextmanager
    async def read(self, within: float | None = None) -> AsyncIterator[AsyncSession]:
        """A session that cannot change anything; ``within``: see `Database.read`."""
        async with self._may_read:
            session = (
                self._readers.pop()
                if self._readers
                else SQLiteSession(self._connect("query_only=ON"), self.threads)
            )
            session.driver.execute("BEGIN")  # all that it asks is of one instant
            if within is not None:
                session.driver.broken_off_at = time.monotonic() + within
            try:
                yield session
            finally:
                session.driver.broken_off_at = math.inf
                session.sync_session.close()
                if session.driver.in_transaction:
                    session.driver.execute("ROLLBACK")  # there is nothing to keep
                self._readers.append(session)

    async def alter(self, work: Callable[..., R], *args: Any) -> R:
        """What ``work`` returns of a connection, in a transaction for changing tables.

        Foreign keys rest meanwhile: copying a parent table would empty its children.
        """
        return await self.threads.run(self._alter, work, args)

    def _alter(self, work: Callable[..., R], args: Sequence[Any]) -> R:
        patience = f"busy_timeout={PATIENCE}"
        with self._connect("foreign_keys=OFF", patience) as connection:
            driver = driver_of(connection)
            driver.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection, *args)
                driver.execute("COMMIT")
            finally:
                if driver.in_transaction:
                    driver.execute("ROLLBACK")
        return result

    async def close(self) -> None:
        """Close connections and give back the lock."""
        await self._writer.stop()
        while self._readers:
            self._readers.pop().close_connection()
        self._executor.shutdown(wait=False)
        self._unlock()
