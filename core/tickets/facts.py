"""Tickets with all that lists, exports and other systems show, and their public conversation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from core.errors import NoSuchTicket
from core.models import Message, Person, Ticket
from core.tickets.catalog import workflow_of
from core.tickets.relations import LinkFacts, links_of
from core.tickets.workflow import marker
from core.tx import ReadTx

_CUSTOMER: Final = aliased(Person)
_ASSIGNEE: Final = aliased(Person)
_TICKETS: Final = (
    select(Ticket, _CUSTOMER.id, _CUSTOMER.name, _ASSIGNEE.name)
    .join(_CUSTOMER, Ticket.customer_id == _CUSTOMER.id)
    .outerjoin(_ASSIGNEE, Ticket.assignee_id == _ASSIGNEE.id)
)


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """A ticket. ``marker``: ``needs_answer``, ``overdue``, ``answered``, ``frozen``, ``closed``;
    ``sign`` is how people see it;
    ``days``: whole days in work, which stop at the end (C7).
    """

    number: int
    subject: str
    marker: str
    sign: str
    state: str
    category: str
    topic: str | None
    channel: str
    customer_id: int
    customer: str
    assignee: str | None
    opened_at: datetime
    waiting_since: datetime | None
    answer_due: datetime | None
    frozen_until: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    days: int
    reopened: int
    follows: int | None


@dataclass(frozen=True, slots=True)
class PublicMessage:
    """A public message; notes are not among them (S24)."""

    id: int
    from_customer: bool
    author: str
    kind: str
    text: str
    at: datetime
    edited_at: datetime | None
    delivered_at: datetime | None


async def list_tickets(tx: ReadTx, before: int | None, limit: int) -> list[TicketFacts]:
    """Return tickets with a lower number than ``before``, newest first."""
    query = _TICKETS.order_by(Ticket.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Ticket.id < before)
    return await _facts(tx, query)


async def tickets_after(
    tx: ReadTx, after: int, limit: int, where: Sequence[Any]
) -> list[TicketFacts]:
    """Return tickets with a higher number than ``after``, oldest first, that meet conditions."""
    query = _TICKETS.where(Ticket.id > after, *where).order_by(Ticket.id).limit(limit)
    return await _facts(tx, query)


async def tickets_with(tx: ReadTx, numbers: Sequence[int]) -> list[TicketFacts]:
    """Return these tickets, newest first."""
    return await _facts(tx, _TICKETS.where(Ticket.id.in_(numbers)).order_by(Ticket.id.desc()))


async def find_ticket(tx: ReadTx, number: int) -> tuple[TicketFacts, tuple[LinkFacts, ...]]:
    """Return a ticket and its links. Raises :class:`NoSuchTicket`."""
    found = await tickets_with(tx, [number])
    if not found:
        raise NoSuchTicket(number)
    return found[0], tuple(await links_of(tx, number))


async def list_messages(tx: ReadTx, number: int, after: int, limit: int) -> list[PublicMessage]:
    """Return public messages of a ticket behind ``after``, oldest first; none taken back.

    Raises :class:`NoSuchTicket`.
    """
    if await tx.find(Ticket, number) is None:
        raise NoSuchTicket(number)
    rows = await tx.rows(
        select(Message, Person.name)
        .join(Person, Message.author_id == Person.id)
        .where(Message.ticket_id == number, Message.id > after, Message.withdrawn_at.is_(None))
        .order_by(Message.id)
        .limit(limit)
    )
    return [
        PublicMessage(
            one.id,
            one.from_customer,
            name,
            str(one.content.get("kind", "text")),
            one.text,
            one.created_at,
            one.edited_at,
            one.delivered_at,
        )
        for one, name in rows
    ]


async def _facts(tx: ReadTx, query: Select[Any, Any, Any, Any]) -> list[TicketFacts]:
    workflow, found = await workflow_of(tx), []
    for ticket, customer_id, customer, assignee in await tx.rows(query):
        state = workflow.state(ticket.state)
        sign = marker(state, ticket.waiting_since, ticket.answer_due, tx.now)
        ended = ticket.closed_at or tx.now
        found.append(
            TicketFacts(
                number=ticket.id,
                subject=ticket.title,
                marker=sign.name.lower(),
                sign=sign.value,
                state=state.code,
                category=state.category,
                topic=ticket.topic,
                channel=ticket.origin,
                customer_id=customer_id,
                customer=customer,
                assignee=assignee,
                opened_at=ticket.opened_at,
                waiting_since=ticket.waiting_since,
                answer_due=ticket.answer_due,
                frozen_until=ticket.frozen_until,
                resolved_at=ticket.resolved_at,
                closed_at=ticket.closed_at,
                days=max(0, (ended - ticket.opened_at).days),
                reopened=ticket.reopened,
                follows=ticket.follows_id,
            )
        )
    return found
