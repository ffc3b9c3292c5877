"""``python -m bot directory …``: the company's directory as a file, and its versions."""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from bot.app import LOCALES, company_of, desk_of
from bot.commands import FINE, WRONG, complain
from bot.database_access import open_existing
from bot.settings import Settings
from core.company import Company
from core.db import Database
from core.desk import Desk, utc_now
from core.directory.company_files import keep_file
from core.directory.faults import DirectoryError, Fault
from core.directory.file_names import FIELD, files_of
from core.directory.reader import Document, read_directory
from core.directory.store import (
    ChangedMeanwhile,
    OnlyChecked,
    apply_directory,
    directory_schema,
    restore_version,
    show_file,
)
from core.directory.versions import current_version, list_versions
from core.errors import Refusal
from core.files import FileStore, name_of, store_at
from core.setup.company_settings import find_company
from core.setup.own_texts import adopt_texts, find_own_texts
from core.texts import Key, Texts
from core.tickets.attached_files import LARGEST_TOGETHER, AttachedFile
from core.tx import ReadTx
from core.words.aliases import SURE


@dataclass(frozen=True, slots=True)
class Answer:
    """The lines that a command prints; ``fine``: it did what it was asked. ``question``: it would
    change ``version`` of the directory by these lines, if somebody says yes.
    """

    lines: Sequence[str]
    fine: bool = True
    question: str | None = None
    version: int = 0


async def command(settings: Settings, options: argparse.Namespace) -> int:
    """Show, check or apply the directory's file, or bring an old version back, beside the desk."""
    wish = Wish(options.action, options.file, sure=options.yes, recount=options.recount)
    answer = await answer_command(settings, wish)
    if answer.question is not None and _ask(answer):
        answer = await answer_command(settings, replace(wish, expected=answer.version))
    if not answer.fine:
        complain(answer.lines)
        return WRONG
    print("\n".join(answer.lines))
    return FINE


def _ask(answer: Answer) -> bool:
    """Show the difference and ask; without a terminal nobody can say yes."""
    if not sys.stdin.isatty():
        return False
    print("\n".join(answer.lines))
    return input(f"{answer.question} ").strip().casefold() in SURE


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for: an action, its file or number. ``sure``: apply without asking;
    ``expected``: the version of the directory that the difference was shown for; ``recount``:
    open tickets go by changed deadlines, too.
    """

    action: str
    what: str | None = None
    sure: bool = False
    expected: int | None = None
    recount: bool = False


async def answer_command(settings: Settings, wish: Wish) -> Answer:
    """Return what the command prints, in the company's language; `schema` needs no database."""
    if wish.action == "schema":
        return _Speaker(settings, company_of(settings)).schema()
    async with open_existing(settings.database_url.get_secret_value()) as database:
        desk = await _desk(settings, database)
        speaker = _Speaker(settings, desk.company)
        adopt_texts(speaker.texts, await desk.read(find_own_texts))
        if wish.action in _READS:
            return Answer([line async for line in _READS[wish.action](desk, speaker)])
        return await _change(desk, speaker, wish)


async def _change(desk: Desk, speaker: "_Speaker", wish: Wish) -> Answer:
    """Check, apply or restore; what is not sure yet becomes a question."""
    if wish.what is None:
        a_version, a_file = "directory_file.name_a_version", "directory_file.name_a_file"
        wanted = a_version if wish.action == "restore" else a_file
        return Answer([speaker.say(wanted, action=wish.action)], fine=False)
    try:
        return await _try_out(desk, speaker, wish, wish.what)
    except DirectoryError as error:
        return speaker.refusal(error, wish.what)
    except ChangedMeanwhile:
        return Answer([speaker.say("directory_file.changed_meanwhile")], fine=False)
    except Refusal as refused:
        return Answer([speaker.say(refused.key, **refused.facts)], fine=False)


async def _try_out(desk: Desk, speaker: "_Speaker", wish: Wish, what: str) -> Answer:
    """Say what would change, and ask; who is sure, or has said yes, has it done."""
    run = _restore if wish.action == "restore" else partial(_apply, store=speaker.store)
    if wish.expected is not None:
        await run(desk, what, really=True, expected=wish.expected, recount=wish.recount)
        return Answer([await desk.read(_done, speaker)])
    try:
        await run(desk, what, really=False, expected=None, recount=wish.recount)
    except OnlyChecked as checked:
        shown = [*checked.difference, *speaker.touched(checked, wish)]
        if not shown or wish.action == "check":
            return Answer(shown or [speaker.say("directory_file.unchanged")])
        if wish.sure:
            sure = replace(wish, expected=checked.version)
            done = await _try_out(desk, speaker, sure, what)
            return Answer([*shown, *done.lines])
        question = speaker.say("directory_file.ask")
        shown.append(speaker.say("directory_file.add_yes"))
        return Answer(shown, fine=False, question=question, version=checked.version)
    raise AssertionError("a trial ends as one")


async def _done(tx: ReadTx, speaker: "_Speaker") -> str:
    return speaker.say("directory_file.applied", number=await current_version(tx))


async def _restore(desk: Desk, number: str, **how: Any) -> list[str]:
    if not number.isdecimal():
        raise Refusal("directory_file.no_version", number=number)
    return await desk.run(restore_version, int(number[:9]), **how)


async def _apply(desk: Desk, file: str, *, store: FileStore, **how: Any) -> list[str]:
    document = read_directory(await asyncio.to_thread(_read, Path(file)))
    await _bring_files(desk, store, document, Path(file).parent)
    return await desk.run(apply_directory, document, **how)


async def _bring_files(desk: Desk, store: FileStore, document: Document, folder: Path) -> None:
    """Take over the files that the directory names and the desk does not have, where they lie under
    the same name in the folder of the directory's file.
    """
    values = [value for item in document.items for value in getattr(item.entry, FIELD, ())]
    there = await desk.read(files_of, values)
    for value, known in zip(values, there, strict=True):
        title, _, name = value.rpartition(" sha256:")
        data = None if known else await asyncio.to_thread(_beside, folder / title)
        if data is not None and name_of(data) == name:
            await store.put(data)
            await desk.run(keep_file, AttachedFile(name, title, len(data)))


def _beside(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.stat().st_size <= LARGEST_TOGETHER else None
    except OSError:
        return None


async def _show(desk: Desk, speaker: "_Speaker") -> AsyncIterator[str]:
    yield await desk.read(show_file, speaker.say)


async def _versions(desk: Desk, speaker: "_Speaker") -> AsyncIterator[str]:
    versions = await desk.read(list_versions)
    for one in versions:
        author = one.author or Key(f"directory_file.origin.{one.origin}")
        facts = {"number": one.number, "at": one.at, "author": author}
        yield speaker.say("directory_file.version_line", **facts)
    if not versions:
        yield speaker.say("directory_file.no_versions")


_READS: Final = {"show": _show, "versions": _versions}


async def apply_in(settings: Settings, database: Database, *files: Path) -> list[str]:
    """Apply the files as if they were one. Returns the lines of the difference. Raises
    :class:`DirectoryError`, also for a file that cannot be read; its lines count through all.
    """
    text = "\n".join([await asyncio.to_thread(_read, file) for file in files])
    desk, document = await _desk(settings, database), read_directory(text)
    await _bring_files(desk, store_at(settings.files_url), document, files[0].parent)
    return await desk.run(apply_directory, document)


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


# What becomes of answer deadlines, of those by changed terms, by changed hours, and of tickets of
# another default agreement.
_KEPT: Final = (
    "directory_file.kept",
    "directory_file.agreed_kept",
    "directory_file.hours_kept",
    "directory_file.default_kept",
)
_RECOUNTED: Final = (
    "directory_file.recounted",
    "directory_file.agreed_recounted",
    "directory_file.hours_recounted",
    "directory_file.default_recounted",
)


class _Speaker:
    """Says texts in the company's language."""

    def __init__(self, settings: Settings, company: Company) -> None:
        self.texts = Texts.load(LOCALES, settings.default_language)
        self._company = company
        self.store = store_at(settings.files_url)

    def say(self, key: str, **facts: Any) -> str:
        company = self._company
        return self.texts.say(company.language, key, facts, now=utc_now(), zone=company.zone)

    def schema(self) -> Answer:
        schema = directory_schema(self.say)
        return Answer([json.dumps(schema, ensure_ascii=False, indent=2)])

    def touched(self, checked: OnlyChecked, wish: Wish) -> list[str]:
        """What becomes of open tickets."""
        told = checked.touched
        keys = _RECOUNTED if wish.recount else _KEPT
        counts = (told.answers, told.agreed, told.hours, told.default)
        return [self.say(key, n=n) for key, n in zip(keys, counts, strict=True) if n]

    def refusal(self, error: DirectoryError, file: str) -> Answer:
        said = [self._say_key(fault.text) for fault in error.faults]
        return Answer([*said, self.say("directory_file.refused", file=file)], fine=False)

    def _say_key(self, text: Key) -> str:
        return self.say(text.key, **text.facts)
