"""A customer's own tickets as they may see them (G5): never a title (A3), never a note (S24).

Every query here names the owner.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, select

from core.address_holders import holder_of
from core.addresses import Address
from core.errors import Refusal
from core.models import Link, Message, Ticket
from core.people.identity import Sender, arrive, mark_reachable
from core.tickets.catalog import TopicFacts, topics_of, workflow_of
from core.tickets.intake import follow_up
from core.tickets.relations import MERGE, merged_into
from core.tickets.subjects import Subject, subject_of, subjects_of
from core.tickets.workflow import State
from core.tx import ReadTx, Tx

PAGE: Final = 8
LAST_WORDS: Final = 30


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in the list: open tickets stand before ended ones, newer before older."""

    ended: bool
    number: int


@dataclass(frozen=True, slots=True)
class OwnTicket:
    """What its customer is told of a ticket. ``waits``: the last word is theirs; ``merged``: it
    goes on in another one.
    """

    number: int
    subject: Subject | None
    topic: TopicFacts | None
    state: State
    waits: bool
    due: datetime | None
    until: datetime | None
    closed_at: datetime | None
    merged: bool = False

    @property
    def cursor(self) -> Cursor:
        """Return its position in the list."""
        return Cursor(self.state.final, self.number)


@dataclass(frozen=True, slots=True)
class OwnPage:
    """A page of the list; ``newer`` and ``older``: whether there is more on either side."""

    tickets: tuple[OwnTicket, ...]
    newer: bool = False
    older: bool = False


@dataclass(frozen=True, slots=True)
class OwnWords:
    """A public message in a customer's ticket: theirs, or the support's. ``content`` has its file,
    if it brings one; ``id``: of the message.
    """

    mine: bool
    kind: str
    text: str
    at: datetime
    id: int = 0
    content: Mapping[str, Any] = field(default_factory=dict)


# What was merged is read in the ticket that has its words now.
_NOT_MERGED: Final = ~exists().where(Link.ticket_id == Ticket.id, Link.kind == MERGE)


async def list_own(
    tx: ReadTx, address: Address, cursor: Cursor | None = None, *, newer: bool = False
) -> OwnPage:
    """Return the page behind the cursor (or before it, if ``newer``): open first, newest first."""
    rows = await _list(tx, address, cursor, newer=newer)
    more, rows = len(rows) > PAGE, rows[:PAGE]
    about = await subjects_of(tx, [row.id for row in rows])
    shown = rows[::-1] if newer else rows
    tickets = tuple([await _told(tx, row, about.get(row.id)) for row in shown])
    if newer:
        return OwnPage(tickets, newer=more, older=True)
    return OwnPage(tickets, newer=cursor is not None, older=more)


async def _list(
    tx: ReadTx, address: Address, cursor: Cursor | None, *, newer: bool
) -> list[Ticket]:
    """Return one row more than a page, in the direction asked for: first one half, then the other.

    ``AND id < ?`` after the owner reads along one index, at any depth. The owner is looked up
    apart: in a join with people the database would begin with all tickets.
    """
    owner = holder_of(address)
    open_codes = (await workflow_of(tx)).open_codes()
    halves = [False, True] if not newer else [True, False]
    if cursor is not None:
        halves = halves[halves.index(cursor.ended) :]
    found: list[Ticket] = []
    for ended in halves:
        where: list[ColumnElement[bool]] = [
            Ticket.customer_id == owner,
            Ticket.state.not_in(open_codes) if ended else Ticket.state.in_(open_codes),
            *((_NOT_MERGED,) if ended else ()),
        ]
        if cursor is not None and ended == cursor.ended:
            where.append(Ticket.id > cursor.number if newer else Ticket.id < cursor.number)
        query = (
            select(Ticket)
            .where(*where)
            .order_by(Ticket.id.asc() if newer else Ticket.id.desc())
            .limit(PAGE + 1 - len(found))
        )
        found += await tx.session.scalars(query)
        if len(found) > PAGE:
            break
    return found


async def open_numbers(tx: ReadTx, person_id: int) -> Sequence[int]:
    """Return the numbers of the customer's tickets that go on."""
    codes = (await workflow_of(tx)).open_codes()
    query = select(Ticket.id).where(Ticket.customer_id == person_id, Ticket.state.in_(codes))
    return await tx.all(query.order_by(Ticket.id))


async def look_at_own(
    tx: Tx, sender: Sender, ticket_id: int
) -> tuple[OwnTicket, tuple[OwnWords, ...]]:
    """Return one's own ticket with its messages, oldest first; for a while, what is written next
    joins it (or follows it, if it has ended).

    Raises :class:`Refusal` when it is not theirs: they do not learn whether there is one (S23).
    """
    person = await arrive(tx, sender, "customer")
    mark_reachable(tx, person)
    number = await merged_into(tx, ticket_id) or ticket_id
    query = select(Ticket).where(Ticket.id == number, Ticket.customer_id == person.id)
    ticket = (await tx.session.scalars(query)).one_or_none()
    if ticket is None:
        raise Refusal("refusal.outdated")
    follow_up(tx, person, ticket.id)
    return await own_ticket(tx, ticket), await _words(tx, ticket)


async def own_ticket(tx: ReadTx, ticket: Ticket, *, merged: bool = False) -> OwnTicket:
    """Return what its customer is told of this ticket."""
    return await _told(tx, ticket, await subject_of(tx, ticket.id), merged=merged)


async def _told(
    tx: ReadTx, ticket: Ticket, subject: Subject | None, *, merged: bool = False
) -> OwnTicket:
    return OwnTicket(
        number=ticket.id,
        subject=subject,
        topic=(await topics_of(tx)).get(ticket.topic or ""),
        state=(await workflow_of(tx)).state(ticket.state),
        waits=ticket.waiting_since is not None,
        due=ticket.answer_due,
        until=ticket.frozen_until,
        closed_at=ticket.closed_at,
        merged=merged,
    )


async def _words(tx: ReadTx, ticket: Ticket) -> tuple[OwnWords, ...]:
    query = (
        select(Message.from_customer, Message.content, Message.text, Message.created_at)
        .where(Message.ticket_id == ticket.id, Message.withdrawn_at.is_(None))
        .order_by(Message.id.desc())
        .limit(LAST_WORDS)
    )
    rows = (await tx.session.execute(query)).all()
    return tuple(
        OwnWords(mine, kind_of(content), text, at) for mine, content, text, at in rows[::-1]
    )


def kind_of(content: dict[str, Any]) -> str:
    """Return the kind of a message: text, photo, voice …"""
    return str(content.get("kind", "text"))
