"""``python -m bot directory show|check|apply|schema``: the company's directory as a file."""

import argparse
import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.app import LOCALES, company_of, desk_of
from bot.commands import FINE, WRONG, complain
from bot.database_access import open_existing
from bot.settings import Settings
from core.company import Company
from core.db import Database
from core.desk import Desk, utc_now
from core.directory.faults import DirectoryError, Fault
from core.directory.reader import read_directory
from core.directory.store import OnlyChecked, apply_directory, directory_schema, show_directory
from core.setup.company_settings import find_company
from core.texts import Key, Texts


@dataclass(frozen=True, slots=True)
class Answer:
    """The lines that a command prints; ``fine``: it did what it was asked."""

    lines: Sequence[str]
    fine: bool = True


async def command(settings: Settings, options: argparse.Namespace) -> int:
    """Show, check or apply the directory's file, beside the running desk."""
    answer = await answer_command(settings, options.action, options.file)
    if not answer.fine:
        complain(answer.lines)
        return WRONG
    print("\n".join(answer.lines))
    return FINE


async def answer_command(settings: Settings, action: str, file: Path | None) -> Answer:
    """Return what the command prints, in the company's language; `schema` needs no database."""
    if action == "schema":
        return _Speaker(settings, company_of(settings)).schema()
    async with open_existing(settings.database_url.get_secret_value()) as database:
        desk = await _desk(settings, database)
        speaker = _Speaker(settings, desk.company)
        if action == "show":
            return Answer([await desk.read(show_directory, describe=speaker.say)])
        if file is None:
            return Answer([speaker.say("directory_file.name_a_file", action=action)], fine=False)
        try:
            difference = await apply_file(desk, file, check_only=action == "check")
        except DirectoryError as error:
            return speaker.refusal(error, file)
    return Answer(difference or [speaker.say("directory_file.unchanged")])


async def apply_in(settings: Settings, database: Database, file: Path) -> list[str]:
    """Apply the file. Returns the lines of the difference. Raises :class:`DirectoryError`."""
    return await apply_file(await _desk(settings, database), file)


async def apply_file(desk: Desk, file: Path, *, check_only: bool = False) -> list[str]:
    """Check the file and, unless ``check_only``, apply it. Returns the lines of the difference.

    Raises :class:`DirectoryError`, also for a file that cannot be read.
    """
    document = read_directory(await asyncio.to_thread(_read, file))
    try:
        return await desk.run(apply_directory, document, really=not check_only)
    except OnlyChecked as checked:
        return checked.difference


async def _desk(settings: Settings, database: Database) -> Desk:
    desk = desk_of(settings, database)
    desk.company = await desk.read(find_company)
    return desk


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        facts = {"what": error.strerror or str(error)}
        raise DirectoryError([Fault(None, "", "directory_file.fault.unreadable", facts)]) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise DirectoryError([Fault(line, "", "directory_file.fault.no_utf8")]) from None


class _Speaker:
    """Says texts in the company's language."""

    def __init__(self, settings: Settings, company: Company) -> None:
        self._texts = Texts.load(LOCALES, settings.default_language)
        self._company = company

    def say(self, key: str, **facts: Any) -> str:
        company = self._company
        return self._texts.say(company.language, key, facts, now=utc_now(), zone=company.zone)

    def schema(self) -> Answer:
        schema = directory_schema(self.say)
        return Answer([json.dumps(schema, ensure_ascii=False, indent=2)])

    def refusal(self, error: DirectoryError, file: Path) -> Answer:
        said = [self._say_key(fault.text) for fault in error.faults]
        return Answer([*said, self.say("directory_file.refused", file=str(file))], fine=False)

    def _say_key(self, text: Key) -> str:
        return self.say(text.key, **text.facts)
