"""The ticket that an admin opens to try the whole way."""

from core.delivery.notices import TRIAL
from core.delivery.sent_messages import card_place
from core.models import SystemState
from core.people.identity import Sender, arrive
from core.setup.company_settings import arrive_as_admin
from core.tickets.customer_message import open_ticket
from core.tickets.incoming import IncomingMessage
from core.tx import ReadTx, Tx


async def send_test_ticket(tx: Tx, sender: Sender, incoming: IncomingMessage) -> int:
    """Open a ticket of the admin's own with these words; returns its number."""
    await arrive_as_admin(tx, sender)
    person = await arrive(tx, sender, "customer")
    ticket = await open_ticket(tx, person, [incoming], topic=None, origin=TRIAL)
    await tx.put(SystemState(name=TRIAL, value={"ticket": ticket.id}, at=tx.now))
    return ticket.id


async def find_test_ticket(tx: ReadTx) -> tuple[int, bool] | None:
    """Return the number of the last such ticket, and whether its card is in the group."""
    fact = await tx.find(SystemState, TRIAL)
    if fact is None:
        return None
    number = int(fact.value["ticket"])
    return number, await card_place(tx, number) is not None
