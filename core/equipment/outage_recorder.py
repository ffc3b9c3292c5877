"""What happens to an outage's ticket, and those who reported it (X9).

Its solution is theirs as well: that is so of every parent, see `core.tickets.parents`. An end
without a solution does not spread: each of them is owed an answer again. Whatever is said to the
outage's ticket goes to all of them: that is in the table of notices.
"""

from collections.abc import Sequence
from typing import Final

from core import events as e
from core.delivery.audiences import reporters_of
from core.models import Outage, Ticket
from core.sla import answer_clock
from core.sla.timers import set_timers
from core.subscribers import Subscriber
from core.tickets.card import OUTAGE
from core.tickets.lifecycle import place_in_queue
from core.tickets.topics import answer_span
from core.tickets.workflow_store import workflow_of
from core.tx import Tx


async def record(tx: Tx, events: Sequence[e.Event]) -> None:
    """Carry on what has happened to an outage's ticket."""
    for event in events:
        ticket = await tx.session.get(Ticket, event.ticket_id)
        if ticket is not None and ticket.origin == OUTAGE and isinstance(event, e.StateEntered):
            await _follow(tx, ticket, event)


async def _follow(tx: Tx, ticket: Ticket, event: e.StateEntered) -> None:
    """Update the outage when its ticket ends or is reopened."""
    outage = await tx.session.get(Outage, ticket.id)
    state = (await workflow_of(tx)).state(event.new)
    ended = state.final or state.resolution
    if outage is None or ended == (outage.closed_at is not None):
        return
    outage.closed_at = tx.now if ended else None
    if not ended:
        return
    tx.emit(e.OutageClosed(ticket_id=ticket.id, area=outage.area, solved=state.resolution))
    reporters = await reporters_of(tx, ticket.id)
    if not state.resolution:
        for child, _ in reporters:
            await _restart_answer_clocks(tx, child, ticket.id)


async def _restart_answer_clocks(tx: Tx, child: Ticket, parent: int) -> None:
    """Restart the answer clocks of the children: the outage ended without a resolution."""
    timers = answer_clock.begin(tx, child, tx.now, await answer_span(tx, child.topic))
    if not timers:
        return
    place_in_queue(child, (await workflow_of(tx)).state(child.state))
    await set_timers(tx, child.id, timers)
    tx.emit(
        e.FaultAlone(
            ticket_id=child.id,
            parent=parent,
            waiting_since=child.waiting_since,
            answer_due=child.answer_due,
        )
    )


SUBSCRIBER: Final = Subscriber("outages", (e.StateEntered,), record)
