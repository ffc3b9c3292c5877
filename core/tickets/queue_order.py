"""Orders the queue by urgency (D4): the nearest deadline, and within a minute the priority.

An answered ticket has no deadline in the queue until its agreement's deadline passes: then it is
listed at that deadline (C5), except while it is the customer's turn or frozen.

The position is one instant, so pages of the queue cost the same as without agreements. A ticket
that nobody classified keeps the position of its answer deadline, and costs nothing here.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, func, select

from core import events as e
from core.models import Classification, Clock, Ticket
from core.sla.agreements import Graded, is_anything_graded
from core.subscribers import Subscriber
from core.tickets.catalog import PRIORITY, classes_of, workflow_of
from core.tickets.lifecycle import place_in_queue
from core.tickets.workflow import ANSWERED, NEEDS_ANSWER
from core.tx import ReadTx, Tx

_MOVING: Final = (
    e.CustomerWrote,
    e.TicketOpened,
    e.QuestionAfterAll,
    e.StateEntered,
    e.TicketTaken,
    e.AnswerDelivered,
    e.AnswerFailed,
    e.AnswerWithdrawn,
    e.AnswerDueChanged,
    e.MessageEdited,
    e.CallRecorded,
    e.TopicChanged,
    e.TicketClassified,
    e.ClocksSet,
    e.ClockMissed,
    e.FaultKnown,
    e.FaultAlone,
    e.OutageOpened,
    e.OutageRestated,
    e.MergeReceived,
    e.MergeReturned,
)
# Where in its minute an urgent deadline stands, and one that can wait; a company has fewer
# priorities than there are steps to either end.
_FIRST: Final = timedelta(milliseconds=1)
_LAST: Final = timedelta(minutes=1) - _FIRST
_STEP: Final = timedelta(microseconds=1)

Urgency = tuple[str | None, datetime | None]
"""A priority, and the nearest deadline of a clock that has not ended."""


async def record(tx: Tx, events: Sequence[e.Event]) -> None:
    """Give tickets with a classification their place in the queue."""
    numbers = {
        event.ticket_id
        for event in events
        if event.ticket_id is not None
        and (not isinstance(event, e.CustomerWrote | e.MessageEdited) or event.turned)
    }
    if not numbers or not await is_anything_graded(tx):
        return
    tickets = [
        ticket for ticket in await tx.get_all(Ticket, numbers) if ticket.queue_rank is not None
    ]
    urgencies = await _urgencies(tx, [ticket.id for ticket in tickets])
    for ticket in tickets:
        if ticket.id in urgencies:
            await _place(tx, ticket, *urgencies[ticket.id])


async def _urgencies(tx: Tx, numbers: Sequence[int]) -> Mapping[int, Urgency]:
    """Of those that have a kind."""
    if not numbers:
        return {}
    runs = and_(Clock.ticket_id == Classification.ticket_id, Clock.ended_at.is_(None))
    query: Any = (
        select(Classification.ticket_id, Classification.priority, func.min(Clock.due_at))
        .outerjoin(Clock, runs)
        .where(Classification.ticket_id.in_(numbers))
        .group_by(Classification.ticket_id, Classification.priority)
    )
    rows = await tx.rows(query, apart=True)  # the tickets change once more
    return {number: (priority, due) for number, priority, due in rows}


async def _place(tx: Tx, ticket: Ticket, priority: str | None, due: datetime | None) -> None:
    state = (await workflow_of(tx)).state(ticket.state)
    place_in_queue(ticket, state)
    owed = ticket.answer_due or ticket.waiting_since
    late = due is not None and due <= tx.now and state.clock == "runs"
    if ticket.queue_rank == ANSWERED and late:
        ticket.queue_rank, owed = NEEDS_ANSWER, due
    if ticket.queue_rank == NEEDS_ANSWER and owed is not None:
        nearest = owed if due is None else min(owed, due)
        ticket.queue_at = shaded(nearest, await _weight(tx, priority))


def shaded(deadline: datetime, weight: int) -> datetime:
    """Return a deadline shifted by priority within its minute: below 0 is more urgent and comes
    first, above 0 last. Pure.
    """
    minute = deadline.replace(second=0, microsecond=0)
    if weight < 0:
        return minute + _FIRST + weight * _STEP
    return deadline if weight == 0 else minute + _LAST + weight * _STEP


async def _weight(tx: ReadTx, code: str | None) -> int:
    """Return how far a priority is from the middle one; no priority counts as the middle one."""
    known = list((await classes_of(tx)).known[PRIORITY])
    return 0 if code not in known else known.index(code) - len(known) // 2


SUBSCRIBER: Final = Subscriber("queue order", _MOVING, record, unless_empty=Graded)
