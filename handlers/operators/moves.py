"""Commands that change a ticket. What they did shows on its card, not in words."""

from datetime import datetime
from zoneinfo import ZoneInfo

from core.errors import Refusal, Unreadable
from core.tickets import assignment, conversation, details
from core.tickets.albums import note_piece
from core.tickets.lifecycle import move
from core.words.when import NotATime, TimeInPast, When, parse_when
from handlers.operators.asking import Asked, example


async def take(asked: Asked) -> None:
    """Become the assignee."""
    await asked.act(assignment.take, asked.number)


async def release(asked: Asked) -> None:
    """Give the ticket back."""
    await asked.act(assignment.release, asked.number)


async def reply(asked: Asked) -> None:
    """Answer the customer."""
    await asked.act(conversation.reply, asked.number, asked.words)


async def note(asked: Asked) -> None:
    """Write an internal note."""
    await asked.act(note_piece, asked.number, asked.words)


async def wait(asked: Asked) -> None:
    """Wait for the customer, perhaps after a question."""
    words = asked.words
    if words.kind == "text" and not words.text.strip():
        await asked.act(move, asked.number, "wait")
    else:
        await asked.act(conversation.reply, asked.number, words, wait=True)


async def freeze(asked: Asked) -> None:
    """Freeze until a time, for a reason."""
    when = read_when(asked.reason or "", asked.desk.clock(), asked.desk.company.zone, asked.number)
    await asked.act(move, asked.number, "freeze", until=when.at, reason=when.rest or None)


def read_when(words: str, now: datetime, zone: ZoneInfo, number: int) -> When:
    """The time at the start of the words. Raises :class:`Unreadable` with what would be one."""
    try:
        return parse_when(words, now, zone)
    except TimeInPast as past:
        raise Unreadable("operators.time_past", words=past.words[:40], number=number) from None
    except NotATime as nothing:
        raise Unreadable("operators.no_time", words=nothing.words[:40], number=number) from None


async def unfreeze(asked: Asked) -> None:
    """Back to work before the time."""
    await asked.act(move, asked.number, "unfreeze")


async def close(asked: Asked) -> None:
    """End it."""
    await asked.act(move, asked.number, "close", reason=asked.reason)


async def cancel(asked: Asked) -> None:
    """End it undone."""
    await asked.act(move, asked.number, "cancel", reason=asked.reason)


async def reopen(asked: Asked) -> None:
    """Take the ending back."""
    await asked.act(move, asked.number, "reopen")


async def title(asked: Asked) -> None:
    """Give it another title."""
    await asked.act(details.retitle, asked.number, asked.command.words)


async def topic(asked: Asked) -> None:
    """Move it to another topic."""
    await asked.act(details.change_topic, asked.number, asked.command.words)


async def undo(asked: Asked) -> None:
    """Take back the answer that the command replies to."""
    if asked.command.rest:
        raise Unreadable(
            "operators.malformed", words=asked.command.rest[:40], example=example("undo")
        )
    if asked.said.reply_to is None:
        raise Refusal("refusal.undo_what")
    await asked.act(conversation.undo, asked.message.chat.id, asked.said.reply_to)
