"""Fires due timers: each once, in one transaction with its effects (C5, B15, B17).

A timer is claimed by clearing it under the condition that it is unchanged, so two sweeps at once
cannot both have it. After a downtime the same things happen, but they are told as one digest,
however many batches it takes: the stored time of the last sweep changes only when all is done.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update

from core.db import PreparedStatement, constant, is_transient, may_run_again
from core.delivery.notices import TRIAL
from core.events import (
    CaughtUp,
    ClockMissed,
    ClockNear,
    ContactDue,
    DeadlineMissed,
    DeadlineNear,
    Event,
    StillPaused,
    TicketWoke,
)
from core.fault_points import pass_point
from core.models import Clock, Outage, SystemState, Ticket, TicketParent, Timer
from core.sla.answer_clock import (
    ANSWER,
    CONTACT,
    NEAR,
    REMINDER,
    REVIEW,
    SILENCE,
    WAKE,
    note_missed,
    set_timers,
)
from core.tickets.catalog import workflow_of
from core.tickets.closing import expire
from core.tickets.lifecycle import (
    REVIEW_EVERY,
    begin_after_freeze,
    enter,
)
from core.tickets.ratings import ask_again
from core.tickets.silence import mail_unread
from core.tx import Tx

log = logging.getLogger(__name__)

BATCH: Final = 200
HEARTBEAT: Final = "sweep"
# A gap of this length between two sweeps was a downtime.
DOWNTIME: Final = timedelta(minutes=2)
# After a downtime, more than so many due timers are summed up; fewer are told with a line each.
FEW: Final = 3
# When a timer that could not fire is tried again.
STEP_ASIDE: Final = timedelta(hours=1)
# How often an idle desk stores the time of its last sweep.
IDLE_BEAT: Final = timedelta(seconds=30)

_TIMERS: Final[Any] = Timer.__table__
_FACTS: Final[Any] = SystemState.__table__
_NEXT: Final = (
    select(_TIMERS.c.due_at)
    .where(_TIMERS.c.due_at.is_not(None))
    .order_by(_TIMERS.c.due_at)
    .limit(1)
    .scalar_subquery()
)
# Timers of agreements: the clock's kind, and what a firing means.
_CLOCKS: Final[dict[str, tuple[str, type[ClockMissed | ClockNear]]]] = {
    **{kind: (kind, ClockMissed) for kind in NEAR},
    **{near: (kind, ClockNear) for kind, near in NEAR.items()},
}
# What is told in the alert channel, and what in the group of operators.
_TOLD_IN: Final = (
    frozenset({ANSWER, *NEAR}),
    frozenset({REMINDER, WAKE, *NEAR.values()}),
)
# Run every few seconds, mostly without result: one statement, prepared once.
_PULSE: Final = PreparedStatement(
    select(_FACTS.c.at, _FACTS.c.value, _NEXT).where(_FACTS.c.name == constant(HEARTBEAT))
)


@dataclass(frozen=True, slots=True)
class Due:
    """A timer that is due."""

    ticket_id: int
    kind: str
    at: datetime


async def sweep(tx: Tx) -> int:
    """Fire what is due. Returns how many timers fired; a full batch means: call again at once."""
    if await _is_idle(tx):
        return 0
    heartbeat = await _heartbeat(tx)
    due = await _find_due(tx)
    tickets = await _lock_tickets(tx, due)
    gap = tx.now - heartbeat.at
    gathered: dict[str, Any] = dict(heartbeat.value)
    was_down = bool(gathered) or (gap > DOWNTIME and len(due) > FEW)
    crowded = await _crowded(tx, due)
    for timer in due:
        if not await _claim(tx, timer):
            continue
        as_one = was_down or timer.kind in crowded
        fired = await _fired(tx, tickets[timer.ticket_id], timer, after_downtime=as_one)
        if fired and as_one and tickets[timer.ticket_id].origin != TRIAL:
            gathered[timer.kind] = [*gathered.get(timer.kind, ()), timer.ticket_id]
    if len(due) < BATCH and gathered:
        _tell_as_one(tx, gathered, gap if was_down and gap > DOWNTIME else timedelta())
        gathered = {}
    heartbeat.value = gathered
    if not gathered and (due or abs(gap) > IDLE_BEAT):
        heartbeat.at = tx.now
    pass_point("sweep.before_commit")
    return len(due)


async def _crowded(tx: Tx, due: Sequence[Due]) -> frozenset[str]:
    """Return the kinds of timers of which one chat hears from several tickets at once (X5)."""
    crowded: frozenset[str] = frozenset()
    for kinds in _TOLD_IN:
        numbers = {timer.ticket_id for timer in due if timer.kind in kinds}
        if len(numbers) > 1 and len(numbers - await _parts_of_outages(tx, numbers)) > 1:
            crowded |= kinds
    return crowded


async def _is_idle(tx: Tx) -> bool:
    """Return True if nothing is due, no digest is pending and the last sweep was recent."""
    found = await _PULSE.rows(tx.session, {})
    if not found:
        return False
    ((at, gathered, next_due),) = found
    waits = next_due is None or next_due > tx.now
    return waits and not gathered and abs(tx.now - at) <= IDLE_BEAT


async def _find_due(tx: Tx) -> Sequence[Due]:
    query = (
        select(Timer.ticket_id, Timer.kind, Timer.due_at)
        .where(Timer.due_at.is_not(None), Timer.due_at <= tx.now)
        .order_by(Timer.due_at, Timer.ticket_id, Timer.kind)
        .limit(BATCH)
    )
    return [Due(number, kind, at) for number, kind, at in await tx.session.execute(query) if at]


async def _heartbeat(tx: Tx) -> SystemState:
    fact = await tx.find(SystemState, HEARTBEAT, hold=True)
    if fact is None:
        fact = SystemState(name=HEARTBEAT, value={}, at=tx.now)
        tx.session.add(fact)
    return fact


async def _lock_tickets(tx: Tx, due: Sequence[Due]) -> dict[int, Ticket]:
    """Lock the tickets of these timers, before the timers: the same order as everywhere."""
    query = (
        select(Ticket)
        .where(Ticket.id.in_({timer.ticket_id for timer in due}))
        .order_by(Ticket.id.desc())
        .with_for_update(key_share=True)
    )
    return {ticket.id: ticket for ticket in await tx.session.scalars(query)} if due else {}


async def _claim(tx: Tx, timer: Due) -> bool:
    claimed = await tx.session.execute(
        update(Timer)
        .where(
            Timer.ticket_id == timer.ticket_id,
            Timer.kind == timer.kind,
            Timer.due_at == timer.at,
        )
        .values(due_at=None)
        .execution_options(synchronize_session=False)
    )
    return bool(claimed.rowcount == 1)  # type: ignore[attr-defined]


async def _fired(tx: Tx, ticket: Ticket, timer: Due, *, after_downtime: bool) -> bool:
    """Fire one timer. A ticket that cannot be moved steps aside; the others' clocks go on."""
    number, before = ticket.id, len(tx.events)
    try:
        async with tx.session.begin_nested():
            return await _fire(tx, ticket, timer, after_downtime=after_downtime)
    except Exception as error:
        if is_transient(error) or may_run_again(error):
            raise  # a failure of the database concerns all timers
        log.exception("a timer could not fire", extra={"ticket": number, "kind": timer.kind})
        del tx.events[before:]
        await set_timers(tx, number, {timer.kind: tx.now + STEP_ASIDE})
        return False


async def _fire(tx: Tx, ticket: Ticket, timer: Due, *, after_downtime: bool) -> bool:
    """The effect of one timer. False when it is not one to be told of in a digest."""
    if timer.kind in _CLOCKS:
        return await _tell_of_clock(tx, timer, after_downtime=after_downtime)
    if timer.kind == ANSWER:
        note_missed(tx, ticket)
    if timer.kind in _TOLD:
        tx.emit(_TOLD[timer.kind](ticket, timer, after_downtime))
        return True
    if timer.kind in _TO_CUSTOMERS:
        await _TO_CUSTOMERS[timer.kind](tx, ticket)
        return False
    match timer.kind:
        case "wake":
            return await _wake(tx, ticket, after_downtime=after_downtime)
        case "review":
            return await _review(tx, ticket)
    return await expire(tx, ticket)


# Timers by which something goes to a customer.
_TO_CUSTOMERS: Final[dict[str, Callable[[Tx, Ticket], Awaitable[object]]]] = {
    "rating_asked": ask_again,
    SILENCE: mail_unread,
}
# Timers that only say something: its event.
_TOLD: Final[dict[str, Callable[[Ticket, Due, bool], Event]]] = {
    CONTACT: lambda ticket, timer, down: ContactDue(
        ticket_id=ticket.id, at=timer.at, after_downtime=down
    ),
    REMINDER: lambda ticket, timer, down: DeadlineNear(
        ticket_id=ticket.id, due=ticket.answer_due or timer.at, after_downtime=down
    ),
    ANSWER: lambda ticket, timer, down: DeadlineMissed(
        ticket_id=ticket.id, due=ticket.answer_due or timer.at, after_downtime=down
    ),
}


async def _review(tx: Tx, ticket: Ticket) -> bool:
    """A pause without an end is told of by itself, even after a downtime, and again in a week."""
    state = (await workflow_of(tx)).state(ticket.state)
    await set_timers(tx, ticket.id, {REVIEW: tx.now + REVIEW_EVERY})
    tx.emit(StillPaused(ticket_id=ticket.id, category=state.category))
    return False


async def _wake(tx: Tx, ticket: Ticket, *, after_downtime: bool) -> bool:
    """The freeze is over: an answer is owed (B17). False when the state has overtaken it."""
    new, reason = (await workflow_of(tx)).move(ticket.state, "wake"), ticket.reason
    if new is None:
        return False
    timers = await begin_after_freeze(tx, ticket) if new.clock == "runs" else {}
    await enter(tx, ticket, "wake", timers=timers)
    tx.emit(
        TicketWoke(
            ticket_id=ticket.id,
            reason=reason,
            waiting=ticket.waiting_since is not None,
            after_downtime=after_downtime,
        )
    )
    return True


async def _tell_of_clock(tx: Tx, timer: Due, *, after_downtime: bool) -> bool:
    """A reaction or resolution deadline is near, or has passed (C5)."""
    kind, event = _CLOCKS[timer.kind]
    clock = await tx.session.get(Clock, (timer.ticket_id, kind), populate_existing=True)
    if clock is None or clock.due_at is None or clock.missed_at is not None:
        return False
    in_outage = bool(await _parts_of_outages(tx, {timer.ticket_id}))
    tx.emit(
        event(
            ticket_id=timer.ticket_id,
            kind=kind,
            deadline=clock.due_at,
            after_downtime=after_downtime,
            in_outage=in_outage,
        )
    )
    return not in_outage


async def _parts_of_outages(tx: Tx, tickets: Collection[int]) -> set[int]:
    """Return those of the tickets that are part of an outage: only its own ticket alerts."""
    query = (
        select(TicketParent.child_id)
        .join(Outage, TicketParent.parent_id == Outage.ticket_id)
        .where(TicketParent.child_id.in_(tickets), Outage.closed_at.is_(None))
    )
    return set(await tx.session.scalars(query))


def _tell_as_one(tx: Tx, gathered: dict[str, Any], down: timedelta) -> None:
    """Send one digest instead of many alerts; the journal has what happened to each ticket.

    ``down``: how long the desk was down; nothing: it all fell due at one moment.
    """
    tx.emit(
        CaughtUp(
            ticket_id=None,
            down=int(down.total_seconds()),
            overdue=tuple(gathered.get(ANSWER, ())),
            near=_all_of(gathered, REMINDER, *NEAR.values()),
            woke=tuple(gathered.get(WAKE, ())),
            late=_all_of(gathered, *NEAR),
            deadlines=() if down else _deadlines_of(gathered),
        )
    )


def _deadlines_of(gathered: dict[str, Any]) -> tuple[tuple[int, str], ...]:
    """Return each ticket with which of its deadlines it was, or that it woke."""
    names = {ANSWER: "answer", REMINDER: "answer_near", WAKE: "woke"}
    names |= {kind: kind for kind in _CLOCKS}
    return tuple(
        (number, names[kind])
        for kind, numbers in gathered.items()
        if kind in names
        for number in numbers
    )


def _all_of(gathered: dict[str, Any], *kinds: str) -> tuple[int, ...]:
    """Return the tickets whose timers of these kinds fired, each once."""
    return tuple(dict.fromkeys(number for kind in kinds for number in gathered.get(kind, ())))
