"""Parents and children (B12, B19): many tickets with one cause, and one of them leads.

A child has one parent, and a parent has none, so there are two floors and no circles. Solving the
parent solves what is still open below it, with the same words; closing, cancelling and reopening
stay with each ticket.
"""

from collections.abc import Sequence

from sqlalchemy import select

from core.errors import NothingToDo, Refusal
from core.events import ChildJoined, ChildLeft, Event, ParentLeft, ParentSet, StateEntered
from core.models import Parentage, Ticket
from core.tickets.access import access
from core.tickets.faulty import OUTAGE
from core.tickets.lifecycle import enter
from core.tickets.workflow_store import workflow_of
from core.tx import Tx


async def set_parent(tx: Tx, number: int, parent: int) -> Ticket:
    """The ticket becomes part of ``parent``, and of nothing else any more.

    Raises :class:`Refusal` for itself, for a parent that is a child, for a child that is a parent
    or an outage, which may become one any moment; :class:`NothingToDo` when it is so already.
    """
    ticket = await access(tx, number, "link")
    await access(tx, parent, "link")
    if parent == number:
        raise Refusal("refusal.parent_itself", number=number)
    above = await tx.session.get(Parentage, parent)
    if above is not None and above.parent_id == number:
        raise Refusal("refusal.parent_circle", number=number, parent=parent)
    if above is not None:
        raise Refusal("refusal.parent_is_child", parent=parent, top=above.parent_id, number=number)
    if ticket.origin == OUTAGE:
        raise Refusal("refusal.child_is_outage", number=number, parent=parent)
    if await has_children(tx, number):
        raise Refusal("refusal.child_is_parent", number=number, parent=parent)
    await _join(tx, number, parent)
    return ticket


async def _join(tx: Tx, number: int, parent: int) -> None:
    part = await tx.session.get(Parentage, number)
    if part is not None and part.parent_id == parent:
        raise NothingToDo("refusal.parent_already", number=number, parent=parent)
    old = None if part is None else part.parent_id
    if part is None:
        await tx.put(Parentage(child_id=number, parent_id=parent, since=tx.now))
    else:
        part.parent_id, part.since = parent, tx.now
    if old is not None:
        tx.emit(ChildLeft(ticket_id=old, child=number))
    tx.emit(ParentSet(ticket_id=number, parent=parent, old=old))
    tx.emit(ChildJoined(ticket_id=parent, child=number))


async def leave_parent(tx: Tx, number: int, parent: int | None = None) -> Ticket:
    """The ticket stands alone again. Raises :class:`NothingToDo` when it has no (such) parent."""
    ticket = await access(tx, number, "link")
    part = await tx.session.get(Parentage, number)
    if part is None or parent not in {None, part.parent_id}:
        raise NothingToDo("refusal.no_parent", number=number)
    old = part.parent_id
    await tx.session.delete(part)
    await tx.session.flush()
    tx.emit(ParentLeft(ticket_id=number, parent=old))
    tx.emit(ChildLeft(ticket_id=old, child=number))
    return ticket


async def has_children(tx: Tx, number: int) -> bool:
    """Somebody is part of this ticket."""
    query = select(Parentage.child_id).where(Parentage.parent_id == number).limit(1)
    return (await tx.session.scalars(query)).one_or_none() is not None


async def record(tx: Tx, events: Sequence[Event]) -> None:
    """A recorder: what was solved with a parent is solved for its children (B12)."""
    solved = [event for event in events if isinstance(event, StateEntered) and _solves(event)]
    for event in solved:
        for child in await _open_children(tx, event.ticket_id or 0):
            await enter(tx, child, "resolve", reason=event.reason, parent=event.ticket_id)


def _solves(event: StateEntered) -> bool:
    """A ticket came to be solved, and not together with a parent of its own."""
    newly = event.category != event.old_category
    return event.category == "resolved" and newly and event.parent is None


async def _open_children(tx: Tx, parent: int) -> list[Ticket]:
    """The children that can be solved: those that have ended, or are solved, stay as they are."""
    query = (
        select(Ticket)
        .join(Parentage, Parentage.child_id == Ticket.id)
        .where(Parentage.parent_id == parent)
        .order_by(Ticket.id)
        .with_for_update(of=Ticket)
    )
    workflow = await workflow_of(tx)
    return [
        ticket
        for ticket in await tx.session.scalars(query)
        if not workflow.state(ticket.state).resolution
        and workflow.move(ticket.state, "resolve") is not None
    ]
