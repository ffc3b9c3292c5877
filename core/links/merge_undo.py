"""Takes a merge back for a while: both tickets are as they were, with what was done since (A6).

What moved, and how both stood, is in the journal of the one that stayed. Where somebody has done
something there since, its state is theirs and stays; its deadline is its own again.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import or_, select

from core.errors import Refusal
from core.events import MergeReturned, MergeUndone, TicketReleased
from core.links.merge_contents import reopen_tasks, return_contact, return_contents
from core.links.ticket_merge import VERB, begin_anew
from core.models import JournalEntry, Link, Ticket
from core.sla import answer_clock
from core.sla.answer_clock import REVIEW, WAKE, set_timers, unanswered_since
from core.sla.clock import GIVE_BACK, TAKE_OVER, UNMERGE
from core.texts import unpack
from core.tickets.catalog import workflow_of
from core.tickets.lifecycle import Timers, access, enter, place_in_queue
from core.tickets.merges import kept_of
from core.tickets.relations import MERGE, merged_into
from core.tickets.workflow import State
from core.tx import ReadTx, Tx

UNDO_WITHIN: Final = timedelta(minutes=15)

Kept = Mapping[str, Any]


async def undo_merge(tx: Tx, ticket_id: int) -> tuple[Ticket, Ticket]:
    """Take a merge back that either ticket was part of; returns the one that stayed and the one
    that is there again. What was written since stays with the first.

    Raises :class:`Refusal` where there is none, it was too long ago, another one must be taken back
    first, or the words are erased.
    """
    link = await _merge_of(tx, ticket_id)
    stays, goes = [
        await access(tx, number, VERB) for number in (link.other_id or 0, link.ticket_id)
    ]
    await _demand_last(tx, link, stays.id)
    entry, kept = await _kept(tx, stays.id, goes.id)
    since = await _done_since(tx, stays.id, entry)
    await tx.delete(link)
    await return_contents(tx, stays, goes, kept)
    await _return_to_state(tx, goes, kept)
    await reopen_tasks(tx, stays, kept)
    if since or stays.state != kept.get("left_state"):
        await _restore_clock(tx, stays, kept, since)
    else:
        await _restore(tx, stays, kept)
    await return_contact(tx, stays.id, goes.id, kept)
    _tell(tx, stays, goes, kept)
    return stays, goes


def _tell(tx: Tx, stays: Ticket, goes: Ticket, kept: Kept) -> None:
    tx.emit(MergeUndone(ticket_id=goes.id, into=stays.id, by=tx.actor.name))
    tx.emit(
        MergeReturned(
            ticket_id=stays.id,
            source=goes.id,
            waiting_since=stays.waiting_since,
            answer_due=stays.answer_due,
            messages=tuple(kept["messages"]),
        )
    )


async def _merge_of(tx: Tx, ticket_id: int) -> Link:
    ends = or_(Link.ticket_id == ticket_id, Link.other_id == ticket_id)
    query = select(Link).where(ends, Link.kind == MERGE).order_by(Link.id.desc())
    link = await tx.first(query.limit(1))
    if link is None:
        raise Refusal("refusal.not_merged", number=ticket_id)
    if tx.now - link.at > UNDO_WITHIN:
        raise Refusal("refusal.unmerge_late", number=link.ticket_id, other=link.other_id)
    return link


async def _demand_last(tx: Tx, link: Link, stays: int) -> None:
    """See that nothing was merged on top of it. Raises :class:`Refusal`."""
    into = await merged_into(tx, stays)
    if into is not None:
        raise Refusal("refusal.unmerge_first", number=stays, other=into)
    query = select(Link.ticket_id).where(
        Link.other_id == stays, Link.kind == MERGE, Link.id > link.id
    )
    later = await tx.first(query.order_by(Link.id.desc()).limit(1))
    if later is not None:
        raise Refusal("refusal.unmerge_later", number=stays, other=later)


async def _kept(tx: Tx, stays: int, goes: int) -> tuple[int, dict[str, Any]]:
    """Return the entry of the merge and what it kept; once the customer is erased, the journal has
    no words any more. Raises :class:`Refusal`.
    """
    found = await kept_of(tx, stays, goes)
    if found is None or not found[1].get("state"):
        raise Refusal("refusal.unmerge_erased", number=goes, other=stays)
    return found


# What the people around a ticket do; moves are told apart by their verbs.
_ACTS: Final = frozenset(
    {
        *("customer_wrote", "question_after_all", "answer_written", "answer_delivered"),
        *("answer_failed", "answer_withdrawn", "call_recorded", "topic_changed", "state_entered"),
    }
)
_OF_MERGES: Final = frozenset({TAKE_OVER, GIVE_BACK})
_ANSWERS: Final = frozenset({"answer_delivered", "call_recorded"})


async def _done_since(tx: ReadTx, ticket_id: int, entry: int) -> Sequence[str]:
    """Return what was done in the ticket since that entry, by the names of events."""
    query = select(JournalEntry.event, JournalEntry.facts).where(
        JournalEntry.ticket_id == ticket_id,
        JournalEntry.id > entry,
        JournalEntry.event.in_(_ACTS),
    )
    rows = [(event, unpack(facts)) for event, facts in await tx.rows(query)]
    return [event for event, facts in rows if not _is_nothing(facts)]


def _is_nothing(facts: Mapping[str, Any]) -> bool:
    """Thanks ask for nothing; another merge was taken back before this one."""
    return facts.get("counts") is False or facts.get("verb") in _OF_MERGES


async def _return_to_state(tx: Tx, goes: Ticket, kept: Kept) -> None:
    workflow = await workflow_of(tx)
    state = workflow.states.get(kept["state"]) or workflow.initial
    timers = await _as_it_ran(tx, goes, kept)
    goes.reopened -= 1  # it was never closed for its customer
    until = kept["frozen_until"]
    await enter(tx, goes, UNMERGE, to=state, reason=goes.reason, until=until, timers=timers)
    await set_timers(tx, goes.id, _of_pause(state, kept))


async def _restore(tx: Tx, stays: Ticket, kept: Kept) -> None:
    """Nobody has done anything since: the ticket stands as it did."""
    own = {name.removeprefix("into_"): kept[name] for name in kept if name.startswith("into_")}
    if kept["given"]:
        _release(tx, stays, own["earlier_assignee_id"])
    timers = await _as_it_ran(tx, stays, own)
    state = (await workflow_of(tx)).state(own["state"])
    if state.code != stays.state or kept["given"]:
        how: dict[str, Any] = {"reason": own["reason"], "until": own["frozen_until"]}
        await enter(tx, stays, GIVE_BACK, to=state, timers=timers, **how)
    place_in_queue(stays, state)
    await set_timers(tx, stays.id, timers | _of_pause(state, own))


def _release(tx: Tx, stays: Ticket, earlier: int | None) -> None:
    holder, stays.assignee_id, stays.assigned_at = stays.assignee_id, None, None
    stays.earlier_assignee_id = earlier
    tx.emit(TicketReleased(ticket_id=stays.id, assignee_id=holder or 0))


def _of_pause(state: State, standing: Kept) -> Timers:
    if not state.pause:
        return {}
    return {WAKE: standing["frozen_until"], REVIEW: standing.get("review")}


async def _as_it_ran(tx: Tx, ticket: Ticket, standing: Kept) -> Timers:
    """Set the answer clock as it was: running towards its deadline, paused, or not begun."""
    since, due = standing["waiting_since"], standing["answer_due"]
    if since is not None and due is not None:
        return await begin_anew(tx, ticket, since, due)
    timers = answer_clock.end(tx, ticket)
    ticket.waiting_since, ticket.answer_left = since, standing["answer_left"]
    return timers


async def _restore_clock(tx: Tx, stays: Ticket, kept: Kept, since: Sequence[str]) -> None:
    """The state is what somebody has made of it since. The deadline is the one before, unless an
    answer has ended it; new words have their own.
    """
    if kept["given"] and stays.assignee_id == kept["assignee"]:
        await _give_back(tx, stays)
    if stays.waiting_since is None:
        return
    state = (await workflow_of(tx)).state(stays.state)
    timers = await _run_on(tx, stays, kept, answered=not _ANSWERS.isdisjoint(since))
    if state.pause and state.category != "waiting":
        timers |= await answer_clock.suspend(tx, stays)
    place_in_queue(stays, state)
    await set_timers(tx, stays.id, timers)


async def _run_on(tx: Tx, stays: Ticket, kept: Kept, *, answered: bool) -> Timers:
    was = None if answered else kept["into_waiting_since"]
    since = was or await unanswered_since(tx, stays)
    if since is None:
        return answer_clock.end(tx, stays)
    if was is None or kept["into_answer_left"] is None:
        due = None if was is None else kept["into_answer_due"]
        return await begin_anew(tx, stays, since, due)
    timers = answer_clock.end(tx, stays)
    stays.waiting_since, stays.answer_left = was, kept["into_answer_left"]
    return timers | await answer_clock.resume(tx, stays)


async def _give_back(tx: Tx, stays: Ticket) -> None:
    if (await workflow_of(tx)).move(stays.state, "release") is None:
        return
    _release(tx, stays, stays.earlier_assignee_id)
    await enter(tx, stays, "release")
