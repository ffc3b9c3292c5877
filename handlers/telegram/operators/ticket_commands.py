"""Commands that change a ticket. What they did shows on its card, not in words."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from channels.telegram.screens import card as card_screen
from channels.telegram.screens import outages as screens
from channels.telegram.screens.outages import OutageStep
from channels.telegram.screens.screen import Screen
from channels.telegram.screens.ticket_choices import (
    MakeParent,
    UndoMerge,
    draw_merged,
    draw_similar,
)
from core.equipment import outage_commands, outage_detection
from core.equipment.outage_commands import Title
from core.errors import NoSuchTicket, Refusal, Unreadable
from core.knowledge.using import titles_by_ticket
from core.links import ticket_links
from core.links.merge_undo import UNDO_WITHIN, undo_merge
from core.links.similar import similar_to
from core.links.ticket_links import Fragment
from core.links.ticket_links import split as split_off
from core.links.ticket_merge import merge_tickets
from core.tickets import classification, conversation, lifecycle
from core.tickets.albums import note_piece
from core.tickets.lifecycle import move
from core.tickets.parents import set_parent
from core.words.aliases import BY_MAIL, UNDO
from core.words.contact_values import EMAIL
from core.words.numbers import find_number
from core.words.when import NotATime, TimeInPast, When, parse_when
from handlers.telegram.operators import tags
from handlers.telegram.operators.context import (
    CommandContext,
    OperatorContext,
    example,
    read_reason,
    text_of,
    without_head,
)
from handlers.telegram.responder import Responder


async def take(context: CommandContext) -> None:
    """Become the assignee."""
    await context.act(lifecycle.take, context.number)


async def release(context: CommandContext) -> None:
    """Give the ticket back."""
    await context.act(lifecycle.release, context.number)


async def reply(context: CommandContext) -> None:
    """Answer the customer; `mail:` before the words answers by mail, wherever they wrote."""
    words = context.words
    by_mail = BY_MAIL.match(text_of(words))
    if by_mail is None:
        await context.answer(context.number, words)
    else:
        rest = without_head(words, by_mail.end())
        await context.answer(context.number, rest, by=EMAIL)


async def note(context: CommandContext) -> None:
    """Write an internal note."""
    await context.act(note_piece, context.number, context.words)
    await tags.doubt_note(context, context.number, context.words.text)


async def wait(context: CommandContext) -> None:
    """Wait for the customer, perhaps after a question."""
    words = context.words
    if words.kind == "text" and not words.text.strip():
        await context.act(move, context.number, "wait")
    else:
        await context.act(conversation.reply, context.number, words, wait=True)


async def freeze(context: CommandContext) -> None:
    """Freeze until a time, for a reason. Words in which no time could be read are asked about,
    unless a dash says that they are a reason.
    """
    words = context.reason or ""
    when = read_when(words, context.desk.clock(), context.desk.company.zone, context.number)
    reason, public = read_reason(when.rest)
    until = when.at
    await context.act(move, context.number, "freeze", until=until, reason=reason, public=public)
    if until is None and reason is not None and words.startswith(when.rest):
        ends = card_screen.freeze_end(context.renderer, context.number, reason)
        await replace(context, quiet=True).show(ends)


def read_when(words: str, now: datetime, zone: ZoneInfo, ticket_id: int) -> When:
    """The time at the start of the words. Raises :class:`Unreadable` with what would be one."""
    try:
        return parse_when(words, now, zone)
    except TimeInPast as past:
        raise Unreadable("operators.time_past", words=past.words[:40], number=ticket_id) from None
    except NotATime as nothing:
        raise Unreadable("operators.no_time", words=nothing.words[:40], number=ticket_id) from None


async def unfreeze(context: CommandContext) -> None:
    """Back to work before the time."""
    await context.act(move, context.number, "unfreeze")


async def cancel(context: CommandContext) -> None:
    """End it undone."""
    await context.act(move, context.number, "cancel", reason=context.reason)


async def reopen(context: CommandContext) -> None:
    """Take the ending back."""
    await context.act(move, context.number, "reopen")


async def title(context: CommandContext) -> None:
    """Give it another title."""
    await context.act(classification.retitle, context.number, context.command.words)


async def undo(context: CommandContext) -> None:
    """Take back the answer that the command replies to."""
    if context.command.rest:
        raise Unreadable(
            "operators.malformed", words=context.command.rest[:40], example=example("undo")
        )
    if context.incoming.reply_to is None:
        raise Refusal("refusal.undo_what")
    await context.act(conversation.undo, context.incoming.reply_to)


async def link(context: CommandContext) -> None:
    """To another ticket, to a parent, to an object elsewhere."""
    await context.act(ticket_links.link, context.number, context.command.words)


async def unlink(context: CommandContext) -> None:
    """Take a link away."""
    await context.act(ticket_links.unlink, context.number, context.command.words)


async def split(context: CommandContext) -> None:
    """Make the quoted part of a message a ticket of its own."""
    message = context.message
    if context.incoming.reply_to is None:
        raise Refusal("refusal.split_what")
    quote = message.quote.text if message.quote is not None else None
    fragment = Fragment(
        ref=context.incoming.reply_to,
        quote=quote,
        command=context.incoming.ref,
        title=context.command.rest,
    )
    new, old = await context.act(split_off, fragment)
    facts = {"number": new.id, "source": old.id}
    await context.say(context.responder.html("operators.split", facts))


async def merge(context: CommandContext) -> None:
    """Merge two tickets of one customer, or take that back."""
    words = context.command.words.strip()
    if words.casefold() in UNDO:
        stays, goes = await context.act(undo_merge, context.number)
        facts = {"number": stays.id, "other": goes.id}
        await context.say(context.responder.html("operators.unmerged", facts))
        return
    other = find_number(words, *context.desk.company.number_masks)
    if other is None or other[1].strip():
        shown = example("merge_tickets")
        raise Unreadable("operators.malformed", words=words[:40], example=shown)
    stays, goes = await context.act(merge_tickets, context.number, other[0])
    until = context.desk.clock() + UNDO_WITHIN
    await context.show(draw_merged(context.renderer, stays.id, goes.id, until))


async def undo_by_button(context: Any, data: UndoMerge) -> None:
    """The button below what was merged."""
    stays, goes = await context.act(undo_merge, data.ticket_id)
    await context.toast("unmerged", number=stays.id, other=goes.id)
    facts = {"number": stays.id, "other": goes.id}
    await context.edit(Screen(context.renderer.html("operators.unmerged", **facts)))


async def similar(context: CommandContext) -> None:
    """Tickets like this one, each with the reason, and a way to make it the parent."""
    found = await context.read(similar_to, context.number)
    used = await context.read(titles_by_ticket, [one.line.number for one in found])
    await context.show(draw_similar(context.renderer, context.number, found, used))


async def make_parent(context: Any, data: MakeParent) -> None:
    """The button below a list of similar tickets."""
    try:
        await context.act(set_parent, data.ticket_id, data.parent)
    except NoSuchTicket as refused:
        raise Refusal("refusal.outdated") from refused
    await context.toast("parent", number=data.ticket_id, parent=data.parent)


_SPANS: Final = {"1h": "1h", "3h": "3h", "tomorrow": "tomorrow 9:00"}


async def outage(context: CommandContext) -> None:
    """Say when it will be over, and what it is; everybody who reported it hears it."""
    now, zone = context.desk.clock(), context.desk.company.zone
    when = read_when(context.reason or "", now, zone, context.number)
    await context.act(
        outage_commands.restate_outage,
        context.number,
        until=when.at,
        words=when.rest.strip() or None,
    )


async def broadcast(context: CommandContext) -> None:
    """Tell everybody whose ticket is part of this one."""
    await context.act(conversation.reply, context.number, context.words, to_all=True)


async def decide_outage(context: OperatorContext, data: OutageStep) -> str:
    """What a button below the offer decides. Returns the new text of the message."""
    if data.step == "no":
        area = await context.act(outage_detection.decline, data.ticket_id)
        return screens.declined(context.renderer, area)
    until = _until(context, data.step)
    ticket, reports = await context.act(
        outage_commands.open_outage, data.ticket_id, until=until, title=_title_in(context.responder)
    )
    return screens.opened(context.renderer, ticket.id, reports, until)


def _until(context: OperatorContext, code: str) -> datetime | None:
    words = _SPANS.get(code)
    if words is None:
        return None
    return parse_when(words, context.desk.clock(), context.desk.company.zone).at


def _title_in(responder: Responder) -> Title:
    def title(area: str) -> str:
        company = responder.desk.company
        return responder.texts.say(
            company.language,
            "outage.title",
            {"area": area},
            now=responder.desk.clock(),
            zone=company.zone,
        )

    return title
