"""Moves a ticket from state to state and applies the states' flags. Nothing else does."""

from datetime import datetime
from typing import Final

from core.errors import MoveRefused
from core.events import StateEntered
from core.models import Ticket
from core.sla import answer_clock
from core.sla.answer_clock import unanswered_since
from core.sla.timers import RATING, WAKE, set_timers
from core.tickets.access import access
from core.tickets.topics import answer_span
from core.tickets.workflow import FROZEN, NEEDS_ANSWER, State, queue_rank
from core.tickets.workflow_store import workflow_of
from core.tx import Tx

Timers = dict[str, datetime | None]

# Verbs that have an effect in the state they lead to: a freeze gets another end, and a ticket
# that waits again has nothing to answer.
RESTATING: Final = frozenset({"freeze", "wait"})


async def target_of(tx: Tx, ticket: Ticket, verb: str) -> tuple[State, State]:
    """Return the present state and the one the verb leads to. Raises :class:`MoveRefused`."""
    workflow = await workflow_of(tx)
    old = workflow.state(ticket.state)
    new = workflow.move(ticket.state, verb)
    if new is None:
        raise MoveRefused(ticket.id, old.category)
    return old, new


async def enter(
    tx: Tx,
    ticket: Ticket,
    verb: str,
    *,
    reason: str | None = None,
    until: datetime | None = None,
    timers: Timers | None = None,
    parent: int | None = None,
    public: bool = False,
) -> State:
    """Move the ticket by ``verb`` and apply the flags of the new state.

    ``reason``: the words given with it; ``until``: the end of a freeze; ``timers``: further timers
    to set; ``parent``: the ticket that it moves with; ``public``: the customer may read the reason
    of a freeze or a closing. Raises :class:`MoveRefused`.
    """
    old, new = await target_of(tx, ticket, verb)
    timers = dict(timers or {})
    ticket.state = new.code
    timers |= _leave(tx, ticket, old, new)
    if old.code != new.code or verb in RESTATING:
        ticket.reason = reason
        timers |= _arrive(tx, ticket, new, until)
    place_in_queue(ticket, new)
    await set_timers(tx, ticket.id, timers)
    tx.emit(
        StateEntered(
            ticket_id=ticket.id,
            verb=verb,
            old=old.code,
            new=new.code,
            old_category=old.category,
            category=new.category,
            reason=reason,
            until=until,
            assignee_id=ticket.assignee_id,
            waiting_since=ticket.waiting_since,
            answer_due=ticket.answer_due,
            clock=new.clock,
            parent=parent,
            public=public,
        )
    )
    return new


def _leave(tx: Tx, ticket: Ticket, old: State, new: State) -> Timers:
    timers: Timers = {}
    if old.pause and old.category != new.category:
        ticket.frozen_until = None
        timers[WAKE] = None
        timers |= answer_clock.resume(tx, ticket)
    if old.resolution and not new.resolution:
        ticket.resolved_at = None if not new.final else ticket.resolved_at
        timers[RATING] = None
    if old.final and not new.final:
        ticket.closed_at = ticket.resolved_at = None
        ticket.reopened += 1
    return timers


def _arrive(tx: Tx, ticket: Ticket, new: State, until: datetime | None) -> Timers:
    if new.final:
        ticket.closed_at = tx.now
        return answer_clock.end(tx, ticket)
    if new.resolution:
        ticket.resolved_at = tx.now
        wait = tx.company.rating_wait
        rating = None if wait is None else tx.now + wait
        return answer_clock.end(tx, ticket) | {RATING: rating}
    if new.pause and new.category == "waiting":
        return answer_clock.end(tx, ticket)
    if new.pause:
        ticket.frozen_until = until
        return answer_clock.suspend(tx, ticket) | {WAKE: until}
    return {}


def place_in_queue(ticket: Ticket, state: State) -> None:
    """Set the ticket's position in the queue: by urgency, then by age (D4)."""
    rank = queue_rank(state, ticket.waiting_since)
    ticket.queue_rank = rank
    by_rank: dict[int | None, datetime | None] = {
        NEEDS_ANSWER: ticket.answer_due or ticket.waiting_since,
        FROZEN: ticket.frozen_until or ticket.opened_at,
        None: None,
    }
    ticket.queue_at = by_rank.get(rank, ticket.opened_at)


async def move(
    tx: Tx,
    ticket_id: int,
    verb: str,
    *,
    reason: str | None = None,
    until: datetime | None = None,
    public: bool = False,
) -> Ticket:
    """Let an operator move a ticket: resolve, close, cancel, reopen, freeze, unfreeze, wait.

    ``public``: see `enter`.
    """
    ticket = await access(tx, ticket_id, verb)
    old, new = await target_of(tx, ticket, verb)
    ended = old.final or old.resolution
    timers = (
        await _restart_answer_clock(tx, ticket)
        if ended and not (new.final or new.resolution)
        else None
    )
    await enter(tx, ticket, verb, reason=reason, until=until, timers=timers, public=public)
    return ticket


async def freeze_until(tx: Tx, ticket_id: int, until: datetime | None) -> Ticket:
    """Let an operator say when a freeze ends; its reason stays."""
    ticket = await access(tx, ticket_id, "freeze")
    await enter(tx, ticket, "freeze", reason=ticket.reason, until=until)
    return ticket


async def _restart_answer_clock(tx: Tx, ticket: Ticket) -> Timers:
    """Start the answer clock anew when an end is taken back and the customer was never answered
    (C2).
    """
    if await unanswered_since(tx, ticket) is None:
        return {}
    return answer_clock.begin(tx, ticket, tx.now, await answer_span(tx, ticket.topic))


async def confirm(tx: Tx, ticket_id: int, *, content: bool) -> Ticket:
    """Apply the answer to «does everything work?»: close, or go back to work (B14, B6)."""
    verb = "confirm" if content else "dispute"
    ticket = await access(tx, ticket_id, verb)
    await target_of(tx, ticket, verb)
    timers: Timers = {}
    if not content:
        unassign(tx, ticket)
        timers = answer_clock.begin(tx, ticket, tx.now, await answer_span(tx, ticket.topic))
    await enter(tx, ticket, verb, timers=timers)
    return ticket


def unassign(tx: Tx, ticket: Ticket) -> None:
    """Remove the assignee of a reopened ticket; the team sees who had it before (B6)."""
    if tx.company.keep_assignee_on_reopen:
        return
    if ticket.assignee_id is not None:
        ticket.earlier_assignee_id = ticket.assignee_id
    ticket.assignee_id = ticket.assigned_at = None
