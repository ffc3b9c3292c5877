"""Counts deadlines of open tickets anew where whoever changed the directory has chosen it (C1, C4).

The first tickets with the change itself, the others in steps of their own, so that nobody waits for
thousands of them. What is left is noted; each step goes by what is promised then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import select

from core.directory.deadlines import (
    ChangedPromises,
    by_default,
    promises_of,
    touched_by,
    waits_anew,
)
from core.events import AnswerDueChanged
from core.models import Classification, SystemState, Ticket
from core.sla import answer_clock, clock_recorder, clock_store
from core.tickets.catalog import workflow_of
from core.tickets.lifecycle import place_in_queue
from core.tx import Tx

BATCH: Final = 100
"""So many tickets are counted anew in one transaction."""
_STATE: Final = "recount"
_PARTS: Final = ("topics", "agreements", "calendars", "former")


async def begin_recount(tx: Tx, changed: ChangedPromises) -> None:
    """Let open tickets go by what is promised now: the first at once, the others soon."""
    row = await tx.find(SystemState, _STATE, hold=True)
    left = {} if row is None else row.value
    joined = {part: getattr(changed, part) | frozenset(left.get(part, ())) for part in _PARTS}
    await _count_on(tx, replace(changed, **joined), 0)


async def go_on_recounting(tx: Tx) -> int:
    """Count the next tickets anew. Returns 1 while there are more."""
    row = await tx.find(SystemState, _STATE, hold=True)
    if row is None or not row.value:
        return 0
    left: Mapping[str, Any] = dict(row.value)
    parts = {part: frozenset(left[part]) for part in _PARTS}
    return await _count_on(tx, ChangedPromises(await promises_of(tx), **parts), left["after"])


async def _count_on(tx: Tx, changed: ChangedPromises, after: int) -> int:
    query = select(Ticket).where(Ticket.id > after, touched_by(tx, changed))
    query = query.order_by(Ticket.id).limit(BATCH).with_for_update(key_share=True)
    tickets = await tx.all(query)
    await _count_anew(tx, changed, tickets)
    more = len(tickets) == BATCH
    left = {part: sorted(getattr(changed, part), key=str) for part in _PARTS}
    value = left | {"after": tickets[-1].id} if more else {}
    if more or await tx.find(SystemState, _STATE) is not None:
        await tx.put(SystemState(name=_STATE, value=value, at=tx.now))
    return int(more)


async def _count_anew(tx: Tx, changed: ChangedPromises, tickets: Sequence[Ticket]) -> None:
    numbers = [ticket.id for ticket in tickets]
    moved: set[int] = set()
    if changed.former:
        query = select(Ticket.id).where(Ticket.id.in_(numbers), *by_default(tx, changed))
        moved = set(await tx.all(query))
    for ticket in tickets:
        await _set_clocks(tx, changed, ticket, moved=ticket.id in moved)
        await _set_answer(tx, changed, ticket, moved=ticket.id in moved)


async def _set_clocks(tx: Tx, changed: ChangedPromises, ticket: Ticket, *, moved: bool) -> None:
    """By the terms of now; where only hours are others, what was promised stays."""
    row = await tx.find(Classification, ticket.id)
    agreement = None if row is None else row.agreement
    if ticket.closed_at is not None:
        return
    if moved and row is not None:
        row.agreement = None  # the one that counts now is chosen
        await tx.write()
    if moved or agreement in changed.agreements:
        await clock_recorder.restate(tx, ticket.id)
    elif (await clock_store.stored(tx, ticket.id))[0] in changed.calendars:
        await clock_recorder.restate(tx, ticket.id, same_terms=True)


async def _set_answer(tx: Tx, changed: ChangedPromises, ticket: Ticket, *, moved: bool) -> None:
    if ticket.answer_due is None:
        return
    row = await tx.find(Classification, ticket.id)
    agreement = None if row is None else row.agreement
    if not moved and not waits_anew(changed, ticket.topic, agreement):
        return
    workflow = await workflow_of(tx)
    timers = await answer_clock.restate(tx, ticket, changed.now.answers[ticket.topic])
    place_in_queue(ticket, workflow.state(ticket.state))
    await answer_clock.set_timers(tx, ticket.id, timers)
    tx.emit(AnswerDueChanged(ticket_id=ticket.id, answer_due=ticket.answer_due))
