"""``python -m bot import cameras FILE``: beside the running desk, whole or not at all.

The process lock keeps two desks apart, because each remembers what it has read: states, topics,
the outbox that it has claimed. Nothing that a desk remembers depends on cameras, so this writer
needs no lock; SQLite's own lets the two take turns, and each turn here is short.
"""

import asyncio
from pathlib import Path
from typing import Final

from bot.database_access import opened_as_it_is
from bot.settings import Settings
from core import journal
from core.company import Company
from core.desk import Desk
from core.equipment.camera_import import Plan, apply, compare, note_import
from core.equipment.csv_file import Read, WrongFile, read_cameras

# Between two turns the desk gets its own.
_PAUSE: Final = 0.02


async def import_cameras(settings: Settings, file: Path, *, deactivate_missing: bool) -> Plan:
    """Bring the cameras in line with the file. Raises :class:`WrongFile`; then nothing changed."""
    cameras = await asyncio.to_thread(_read, file)
    async with opened_as_it_is(settings.database_url.get_secret_value()) as database:
        desk = Desk(database, Company(), (journal.SUBSCRIBER,))
        plan = await desk.read(compare, cameras, deactivate_missing=deactivate_missing)
        for piece in plan.batches():
            await desk.run(apply, piece)
            await asyncio.sleep(_PAUSE)
        if plan:
            await desk.run(note_import, plan)
    return plan


def _read(file: Path) -> list[Read]:
    return read_cameras(file.read_bytes())


def summary(plan: Plan) -> str:
    """What was done, in one line."""
    told = f"{len(plan.new)} new, {len(plan.changed)} changed, {plan.unchanged} unchanged"
    if plan.gone:
        told += f", {len(plan.gone)} deactivated"
    if plan.ownerless:
        told += f"; {plan.ownerless} have no owner, so nobody can report them"
    return told


__all__ = ["WrongFile", "import_cameras", "summary"]
