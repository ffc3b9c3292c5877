"""Examines the database, files, copies of updates, and the desk's last sign of life."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

from bot.app import desk_of
from bot.commands.checks.result import Finding
from bot.database_access import DatabaseUnusable, open_existing, open_for_writing
from bot.migrations import has_tables, pending
from bot.settings import Settings
from core.db import Database, DatabaseInUse
from core.files import store_at
from core.setup.desk_health import find_heartbeat

# By symptom (`core.setup.desk_health.CODES`): what is wrong, and what to do about it.
_SYMPTOMS: Final = {
    "poll": "it has not heard Telegram for a minute",
    "rival": "another process takes updates away with the same BOT_TOKEN",
    "mail": "it fetches no mail, or cannot store one",
    "sweep": "it has not checked deadlines for a minute",
    "undelivered": "messages have been waiting for a minute and cannot be delivered",
    "failed": "messages could not be delivered",
    "disk": "the disk is nearly full",
    "copies": "it cannot copy updates to UPDATE_COPIES_DIR",
}
_REMEDIES: Final = {
    "poll": "look at the network, TELEGRAM_PROXY, and the log for `polling will go on`",
    "rival": "stop the other process, or get another token from @BotFather",
    "mail": "look at IMAP_URL and at what is said of the mailboxes below",
    "sweep": "look at the log for `a job failed`",
    "undelivered": "write /health to the bot, and look at the log for `a delivery failed`",
    "failed": "write /health to the bot: it lists them, with buttons",
    "disk": "make room: without it nothing is taken in",
    "copies": "look at that folder and its disk; the desk works without it",
}


async def examine_database(settings: Settings) -> AsyncIterator[Finding]:
    url = settings.database_url.get_secret_value()
    name = "SQLite database" if url.startswith("sqlite") else "PostgreSQL database"
    try:
        async with open_for_writing(url) as database:
            tables = await _tables(database, name)
        yield Finding(f"{name} can be written to", True)
        yield tables
    except DatabaseInUse:
        yield Finding(f"{name} is in use: the desk is running", True)
    except DatabaseUnusable as why:
        yield Finding(f"{name} cannot be worked with", False, f"look at DATABASE_URL: {why}")


async def _tables(database: Database, name: str) -> Finding:
    """Say whether the tables are those of this release; a new database has none yet."""
    if not await pending(database):
        return Finding(f"{name}: tables are up to date", True)
    if not await has_tables(database):
        return Finding(f"{name} is empty: the first `python -m bot run` makes the tables", True)
    remedy = (
        "make a backup, stop a desk of an earlier release, and run `python -m bot migrate`; "
        "`python -m bot run` brings them up to date as well before it works"
    )
    return Finding(f"{name}: tables are those of an earlier release", False, remedy)


def examine_copies(settings: Settings) -> Iterator[Finding]:
    """Look at the folder that updates are copied to."""
    folder = settings.update_copies_dir
    if folder is None:
        return
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        remedy = f"make the folder {folder}, let the desk write there, and mount its disk"
        yield Finding("updates cannot be copied to UPDATE_COPIES_DIR", False, remedy)
        return
    database = Database(settings.database_url.get_secret_value()).path
    if database is not None and database.exists() and _disk_of(database) == _disk_of(folder):
        remedy = "name a folder on another disk: what takes the database takes the copies, too"
        yield Finding("UPDATE_COPIES_DIR is on the disk of the database", False, remedy)
    else:
        yield Finding(f"updates are copied to {folder}", True)


def _disk_of(path: Path) -> int:
    return path.stat().st_dev


async def examine_heartbeat(settings: Settings) -> AsyncIterator[Finding]:
    """Read what the desk last said of itself."""
    try:
        async with open_existing(settings.database_url.get_secret_value()) as database:
            desk = desk_of(settings, database)
            beat = await desk.read(find_heartbeat)
    except DatabaseUnusable:  # examine_database says why
        return
    if beat is None:
        return
    at = beat.at.astimezone(settings.timezone)
    if beat.stopped:
        remedy = "start it: `python -m bot run`, or its service"
        yield Finding(f"the desk was stopped at {at:%Y-%m-%d %H:%M:%S}", False, remedy)
    elif beat.is_silent(desk.clock()) or await _is_free(settings):
        remedy = "it hangs or has died: look at its log, and start it again"
        yield Finding(f"the desk gave no sign of life since {at:%Y-%m-%d %H:%M:%S}", False, remedy)
    else:
        yield Finding(f"the desk runs, its last sign of life is of {at:%H:%M:%S}", True)
    for code in () if beat.stopped else beat.sick:
        yield Finding(f"the desk is sick: {_SYMPTOMS[code]}", False, _REMEDIES[code])


async def _is_free(settings: Settings) -> bool:
    """Return whether no process holds a SQLite file: whatever it said last, the desk has died."""
    url = settings.database_url.get_secret_value()
    if not url.startswith("sqlite"):
        return False
    try:
        async with open_existing(url, exclusive=True):
            return True
    except DatabaseInUse:
        return False


async def examine_files(settings: Settings) -> Finding:
    """Store something where mails and their files lie, read it, and delete it."""
    url = settings.files_url
    is_bucket = url.startswith("s3:")
    try:
        await store_at(url).probe()
    except ImportError:
        return Finding(f"{url} needs obstore", False, "install the desk with the extra `s3`")
    except (OSError, ValueError) as error:
        remedy = "look at FILES_URL: {}".format(
            f"bucket, AWS_ variables, rights to put, get and delete ({_only_line(error)})"
            if is_bucket
            else f"the desk's user must be able to write there ({_only_line(error)})"
        )
        return Finding(f"files cannot be stored in {url}", False, remedy)
    return Finding(f"files can be stored in {url}", True)


def _only_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
