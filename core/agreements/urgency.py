"""The queue by urgency (D4): the nearest deadline of any kind, and within a minute the priority.

The place stays one instant, so that the queue's pages cost what they did. What nobody classified
keeps the place that its answer deadline gives it, and pays nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, func, select

from core import events as e
from core.agreements.grading import is_anything_graded
from core.models import Classification, Clock, Ticket
from core.tickets.classes import PRIORITY, classes_of
from core.tickets.marker import NEEDS_ANSWER
from core.tx import Look, Tx

_MOVING: Final = (
    e.TicketOpened,
    e.QuestionAfterAll,
    e.StateEntered,
    e.TicketTaken,
    e.AnswerDelivered,
    e.AnswerFailed,
    e.AnswerWithdrawn,
    e.TopicChanged,
    e.TicketClassified,
    e.ClocksSet,
)
# Where in its minute an urgent deadline stands, and one that can wait; a company has fewer
# priorities than there are steps to either end.
_FIRST: Final = timedelta(milliseconds=1)
_LAST: Final = timedelta(minutes=1) - _FIRST
_STEP: Final = timedelta(microseconds=1)


async def record(tx: Tx, events: Sequence[e.Event]) -> None:
    """A recorder: tickets with a kind take their place in the queue by it."""
    numbers = dict.fromkeys(event.ticket_id for event in events if _moves(event))
    if not numbers or not await is_anything_graded(tx):
        return
    for number in numbers:
        await _place(tx, await tx.session.get_one(Ticket, number))


def _moves(event: e.Event) -> bool:
    heard = isinstance(event, e.CustomerWrote) and event.turned
    return event.ticket_id is not None and (heard or isinstance(event, _MOVING))


async def _place(tx: Tx, ticket: Ticket) -> None:
    owed = ticket.answer_due or ticket.waiting_since
    if ticket.queue_rank != NEEDS_ANSWER or owed is None:
        return
    runs = and_(Clock.ticket_id == Classification.ticket_id, Clock.ended_at.is_(None))
    query: Any = (
        select(Classification.priority, func.min(Clock.due_at))
        .outerjoin(Clock, runs)
        .where(Classification.ticket_id == ticket.id)
        .group_by(Classification.priority)
    )
    found = (await tx.session.execute(query)).one_or_none()
    if found is not None:
        priority, due = found
        nearest = owed if due is None else min(owed, due)
        ticket.queue_at = shaded(nearest, await _weight(tx, priority))


def shaded(deadline: datetime, weight: int) -> datetime:
    """A deadline's place: what is more urgent than usual (less than 0) stands first in its minute,
    what is less (more than 0) last; never in another minute. Pure.
    """
    minute = deadline.replace(second=0, microsecond=0)
    if weight < 0:
        return minute + _FIRST + weight * _STEP
    return deadline if weight == 0 else minute + _LAST + weight * _STEP


async def _weight(look: Look, code: str | None) -> int:
    """How far a priority is from the usual one, the middle of them; none is as usual."""
    known = list((await classes_of(look)).known[PRIORITY])
    return 0 if code not in known else known.index(code) - len(known) // 2
