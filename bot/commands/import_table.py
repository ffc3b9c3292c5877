"""``python -m bot import cameras FILE``, and accounts and contracts: beside the running desk, the
whole file or nothing.

It does not take the process lock. The lock keeps two desks apart because each caches what it has
read (states, topics, claimed outbox rows); no cache depends on these. SQLite's own write lock lets
the two take turns, and each transaction here is short.
"""

import argparse
import asyncio
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.app import LOCALES
from bot.commands import FINE, WRONG, complain
from bot.database_access import open_existing
from bot.settings import Settings
from core import journal
from core.company import Company
from core.desk import Desk, utc_now
from core.imports import KINDS, plan_import
from core.sheets.faults import WrongFile, wrong
from core.sheets.plan import Plan
from core.sheets.sheet import read_sheet
from core.texts import Texts

# Seconds between two batches, in which the running desk gets the database.
_PAUSE: Final = 0.02
# Names of what the file does not name, in one line.
_NAMED: Final = 10


async def command(settings: Settings, options: argparse.Namespace) -> int:
    """Import the file and print what has changed; a faulty file changes nothing."""
    file: Path = options.file
    try:
        retire: bool = options.deactivate_missing
        if retire and not KINDS[options.what].retires:
            complain([f"--deactivate-missing is for cameras; {options.what} stay as they are"])
            return WRONG
        how = {"retire": retire, "only_check": options.check}
        plan = await import_table(settings, options.what, file, **how)
    except WrongFile as faulty:
        complain(f"{file}: {line}" for line in told(faulty))
        complain([f"{file}: nothing was changed"])
        return WRONG
    except OSError as error:
        complain([f"{file} cannot be read: {error.strerror}"])
        return WRONG
    print(summary(plan))
    return FINE


async def import_table(
    settings: Settings, kind: str, file: Path, *, retire: bool = False, only_check: bool = False
) -> Plan[Any]:
    """Bring what is known in line with the file. Raises :class:`WrongFile`; then nothing changed.

    ``retire``: what the file does not name is switched off; ``only_check``: nothing is changed.
    """
    found = KINDS[kind]
    records = await asyncio.to_thread(_read, kind, file)
    if retire and not records:
        raise WrongFile([wrong(1, "none_left")])
    async with open_existing(settings.database_url.get_secret_value()) as database:
        desk = Desk(database, Company(), (journal.SUBSCRIBER,))
        plan = await desk.read(plan_import, kind, records, retire=retire)
        if plan and not only_check:
            for batch in plan.batches():
                await desk.run(found.apply, batch)
                await asyncio.sleep(_PAUSE)
            await desk.run(found.note, plan)
    return plan


def _read(kind: str, file: Path) -> list[Any]:
    return read_sheet(KINDS[kind].sheet, file.read_bytes())


def told(faulty: WrongFile) -> list[str]:
    """Return what is wrong with a file, a line each, as the command prints it."""
    texts = Texts.load(LOCALES, "en")
    how: dict[str, Any] = {"now": utc_now(), "zone": ZoneInfo("UTC")}
    return [
        f"line {fault.line}: {texts.say('en', fault.key, fault.facts, **how)}"
        for fault in faulty.faults
    ]


def summary(plan: Plan[Any]) -> str:
    """Return what was done, in one line."""
    line = f"{len(plan.new)} new, {len(plan.changed)} changed, {plan.unchanged} unchanged"
    if plan.gone:
        line += f", {len(plan.gone)} deactivated"
    if plan.ownerless:
        line += f"; {plan.ownerless} have no owner, so nobody can report them"
    if plan.missing:
        named = ", ".join(plan.missing[:_NAMED]) + (" …" if len(plan.missing) > _NAMED else "")
        line += f"; {len(plan.missing)} are not in the file and stay: {named}"
    if plan.lost:
        line += f"; no longer there: {', '.join(plan.lost)}"
    return line
