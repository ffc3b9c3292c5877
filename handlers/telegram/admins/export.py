"""``/export`` in an admin's private chat: all there is, or a list, as a workbook or as CSV (H2)."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

from aiogram.exceptions import TelegramForbiddenError
from aiogram.types import FSInputFile

from channels.telegram.addresses import chat_id
from channels.telegram.screens.ticket_list import ExportList
from core.errors import Unreadable
from core.file_making import STAFF, Turn
from core.people.staff import as_admin, for_admin
from core.reports.export import ALWAYS, Period, Wish, days, note_export
from core.reports.export_lists import TicketList, find_list, list_of_button, numbers_in
from core.reports.table_files import XLSX, write_overdue, write_tables
from core.setup.company_settings import find_company
from core.texts import Key
from core.words.periods import read_day
from handlers.telegram.context import ButtonContext, Context, MessageContext

# Bytes that a bot may send as a file, with room to spare.
LARGEST: Final = 49 * 1024 * 1024
Write = Callable[[Path], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What somebody wants to have: of which days, of which list, as which kind of file."""

    period: Period
    words: str = ""
    csv: bool = False


async def on_command(context: MessageContext, words: str) -> None:
    """``/export``: all there is; with days, both included, a list's name or ``find`` with words,
    and ``csv`` for text files instead of a workbook, in any of their combinations.
    """
    asked = _read(context, words)
    wanted = await _list(context, asked.words) if asked.words else None

    async def write(target: Path) -> None:
        numbers = None if wanted is None else await numbers_in(context.desk, wanted)
        wish = Wish(asked.period, numbers)
        await write_tables(context.desk, context.responder.texts, target, wish)

    view = None if wanted is None else wanted.name
    allow = context.desk.run(as_admin, context.sender, note_export, asked.period, view)
    await _begin(_by_message(context), write, allow, csv=asked.csv)


async def _list(context: MessageContext, words: str) -> TicketList:
    address = context.sender.address
    try:
        return await context.desk.read(for_admin, context.sender, find_list, words, address)
    except Unreadable as wrong:
        facts = {"words": words[:40], "views": wrong.facts["views"]}
        raise Unreadable("export.no_list", **facts, example=_EXAMPLE) from None


async def send_overdue(context: MessageContext) -> None:
    """``/report overdue xlsx``: what is overdue as a workbook (C7)."""

    async def write(target: Path) -> None:
        await write_overdue(context.desk, context.responder.texts, target)

    allow = context.desk.read(for_admin, context.sender, find_company)
    await _begin(_by_message(context), write, allow)


async def on_button(context: ButtonContext, data: ExportList) -> None:
    """The list above, as a workbook in the private chat of whoever pressed."""
    address, responder = context.sender.address, context.responder
    words = _searched(context.message)
    wanted = await context.desk.read(
        for_admin, context.sender, list_of_button, data.view, words, address
    )

    async def write(target: Path) -> None:
        numbers = await numbers_in(context.desk, wanted)
        await write_tables(context.desk, responder.texts, target, Wish(numbers=numbers))

    async def tell(key: str) -> None:
        if key == _PREPARING:
            await context.toast(responder.plain(key))
        elif key == _NO_CHAT:
            reader = context.query.from_user.id
            await responder.say_to_one(reader, context.message, responder.html(key))
        else:
            await responder.say(chat_id(address), responder.html(key))

    allow = context.desk.run(as_admin, context.sender, note_export, ALWAYS, wanted.name)
    await _begin(_Receiver(context, chat_id(address), tell), write, allow)


def _searched(message: Any) -> str:
    """The words behind the command that a list replies to."""
    asked = getattr(message, "reply_to_message", None)
    command, _, words = ((asked.text if asked else None) or "").partition(" ")
    return words.strip() if command.startswith("/") else ""


_PREPARING: Final = "export.preparing"
_NO_CHAT: Final = "export.no_chat"


@dataclass(frozen=True, slots=True)
class _Receiver:
    """Where a file goes, and how its receiver is told something, by the key of a text."""

    context: Context
    chat: int
    tell: Callable[[str], Awaitable[None]]


def _by_message(context: MessageContext) -> _Receiver:
    async def tell(key: str) -> None:
        await context.say(context.responder.html(key))

    return _Receiver(context, context.message.chat.id, tell)


async def _begin(
    receiver: _Receiver, write: Write, allow: Coroutine[Any, Any, Any], *, csv: bool = False
) -> None:
    """Take a turn, ask whether they may, and begin."""
    context = receiver.context
    with closing(allow):
        turn = context.desk.file_making.begin(context.sender.address, STAFF)
        try:
            await allow
            await receiver.tell(_PREPARING)
        except BaseException:
            turn.end()
            raise
    context.responder.make(receiver.chat, _send(receiver, turn, write, csv=csv))


async def _send(receiver: _Receiver, turn: Turn, write: Write, *, csv: bool) -> None:
    """Make the file, send it, and keep nothing of it."""
    context, chat = receiver.context, receiver.chat
    async with turn:
        with tempfile.TemporaryDirectory(prefix="frontdoor-") as folder:
            today = context.desk.clock().astimezone(context.desk.company.zone)
            target = Path(folder) / f"frontdoor-{today:%Y-%m-%d}{'' if csv else XLSX}"
            await write(target)
            if csv:  # several files, as one
                target = await asyncio.to_thread(_packed, target)
            if target.stat().st_size > LARGEST:
                await receiver.tell("export.too_large")
                return
            thread = context.responder.thread_in(chat)
            try:
                await context.bot.send_document(chat, FSInputFile(target), message_thread_id=thread)
            except TelegramForbiddenError:
                await receiver.tell(_NO_CHAT)


def _packed(folder: Path) -> Path:
    """An archive of the files of a folder, beside it."""
    packed = folder.with_suffix(".zip")
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return packed


_EXAMPLE: Final = Key("operators.example.export")
_FORMS: Final = frozenset({"csv", "xlsx"})
# The first day and the last one.
_DAYS: Final = 2


def _read(context: MessageContext, words: str) -> ExportRequest:
    """Days come first; a word for the kind of file may stand anywhere but in a search."""
    zone = context.desk.company.zone
    today = context.desk.clock().astimezone(zone).date()
    told = words.replace("—", " ").replace("–", " ").split()
    form = next((one for one in (*told[:1], *told[-1:]) if one.casefold() in _FORMS), None)
    if form is not None:
        told.remove(form)
    found: list[date] = []
    while told and len(found) < _DAYS and (day := _day(told[0], today)) is not None:
        found.append(day)
        told = told[1:]
    since, until = [*found, None, None][:_DAYS]
    csv = form is not None and form.casefold() == "csv"
    return ExportRequest(days(since, until, zone), " ".join(told), csv=csv)


def _day(word: str, today: date) -> date | None:
    try:
        return read_day(word, today)
    except ValueError:
        return None
