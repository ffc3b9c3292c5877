"""Takes and releases tickets (B3, X3)."""

from core.errors import AlreadyTaken, NothingToDo, NotYours
from core.events import TicketReleased, TicketTaken
from core.models import Person, Ticket
from core.people.permissions import may
from core.tickets.access import access
from core.tickets.lifecycle import enter, target_of
from core.tx import Tx


async def take(tx: Tx, ticket_id: int) -> Ticket:
    """Assign the ticket to the actor. The row is locked, so of two at once one wins.

    Raises :class:`AlreadyTaken` with the winner and since when, :class:`NothingToDo` when it is the
    actor's already, :class:`MoveRefused`.
    """
    ticket = await access(tx, ticket_id, "take")
    await target_of(tx, ticket, "take")
    if ticket.assignee_id is not None and ticket.assignee_id == tx.actor.person_id:
        raise NothingToDo("refusal.taken_by_you", number=ticket_id)
    if ticket.assignee_id is not None:
        raise AlreadyTaken(
            ticket_id, await name_of(tx, ticket.assignee_id), ticket.assigned_at or tx.now, tx.now
        )
    await assign(tx, ticket, by_answer=False)
    await enter(tx, ticket, "take")
    return ticket


async def assign(tx: Tx, ticket: Ticket, *, by_answer: bool) -> None:
    """Set the actor as the assignee. The caller makes the move that goes with it."""
    first = ticket.earlier_assignee_id is None
    ticket.assignee_id = ticket.earlier_assignee_id = tx.actor.person_id
    ticket.assigned_at = tx.now
    tx.emit(
        TicketTaken(
            ticket_id=ticket.id,
            assignee_id=tx.actor.person_id or 0,
            by_answer=by_answer,
            first=first,
        )
    )


async def release(tx: Tx, ticket_id: int) -> Ticket:
    """Take the assignee off the ticket; an admin may do so with anybody's.

    Raises :class:`NothingToDo` when nobody has it, :class:`NotYours`, :class:`MoveRefused`.
    """
    ticket = await access(tx, ticket_id, "release")
    await target_of(tx, ticket, "release")
    holder = ticket.assignee_id
    if holder is None:
        raise NothingToDo("refusal.nobody_has_it", number=ticket_id)
    if holder != tx.actor.person_id and not may(tx.actor.role, "release_any"):
        raise NotYours(ticket_id, await name_of(tx, holder))
    ticket.assignee_id = ticket.assigned_at = None
    tx.emit(TicketReleased(ticket_id=ticket.id, assignee_id=holder))
    await enter(tx, ticket, "release")
    return ticket


async def name_of(tx: Tx, person_id: int) -> str:
    """Return the person's name."""
    return (await tx.session.get_one(Person, person_id)).name
