"""``python -m bot export FILE``: tickets, messages, notes, journal, beside the running desk (H2).

A name that ends in ``.xlsx`` is a workbook, anything else a folder of CSV files; ``--list`` and
``--find`` have the tickets of a list or of a search, as the screen has them; with ``--ticket`` it
is a page that has one ticket and its files. The export appears under its name when it is whole,
readable by its owner alone: it contains customers' words.
"""

import argparse
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from aiogram import Bot

from bot.app import LOCALES, bot_of, desk_of
from bot.commands import FINE, WRONG, complain
from bot.database_access import open_existing
from bot.settings import Settings
from channels.telegram.client.downloads import telegram_file
from channels.telegram.screens.journal import names_of
from channels.telegram.screens.screen import Renderer
from channels.telegram.screens.transcript import TranscriptFile
from core.desk import Desk
from core.errors import NoSuchTicket, Unreadable
from core.files import Attachments, store_at
from core.reports.export import Period, Wish, days
from core.reports.export_lists import find_list, numbers_in
from core.reports.table_files import write_tables
from core.reports.transcript import find_transcript
from core.setup.company_settings import find_company
from core.setup.own_texts import adopt_texts, find_own_texts
from core.texts import Texts


async def command(settings: Settings, options: argparse.Namespace) -> int:
    """Export, and print what was written."""
    target: Path = options.file
    export = _export_to if options.ticket is None else _export_ticket
    try:
        with _appearing_whole(target) as unfinished:
            told = await export(settings, options, unfinished)
    except NoSuchTicket:
        complain([f"export: there is no ticket #{options.ticket}"])
        return WRONG
    except Unreadable as wrong:
        complain([f"export: there is no list {options.list!r}; there are: {wrong.facts['views']}"])
        return WRONG
    except OSError as error:
        complain([f"{target}: {error.strerror or error}"])
        return WRONG
    print(f"{target}: {told}")
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


async def _export_to(settings: Settings, options: argparse.Namespace, target: Path) -> str:
    async with open_existing(settings.database_url.get_secret_value()) as database:
        desk = desk_of(settings, database)
        desk.company = await desk.read(find_company)
        texts = await _texts(desk)
        counts = await write_tables(desk, texts, target, await _wish(desk, options))
    return ", ".join(f"{count} {name}" for name, count in counts.items())


async def _export_ticket(settings: Settings, options: argparse.Namespace, target: Path) -> str:
    """Write a page; files that Telegram keeps are in it where there is a token to ask with."""
    async with (
        open_existing(settings.database_url.get_secret_value()) as database,
        _bot(settings) as bot,
    ):
        desk = desk_of(settings, database)
        company = desk.company = await desk.read(find_company)
        internal = not options.public
        found = await desk.read(find_transcript, options.ticket, internal=internal)
        texts = await _texts(desk)
        renderer = Renderer(texts, company.language, desk.clock(), company.zone)
        fetch = None if bot is None else telegram_file(bot)
        attachments = Attachments(store_at(settings.files_url), fetch)
        names = await desk.read(names_of)
        file = TranscriptFile(renderer, names, attachments, company.sign_answers)
        whose = "internal, with notes and journal" if internal else "for the customer"
        return f"{whose}, SHA-256 {await file.write(target, found)}"


async def _texts(desk: Desk) -> Texts:
    """The texts as the company says them."""
    texts = Texts.load(LOCALES, desk.company.language)
    adopt_texts(texts, await desk.read(find_own_texts))
    return texts


@asynccontextmanager
async def _bot(settings: Settings) -> AsyncIterator[Bot | None]:
    if settings.bot_token is None:
        yield None
        return
    bot = bot_of(settings, settings.bot_token)
    try:
        yield bot
    finally:
        await bot.session.close()


async def _wish(desk: Desk, options: argparse.Namespace) -> Wish:
    """All tickets, or those of a list or a search. Raises :class:`Unreadable`."""
    words = options.list if options.find is None else f"find {options.find}"
    if words is None:
        return Wish(_period(desk, options))
    wanted = await desk.read(find_list, words)
    return Wish(_period(desk, options), await numbers_in(desk, wanted))


def _period(desk: Desk, options: argparse.Namespace) -> Period:
    return days(options.since, options.until, desk.company.zone)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
