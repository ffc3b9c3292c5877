"""The directory by its parts: kinds, entries, an entry, never more than three taps deep (X12)."""

from channels.telegram.screens.directory import draw_faults
from channels.telegram.screens.directory_entries import (
    DirectoryKind,
    DirectoryKinds,
    DirectoryPart,
    draw_found,
    draw_kinds,
    kind_named,
)
from channels.telegram.screens.screen import Screen
from core.directory.entry_edits import count_entries, find_entries, list_entries, switch_entry
from core.directory.faults import DirectoryError
from core.directory.kinds.notices import NoticeEntry
from core.people.staff import as_admin, for_admin
from handlers.telegram.admins import notices
from handlers.telegram.admins.entry_questions import is_ready, show_entry, show_list
from handlers.telegram.context import ButtonContext, MessageContext


async def show_kinds(context: MessageContext) -> None:
    """All kinds, as a message of their own."""
    counts = await context.desk.read(for_admin, context.sender, count_entries)
    await context.show(draw_kinds(context.renderer, counts, ready=is_ready(context)))


async def show_found(context: MessageContext, words: str) -> None:
    """The kind, or the entries, that are called so; the only entry at once."""
    named = kind_named(context.renderer, words)
    if named is not None:
        await show_kind(context, named)
        return
    found = await context.desk.read(for_admin, context.sender, find_entries, words)
    if len(found) == 1:
        await show_entry(context, found[0].kind, found[0].mark)
    else:
        await context.show(draw_found(context.renderer, found, words))


async def on_kinds(context: ButtonContext, _data: DirectoryKinds) -> None:
    """Back to all kinds."""
    counts = await context.desk.read(for_admin, context.sender, count_entries)
    await context.show(draw_kinds(context.renderer, counts, ready=is_ready(context)))


async def on_kind(context: ButtonContext, data: DirectoryKind) -> None:
    """A kind, by its button."""
    await show_kind(context, data.kind, data.page)


async def show_kind(context: ButtonContext | MessageContext, kind: str, page: int = 0) -> None:
    """The entries of a kind; the only one of it at once; of notices all that can be told."""
    if kind == NoticeEntry.name:
        await notices.show_all(context, page)
        return
    found = await context.desk.read(for_admin, context.sender, list_entries, kind)
    if len(found) == 1 and found[0].single:
        await show_entry(context, kind, found[0].mark)
    else:
        await show_list(context, kind, page)


async def on_part(context: ButtonContext, data: DirectoryPart) -> None:
    """Show an entry, perhaps after it was switched on or off."""
    if data.step == "show":
        await show_entry(context, data.kind, data.mark)
        return
    kind, mark, active = data.kind, data.mark, data.step == "on"
    try:
        await context.desk.run(as_admin, context.sender, switch_entry, kind, mark, active=active)
    except DirectoryError as error:
        faults: Screen = draw_faults(context.renderer, error.faults)
        chat = int(context.sender.address.chat)
        await context.toast()
        await context.responder.say(chat, faults.html)
        return
    await show_entry(context, kind, mark)
