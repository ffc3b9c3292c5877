"""``python -m bot directory show|check|apply FILE``: the company's directory as a file."""

import asyncio
from pathlib import Path

from bot.app import desk_of
from bot.settings import Settings
from core.db import Database
from core.desk import Desk
from core.directory.applying import OnlyChecked, apply_directory
from core.directory.reading import BadDirectory, read_directory
from core.directory.showing import show_directory
from core.setup.company_settings import find_company


async def show(settings: Settings, database: Database) -> str:
    """The directory as it is, ready to be edited and applied."""
    return await (await _desk(settings, database)).read(show_directory)


async def _desk(settings: Settings, database: Database) -> Desk:
    desk = desk_of(settings, database)
    desk.company = await desk.read(find_company)
    return desk


async def put(settings: Settings, database: Database, file: Path, *, really: bool) -> list[str]:
    """Check the file, and ``really`` apply it. Returns the lines of the difference.

    Raises :class:`BadDirectory`, also for a file that cannot be read.
    """
    entries = read_directory(await asyncio.to_thread(_read, file))
    desk = await _desk(settings, database)
    try:
        return await desk.run(apply_directory, entries, really=really)
    except OnlyChecked as checked:
        return list(checked.args[0])


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise BadDirectory(f"{file}: {wrong}") from None
