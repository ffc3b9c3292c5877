"""The day by which a customer is to hear from us (C6), and the list of those that passed."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any, Final

from sqlalchemy import delete, func, select

from core import events as e
from core.db.statements import insert_or
from core.errors import MoveRefused, NothingToDo
from core.models import JournalEntry, NextContact, SystemState, Ticket
from core.sla.answer_clock import CONTACT, set_timers
from core.subscribers import Subscriber
from core.tickets.catalog import workflow_of
from core.tickets.lifecycle import access
from core.tx import ReadTx, Tx

LISTED: Final = 20
# The list of those passed is made once a day, from this hour on, by the company's clock.
MORNING: Final = time(9)
DAILY: Final = "contacts"

_CONTACTS: Final[Any] = NextContact.__table__


async def plan_contact(tx: Tx, ticket_id: int, at: datetime | None) -> Ticket:
    """Set that day; ``None`` removes it.

    Raises :class:`MoveRefused` for an ended ticket, :class:`NothingToDo` where none was set.
    """
    ticket = await access(tx, ticket_id, "next")
    state = (await workflow_of(tx)).state(ticket.state)
    if state.final:
        raise MoveRefused(ticket_id, state.category)
    old = await contact_of(tx, ticket_id)
    if at == old:
        raise NothingToDo("refusal.same_contact", number=ticket_id)
    await _set(tx, ticket_id, at)
    tx.emit(e.NextContactSet(ticket_id=ticket_id, at=at, old=old))
    return ticket


async def contact_of(tx: ReadTx, ticket_id: int) -> datetime | None:
    """Return when the ticket's customer is to hear from us."""
    query = select(_CONTACTS.c.at).where(_CONTACTS.c.ticket_id == ticket_id)
    return await tx.first(query)


async def record(tx: Tx, events: Sequence[e.Event]) -> None:
    """An end, a resolution, or a word of ours in time keeps the promise."""
    for event in events:
        ends = isinstance(event, e.StateEntered) and event.clock == "stops"
        if event.ticket_id is None or (isinstance(event, e.StateEntered) and not ends):
            continue
        if not await _is_anything_planned(tx):
            return
        at = await contact_of(tx, event.ticket_id)
        if at is not None and (ends or await _is_kept(tx, event.ticket_id, at)):
            await _set(tx, event.ticket_id, None)
            tx.emit(e.NextContactSet(ticket_id=event.ticket_id, at=None, old=at))


async def _is_kept(tx: ReadTx, ticket_id: int, at: datetime) -> bool:
    """Return whether a word of ours now keeps the promise: on its day or later; a promise of the
    same day, from its hour on.
    """
    if at <= tx.now:
        return True
    planned = select(func.max(JournalEntry.at)).where(
        JournalEntry.ticket_id == ticket_id, JournalEntry.event == "next_contact_set"
    )
    since = await tx.first(planned)
    return _day(tx, at) == _day(tx, tx.now) and since is not None and _day(tx, since) < _day(tx, at)


class Planned:
    """Whether any ticket has such a day."""


async def _is_anything_planned(tx: ReadTx) -> bool:
    """Return whether any ticket has a day; cached, because many desks never set one."""
    return await tx.any_row(Planned, select(_CONTACTS.c.ticket_id))


def _day(tx: ReadTx, at: datetime) -> int:
    return at.astimezone(tx.company.zone).toordinal()


async def _set(tx: Tx, ticket_id: int, at: datetime | None) -> None:
    if at is None:
        await tx.change(delete(_CONTACTS).where(_CONTACTS.c.ticket_id == ticket_id))
    else:
        if not await _is_anything_planned(tx):
            tx.invalidate(Planned)
        insert = insert_or(tx.session, _CONTACTS).values(ticket_id=ticket_id, at=at)
        await tx.change(insert.on_conflict_do_update(index_elements=["ticket_id"], set_={"at": at}))
    await set_timers(tx, ticket_id, {CONTACT: at})


async def list_passed(tx: ReadTx, limit: int = LISTED) -> tuple[list[int], int]:
    """Return the tickets whose day has passed, oldest first, and how many there are."""
    passed = _CONTACTS.c.at <= tx.now
    query = select(_CONTACTS.c.ticket_id).where(passed).order_by(_CONTACTS.c.at).limit(limit)
    numbers = await tx.all(query)
    total = await tx.first(select(func.count()).select_from(_CONTACTS).where(passed))
    return numbers, int(total or 0)


async def tell_passed(tx: Tx) -> bool:
    """Post that list once a day. Returns True if it was posted."""
    local = tx.now.astimezone(tx.company.zone)
    fact = await tx.find(SystemState, DAILY)
    today = local.date().isoformat()
    if local.time() < MORNING or (fact is not None and fact.value.get("day") == today):
        return False
    await tx.put(SystemState(name=DAILY, value={"day": today}, at=tx.now))
    numbers, total = await list_passed(tx)
    if numbers:
        tx.emit(e.ContactsPassed(ticket_id=None, numbers=tuple(numbers), total=total))
    return bool(numbers)


SUBSCRIBER: Final = Subscriber(
    "next contact", (e.StateEntered, e.AnswerDelivered), record, unless_empty=Planned
)
