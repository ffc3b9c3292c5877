"""Marks tickets whose customer cannot be written to any more (R12)."""

from sqlalchemy import select

from core.errors import Refusal
from core.events import PersonUnreachable
from core.models import Person, Ticket
from core.people.identity import Sender, find_by_address, lose
from core.tickets.relations import reach_of
from core.tickets.workflow_store import workflow_of
from core.tx import Tx
from core.words.names import NAMELESS


async def demand_channel(tx: Tx, ticket: Ticket) -> None:
    """Check that an answer can reach the customer. Raises :class:`Refusal` with the ways there are
    (A5).
    """
    person = await tx.session.get_one(Person, ticket.customer_id)
    if person.address is None:
        reach = ", ".join(value for _, value in await reach_of(tx, person.id))
        raise Refusal("refusal.no_channel", number=ticket.id, reach=reach or NAMELESS)


async def lose_sender(tx: Tx, sender: Sender, reason: str) -> None:
    """Note that this person has blocked us where they wrote from."""
    person = await find_by_address(tx, sender.address)
    if person is not None:
        await lose_customer(tx, person, reason, by_answer=False)


async def lose_customer(tx: Tx, person: Person, reason: str, *, by_answer: bool) -> None:
    """Note it and tell each open ticket. ``by_answer``: a failed answer showed it."""
    if not lose(tx, person):
        return
    codes = (await workflow_of(tx)).open_codes()
    found = await tx.session.scalars(
        select(Ticket.id).where(Ticket.customer_id == person.id, Ticket.state.in_(codes))
    )
    numbers: list[int | None] = [*found]
    for number in numbers or [None]:
        tx.emit(
            PersonUnreachable(
                ticket_id=number, person_id=person.id, reason=reason, by_answer=by_answer
            )
        )
