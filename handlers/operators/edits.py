"""Edited messages in the group: what was passed on follows; nothing new begins by an edit (S3)."""

from typing import Final

from aiogram import Bot
from aiogram.types import Message

from channels.telegram.contents import read
from core.desk import Desk
from core.people.directory import Caller
from core.people.operators import by_operator
from core.tickets import edits
from core.tickets.said import Said, find_belonging
from handlers.filters import is_borrowed, is_nobody
from handlers.operators.asking import name_for
from handlers.operators.parsing import is_note, parse, text_of, without_head, without_mark
from handlers.operators.room import is_automatic

# Commands whose words were passed on.
_SAYING: Final = {True: frozenset({"note"}), False: frozenset({"reply", "wait"})}


async def on_edit(message: Message, bot: Bot, desk: Desk, caller: Caller | None = None) -> None:
    """The author has changed their answer or note; the copies and the journal follow."""
    said = read(message)
    if caller is None or not isinstance(said, Said):
        return
    if is_automatic(message) or is_borrowed(message) or is_nobody(message):
        return
    found = await desk.read(find_belonging, said.chat, said.message)
    if found is None or found.ours:
        return
    note = found.note_id is not None
    words = await _words(said, bot, desk.company.number_mask, note=note)
    if words is not None:
        await desk.run(by_operator, caller, edits.edit, words)


async def _words(said: Said, bot: Bot, mask: str, *, note: bool) -> Said | None:
    """What is passed on of the message as it is now: without its command or its ``//``."""
    text = text_of(said)
    if note and is_note(text):
        return without_mark(said)
    command = parse(text, await name_for(bot, text), mask)
    if command is None:
        return said
    return without_head(said, command.at) if command.name in _SAYING[note] else None
