"""Whom the audiences of notices are that take more than one question: admins, reporters."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from core.address_holders import is_at
from core.addresses import Address
from core.models import Person, StateRow, Ticket, TicketParent
from core.tx import ReadTx, Tx

Reporters = Sequence[tuple[Ticket, Person]]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where one row goes, and to whom. ``ticket``: their own one, where the notice is about
    another; ``locale``: what is spoken there, if it is not the person's or the company's language.
    """

    address: Address
    person: Person | None = None
    ticket: Ticket | None = None
    locale: str | None = None


async def find_admins(tx: ReadTx, but: Sequence[int | None] = ()) -> Sequence[Person]:
    """Admins who can be reached, except those with these ids."""
    query = select(Person).where(
        is_at(tx.company.admins),
        Person.unreachable_since.is_(None),
        Person.id.not_in([number for number in but if number is not None]),
    )
    return (await tx.session.scalars(query.order_by(Person.id))).all()


async def reporters_of(tx: Tx, ticket_id: int | None) -> Reporters:
    """Tickets that are part of this one and not over, with their customers; held."""
    goes_on = StateRow.final.is_(False) & StateRow.resolution.is_(False)
    rows = await tx.session.execute(
        select(Ticket, Person)
        .join(TicketParent, TicketParent.child_id == Ticket.id)
        .join(Person, Ticket.customer_id == Person.id)
        .where(
            TicketParent.parent_id == ticket_id,
            Ticket.state.in_(select(StateRow.code).where(goes_on)),
        )
        .order_by(Ticket.id)
        .with_for_update(of=Ticket, key_share=True)
    )
    found = [(ticket, person) for ticket, person in rows]
    tx.pin(found)
    return found
