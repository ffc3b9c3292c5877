"""``python -m bot import cameras FILE``: beside the running desk, the whole file or nothing.

It does not take the process lock. The lock keeps two desks apart because each caches what it has
read (states, topics, claimed outbox rows); no cache depends on cameras. SQLite's own write lock
lets the two take turns, and each transaction here is short.
"""

import argparse
import asyncio
from pathlib import Path
from typing import Final

from bot.commands import FINE, WRONG, complain
from bot.database_access import open_existing
from bot.settings import Settings
from core import journal
from core.company import Company
from core.desk import Desk
from core.equipment.camera_import import Plan, apply, compare, note_import
from core.equipment.csv_file import Read, Wrong, WrongFile, read_cameras

# Seconds between two batches, in which the running desk gets the database.
_PAUSE: Final = 0.02


async def command(settings: Settings, options: argparse.Namespace) -> int:
    """Import the file and print what has changed; a faulty file changes nothing."""
    file: Path = options.file
    try:
        plan = await import_cameras(settings, file, deactivate_missing=options.deactivate_missing)
    except WrongFile as wrong:
        complain(f"{file}: {fault}" for fault in wrong.faults)
        complain([f"{file}: nothing was changed"])
        return WRONG
    except OSError as error:
        complain([f"{file} cannot be read: {error.strerror}"])
        return WRONG
    print(summary(plan))
    return FINE


async def import_cameras(settings: Settings, file: Path, *, deactivate_missing: bool) -> Plan:
    """Bring the cameras in line with the file. Raises :class:`WrongFile`; then nothing changed."""
    cameras = await asyncio.to_thread(_read, file)
    if deactivate_missing and not cameras:
        why = "there is no camera below the header: with --deactivate-missing none would be left"
        raise WrongFile([Wrong(1, why)])
    async with open_existing(settings.database_url.get_secret_value()) as database:
        desk = Desk(database, Company(), (journal.SUBSCRIBER,))
        plan = await desk.read(compare, cameras, deactivate_missing=deactivate_missing)
        for batch in plan.batches():
            await desk.run(apply, batch)
            await asyncio.sleep(_PAUSE)
        if plan:
            await desk.run(note_import, plan)
    return plan


def _read(file: Path) -> list[Read]:
    return read_cameras(file.read_bytes())


def summary(plan: Plan) -> str:
    """Return what was done, in one line."""
    line = f"{len(plan.new)} new, {len(plan.changed)} changed, {plan.unchanged} unchanged"
    if plan.gone:
        line += f", {len(plan.gone)} deactivated"
    if plan.ownerless:
        line += f"; {plan.ownerless} have no owner, so nobody can report them"
    return line
