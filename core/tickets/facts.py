"""Tickets with all that lists, exports and other systems show, and their public conversation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.orm import aliased

from core.db import BigId, PreparedStatement
from core.errors import NoSuchTicket
from core.models import Classification, Message, Person, Ticket
from core.tickets.catalog import workflow_of
from core.tickets.lateness import AGREED_DUE
from core.tickets.relations import LinkFacts, links_of
from core.tickets.workflow import Marker, State, marker
from core.tx import ReadTx
from core.words.numbers import GREATEST

_CUSTOMER: Final = aliased(Person)
_ASSIGNEE: Final = aliased(Person)
# Columns and no objects: other systems ask for lists hundreds of times a second.
_TICKETS: Final = (
    select(
        *(Ticket.id, Ticket.title, Ticket.state, Ticket.topic, Ticket.origin),
        *(_CUSTOMER.id, _CUSTOMER.name, _ASSIGNEE.name),
        *(Ticket.opened_at, Ticket.waiting_since, Ticket.answer_due, Ticket.frozen_until),
        *(Ticket.resolved_at, Ticket.closed_at, Ticket.reopened, Ticket.follows_id),
        *(Classification.service, Classification.category, Classification.priority),
        AGREED_DUE,
    )
    .join_from(Ticket, _CUSTOMER, Ticket.customer_id == _CUSTOMER.id)
    .outerjoin(_ASSIGNEE, Ticket.assignee_id == _ASSIGNEE.id)
    .outerjoin(Classification, Classification.ticket_id == Ticket.id)
)
_NEWEST: Final = PreparedStatement(
    _TICKETS.where(Ticket.id < bindparam("before", type_=BigId))
    .order_by(Ticket.id.desc())
    .limit(bindparam("limit", type_=Integer))
)


class TicketFacts(NamedTuple):
    """A ticket. ``marker``: ``needs_answer``, ``overdue``, ``answered``, ``frozen``, ``closed``;
    ``sign`` is how people see it;
    ``category`` is the state's, ``kind`` the ticket's own; ``days``: whole days in work, which stop
    at the end (C7).
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
    service: str | None
    kind: str | None
    priority: str | None


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
    given = {"before": GREATEST if before is None else before, "limit": limit}
    return await _facts(tx, await _NEWEST.rows(tx.session, given))


# Numbers that are looked at for one page of a filter: however rare what it asks for is, a page
# costs no more.
LOOKED_AT: Final = 20_000


async def list_filtered(
    tx: ReadTx, before: int | None, limit: int, where: Sequence[Any]
) -> tuple[list[TicketFacts], int | None]:
    """Return at most ``limit`` tickets with a lower number than ``before`` that meet conditions,
    newest first, and the number to go on before. A page may have fewer, or none, and yet a next.
    """
    top = await tx.first(select(func.max(Ticket.id))) or 0
    end = top + 1 if before is None else min(before, top + 1)
    start = max(1, end - LOOKED_AT)
    query = _TICKETS.where(Ticket.id < end, Ticket.id >= start, *where)
    found = await _facts(tx, await tx.rows(query.order_by(Ticket.id.desc()).limit(limit + 1)))
    if len(found) > limit:
        return found[:limit], found[limit - 1].number
    return found, start if start > 1 else None


async def tickets_after(
    tx: ReadTx, after: int, limit: int, where: Sequence[Any]
) -> list[TicketFacts]:
    """Return tickets with a higher number than ``after``, oldest first, that meet conditions."""
    query = _TICKETS.where(Ticket.id > after, *where).order_by(Ticket.id).limit(limit)
    return await _facts(tx, await tx.rows(query))


async def tickets_with(tx: ReadTx, numbers: Sequence[int]) -> list[TicketFacts]:
    """Return these tickets, newest first."""
    query = _TICKETS.where(Ticket.id.in_(numbers)).order_by(Ticket.id.desc())
    return await _facts(tx, await tx.rows(query))


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
    ticket = await tx.find(Ticket, number)
    if ticket is None:
        raise NoSuchTicket(number)
    tx.shows(ticket.customer_id, "conversation")
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


async def _facts(tx: ReadTx, rows: Sequence[Sequence[Any]]) -> list[TicketFacts]:
    workflow = await workflow_of(tx)
    return [_fact(workflow.state(row[2]), row, tx.now) for row in rows]


_MARKERS: Final = {one: (one.name.lower(), one.value) for one in Marker}


def _fact(state: State, row: Sequence[Any], now: datetime) -> TicketFacts:
    number, subject, _, topic, channel, customer_id, customer, assignee, *rest = row
    opened_at, waiting_since, answer_due, frozen_until, resolved_at, closed_at, *links = rest
    *links, agreed = links
    name, sign = _MARKERS[marker(state, waiting_since, answer_due, now, agreed)]
    return TicketFacts(
        *(number, subject, name, sign, state.code, state.category),
        *(topic, channel, customer_id, customer, assignee),
        *(opened_at, waiting_since, answer_due, frozen_until, resolved_at, closed_at),
        max(0, ((closed_at or now) - opened_at).days),
        *links,
    )
