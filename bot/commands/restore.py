"""``restore FILE``: puts a backup in the place of the database, and begins another epoch (R21).

The former database is kept beside the new one. What is known of it, the newest ticket's number, is
taken over; everything else is as the backup has it. See `core.setup.restored` for what follows.
"""

import argparse
import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import text

from bot.app import company_of
from bot.commands import FINE, WRONG, complain
from bot.commands.database import BackupFailed, copy_sqlite, finish, run_client
from bot.erasure_cleanup import clear_all_traces, rewrite
from bot.migrations import NewerDatabase, migrate
from bot.settings import Settings
from bot.update_copies import copies_in, is_put_back, pages
from core.company import Company
from core.contacts.erasure import erase_again
from core.db import Database
from core.desk import Desk, utc_now
from core.inbox_copies import MARGIN, CopiedUpdate, find_lost, find_newest_arrival, put_back
from core.setup.restored import begin_epoch
from core.subscriptions import SUBSCRIBERS

_SET_SEQUENCE: Final = text("SELECT setval(pg_get_serial_sequence('ticket', 'id'), :number, false)")
ASIDE: Final = ".before-restore-{:%Y%m%d-%H%M%S}"


async def command(settings: Settings, options: argparse.Namespace) -> int:
    """Restore, and say what to do next."""
    url = settings.database_url.get_secret_value()
    folder = options.updates or settings.update_copies_dir
    try:
        options.file.open("rb").close()
        copies = copies_in(folder)
        updates = copies.read() if copies is not None else []
        company = company_of(settings)
        done = await restore(url, options.file, options.first_number, company, updates)
    except NewerDatabase as newer:
        complain([f"restore: {options.file} is of a later release, at {newer}; install that"])
        return WRONG
    except (BackupFailed, sqlite3.Error, OSError) as error:
        complain([f"restore: {options.file}: {error}"])
        return WRONG
    if folder is not None:
        print(
            f"written to the bot since the backup, to be handled again: {done.put_back}; other "
            f"updates of that time, left out: {done.left_out} (read the groups)"
        )
    print(
        f"restored; the next ticket is #{done.number}. After the start nothing is sent until an "
        "admin has answered /restored in the bot's private chat"
    )
    return FINE


@dataclass(frozen=True, slots=True)
class Done:
    """The next ticket's number; how many copies of updates will be handled again, and how many that
    came since the backup will not.
    """

    number: int
    put_back: int
    left_out: int


async def restore(
    url: str,
    backup: Path,
    first_number: int | None,
    company: Company,
    updates: Sequence[CopiedUpdate] = (),
) -> Done:
    """Restore the database at ``url``, and put what customers said since then into its inbox, of
    ``updates``.

    ``first_number``: the lowest it may be; by default what the former database shows, if it can be
    read, and a gap otherwise. Raises BackupFailed, NewerDatabase, DatabaseInUse, OSError.
    """
    database = Database(url)
    try:
        database.lock()
        await database.hold(_lose)  # PostgreSQL has no file to lock
        if database.path is None:
            return await _restore_postgres(database, backup, first_number, company, updates)
        return await _restore_sqlite(database.path, backup, first_number, company, updates)
    finally:
        await database.close()


async def _lose() -> None:
    """Nothing: what is put in place is one transaction."""


async def _restore_sqlite(
    path: Path,
    backup: Path,
    first_number: int | None,
    company: Company,
    updates: Sequence[CopiedUpdate],
) -> Done:
    unfinished = path.with_name(f".{path.name}.restoring")
    if first_number is None and (newest := _newest_ticket(path)) is not None:
        first_number = newest + 1
    erased = _erased(path)
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        await asyncio.to_thread(copy_sqlite, backup, unfinished)
        copy = Database(f"sqlite+aiosqlite:///{unfinished}")
        try:
            done = await _begin(copy, first_number, company, erased, updates)
        finally:
            await copy.close()
        _in_one_file(unfinished)
        _move_aside(path, utc_now())
        finish(unfinished, path)
    finally:
        _remove(unfinished)
    return done


async def _begin(
    database: Database,
    first_number: int | None,
    company: Company,
    erased: Sequence[int],
    updates: Sequence[CopiedUpdate],
    *,
    by_sequence: bool = False,
) -> Done:
    """``erased``: whose data were erased since the backup was made; they are erased of it, too."""
    await migrate(database)
    desk = Desk(database, company, SUBSCRIBERS)
    put_back, left_out = await _put_back(desk, updates)
    number = await desk.run(begin_epoch, first_number, by_sequence=by_sequence)
    for person in erased:
        await desk.run(erase_again, person)
    await clear_all_traces(desk)
    if erased:
        await rewrite(database)
    return Done(number, put_back, left_out)


async def _put_back(desk: Desk, updates: Sequence[CopiedUpdate]) -> tuple[int, int]:
    """Put into the inbox what it does not have of what was said; how many it was, and how many
    others came since the backup. Before the epoch begins: what comes of them is as old as the
    backup, for it may have left already.
    """
    newest = await desk.read(find_newest_arrival)
    since = [each for each in updates if newest is None or each.at >= newest - MARGIN]
    said = [each for each in since if is_put_back(each)]
    others = [each for each in since if not is_put_back(each)]
    left_out = 0
    for page in pages(others):
        left_out += len({each.name for each in await desk.read(find_lost, page)})
    count = 0
    for page in pages(said):
        count += await desk.run(put_back, page)
    return count, left_out


def _erased(path: Path) -> list[int]:
    """Return whom the former database knows as erased; nobody where it cannot be read."""
    with (
        contextlib.suppress(sqlite3.Error),
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as former,
    ):
        return [number for (number,) in former.execute("SELECT person_id FROM erasure")]
    return []


def _newest_ticket(path: Path) -> int | None:
    """Return the newest number that the former database gave; None where it cannot be read."""
    with (
        contextlib.suppress(sqlite3.Error),
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as former,
    ):
        found = former.execute("SELECT max(id) FROM ticket").fetchone()[0]
        return None if found is None else int(found)
    return None


def _remove(path: Path) -> None:
    for beside in ("", "-wal", "-shm"):
        Path(f"{path}{beside}").unlink(missing_ok=True)


def _in_one_file(path: Path) -> None:
    with closing(sqlite3.connect(path)) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")


def _move_aside(path: Path, now: datetime) -> None:
    """Keep the former database: nothing is deleted."""
    for beside in ("-wal", "-shm", ""):
        former = Path(f"{path}{beside}")
        if former.exists():
            former.rename(f"{path}{ASIDE.format(now)}{beside}")


async def _restore_postgres(
    database: Database,
    backup: Path,
    first_number: int | None,
    company: Company,
    updates: Sequence[CopiedUpdate],
) -> Done:
    if first_number is None:
        first_number = await _newest_ticket_there(database)
    erased = await _erased_there(database)
    given = ["pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction"]
    given += [f"--dbname={database.url.database}", str(backup)]
    await asyncio.to_thread(run_client, database.url, given)
    done = await _begin(database, first_number, company, erased, updates, by_sequence=True)
    async with database.write() as session:
        await session.execute(_SET_SEQUENCE, {"number": done.number})
    return done


async def _newest_ticket_there(database: Database) -> int | None:
    async with database.read() as session:
        if not await session.scalar(text("SELECT to_regclass('ticket')")):
            return None
        newest = await session.scalar(text("SELECT max(id) FROM ticket"))
        return None if newest is None else int(newest) + 1


async def _erased_there(database: Database) -> list[int]:
    async with database.read() as session:
        if not await session.scalar(text("SELECT to_regclass('erasure')")):
            return []
        return list(await session.scalars(text("SELECT person_id FROM erasure")))
