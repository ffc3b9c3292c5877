"""What we owe a customer, asked of the messages themselves: since when they wait for our word."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import func, select

from core.models import JournalEntry, Message, Ticket
from core.tx import Look

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def unanswered_since(look: Look, ticket: Ticket) -> datetime | None:
    """When the first message was heard that asks for an answer and stands behind our last
    delivered one, and behind our last talk by phone; ``None``: the last word is ours (C1, C2).
    """
    ours = (
        select(func.coalesce(func.max(Message.id), 0))
        .where(
            Message.ticket_id == ticket.id,
            Message.from_customer.is_(False),
            Message.delivered_at.is_not(None),
            Message.withdrawn_at.is_(None),
        )
        .scalar_subquery()
    )
    talked = (
        select(func.max(JournalEntry.at))
        .where(JournalEntry.ticket_id == ticket.id, JournalEntry.event == "call_recorded")
        .scalar_subquery()
    )
    since: datetime | None = await look.session.scalar(
        select(func.min(Message.created_at)).where(
            Message.ticket_id == ticket.id,
            Message.from_customer.is_(True),
            Message.counts.is_(True),
            Message.id > ours,
            Message.created_at > func.coalesce(talked, _LONG_AGO),
        )
    )
    return since


async def is_known_late(look: Look, ticket: Ticket) -> bool:
    """Admins have been told since ``answer_due`` that the ticket is late: not once more (C5)."""
    query = select(JournalEntry.id).where(
        JournalEntry.ticket_id == ticket.id,
        JournalEntry.event == "deadline_missed",
        JournalEntry.at >= ticket.answer_due,
    )
    return (await look.session.scalars(query.limit(1))).one_or_none() is not None
