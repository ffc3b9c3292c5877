"""Moves a ticket from state to state, takes and releases it. Nothing else changes its state.

`access` loads the ticket of an action and checks the actor's rights (S1, S23).
"""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from core.delivery.waiting_rows import is_under_way
from core.errors import (
    AlreadyTaken,
    MoveRefused,
    NoSuchTicket,
    NotAllowed,
    NothingToDo,
    NotYours,
    Refusal,
)
from core.events import StateEntered, TicketReleased, TicketTaken
from core.models import Message, Person, Ticket
from core.people.permissions import STAFF, may
from core.sla import answer_clock
from core.sla.answer_clock import (
    RATING,
    RATING_ASKED,
    REVIEW,
    WAKE,
    set_timers,
    unanswered_since,
)
from core.tickets.catalog import answer_span, workflow_of
from core.tickets.fields import CLOSING, RESOLVING, demand_fields
from core.tickets.junk import leave_junk
from core.tickets.relations import merged_into
from core.tickets.resolutions import How, record_ending, used_article
from core.tickets.workflow import BY_HAND, FROZEN, NEEDS_ANSWER, RESOLVED, State, queue_rank
from core.tx import Tx


async def access(tx: Tx, ticket_id: int, verb: str) -> Ticket:
    """Return the ticket, locked until the transaction ends.

    A customer reaches only their own tickets; they do not learn whether another exists. Raises
    :class:`NotAllowed`, :class:`NoSuchTicket`.
    """
    if not may(tx.actor.role, verb):
        raise NotAllowed(verb)
    ticket = await tx.find(Ticket, ticket_id, hold=True)
    if ticket is None:
        raise NoSuchTicket(ticket_id)
    tx.pin([ticket])
    if tx.actor.role == "customer" and ticket.customer_id != tx.actor.person_id:
        raise NoSuchTicket(ticket_id)
    if ticket.closed_at is not None and verb in _FOLLOWING:
        into = await merged_into(tx, ticket_id)
        return ticket if into is None else await access(tx, into, verb)
    return ticket


# What is said in a ticket that was merged is said in the one that has its words now.
_FOLLOWING: Final = frozenset({"reply", "wait", "note"})


Timers = dict[str, datetime | None]

# Verbs that have an effect in the state they lead to: a freeze gets another end, and a ticket
# that waits again has nothing to answer.
RESTATING: Final = frozenset({"freeze", "wait"})
# How often a pause without an end is told of.
REVIEW_EVERY: Final = timedelta(days=7)
# When a customer who has not said whether all is well is asked again, at the latest.
ASK_AGAIN: Final = timedelta(days=1)


async def target_of(tx: Tx, ticket: Ticket, verb: str) -> tuple[State, State]:
    """Return the present state and the one the verb leads to.

    Raises :class:`MoveRefused`, and :class:`Refusal` for a state that others move tickets to.
    """
    workflow = await workflow_of(tx)
    old = workflow.state(ticket.state)
    new = workflow.move(ticket.state, verb)
    if new is None:
        raise MoveRefused(ticket.id, old.category)
    if verb in BY_HAND and old is not new:
        refuse_unless_open(tx, new)
    return old, new


def refuse_unless_open(tx: Tx, new: State) -> None:
    """Raise :class:`Refusal` for a state that only others may move tickets to (B1)."""
    if tx.actor.role in STAFF and not new.open_to(tx.actor.role):
        raise Refusal("refusal.state_of_others", state=new.title(tx.company.language))


async def enter(
    tx: Tx,
    ticket: Ticket,
    verb: str,
    *,
    to: State | None = None,
    reason: str | None = None,
    until: datetime | None = None,
    timers: Timers | None = None,
    parent: int | None = None,
    public: bool = False,
    closing: str | None = None,
    rated: bool = False,
) -> State:
    """Move the ticket by ``verb`` (``to`` a state that was named) and apply the new state's flags.

    ``reason``: the words given with it; ``until``: the end of a freeze; ``timers``: further timers
    to set; ``parent``: the ticket that it moves with; ``public``: the customer may read the reason
    of a freeze or a closing; ``closing``: a closing reason by code, else the state's own;
    ``rated``: the customer's rating does it. Raises :class:`MoveRefused`.
    """
    old, new = await target_of(tx, ticket, verb) if to is None else await _named(tx, ticket, to)
    timers = dict(timers or {})
    said, reason = reason, reason or (new.reason if old.code != new.code else None)
    ends = new.clock == "stops" and old.clock != "stops" and new.category != "cancelled"
    closing = closing or (new.closing_reason if ends else None)
    article = await used_article(tx, ticket.id) if ends else None
    ticket.state = new.code
    timers |= await _leave(tx, ticket, old, new)
    if old.code != new.code or verb in RESTATING:
        ticket.reason = reason
        timers |= await _arrive(tx, ticket, new, until)
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
            concerns=_former(ticket, old, new) if verb in _RETURNS else (),
            closing=closing,
            article=article,
            rated=rated,
        )
    )
    if ends:
        await record_ending(tx, ticket, new, How(said, closing, article))
    return new


async def _named(tx: Tx, ticket: Ticket, to: State) -> tuple[State, State]:
    return (await workflow_of(tx)).state(ticket.state), to


# Moves by which a customer brings a ticket back.
_RETURNS: Final = frozenset({"hear", "dispute"})


def _former(ticket: Ticket, old: State, new: State) -> tuple[int, ...]:
    """Return who held the ticket until it came back from its solution: it is nobody's now, and they
    know it.
    """
    earlier = ticket.earlier_assignee_id
    solved = old.resolution and not new.resolution
    back = solved and ticket.assignee_id is None
    return (earlier,) if back and earlier is not None else ()


async def _leave(tx: Tx, ticket: Ticket, old: State, new: State) -> Timers:
    timers: Timers = {}
    if old.pause and not (new.pause and old.category == new.category):
        ticket.frozen_until = None
        timers[WAKE] = timers[REVIEW] = None
        timers |= await answer_clock.resume(tx, ticket)
    if old.resolution and not new.resolution:
        ticket.resolved_at = None if not new.final else ticket.resolved_at
        timers[RATING] = timers[RATING_ASKED] = None
    if old.final and not new.final:
        ticket.closed_at = ticket.resolved_at = None
        ticket.reopened += 1
    return timers


async def _arrive(tx: Tx, ticket: Ticket, new: State, until: datetime | None) -> Timers:
    if new.final:
        ticket.closed_at = tx.now
        return answer_clock.end(tx, ticket)
    if new.resolution:
        ticket.resolved_at = tx.now
        return answer_clock.end(tx, ticket) | _until_judged(tx)
    if new.pause and new.category == "waiting":
        return {REVIEW: tx.now + REVIEW_EVERY}
    if new.pause:
        ticket.frozen_until = until
        review = tx.now + REVIEW_EVERY if until is None else None
        return await answer_clock.suspend(tx, ticket) | {WAKE: until, REVIEW: review}
    return {}


def _until_judged(tx: Tx) -> Timers:
    """When the customer is asked again, and when the ticket closes without an answer."""
    wait = tx.company.rating_wait
    if wait is None:
        return {RATING: None, RATING_ASKED: tx.now + ASK_AGAIN}
    return {RATING: tx.now + wait, RATING_ASKED: tx.now + min(ASK_AGAIN, wait / 2)}


def place_in_queue(ticket: Ticket, state: State) -> None:
    """Set the ticket's position in the queue: by urgency, then by age (D4)."""
    rank = queue_rank(state, ticket.waiting_since)
    ticket.queue_rank = rank
    by_rank: dict[int | None, datetime | None] = {
        NEEDS_ANSWER: ticket.answer_due or ticket.waiting_since,
        FROZEN: ticket.frozen_until or ticket.opened_at,
        RESOLVED: ticket.resolved_at,
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
    closing: str | None = None,
) -> Ticket:
    """Let an operator move a ticket: resolve, close, cancel, reopen, freeze, unfreeze, wait.

    ``public``, ``closing``: see `enter`.
    """
    ticket = await access(tx, ticket_id, verb)
    old, new = await target_of(tx, ticket, verb)
    timers = await before_move(tx, ticket, old, new)
    how: dict[str, Any] = {"public": public, "closing": closing}
    await enter(tx, ticket, verb, reason=reason, until=until, timers=timers, **how)
    return ticket


async def before_move(tx: Tx, ticket: Ticket, old: State, new: State) -> Timers:
    """Check what the new state demands; returns the timers that begin with the move."""
    if old.final:
        await leave_junk(tx, ticket)
        await _refuse_merged(tx, ticket)
    if tx.actor.role in STAFF:
        await demand_fields(tx, ticket, *_demanded_at(old, new))
    if new.category == "waiting":
        await _demand_question(tx, ticket)
    if new.clock == "runs" and old.clock == "stops":
        return await _restart_answer_clock(tx, ticket)
    if new.clock == "runs" and old.put_off:
        return await begin_after_freeze(tx, ticket)
    return {}


async def _refuse_merged(tx: Tx, ticket: Ticket) -> None:
    into = await merged_into(tx, ticket.id)
    if into is not None:
        raise Refusal("refusal.merged", number=ticket.id, other=into)


def _demanded_at(old: State, new: State) -> tuple[str, ...]:
    """The moments of this move at which fields must be filled; nothing is asked of a cancelling."""
    if new.category == "cancelled" or new.clock != "stops":
        return ()
    resolved = () if old.clock == "stops" else (RESOLVING,)
    return (*resolved, *((CLOSING,) if new.final else ()))


async def _demand_question(tx: Tx, ticket: Ticket) -> None:
    """Check that the last word is ours, or is on its way: nobody waits for a customer who waits
    for us (C1). Raises :class:`Refusal`.
    """
    if ticket.waiting_since is None:
        return
    newest = select(Message).where(Message.ticket_id == ticket.id, Message.counts.is_(True))
    said = await tx.first(newest.order_by(Message.id.desc()).limit(1))
    ours = said is not None and not said.from_customer and said.withdrawn_at is None
    if not (ours and said is not None and await is_under_way(tx, said.id, "content")):
        raise Refusal("refusal.wait_unasked", number=ticket.id)


async def begin_after_freeze(tx: Tx, ticket: Ticket) -> Timers:
    """Start the answer clock of a ticket that comes back from a freeze: we promised to (B17).

    What was left of a deadline before the freeze is left now: `enter` lets it run again.
    """
    return await answer_clock.begin(tx, ticket, tx.now, await answer_span(tx, ticket.topic))


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
    return await answer_clock.begin(tx, ticket, tx.now, await answer_span(tx, ticket.topic))


async def confirm(tx: Tx, ticket_id: int, *, content: bool) -> Ticket:
    """Apply the answer to «does everything work?»: close, or go back to work (B14, B6)."""
    verb = "confirm" if content else "dispute"
    ticket = await access(tx, ticket_id, verb)
    await target_of(tx, ticket, verb)
    timers: Timers = {}
    if not content:
        unassign(tx, ticket)
        timers = await answer_clock.begin(tx, ticket, tx.now, await answer_span(tx, ticket.topic))
    await enter(tx, ticket, verb, timers=timers)
    return ticket


def unassign(tx: Tx, ticket: Ticket) -> None:
    """Remove the assignee of a reopened ticket; the team sees who had it before (B6)."""
    if tx.company.keep_assignee_on_reopen:
        return
    if ticket.assignee_id is not None:
        ticket.earlier_assignee_id = ticket.assignee_id
    ticket.assignee_id = ticket.assigned_at = None


async def take(tx: Tx, ticket_id: int) -> Ticket:
    """Assign the ticket to the actor. The row is locked, so of two at once one wins.

    Raises :class:`AlreadyTaken` with the winner and since when, :class:`NothingToDo` when it is the
    actor's already, :class:`MoveRefused`.
    """
    ticket = await access(tx, ticket_id, "take")
    await target_of(tx, ticket, "take")
    if ticket.assignee_id is not None and ticket.assignee_id == tx.actor.person_id:
        raise NothingToDo("refusal.taken_by_you", number=ticket_id)
    if ticket.assignee_id is not None:
        raise AlreadyTaken(
            ticket_id, await name_of(tx, ticket.assignee_id), ticket.assigned_at or tx.now, tx.now
        )
    await assign(tx, ticket, by_answer=False)
    await enter(tx, ticket, "take")
    return ticket


async def assign(tx: Tx, ticket: Ticket, *, by_answer: bool) -> None:
    """Set the actor as the assignee. The caller makes the move that goes with it."""
    first = ticket.earlier_assignee_id is None
    ticket.assignee_id = ticket.earlier_assignee_id = tx.actor.person_id
    ticket.assigned_at = tx.now
    tx.emit(
        TicketTaken(
            ticket_id=ticket.id,
            assignee_id=tx.actor.person_id or 0,
            by_answer=by_answer,
            first=first,
        )
    )


async def release(tx: Tx, ticket_id: int) -> Ticket:
    """Take the assignee off the ticket; an admin may do so with anybody's.

    Raises :class:`NothingToDo` when nobody has it, :class:`NotYours`, :class:`MoveRefused`.
    """
    ticket = await access(tx, ticket_id, "release")
    await target_of(tx, ticket, "release")
    holder = ticket.assignee_id
    if holder is None:
        raise NothingToDo("refusal.nobody_has_it", number=ticket_id)
    if holder != tx.actor.person_id and not may(tx.actor.role, "release_any"):
        raise NotYours(ticket_id, await name_of(tx, holder))
    ticket.assignee_id = ticket.assigned_at = None
    tx.emit(TicketReleased(ticket_id=ticket.id, assignee_id=holder))
    await enter(tx, ticket, "release")
    return ticket


async def name_of(tx: Tx, person_id: int) -> str:
    """Return the person's name."""
    return (await tx.get(Person, person_id)).name
