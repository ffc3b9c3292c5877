"""Files of responses and articles in an admin's private chat: sent to one, taken out of it (E1)."""

import logging
from typing import Any

from channels.telegram.messages.message_parser import read
from channels.telegram.screens.attached_files import EntryFiles, ask_for_files, draw_added
from core.directory.company_files import (
    Entry,
    attach_file,
    detach_file,
    end_files,
    entry_asked_for,
)
from core.directory.company_files import (
    ask_for_files as ask,
)
from core.directory.entry_edits import EntryFacts, find_entry
from core.errors import Refusal
from core.files import FileTooLarge, has_file, title_of, usable_name
from core.integrations.unused_uploads import note_uploads
from core.people.identity import Sender
from core.people.staff import as_admin
from core.tickets.attached_files import LARGEST_TOGETHER, AttachedFile
from core.tickets.incoming import IncomingMessage
from core.tx import Tx
from handlers.telegram.admins.entry_questions import show_entry
from handlers.telegram.context import ButtonContext, MessageContext

log = logging.getLogger(__name__)


async def on_button(context: ButtonContext, data: EntryFiles) -> None:
    """Ask for files, take one out, or show the entry with all of them."""
    if data.step == "add":
        entry = await _run(context, ask, context.sender, data.kind, data.mark)
        await context.show(ask_for_files(context.renderer, entry))
        return
    if data.step == "drop":
        entry = await _run(context, detach_file, data.kind, data.mark, data.name)
    else:
        entry = await _run(context, _end, context.sender, data.kind, data.mark)
    await show_entry(context, entry.kind, entry.mark)


async def _end(tx: Tx, sender: Sender, kind: str, mark: str) -> EntryFacts:
    await end_files(tx, sender)
    return await find_entry(tx, kind, mark)


async def _run(context: ButtonContext | MessageContext, action: Any, *given: Any) -> EntryFacts:
    entry: EntryFacts = await context.desk.run(as_admin, context.sender, action, *given)
    return entry


async def on_message(context: MessageContext) -> bool:
    """A file of an admin who was asked for files. False for everything else."""
    said = read(context.message)
    if not isinstance(said, IncomingMessage) or not has_file(said.content):
        return False
    if context.sender.address not in context.desk.company.admins:
        return False
    asked = await context.desk.read(entry_asked_for, context.sender)
    if asked is None:
        return False
    await _attach(context, asked, said)
    return True


async def _attach(context: MessageContext, asked: Entry, said: IncomingMessage) -> None:
    file = await _keep(context, said)
    try:
        entry = await _run(context, attach_file, asked.kind, asked.mark, file)
    except Refusal:
        await context.desk.run(note_uploads, [file.name])
        raise
    await context.show(draw_added(context.renderer, entry, file.title))


async def _keep(context: MessageContext, said: IncomingMessage) -> AttachedFile:
    """Fetch the file and store its bytes. Raises :class:`Refusal`."""
    store = context.responder.files
    if store is None:
        raise Refusal("refusal.file_away")
    title = usable_name(title_of(said.content, said.text), "", 0)
    try:
        data = await context.responder.attachments.read(said.content, LARGEST_TOGETHER)
        return AttachedFile(await store.put(data), title, len(data))
    except FileTooLarge:
        megabytes = LARGEST_TOGETHER // 1_000_000
        raise Refusal("refusal.files_large", megabytes=megabytes) from None
    except OSError as error:
        log.warning("a file could not be kept: %s", type(error).__name__)
        raise Refusal("refusal.file_away") from None
