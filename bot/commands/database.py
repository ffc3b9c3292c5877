"""Commands of the database: ``migrate``, ``backup FILE``, ``quarantine show|replay``.

A backup is one consistent copy while the desk runs. SQLite gives its own online backup, read
through the write-ahead log; PostgreSQL has ``pg_dump``, which takes its snapshot in one
transaction. A copy appears under its name only when it is whole and checked, and is readable by its
owner alone: it contains customers' words.
"""

import argparse
import asyncio
import os
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL

from bot.commands import FINE, WRONG, complain
from bot.database_access import open_existing, open_for_writing
from bot.migrations import migrate
from bot.settings import Settings
from bot.update_copies import copies_in
from core import inbox
from core.company import Company
from core.db import Database
from core.desk import Desk, utc_now


async def migrate_command(settings: Settings, _: argparse.Namespace) -> int:
    """Bring the database up to date."""
    async with open_for_writing(settings.database_url.get_secret_value()) as database:
        await database.hold(_lose)  # a desk of the release before would not find its columns
        await migrate(database)
    print("the database is up to date")
    return FINE


async def _lose() -> None:
    """Nothing: a migration is one transaction."""


async def quarantine_command(settings: Settings, options: argparse.Namespace) -> int:
    """Show a page of them, or put some back into the inbox, while the desk runs or not."""
    async with open_existing(settings.database_url.get_secret_value()) as database:
        desk = Desk(database, Company())
        if options.action == "show":
            await _show_quarantined(desk, options)
            return FINE
        return await _replay(desk, options)


async def _show_quarantined(desk: Desk, options: argparse.Namespace) -> None:
    page = await desk.read(inbox.list_quarantined, options.limit, options.before)
    for one in page:
        print(f"{one.id}\tupdate {one.external_id}\t{one.error}\n\t{one.raw[:500]}")
    if len(page) == options.limit:
        print(f"older ones: quarantine show --before {page[-1].id}")


async def _replay(desk: Desk, options: argparse.Namespace) -> int:
    numbers = None if options.all else set(options.ids)
    replayed = 0
    while put_back := await desk.run(inbox.replay, numbers):
        replayed += len(put_back)
    unknown = 0 if numbers is None else len(numbers) - replayed
    if unknown or numbers == set():
        complain(["quarantine replay: name numbers that `quarantine show` prints, or --all"])
    if replayed:
        print(f"{replayed} will be handled again, by a running desk at once")
    return WRONG if unknown or numbers == set() else FINE


# Pages copied under one read lock: the running desk's writes go on between.
PAGES: Final = 4096
NAME: Final = "frontdoor-{:%Y%m%d-%H%M%S}{}"
SUFFIX: Final = {True: ".db", False: ".dump"}


class BackupFailed(Exception):
    """No copy was made, and no part of one is left. The message says why and what to do."""


async def backup_command(settings: Settings, options: argparse.Namespace) -> int:
    """Copy the database and print the name of the copy; copies of updates that are in the backup
    before this one are forgotten then.
    """
    database = Database(settings.database_url.get_secret_value())
    now = utc_now().astimezone(settings.timezone)
    try:
        copy = await asyncio.to_thread(back_up, database, options.file, now)
    except BackupFailed as error:
        complain([f"backup: {error}"])
        return WRONG
    print(copy)
    if (copies := copies_in(settings.update_copies_dir)) is not None:
        try:
            await asyncio.to_thread(copies.note_backup, now)
        except OSError as error:
            complain([f"backup: it is made, but UPDATE_COPIES_DIR cannot be tidied up: {error}"])
            return WRONG
    return FINE


def back_up(database: Database, target: Path, now: datetime) -> Path:
    """Copy the database to ``target``, or into it under a name with ``now`` when it is a folder.

    Returns the file. Raises :class:`BackupFailed`.
    """
    if target.is_dir():
        target /= NAME.format(now, SUFFIX[database.is_sqlite])
    if target.exists():
        raise BackupFailed(f"{target} exists already; name another file, or a folder")
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        if database.path is not None:
            copy_sqlite(database.path, unfinished)
        else:
            _dump_postgres(database.url, unfinished)
        finish(unfinished, target)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(f"{target}: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return target


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite database whole and look at the copy. Raises :class:`BackupFailed`."""
    if not source.exists():
        raise BackupFailed(f"{source} does not exist yet; there is nothing to copy")
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)) as desk,
        closing(sqlite3.connect(target)) as copy,
    ):
        desk.backup(copy, pages=PAGES, sleep=0.01)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, whole without a log beside it
        found = copy.execute("PRAGMA integrity_check").fetchall()
    if found != [("ok",)]:
        raise BackupFailed(f"the copy is damaged, and so may {source} be: {found[0][0]}")


def _dump_postgres(url: URL, target: Path) -> None:
    run_client(url, ["pg_dump", "--format=custom", "--no-owner", f"--file={target}"])


def run_client(url: URL, given: Sequence[str]) -> None:
    """Run one of PostgreSQL's client programs on a database. Raises :class:`BackupFailed`.

    The password goes by the environment, never by the command line.
    """
    place = {
        "PGHOST": url.host or url.query.get("host"),
        "PGPORT": str(url.port) if url.port else url.query.get("port"),
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    named = {name: str(value) for name, value in place.items() if value}
    program = given[0]
    try:
        done = subprocess.run(  # noqa: S603 fixed arguments; the file's name is one of them
            given, env=os.environ | named, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise BackupFailed(
            f"{program} was not found; install PostgreSQL's client programs"
        ) from None
    if done.returncode:
        raise BackupFailed(f"{program}: {done.stderr.strip() or f'ended with {done.returncode}'}")


def finish(unfinished: Path, target: Path) -> None:
    """Rename the copy once it is on the disk, so that no crash leaves half of it."""
    with unfinished.open("rb") as copy:
        os.fsync(copy.fileno())
    unfinished.rename(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
