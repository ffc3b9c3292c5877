"""``python -m bot export FILE``: tickets, messages, notes, journal, beside the running desk (H2).

A name that ends in ``.xlsx`` is a workbook, anything else a folder of CSV files. The export appears
under its name when it is whole, readable by its owner alone: it contains customers' words.
"""

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.app import LOCALES, desk_of
from bot.commands import FINE, WRONG, complain
from bot.database_access import open_existing
from bot.settings import Settings
from core.desk import Desk
from core.reports.export import Period, days
from core.reports.table_files import write_tables
from core.setup.company_settings import find_company
from core.texts import Texts


async def command(settings: Settings, options: argparse.Namespace) -> int:
    """Export, and print what was written."""
    target: Path = options.file
    try:
        with _appearing_whole(target) as unfinished:
            counts = await _export_to(settings, options, unfinished)
    except OSError as error:
        complain([f"{target}: {error.strerror or error}"])
        return WRONG
    print(f"{target}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    return FINE


@contextmanager
def _appearing_whole(target: Path) -> Iterator[Path]:
    """Give a name to write to, which becomes the target's when all went well.

    Raises ``OSError``, also where the target exists.
    """
    if target.exists():
        raise FileExistsError(0, "it exists already; name another file or folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.stem}.unfinished{target.suffix}")
    _remove(unfinished)
    try:
        yield unfinished
        unfinished.rename(target)
    finally:
        _remove(unfinished)


async def _export_to(
    settings: Settings, options: argparse.Namespace, target: Path
) -> dict[str, int]:
    async with open_existing(settings.database_url.get_secret_value()) as database:
        desk = desk_of(settings, database)
        desk.company = await desk.read(find_company)
        texts = Texts.load(LOCALES, desk.company.language)
        return await write_tables(desk, texts, target, _period(desk, options))


def _period(desk: Desk, options: argparse.Namespace) -> Period:
    return days(options.since, options.until, desk.company.zone)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
