"""Who leaves the operators: their rights end, their tickets return to the queue (G1, S1)."""

from sqlalchemy import select

from core.addresses import Address
from core.errors import MoveRefused
from core.events import OperatorLeft, TicketReleased
from core.models import Person, Ticket
from core.people.identity import Sender, find_by_address, leave_operators
from core.people.operator_ids import OperatorIds
from core.tickets.lifecycle import enter
from core.tx import Tx


async def depart(tx: Tx, sender: Sender) -> None:
    """The person is in no group of operators any more. Their unfinished tickets are nobody's, and
    the others are told which.
    """
    await _return_tickets(tx, await leave_operators(tx, sender))


async def depart_from(tx: Tx, address: Address) -> None:
    """The same of somebody of whom no more is known than where they were reached."""
    person = await find_by_address(tx, address)
    if person is not None:
        person.operator_left = tx.now
        tx.invalidate(OperatorIds)
        await _return_tickets(tx, person)


async def _return_tickets(tx: Tx, person: Person) -> None:
    query = (
        select(Ticket)
        .where(Ticket.assignee_id == person.id, Ticket.closed_at.is_(None))
        .order_by(Ticket.id.desc())
        .with_for_update(key_share=True)
    )
    tickets = await tx.all(query)
    for ticket in tickets:
        await _give_back(tx, ticket)
    if tickets:
        numbers = tuple(sorted(ticket.id for ticket in tickets))
        tx.emit(
            OperatorLeft(ticket_id=None, person_id=person.id, name=person.name, numbers=numbers)
        )


async def _give_back(tx: Tx, ticket: Ticket) -> None:
    holder = ticket.assignee_id or 0
    ticket.assignee_id = ticket.assigned_at = None
    tx.emit(TicketReleased(ticket_id=ticket.id, assignee_id=holder))
    try:
        await enter(tx, ticket, "release")
    except MoveRefused:
        return  # resolved: it stays so, and is nobody's when it comes back
