"""A ticket that an admin sends to themselves, to see the whole way once."""

from typing import Final

from core.models import Fact, Ticket
from core.people.directory import Caller, arrive
from core.setup.choices import arrive_as_admin
from core.tickets.opening import open_ticket
from core.tickets.said import Said
from core.tx import Look, Tx

TRIAL: Final = "trial"


async def send_trial(tx: Tx, caller: Caller, said: Said) -> int:
    """Open a ticket of the admin's own with these words; returns its number."""
    await arrive_as_admin(tx, caller)
    person = await arrive(tx, caller, "customer")
    ticket = await open_ticket(tx, person, [said], topic=None)
    fact = await tx.session.get(Fact, TRIAL)
    if fact is None:
        fact = Fact(name=TRIAL, value={}, at=tx.now)
        tx.session.add(fact)
    fact.value, fact.at = {"ticket": ticket.id}, tx.now
    return ticket.id


async def find_trial(look: Look) -> tuple[int, bool] | None:
    """The number of the last such ticket, and whether its card stands in the group."""
    fact = await look.session.get(Fact, TRIAL)
    ticket = None if fact is None else await look.session.get(Ticket, fact.value["ticket"])
    return None if ticket is None else (ticket.id, ticket.card_message is not None)
