"""Edited messages in the group: what was passed on follows; nothing new begins by an edit (S3)."""

from typing import Final

from aiogram import Bot
from aiogram.types import Message

from channels.telegram.messages.message_parser import read
from core.desk import Desk
from core.people.identity import Sender
from core.people.staff import by_operator
from core.tickets import edits
from core.tickets.incoming import IncomingMessage, find_location
from handlers.telegram.filters import is_borrowed, is_nobody
from handlers.telegram.operators.command_parser import (
    is_note,
    parse,
    text_of,
    without_head,
    without_mark,
)
from handlers.telegram.operators.context import name_for
from handlers.telegram.operators.group_messages import is_automatic

# Commands whose words were passed on.
_SAYING: Final = {True: frozenset({"note"}), False: frozenset({"reply", "wait"})}


async def on_edit(message: Message, bot: Bot, desk: Desk, sender: Sender | None = None) -> None:
    """The author has changed their answer or note; the copies and the journal follow."""
    said = read(message)
    if sender is None or not isinstance(said, IncomingMessage):
        return
    if is_automatic(message) or is_borrowed(message) or is_nobody(message):
        return
    found = await desk.read(find_location, said.ref)
    if found is None or found.ours:
        return
    note = found.note_id is not None
    words = await _words(said, bot, desk.company.number_mask, note=note)
    if words is not None:
        await desk.run(by_operator, sender, edits.edit, words)


async def _words(
    incoming: IncomingMessage, bot: Bot, mask: str, *, note: bool
) -> IncomingMessage | None:
    """What is passed on of the message as it is now: without its command or its ``//``."""
    text = text_of(incoming)
    if note and is_note(text):
        return without_mark(incoming)
    command = parse(text, await name_for(bot, text), mask)
    if command is None:
        return incoming
    return without_head(incoming, command.at) if command.name in _SAYING[note] else None
