"""Parents and children (B12, B19): many tickets with one cause, and one of them leads.

A child has one parent, and a parent has none, so there are two floors and no circles. Solving the
parent solves what is still open below it, with the same words; closing, cancelling and reopening
stay with each ticket. Many children are solved some at a time, so that nobody waits for all.
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
from core.tickets.access import access
from core.tickets.card import OUTAGE
from core.tickets.lifecycle import enter
from core.tickets.workflow_store import workflow_of
from core.tx import Actor, Tx

BATCH: Final = 40
"""So many children are solved in one transaction: about a third of a second."""

_ON_ITS_WAY: Final = "solution:"


async def set_parent(tx: Tx, ticket_id: int, parent: int) -> Ticket:
    """The ticket becomes part of ``parent``, and of nothing else any more.

    Raises :class:`Refusal` for itself, for a parent that is a child, for a child that is a parent
    or an outage, which may become one any moment; :class:`NothingToDo` when it is so already.
    """
    ticket = await access(tx, ticket_id, "link")
    await access(tx, parent, "link")
    if parent == ticket_id:
        raise Refusal("refusal.parent_itself", number=ticket_id)
    above = await tx.session.get(TicketParent, parent)
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
    part = await tx.session.get(TicketParent, ticket_id)
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
    """The ticket stands alone again. Raises :class:`NothingToDo` when it has no (such) parent."""
    ticket = await access(tx, ticket_id, "link")
    part = await tx.session.get(TicketParent, ticket_id)
    if part is None or parent not in {None, part.parent_id}:
        raise NothingToDo("refusal.no_parent", number=ticket_id)
    old = part.parent_id
    await tx.session.delete(part)
    await tx.session.flush()
    tx.emit(ParentLeft(ticket_id=ticket_id, parent=old))
    tx.emit(ChildLeft(ticket_id=old, child=ticket_id))
    return ticket


async def has_children(tx: Tx, ticket_id: int) -> bool:
    """Somebody is part of this ticket."""
    query = select(TicketParent.child_id).where(TicketParent.parent_id == ticket_id).limit(1)
    return (await tx.session.scalars(query)).one_or_none() is not None


async def record(tx: Tx, events: Sequence[Event]) -> None:
    """What was solved with a parent is solved for its children (B12)."""
    solved = [event for event in events if isinstance(event, StateEntered) and _solves(event)]
    for event in solved:
        if event.ticket_id is not None:
            await _spread(tx, Spreading(event.ticket_id, event.reason, tx.now, tx.actor.person_id))


def _solves(event: StateEntered) -> bool:
    """A ticket came to be solved, and not together with a parent of its own."""
    newly = event.category != event.old_category
    return event.category == "resolved" and newly and event.parent is None


@dataclass(frozen=True, slots=True)
class Spreading:
    """A solution on its way to the children: the parent's number, the words, when and by whom.

    ``after``: the last child that it has come to.
    """

    parent: int
    reason: str | None
    at: datetime
    actor: int | None
    after: int = 0


async def carry_on(tx: Tx) -> int:
    """Solve the next children of a parent whose solution is on its way. Returns how many there
    were; 0: it is on its way to nobody.

    A parent that is at work again, or was solved anew, does not give this solution any more. What
    was begun survives an end of the process: children that have had it are behind the mark, all in
    the same transaction.
    """
    query = (
        select(SystemState)
        .where(SystemState.name.startswith(_ON_ITS_WAY))
        .order_by(SystemState.name)
        .limit(1)
    )
    fact = (await tx.session.scalars(query.with_for_update())).one_or_none()
    if fact is None:
        return 0
    number = int(fact.name.removeprefix(_ON_ITS_WAY))
    spreading = Spreading(number, at=fact.at, **fact.value)
    parent = await tx.session.get_one(Ticket, number, with_for_update=True)
    state = (await workflow_of(tx)).state(parent.state)
    await tx.session.delete(fact)
    await tx.session.flush()
    if parent.resolved_at != spreading.at or state.category == "cancelled":
        return 1
    tx.act_as(Actor("operator", spreading.actor))
    return await _spread(tx, spreading)


async def _spread(tx: Tx, spreading: Spreading) -> int:
    """Solve some children, and note how far that went where there are more."""
    children = await _open_children(tx, spreading)
    some = children[:BATCH]
    for child in some:
        await enter(tx, child, "resolve", reason=spreading.reason, parent=spreading.parent)
    if len(children) > BATCH:
        await _note(tx, replace(spreading, after=some[-1].id))
    return len(some)


async def _note(tx: Tx, spreading: Spreading) -> None:
    name, at = f"{_ON_ITS_WAY}{spreading.parent}", spreading.at
    value = {"reason": spreading.reason, "actor": spreading.actor, "after": spreading.after}
    await tx.session.merge(SystemState(name=name, value=value, at=at))
    await tx.session.flush()


async def _open_children(tx: Tx, spreading: Spreading) -> list[Ticket]:
    """The next children that can be solved, and one more if there is: those that have ended, or
    are solved, stay as they are, and so do those that have come since. Their customers are read
    together.
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
            TicketParent.parent_id == spreading.parent,
            TicketParent.child_id > spreading.after,
            TicketParent.since <= spreading.at,
            Ticket.state.in_(codes),
        )
        .order_by(Ticket.id)
        .limit(BATCH + 1)
        .with_for_update(of=Ticket)
    )
    rows = [(ticket, person) for ticket, person in await tx.session.execute(query)]
    tx.pin(rows)
    return [ticket for ticket, _ in rows]


SUBSCRIBER: Final = Subscriber("children of solved tickets", (StateEntered,), record)
