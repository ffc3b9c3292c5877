"""The parent, children and links of a ticket, as its card shows them (B12, B19), and the contact
points of a customer who has not written to us (A5).
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, case, func, or_, select

from core.models import ContactPoint, Link, Ticket, TicketParent
from core.tickets.catalog import workflow_of
from core.tx import ReadTx, Tx

TICKET: Final = "ticket"
SPLIT: Final = "split"
URL: Final = "url"
SPLIT_FROM: Final = "split_from"
SPLIT_TO: Final = "split_to"
MERGE: Final = "merged"
"""From the ticket that ended to the one that has its words."""
MERGED_INTO: Final = "merged_into"
MERGED_FROM: Final = "merged_from"
FOLLOW: Final = "follow"
FOLLOWED_BY: Final = "followed_by"
"""As the ended ticket sees it; the one that follows names its forerunner anyway."""


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """A link as one of its ends sees it: to ``other``, a ticket, or to an object elsewhere.

    ``kind``: `TICKET`, `SPLIT_FROM`, `SPLIT_TO`, `MERGED_INTO`, `MERGED_FROM`, `FOLLOWED_BY` or
    `URL`. ``state``: of an object as somebody noted it; of a ticket, the category of its state.
    """

    id: int
    kind: str
    other: int | None
    url: str | None
    title: str | None
    state: str | None


@dataclass(frozen=True, slots=True)
class Relations:
    """The parent, the number of children, and the links in the order they were made."""

    parent: int | None = None
    children: int = 0
    links: tuple[LinkFacts, ...] = ()

    @property
    def merged(self) -> bool:
        """Return whether another ticket has its words."""
        return any(link.kind == MERGED_INTO for link in self.links)


NONE: Final = Relations()


async def relations_of(tx: ReadTx, ticket_id: int) -> Relations:
    """Return the relations of a ticket. Links are queried only where there are any."""
    above = select(TicketParent.parent_id).where(TicketParent.child_id == ticket_id)
    below = (
        select(func.count()).select_from(TicketParent).where(TicketParent.parent_id == ticket_id)
    )
    linked = or_(Link.ticket_id == ticket_id, Link.other_id == ticket_id)
    some = select(Link.id).where(linked).exists()
    asked = select(above.scalar_subquery(), below.scalar_subquery(), case((some, 1), else_=0))
    ((parent, children, links),) = await tx.rows(asked)
    return Relations(parent, children, await links_of(tx, ticket_id) if links else ())


async def links_of(tx: ReadTx, ticket_id: int) -> tuple[LinkFacts, ...]:
    """Return all links of a ticket, whichever of its ends it is."""
    seen = or_(and_(Link.ticket_id == ticket_id, Link.kind != FOLLOW), Link.other_id == ticket_id)
    far = case((Link.ticket_id == ticket_id, Link.other_id), else_=Link.ticket_id)
    query = (
        select(Link, Ticket.id, Ticket.state)
        .outerjoin(Ticket, Ticket.id == far)
        .where(seen)
        .order_by(Link.id)
    )
    workflow = await workflow_of(tx)
    rows: list[Any] = await tx.rows(query)
    return tuple(
        LinkFacts(
            link.id,
            _seen_from(link, ticket_id),
            other,
            link.url,
            link.title,
            link.state if state is None else workflow.state(state).category,
        )
        for link, other, state in rows
    )


def _seen_from(link: Any, ticket_id: int) -> str:
    if link.kind == FOLLOW:
        return FOLLOWED_BY
    first, second = _SEEN.get(link.kind, (str(link.kind),) * 2)
    return first if link.ticket_id == ticket_id else second


_SEEN: Final = {SPLIT: (SPLIT_FROM, SPLIT_TO), MERGE: (MERGED_INTO, MERGED_FROM)}


async def merged_into(tx: ReadTx, ticket_id: int) -> int | None:
    """Return the ticket that has the words of this one, if it was merged: the last of a chain."""
    found: int | None = None
    query = select(Link.other_id).where(Link.kind == MERGE)
    while (into := await tx.first(query.where(Link.ticket_id == (found or ticket_id)))) is not None:
        found = into
    return found


async def reach_of(tx: ReadTx, person_id: int) -> tuple[tuple[str, str], ...]:
    """Return kind and value of phones, then e-mail addresses, of who has not written to us."""
    query = (
        select(ContactPoint.kind, ContactPoint.value)
        .where(ContactPoint.person_id == person_id)
        .order_by(ContactPoint.kind.desc(), ContactPoint.value)
    )
    return tuple((kind, value) for kind, value in await tx.rows(query))


class Linked:
    """Whether any ticket is linked with another: most desks have none."""


async def is_anything_linked(tx: ReadTx) -> bool:
    """Return whether any ticket is linked; cached until there is the first link."""
    return await tx.any_row(Linked, select(Link.id).where(Link.other_id.is_not(None)))


async def link_tickets(tx: Tx, ticket_id: int, kind: str, other: int) -> Link:
    """Add a row between two tickets; the calling action records what happened."""
    if not await is_anything_linked(tx):
        tx.invalidate(Linked)
    row = Link(ticket_id=ticket_id, kind=kind, other_id=other, at=tx.now)
    await tx.insert(row)
    return row
