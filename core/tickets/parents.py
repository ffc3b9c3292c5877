"""Parent and child tickets (B12, B19): several tickets with one cause.

A child has one parent and a parent has none, so there are two levels and no cycles. Resolving the
parent resolves its open children with the same words; closing, cancelling and reopening stay with
each ticket. Many children are resolved in batches, so that nobody waits for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import select

from core.errors import NothingToDo, Refusal
from core.events import ChildJoined, ChildLeft, Event, ParentLeft, ParentSet, StateEntered
from core.models import Person, SystemState, Ticket, TicketParent
from core.subscribers import Subscriber
from core.tickets.card import OUTAGE
from core.tickets.catalog import workflow_of
from core.tickets.lifecycle import access, enter
from core.tx import Actor, Tx

BATCH: Final = 40
"""So many children are solved in one transaction: about a third of a second."""

_PENDING_RESOLUTION: Final = "solution:"


async def set_parent(tx: Tx, ticket_id: int, parent: int) -> Ticket:
    """Make the ticket a child of ``parent`` and of nothing else.

    Raises :class:`Refusal` for itself, for a parent that is a child, and for a child that is a
    parent or an outage (which may become one); :class:`NothingToDo` when it is so already.
    """
    ticket = await access(tx, ticket_id, "link")
    await access(tx, parent, "link")
    if parent == ticket_id:
        raise Refusal("refusal.parent_itself", number=ticket_id)
    above = await tx.find(TicketParent, parent)
    if above is not None and above.parent_id == ticket_id:
        raise Refusal("refusal.parent_circle", number=ticket_id, parent=parent)
    if above is not None:
        raise Refusal(
            "refusal.parent_is_child", parent=parent, top=above.parent_id, number=ticket_id
        )
    if ticket.origin == OUTAGE:
        raise Refusal("refusal.child_is_outage", number=ticket_id, parent=parent)
    if await has_children(tx, ticket_id):
        raise Refusal("refusal.child_is_parent", number=ticket_id, parent=parent)
    await _join(tx, ticket_id, parent)
    return ticket


async def _join(tx: Tx, ticket_id: int, parent: int) -> None:
    part = await tx.find(TicketParent, ticket_id)
    if part is not None and part.parent_id == parent:
        raise NothingToDo("refusal.parent_already", number=ticket_id, parent=parent)
    old = None if part is None else part.parent_id
    if part is None:
        await tx.insert(TicketParent(child_id=ticket_id, parent_id=parent, since=tx.now))
    else:
        part.parent_id, part.since = parent, tx.now
    if old is not None:
        tx.emit(ChildLeft(ticket_id=old, child=ticket_id))
    tx.emit(ParentSet(ticket_id=ticket_id, parent=parent, old=old))
    tx.emit(ChildJoined(ticket_id=parent, child=ticket_id))


async def leave_parent(tx: Tx, ticket_id: int, parent: int | None = None) -> Ticket:
    """Remove the ticket's parent. Raises :class:`NothingToDo` when it has no (such) parent."""
    ticket = await access(tx, ticket_id, "link")
    part = await tx.find(TicketParent, ticket_id)
    if part is None or parent not in {None, part.parent_id}:
        raise NothingToDo("refusal.no_parent", number=ticket_id)
    old = part.parent_id
    await tx.delete(part)
    tx.emit(ParentLeft(ticket_id=ticket_id, parent=old))
    tx.emit(ChildLeft(ticket_id=old, child=ticket_id))
    return ticket


async def has_children(tx: Tx, ticket_id: int) -> bool:
    """Return whether the ticket has children."""
    query = select(TicketParent.child_id).where(TicketParent.parent_id == ticket_id).limit(1)
    return await tx.first(query) is not None


async def record(tx: Tx, events: Sequence[Event]) -> None:
    """What was solved with a parent is solved for its children (B12)."""
    for event in events:
        if not isinstance(event, StateEntered) or event.ticket_id is None:
            continue
        newly = event.category != event.old_category
        if event.category == "resolved" and newly and event.parent is None:  # by itself
            by = tx.actor.person_id
            solved = ChildResolution(event.ticket_id, event.reason, tx.now, by)
            await _resolve_batch(tx, solved)


@dataclass(frozen=True, slots=True)
class ChildResolution:
    """The resolution of a parent that is being copied to its children: number, words, when, by
    whom.

    ``after``: the last child that has it.
    """

    parent: int
    reason: str | None
    at: datetime
    actor: int | None
    after: int = 0


async def resolve_children(tx: Tx) -> int:
    """Resolve the next batch of children of a resolved parent. Returns how many; 0: nothing is
    left.

    Stops if the parent was reopened or resolved anew meanwhile. The position is stored in the same
    transaction, so a killed process goes on where it was.
    """
    query = (
        select(SystemState)
        .where(SystemState.name.startswith(_PENDING_RESOLUTION))
        .order_by(SystemState.name)
        .limit(1)
    )
    fact = await tx.first(query.with_for_update(key_share=True))
    if fact is None:
        return 0
    number = int(fact.name.removeprefix(_PENDING_RESOLUTION))
    resolution = ChildResolution(number, at=fact.at, **fact.value)
    parent = await tx.get(Ticket, number, hold=True)
    state = (await workflow_of(tx)).state(parent.state)
    await tx.delete(fact)
    if parent.resolved_at != resolution.at or state.category == "cancelled":
        return 1
    tx.actor = Actor("operator", resolution.actor)
    return await _resolve_batch(tx, resolution)


async def _resolve_batch(tx: Tx, resolution: ChildResolution) -> int:
    """Resolve a batch of children, and store the position if there are more."""
    children = await _open_children(tx, resolution)
    some = children[:BATCH]
    for child in some:
        await enter(tx, child, "resolve", reason=resolution.reason, parent=resolution.parent)
    if len(children) > BATCH:
        await _note(tx, replace(resolution, after=some[-1].id))
    return len(some)


async def _note(tx: Tx, resolution: ChildResolution) -> None:
    name, at = f"{_PENDING_RESOLUTION}{resolution.parent}", resolution.at
    value = {"reason": resolution.reason, "actor": resolution.actor, "after": resolution.after}
    await tx.put(SystemState(name=name, value=value, at=at))
    await tx.write()


async def _open_children(tx: Tx, resolution: ChildResolution) -> list[Ticket]:
    """Return the next children that can be resolved, and one more if there is: without those that
    are resolved or ended, or that joined since. Their customers are read in one query.
    """
    workflow = await workflow_of(tx)
    codes = [
        code
        for code, state in workflow.states.items()
        if not state.resolution and workflow.move(code, "resolve") is not None
    ]
    query = (
        select(Ticket, Person)
        .join(TicketParent, TicketParent.child_id == Ticket.id)
        .join(Person, Ticket.customer_id == Person.id)
        .where(
            TicketParent.parent_id == resolution.parent,
            TicketParent.child_id > resolution.after,
            TicketParent.since <= resolution.at,
            Ticket.state.in_(codes),
        )
        .order_by(Ticket.id)
        .limit(BATCH + 1)
        .with_for_update(of=Ticket, key_share=True)
    )
    rows = [(ticket, person) for ticket, person in await tx.rows(query)]
    tx.pin(rows)
    return [ticket for ticket, _ in rows]


SUBSCRIBER: Final = Subscriber(
    "children of solved tickets", (StateEntered,), record, passes_on=True
)
