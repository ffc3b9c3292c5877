"""Gives a ticket that began in a mailbox to the mailbox's team (F1)."""

from collections.abc import Sequence
from typing import Final

from core.events import HIDDEN, Event, TicketOpened
from core.models import Ticket
from core.subscribers import Subscriber
from core.teams.assignment import begin_with
from core.teams.teams import teams_of
from core.tickets.mailboxes import DeskMailboxes, mailboxes_of
from core.tx import Tx


async def record(tx: Tx, events: Sequence[Event]) -> None:
    """Give each new ticket its mailbox's team, where that takes tickets. What goes on from another
    ticket is with the team of that one; junk is with nobody.
    """
    for event in events:
        match event:
            case TicketOpened(ticket_id=int(ticket), mailbox=str(address), follows=None) if (
                event.part_of not in HIDDEN
            ):
                await _give(tx, ticket, address)


async def _give(tx: Tx, ticket_id: int, address: str) -> None:
    mailbox = (await mailboxes_of(tx)).get(address)
    team = None if mailbox is None else (await teams_of(tx)).get(mailbox.team or "")
    if team is not None and team.active:
        await begin_with(tx, await tx.get(Ticket, ticket_id), team.code)


SUBSCRIBER: Final = Subscriber(
    "teams of mailboxes", (TicketOpened,), record, unless_empty=DeskMailboxes, passes_on=True
)
