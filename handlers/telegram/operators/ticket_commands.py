"""Commands that change a ticket. What they did shows on its card, not in words."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from channels.telegram.screens import card as card_screen
from core.errors import Refusal, Unreadable
from core.tickets import assignment, classification, conversation
from core.tickets.albums import note_piece
from core.tickets.lifecycle import move
from core.words.when import NotATime, TimeInPast, When, parse_when
from handlers.telegram.operators.context import CommandContext, example

FOR_CUSTOMER: Final = "!"


async def take(context: CommandContext) -> None:
    """Become the assignee."""
    await context.act(assignment.take, context.number)


async def release(context: CommandContext) -> None:
    """Give the ticket back."""
    await context.act(assignment.release, context.number)


async def reply(context: CommandContext) -> None:
    """Answer the customer."""
    await context.act(conversation.reply, context.number, context.words)


async def note(context: CommandContext) -> None:
    """Write an internal note."""
    await context.act(note_piece, context.number, context.words)


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
        await context.show(card_screen.freeze_end(context.renderer, context.number, reason))


def read_reason(words: str | None) -> tuple[str | None, bool]:
    """The reason, and whether it is meant for the customer, too: that begins with ``!``."""
    bare = (words or "").strip()
    public = bare.startswith(FOR_CUSTOMER)
    return bare.removeprefix(FOR_CUSTOMER).strip() or None, public


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


async def close(context: CommandContext) -> None:
    """End it."""
    reason, public = read_reason(context.reason)
    await context.act(move, context.number, "close", reason=reason, public=public)


async def cancel(context: CommandContext) -> None:
    """End it undone."""
    await context.act(move, context.number, "cancel", reason=context.reason)


async def reopen(context: CommandContext) -> None:
    """Take the ending back."""
    await context.act(move, context.number, "reopen")


async def title(context: CommandContext) -> None:
    """Give it another title."""
    await context.act(classification.retitle, context.number, context.command.words)


async def topic(context: CommandContext) -> None:
    """Move it to another topic."""
    await context.act(classification.change_topic, context.number, context.command.words)


async def undo(context: CommandContext) -> None:
    """Take back the answer that the command replies to."""
    if context.command.rest:
        raise Unreadable(
            "operators.malformed", words=context.command.rest[:40], example=example("undo")
        )
    if context.incoming.reply_to is None:
        raise Refusal("refusal.undo_what")
    await context.act(conversation.undo, context.incoming.reply_to)
