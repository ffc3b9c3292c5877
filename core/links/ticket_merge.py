"""Merging two tickets of one customer, and taking that back for a while (A6).

The older one stays, whichever is named first: its deadlines are the earlier ones, and its number is
what the customer knows. What was said, noted and linked in the younger one moves into it; the
younger one ends as cancelled, with a link by which later messages find their way. Its journal has
what moved, so that all of it can go back.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from core.errors import MoveRefused, NothingToDo, Refusal
from core.events import MergeReceived, TicketMerged
from core.links.merge_contents import move_contents, unless_refused
from core.models import Ticket
from core.sla import answer_clock
from core.sla.answer_clock import REVIEW, set_timers, timer_of
from core.sla.clock import TAKE_OVER
from core.teams.assignee_parser import AssignmentWish, Target
from core.teams.assignment import hand_over
from core.teams.members import colleagues_of
from core.tickets.card import OUTAGE
from core.tickets.catalog import answer_span, workflow_of
from core.tickets.lifecycle import Timers, access, enter, place_in_queue, target_of
from core.tickets.parents import has_children
from core.tickets.relations import MERGE, link_tickets, merged_into
from core.tx import Tx

VERB: Final = "merge_tickets"


async def merge_tickets(tx: Tx, one: int, other: int) -> tuple[Ticket, Ticket]:
    """Merge two open tickets of one customer; returns the one that stays and the one that ends.

    Raises :class:`NothingToDo` for one ticket named twice, or merged already; :class:`Refusal` for
    tickets of two customers, an outage, a younger one that has children, and tasks that cannot be
    in one ticket; :class:`MoveRefused` for one that has ended.
    """
    if one == other:
        raise NothingToDo("refusal.merge_itself", number=one)
    stays, goes = [await access(tx, number, VERB) for number in sorted((one, other))]
    await _demand_mergeable(tx, stays, goes)
    kept = await _standing(tx, goes)
    kept |= {f"into_{name}": fact for name, fact in (await _standing(tx, stays)).items()}
    kept |= await move_contents(tx, goes, stays)
    await link_tickets(tx, goes.id, MERGE, stays.id)
    ended = (await workflow_of(tx)).move(goes.state, "cancel")
    await enter(tx, goes, "merge", to=ended, reason=goes.reason)
    await _take_over_clock(tx, stays, kept)
    kept["given"] = await _take_over_assignee(tx, stays, goes.assignee_id)
    kept["left_state"] = stays.state
    _tell(tx, stays, goes, kept)
    return stays, goes


def _tell(tx: Tx, stays: Ticket, goes: Ticket, kept: Mapping[str, Any]) -> None:
    """Whoever had the ticket that ends, and does not get the other one, hears who has that."""
    holder = goes.assignee_id
    informed = holder in {None, tx.actor.person_id, stays.assignee_id}
    tx.emit(
        TicketMerged(
            ticket_id=goes.id,
            into=stays.id,
            assignee_id=holder,
            concerns=() if informed else (holder or 0,),
            by=tx.actor.name,
        )
    )
    tx.emit(
        MergeReceived(
            ticket_id=stays.id,
            source=goes.id,
            waiting_since=stays.waiting_since,
            answer_due=stays.answer_due,
            kept=kept,
        )
    )


_STANDING: Final = (
    *("state", "reason", "frozen_until", "waiting_since", "answer_due", "answer_left"),
    "earlier_assignee_id",
)


async def _standing(tx: Tx, ticket: Ticket) -> dict[str, Any]:
    """How the ticket stands, for bringing it back: its state, its clock, its pause."""
    facts: dict[str, Any] = {name: getattr(ticket, name) for name in _STANDING}
    review = await timer_of(tx, ticket.id, REVIEW)
    return facts | {"assignee": ticket.assignee_id, "review": review}


async def _demand_mergeable(tx: Tx, stays: Ticket, goes: Ticket) -> None:
    into = await merged_into(tx, goes.id)
    facts = {"number": goes.id, "other": stays.id}
    if into is not None:
        raise NothingToDo("refusal.merged", number=goes.id, other=into)
    workflow = await workflow_of(tx)
    for ticket in (stays, goes):
        state = workflow.state(ticket.state)
        if state.clock == "stops" or workflow.move(ticket.state, "cancel") is None:
            raise MoveRefused(ticket.id, state.category)
        if ticket.origin == OUTAGE:
            raise Refusal("refusal.merge_outage", **facts)
    if stays.customer_id != goes.customer_id:
        raise Refusal("refusal.merge_customers", **facts)
    if await has_children(tx, goes.id):
        raise Refusal("refusal.merge_parent", **facts)


async def _take_over_clock(tx: Tx, stays: Ticket, kept: Mapping[str, Any]) -> None:
    """The earlier of two deadlines counts, and a pause is over where the other ticket waits for us;
    what is frozen or waits for the customer brings none.
    """
    if kept["answer_due"] is None:
        return
    since = min(at for at in (stays.waiting_since, kept["waiting_since"]) if at is not None)
    due = min(at for at in (stays.answer_due, kept["answer_due"]) if at is not None)
    old, new = await target_of(tx, stays, "hear")
    timers = await begin_anew(tx, stays, since, due)
    if old.code != new.code:
        await enter(tx, stays, TAKE_OVER, to=new, timers=timers)
        return
    place_in_queue(stays, new)
    await set_timers(tx, stays.id, timers)


async def begin_anew(tx: Tx, ticket: Ticket, since: datetime, due: datetime | None) -> Timers:
    """Let the ticket's answer clock run since then, due by then; return the timers to set."""
    span = await answer_span(tx, ticket.topic)
    timers = answer_clock.end(tx, ticket)
    timers |= await answer_clock.begin(tx, ticket, since, span, by=due)
    if await answer_clock.is_known_late(tx, ticket):
        timers[answer_clock.ANSWER] = None
    return timers


async def _take_over_assignee(tx: Tx, stays: Ticket, holder: int | None) -> bool:
    """A ticket of nobody goes to whoever had the other one. Returns whether it does."""
    if stays.assignee_id is not None or holder is None:
        return False
    colleague = next((one for one in await colleagues_of(tx) if one.id == holder), None)
    if colleague is None:
        return False
    await tx.write()
    wish = AssignmentWish(Target(person=colleague))
    return await unless_refused(hand_over(tx, stays.id, wish))
