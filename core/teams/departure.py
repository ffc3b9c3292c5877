"""Who leaves the operators: their rights end, their tickets return to the queue (G1, S1)."""

from sqlalchemy import select

from core.errors import MoveRefused
from core.events import OperatorLeft, TicketReleased
from core.models import Ticket
from core.people.identity import Sender, leave_operators
from core.tickets.lifecycle import enter
from core.tx import Tx


async def depart(tx: Tx, sender: Sender) -> None:
    """The person is in no group of operators any more. Their unfinished tickets are nobody's, and
    the others are told which.
    """
    person = await leave_operators(tx, sender)
    query = (
        select(Ticket)
        .where(Ticket.assignee_id == person.id, Ticket.closed_at.is_(None))
        .order_by(Ticket.id.desc())
        .with_for_update()
    )
    tickets = (await tx.session.scalars(query)).all()
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
