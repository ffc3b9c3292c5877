"""Loads the ticket of an action and checks the actor's rights (S1, S23)."""

from sqlalchemy import select

from core.errors import NoSuchTicket, NotAllowed
from core.models import Ticket
from core.people.permissions import may
from core.tx import Tx


async def access(tx: Tx, ticket_id: int, verb: str) -> Ticket:
    """Return the ticket, locked until the transaction ends.

    A customer reaches only their own tickets; they do not learn whether another exists. Raises
    :class:`NotAllowed`, :class:`NoSuchTicket`.
    """
    if not may(tx.actor.role, verb):
        raise NotAllowed(verb)
    query = select(Ticket).where(Ticket.id == ticket_id).with_for_update()
    ticket = (await tx.session.scalars(query)).one_or_none()
    if ticket is None:
        raise NoSuchTicket(ticket_id)
    tx.pin([ticket])
    if tx.actor.role == "customer" and ticket.customer_id != tx.actor.person_id:
        raise NoSuchTicket(ticket_id)
    return ticket
