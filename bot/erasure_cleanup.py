"""Does what erasing leaves to do outside of its transaction: clears traces in the rows of others,
deletes files, rewrites the database. Files of what was refused are deleted here, too.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.update_copies import UpdateCopies
from core.contacts.erasure_remains import (
    Remains,
    clear_traces,
    find_remains,
    forget_files,
    has_traces,
    note_rewriting,
)
from core.db import Database
from core.desk import Desk
from core.files import FileStore
from core.integrations.unused_uploads import find_due_uploads, forget_uploads

log = logging.getLogger(__name__)

# Seconds between two looks whether something is left to do.
LOOK_EVERY: Final = 60.0
# Hours of the company's day in which others may be held up by the rewriting.
QUIET_HOURS: Final = range(3, 6)
# Seconds for which a running desk may delay the rewriting of a SQLite file.
_PATIENCE: Final = 60.0
_REWRITTEN: Final = (
    *("journal", "message", "note", "ticket", "inbox", "outbox", "search_word", "person"),
    "search_subject",
    *("contact_point", "sent_message", "private_topic", "task", "link", "api_call", "outage"),
)


@dataclass(slots=True)
class ErasureCleanup:
    """Clears traces and deletes files within a minute; rewrites the database in the next quiet
    hours. ``copies``: of updates, beside the database.
    """

    desk: Desk
    store: FileStore
    copies: UpdateCopies | None = None

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            try:
                await self.clean()
            except Exception:
                log.exception("what was erased could not be cleaned up; it is tried again")
            await asyncio.sleep(LOOK_EVERY)

    async def clean(self) -> None:
        """Do what is left, once."""
        if await clear_all_traces(self.desk) and self.copies is not None:
            await self.copies.forget(self.desk)
        await self._delete_uploads()
        remains = await self._delete_files()
        if remains is None:
            return
        hour = self.desk.clock().astimezone(self.desk.company.zone).hour
        if hour in QUIET_HOURS and not remains.rewritten:
            await rewrite(self.desk.database)
            await self.desk.run(note_rewriting, remains.at)

    async def _delete_files(self) -> Remains | None:
        """Delete the files, as far as the store does. Returns what is left but for them."""
        while True:
            remains = await self.desk.read(find_remains)
            if remains is None:
                return None
            kept = await delete_files(self.store, remains.files)
            done = {*remains.files, *remains.used} - set(kept)
            if done:
                await self.desk.run(forget_files, done)
            if kept or not done:
                return remains

    async def _delete_uploads(self) -> None:
        """Delete what was sent with something that was refused."""
        found = await self.desk.read(find_due_uploads)
        if found.due:
            kept = await delete_files(self.store, found.unused)
            await self.desk.run(forget_uploads, set(found.due) - set(kept))


async def clear_all_traces(desk: Desk) -> bool:
    """Clear the traces of those who were erased, a slice in each transaction. Returns whether there
    were any.
    """
    found = False
    while await desk.read(has_traces):
        await desk.run(clear_traces)
        found = True
    return found


async def delete_files(store: FileStore, names: Sequence[str]) -> list[str]:
    """Delete the files; return the names of those that the store has not deleted."""
    kept = []
    for name in names:
        try:
            await store.delete(name)
        except OSError as error:
            log.warning("a file could not be deleted: %s", error)
            kept.append(name)
    return kept


async def rewrite(database: Database) -> None:
    """Rewrite the files of a database without what was deleted from it. Raises sqlite3.Error."""
    if database.path is not None:
        await asyncio.to_thread(_rewrite_file, str(database.path))
        return
    engine = create_async_engine(database.url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            for table in _REWRITTEN:
                await connection.execute(text(f"VACUUM FULL {table}"))
    finally:
        await engine.dispose()


def _rewrite_file(path: str) -> None:
    with closing(sqlite3.connect(path, timeout=_PATIENCE)) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
