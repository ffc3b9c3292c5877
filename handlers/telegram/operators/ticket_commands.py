"""Commands that change a ticket. What they did shows on its card, not in words."""

from datetime import datetime
from zoneinfo import ZoneInfo

from core.errors import Refusal, Unreadable
from core.tickets import assignment, classification, conversation
from core.tickets.albums import note_piece
from core.tickets.lifecycle import move
from core.words.when import NotATime, TimeInPast, When, parse_when
from handlers.telegram.operators.context import CommandContext, example


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
    """Freeze until a time, for a reason."""
    when = read_when(
        context.reason or "", context.desk.clock(), context.desk.company.zone, context.number
    )
    await context.act(move, context.number, "freeze", until=when.at, reason=when.rest or None)


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
    await context.act(move, context.number, "close", reason=context.reason)


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
