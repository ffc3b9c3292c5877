"""An outage: the known fault of an area, and the tickets that are its children (X9).

Its solution is theirs as well: that is so of every parent, see `core.tickets.parents`. An end
without a solution does not spread: each of them is owed an answer again. Whatever is said to the
outage's ticket goes to all of them: that is in the table of notices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, insert, select, update

from core import events as e
from core.delivery.audiences import reporters_of
from core.delivery.card_updates import drop_cards, refresh_cards
from core.delivery.pacing import Priority
from core.delivery.sent_messages import with_cards
from core.events import FaultKnown, ParentSet
from core.models import (
    Camera,
    Outage,
    Person,
    Task,
    Ticket,
    TicketCamera,
    TicketParent,
    Timer,
)
from core.models.tickets import IS_OPEN
from core.sla import answer_clock
from core.sla.answer_clock import ANSWER, REMINDER, set_timers
from core.subscribers import Subscriber
from core.tasks.rules import CANCELLED, EQUIPMENT, MERGED
from core.tasks.task_recorder import end_tasks
from core.tickets.card import OUTAGE
from core.tickets.catalog import answer_span, workflow_of
from core.tickets.lifecycle import place_in_queue
from core.tx import ReadTx, Tx

# How long the parent's card waits to show more reports, so that many cause one refresh.
COUNT_WAIT: Final = 30.0

_TIMERS: Final[Any] = Timer.__table__


@dataclass(frozen=True, slots=True)
class OutageFacts:
    """What is known of an outage. ``words`` may be empty, ``until`` unknown."""

    number: int
    area: str
    words: str
    until: datetime | None


def facts_of(outage: Outage) -> OutageFacts:
    """Return the outage's facts."""
    return OutageFacts(outage.ticket_id, outage.area, outage.words, outage.until)


async def find_open(tx: ReadTx, area: str) -> Outage | None:
    """Return the open outage of this area."""
    if not area:
        return None
    query = select(Outage).where(Outage.area == area, Outage.closed_at.is_(None))
    return await tx.first(query.order_by(Outage.ticket_id).limit(1))


async def become_part(
    tx: Tx, ticket: Ticket, camera: str, parent: int, outage: Outage | None
) -> None:
    """Make a new ticket a child of the outage, and tell its customer."""
    await tx.insert(TicketParent(child_id=ticket.id, parent_id=parent, since=tx.now))
    timers = answer_clock.end(tx, ticket)
    place_in_queue(ticket, (await workflow_of(tx)).state(ticket.state))
    await tx.write()
    await set_timers(tx, ticket.id, timers)
    tx.emit(_known(ticket.id, camera, parent, outage, fresh=True))
    await refresh_card(tx, parent)


def _known(
    ticket_id: int, camera: str, parent: int, outage: Outage | None, *, fresh: bool
) -> FaultKnown:
    return FaultKnown(
        ticket_id=ticket_id,
        parent=parent,
        camera=camera,
        fresh=fresh,
        area=None if outage is None else outage.area,
        words=None if outage is None else outage.words,
        until=None if outage is None else outage.until,
    )


async def adopt(tx: Tx, outage: Outage, faults: Sequence[tuple[Ticket, str]]) -> None:
    """Make tickets about the area's cameras (given with their cameras' numbers) children of the
    outage.

    They may be many, so each statement handles all of them. Children of one of them become children
    of the outage, too: a child has no children.
    """
    numbers = [ticket.id for ticket, _ in faults]
    if not numbers:
        return
    faults = [*faults, *await _bring_parts(tx, outage.ticket_id, numbers)]
    await tx.change(
        insert(TicketParent),
        [{"child_id": n, "parent_id": outage.ticket_id, "since": tx.now} for n in numbers],
    )
    tx.pin(faults)
    numbers = [ticket.id for ticket, _ in faults]
    workflow = await workflow_of(tx)
    for ticket, camera in faults:
        answer_clock.end(tx, ticket)
        place_in_queue(ticket, workflow.state(ticket.state))
        tx.emit(_known(ticket.id, camera, outage.ticket_id, outage, fresh=False))
    await tx.write()
    await tx.change(
        update(_TIMERS)
        .where(_TIMERS.c.ticket_id.in_(numbers), _TIMERS.c.kind.in_((ANSWER, REMINDER)))
        .values(due_at=None)
    )
    await _merge_tasks(tx, numbers)
    await drop_cards(tx, numbers, "part of an outage")  # the parent's stands for them
    await _load_customers(tx, numbers)
    shown = await with_cards(tx, numbers)
    await refresh_cards(tx, [number for number in numbers if number in shown], Priority.DIGEST)


async def _bring_parts(tx: Tx, parent: int, numbers: Sequence[int]) -> list[tuple[Ticket, str]]:
    """Make the children of these tickets children of ``parent``.

    Returns those that are about cameras and still open, with the cameras' numbers: their customers
    are to hear of the outage.
    """
    rows = await tx.rows(
        select(Ticket, TicketParent.parent_id, Camera.number)
        .join(TicketParent, TicketParent.child_id == Ticket.id)
        .outerjoin(TicketCamera, TicketCamera.ticket_id == Ticket.id)
        .outerjoin(Camera, Camera.id == TicketCamera.camera_id)
        .where(TicketParent.parent_id.in_(numbers))
        .order_by(Ticket.id)
        .with_for_update(of=Ticket, key_share=True)
    )
    workflow, faults = await workflow_of(tx), []
    found: list[Any] = list(rows)
    for ticket, old, camera in found:
        state = workflow.state(ticket.state)
        if camera is None or state.final or state.resolution:
            tx.emit(ParentSet(ticket_id=ticket.id, parent=parent, old=old))
        else:
            faults.append((ticket, camera))
    await tx.change(
        update(TicketParent)
        .where(TicketParent.parent_id.in_(numbers))
        .values(parent_id=parent)
        .execution_options(synchronize_session=False)
    )
    return faults


async def _merge_tasks(tx: Tx, numbers: Sequence[int]) -> None:
    """End the children's tasks: the parent has one."""
    query = select(Task).where(Task.ticket_id.in_(numbers), Task.kind == EQUIPMENT, IS_OPEN)
    merged = await tx.all(query.order_by(Task.id).with_for_update(key_share=True))
    await end_tasks(tx, merged, CANCELLED, MERGED)


async def _load_customers(tx: Tx, numbers: Sequence[int]) -> None:
    """Load in one query who is told of this."""
    query = select(Person).join(Ticket, Ticket.customer_id == Person.id)
    tx.pin(await tx.all(query.where(Ticket.id.in_(numbers))))


async def refresh_card(tx: Tx, ticket_id: int) -> None:
    """The parent's card will tell the new number of its parts, before long."""
    await refresh_cards(tx, [ticket_id], Priority.CARD_REFRESH, wait=COUNT_WAIT, name="count")


def faults_of(area: str) -> Select[Ticket, str]:
    """Return tickets without a parent about cameras of this area, with the cameras' numbers."""
    return (
        select(Ticket, Camera.number)
        .join(TicketCamera, TicketCamera.ticket_id == Ticket.id)
        .join(Camera, TicketCamera.camera_id == Camera.id)
        .outerjoin(TicketParent, TicketParent.child_id == Ticket.id)
        .where(Camera.area == area, TicketParent.child_id.is_(None))
        .order_by(Ticket.id)
    )


async def record(tx: Tx, events: Sequence[e.Event]) -> None:
    """Carry on what has happened to an outage's ticket."""
    for event in events:
        ticket = await tx.find(Ticket, event.ticket_id)
        if ticket is not None and ticket.origin == OUTAGE and isinstance(event, e.StateEntered):
            await _follow(tx, ticket, event)


async def _follow(tx: Tx, ticket: Ticket, event: e.StateEntered) -> None:
    """Update the outage when its ticket ends or is reopened."""
    outage = await tx.find(Outage, ticket.id)
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
    timers = await answer_clock.begin(tx, child, tx.now, await answer_span(tx, child.topic))
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


SUBSCRIBER: Final = Subscriber("outages", (e.StateEntered,), record, passes_on=True)
