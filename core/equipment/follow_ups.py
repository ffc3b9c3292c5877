"""What goes on after an end (B6, A2): a ticket that follows an ended one, and a fault that is not
over after all.
"""

from collections.abc import Sequence
from typing import Final

from core.equipment.faults import is_any_fault_known, pursue
from core.events import Event, FollowedUp, StateEntered, TicketOpened
from core.models import Camera, Ticket, TicketCamera, TicketParent, TicketTeam
from core.subscribers import Subscriber
from core.tasks.task_opening import open_equipment_task
from core.teams.assignment import begin_with
from core.teams.teams import teams_of
from core.tickets.classification import inherit_kind
from core.tickets.relations import FOLLOW, link_tickets
from core.tx import Tx

# How much of the first words stands in the history of the ticket before.
QUOTED: Final = 200
_OVER: Final = frozenset({"resolved", "closed", "cancelled"})


async def record(tx: Tx, events: Sequence[Event]) -> None:
    """Give what follows an end what it needs."""
    for event in events:
        match event:
            case TicketOpened(follows=int(old)):
                new = await tx.get(Ticket, event.ticket_id)
                await _inherit(tx, await tx.get(Ticket, old), new)
            case StateEntered(clock="runs") if event.old_category in _OVER:
                await _renew_task(tx, await tx.get(Ticket, event.ticket_id))


async def _inherit(tx: Tx, old: Ticket, new: Ticket) -> None:
    """Give the new ticket the kind, agreement, team and camera of the one that it follows, and show
    it in the history of that one.
    """
    await link_tickets(tx, new.id, FOLLOW, old.id)
    tx.emit(FollowedUp(ticket_id=old.id, follow_up=new.id, words=new.opening[:QUOTED]))
    await inherit_kind(tx, old, new)
    place = await tx.find(TicketTeam, old.id)
    if place is not None and place.team is not None:
        team = (await teams_of(tx)).get(place.team)
        if team is not None and team.active:
            await begin_with(tx, new, team.code)
    camera = await _camera_of(tx, old)
    if camera is not None:
        await pursue(tx, new, camera)


async def _renew_task(tx: Tx, ticket: Ticket) -> None:
    """Open a task again for a fault that is not over, unless its parent's task is for it."""
    camera = await _camera_of(tx, ticket)
    if camera is not None and await tx.find(TicketParent, ticket.id) is None:
        await open_equipment_task(tx, ticket, camera)


async def _camera_of(tx: Tx, ticket: Ticket) -> Camera | None:
    tied = await tx.find(TicketCamera, ticket.id) if await is_any_fault_known(tx) else None
    return None if tied is None else await tx.get(Camera, tied.camera_id)


SUBSCRIBER: Final = Subscriber("what follows an end", (TicketOpened, StateEntered), record)
