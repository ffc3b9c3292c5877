"""``/export`` in an admin's private chat: all there is as a workbook (H2)."""

import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from aiogram.types import FSInputFile

from core.errors import Unreadable
from core.file_making import STAFF, Turn
from core.people.staff import as_admin, for_admin
from core.reports.export import Period, days, note_export
from core.reports.table_files import write_overdue, write_tables
from core.setup.company_settings import find_company
from core.texts import Key
from core.words.periods import read_day
from handlers.telegram.context import MessageContext

# Bytes that a bot may send as a file, with room to spare.
LARGEST: Final = 49 * 1024 * 1024
Write = Callable[[Path], Awaitable[None]]


async def on_command(context: MessageContext, words: str) -> None:
    """``/export``, or ``/export 2026-11-01 2026-11-30`` with both days included."""
    period = _period(context, words)

    async def write(target: Path) -> None:
        await write_tables(context.desk, context.responder.texts, target, period)

    await _begin(context, write, context.desk.run(as_admin, context.sender, note_export, period))


async def send_overdue(context: MessageContext) -> None:
    """``/report overdue xlsx``: what is overdue as a workbook (C7)."""

    async def write(target: Path) -> None:
        await write_overdue(context.desk, context.responder.texts, target)

    await _begin(context, write, context.desk.read(for_admin, context.sender, find_company))


async def _begin(context: MessageContext, write: Write, allow: Coroutine[Any, Any, Any]) -> None:
    """Take a turn, ask whether they may, and begin."""
    with closing(allow):
        turn = context.desk.file_making.begin(context.sender.address, STAFF)
        try:
            await allow
            await context.say(context.responder.html("export.preparing"))
        except BaseException:
            turn.end()
            raise
    context.responder.make(context.message.chat.id, _send(context, turn, write))


async def _send(context: MessageContext, turn: Turn, write: Write) -> None:
    """Make the file, send it, and keep nothing of it."""
    async with turn:
        with tempfile.TemporaryDirectory(prefix="frontdoor-") as folder:
            today = context.desk.clock().astimezone(context.desk.company.zone)
            target = Path(folder) / f"frontdoor-{today:%Y-%m-%d}.xlsx"
            await write(target)
            if target.stat().st_size > LARGEST:
                await context.say(context.responder.html("export.too_large"))
                return
            chat = context.message.chat.id
            await context.bot.send_document(
                chat, FSInputFile(target), message_thread_id=context.responder.thread_in(chat)
            )


def _period(context: MessageContext, words: str) -> Period:
    zone = context.desk.company.zone
    today = context.desk.clock().astimezone(zone).date()
    try:
        read = [read_day(word, today) for word in words.replace("—", " ").replace("–", " ").split()]
        since, until = [*read, None, None][: max(len(read), 2)]
    except ValueError:
        raise Unreadable(
            "operators.malformed", words=words[:40], example=Key("operators.example.export")
        ) from None
    return days(since, until, zone)
