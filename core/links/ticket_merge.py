"""Merging two tickets of one customer, and taking that back for a while (A6).

The older one stays, whichever is named first: its deadlines are the earlier ones, and its number is
what the customer knows. What was said, noted and linked in the younger one moves into it; the
younger one ends as cancelled, with a link by which later messages find their way. Its journal has
what moved, so that all of it can go back.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import or_, select

from core.errors import MoveRefused, NothingToDo, Refusal
from core.events import MergeReceived, MergeReturned, MergeUndone, TicketMerged, TicketReleased
from core.links.merge_contents import (
    move_contents,
    reopen_tasks,
    return_contents,
    unless_refused,
)
from core.models import JournalEntry, Link, Ticket
from core.sla import answer_clock
from core.sla.answer_clock import set_timers, unanswered_since
from core.teams.assignee_parser import AssignmentWish, Target
from core.teams.assignment import hand_over
from core.teams.members import colleagues_of
from core.texts import unpack
from core.tickets.card import OUTAGE
from core.tickets.catalog import answer_span, workflow_of
from core.tickets.lifecycle import access, enter, place_in_queue, target_of
from core.tickets.parents import has_children
from core.tickets.relations import MERGE, link_tickets, merged_into
from core.tx import Tx

UNDO_WITHIN: Final = timedelta(minutes=15)
VERB: Final = "merge_tickets"


async def merge_tickets(tx: Tx, one: int, other: int) -> tuple[Ticket, Ticket]:
    """Merge two open tickets of one customer; returns the one that stays and the one that ends.

    Raises :class:`NothingToDo` for one ticket named twice, or merged already; :class:`Refusal` for
    tickets of two customers, an outage, and a younger one that has children; :class:`MoveRefused`
    for one that has ended.
    """
    if one == other:
        raise NothingToDo("refusal.merge_itself", number=one)
    stays, goes = [await access(tx, number, VERB) for number in sorted((one, other))]
    await _demand_mergeable(tx, stays, goes)
    kept = _clock_of(goes) | {"state": goes.state, "assignee": goes.assignee_id}
    kept |= {f"into_{name}": at for name, at in _clock_of(stays).items()}
    kept |= await move_contents(tx, goes, stays)
    await link_tickets(tx, goes.id, MERGE, stays.id)
    ended = (await workflow_of(tx)).move(goes.state, "cancel")
    await enter(tx, goes, "merge", to=ended, reason=goes.reason)
    await _take_over_clock(tx, stays, kept)
    kept["given"] = await _take_over_assignee(tx, stays, goes.assignee_id)
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


_CLOCK: Final = ("waiting_since", "answer_due", "answer_left", "frozen_until")


def _clock_of(ticket: Ticket) -> dict[str, Any]:
    return {name: getattr(ticket, name) for name in _CLOCK}


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
    timers = await _begin_anew(tx, stays, since, due)
    if old.code != new.code:
        await enter(tx, stays, "hear", timers=timers)
        return
    place_in_queue(stays, new)
    await set_timers(tx, stays.id, timers)


async def _begin_anew(
    tx: Tx, ticket: Ticket, since: datetime, due: datetime | None
) -> dict[str, datetime | None]:
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


# And back


async def undo_merge(tx: Tx, ticket_id: int) -> tuple[Ticket, Ticket]:
    """Take a merge back that either ticket was part of; returns the one that stayed and the one
    that is there again. What was written since stays with the first.

    Raises :class:`Refusal` where there is none, or it was too long ago.
    """
    link = await _merge_of(tx, ticket_id)
    stays, goes = [
        await access(tx, number, VERB) for number in (link.other_id or 0, link.ticket_id)
    ]
    if await merged_into(tx, stays.id) is not None:
        raise Refusal(
            "refusal.unmerge_first", number=stays.id, other=await merged_into(tx, stays.id)
        )
    kept = await _kept(tx, stays.id, goes.id)
    await tx.delete(link)
    await return_contents(tx, stays, goes, kept)
    await _return_to_state(tx, goes, kept)
    await reopen_tasks(tx, stays, kept)
    await _restore_clock(tx, stays, kept)
    tx.emit(MergeUndone(ticket_id=goes.id, into=stays.id, by=tx.actor.name))
    tx.emit(
        MergeReturned(
            ticket_id=stays.id,
            source=goes.id,
            waiting_since=stays.waiting_since,
            answer_due=stays.answer_due,
        )
    )
    return stays, goes


async def _merge_of(tx: Tx, ticket_id: int) -> Link:
    ends = or_(Link.ticket_id == ticket_id, Link.other_id == ticket_id)
    query = select(Link).where(ends, Link.kind == MERGE).order_by(Link.id.desc())
    link = await tx.first(query.limit(1))
    if link is None:
        raise Refusal("refusal.not_merged", number=ticket_id)
    if tx.now - link.at > UNDO_WITHIN:
        raise Refusal("refusal.unmerge_late", number=link.ticket_id, other=link.other_id)
    return link


async def _kept(tx: Tx, stays: int, goes: int) -> dict[str, Any]:
    query = (
        select(JournalEntry.facts)
        .where(JournalEntry.ticket_id == stays, JournalEntry.event == "merge_received")
        .order_by(JournalEntry.id.desc())
    )
    entries = [unpack(facts) for facts in await tx.all(query)]
    return dict(next(facts["kept"] for facts in entries if facts["source"] == goes))


async def _return_to_state(tx: Tx, goes: Ticket, kept: Mapping[str, Any]) -> None:
    workflow = await workflow_of(tx)
    state = workflow.states.get(kept["state"]) or workflow.initial
    timers: dict[str, datetime | None] = {}
    if kept["answer_due"] is not None:
        timers = await _begin_anew(tx, goes, kept["waiting_since"], kept["answer_due"])
    elif kept["waiting_since"] is not None:
        goes.waiting_since, goes.answer_left = kept["waiting_since"], kept["answer_left"]
    goes.reopened -= 1  # it was never closed for its customer
    await enter(
        tx, goes, "unmerge", to=state, reason=goes.reason, until=kept["frozen_until"], timers=timers
    )


async def _restore_clock(tx: Tx, stays: Ticket, kept: Mapping[str, Any]) -> None:
    """The deadline is the one before, unless an answer has ended it; new words have their own."""
    if kept["given"] and stays.assignee_id == kept["assignee"]:
        await _give_back(tx, stays)
    if stays.answer_due is None:
        return
    since, was = await unanswered_since(tx, stays), kept["into_waiting_since"]
    if was is not None:
        timers = await _begin_anew(tx, stays, was, kept["into_answer_due"])
    elif since is not None:
        timers = await _begin_anew(tx, stays, since, None)
    else:
        timers = answer_clock.end(tx, stays)
    place_in_queue(stays, (await workflow_of(tx)).state(stays.state))
    await set_timers(tx, stays.id, timers)


async def _give_back(tx: Tx, stays: Ticket) -> None:
    if (await workflow_of(tx)).move(stays.state, "release") is None:
        return
    holder, stays.assignee_id, stays.assigned_at = stays.assignee_id, None, None
    tx.emit(TicketReleased(ticket_id=stays.id, assignee_id=holder or 0))
    await enter(tx, stays, "release")
