"""The answer clock (C1, C2): from the oldest unanswered customer's message to our answer.

Functions change the ticket and return the timers to set, so that an action sets all of its timers
with one `set_timers`, in one statement.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, func, select

from core.db import PreparedStatement, constant
from core.db.statements import prepared
from core.models import JournalEntry, Message, Ticket, Timer
from core.sla.agreements import hours_for
from core.sla.calendar import Calendar, NeverOpen
from core.tx import ReadTx, Tx

ANSWER: Final = "answer"
REMINDER: Final = "reminder"
WAKE: Final = "wake"
RATING: Final = "rating"
RATING_ASKED: Final = "rating_asked"
"""A customer who has said nothing about a resolution is asked once more (B14)."""
REACTION: Final = "reaction"
RESOLUTION: Final = "resolution"
CONTACT: Final = "contact"
SILENCE: Final = "silence"
"""The customer has not reacted to an answer for some time (F8)."""
REVIEW: Final = "review"
"""A pause without an end is told of again and again (X15)."""
NEAR: Final[Mapping[str, str]] = {kind: f"{kind}_near" for kind in (REACTION, RESOLUTION)}
"""Some time before the clock of this kind is due, its own timer reminds of it."""


def _upsert(insert: Callable[[Any], Any]) -> Any:
    # the table, not the class: the ORM would split rows with empty columns from the others
    statement = insert(Timer.__table__)
    return statement.on_conflict_do_update(
        index_elements=["ticket_id", "kind"], set_={"due_at": statement.excluded.due_at}
    )


_SET: Final = PreparedStatement(prepared(_upsert), apart=True)


async def set_timers(tx: Tx, ticket_id: int, due: Mapping[str, datetime | None]) -> None:
    """Set each timer of ``due`` to its instant; ``None`` removes it. The ticket is stored."""
    if not due:
        return
    await _SET.change(
        tx.session,
        [{"ticket_id": ticket_id, "kind": kind, "due_at": at} for kind, at in due.items()],
    )


async def timer_of(tx: ReadTx, ticket_id: int, kind: str) -> datetime | None:
    """Return when the ticket's timer of this kind rings, if it does."""
    query = select(Timer.due_at).where(Timer.ticket_id == ticket_id, Timer.kind == kind)
    due: datetime | None = await tx.first(query)
    return due


_MOMENT: Final = timedelta(seconds=1)
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OURS: Final = (
    select(func.coalesce(func.max(Message.id), 0))
    .where(
        Message.ticket_id == bindparam("ticket"),
        Message.from_customer.is_(False),
        Message.delivered_at.is_not(None),
        Message.withdrawn_at.is_(None),
    )
    .scalar_subquery()
)
_TALKED: Final = (
    select(func.max(JournalEntry.at))
    .where(
        JournalEntry.ticket_id == bindparam("ticket"),
        JournalEntry.event == constant("call_recorded"),
    )
    .scalar_subquery()
)
_SINCE: Final = PreparedStatement(
    select(func.min(Message.created_at)).where(
        Message.ticket_id == bindparam("ticket"),
        Message.from_customer.is_(True),
        Message.counts.is_(True),
        Message.id > _OURS,
        Message.created_at
        > func.coalesce(_TALKED, bindparam("long_ago", type_=JournalEntry.at.type)),
    )
)


async def unanswered_since(tx: ReadTx, ticket: Ticket) -> datetime | None:
    """Return the time of the first message that asks for an answer and comes after our last
    delivered one and our last recorded call; ``None``: the last word is ours (C1, C2).
    """
    since: datetime | None = await _SINCE.first(
        tx.session, {"ticket": ticket.id, "long_ago": _LONG_AGO}
    )
    return since


async def owed_since(tx: ReadTx, ticket: Ticket) -> datetime | None:
    """Return since when an answer is owed: to words, or because we promised to come back (a freeze
    is over, «not solved» was pressed), which only an answer after that ends.
    """
    since, promised = await unanswered_since(tx, ticket), ticket.waiting_since
    if promised is None or await _is_answered(tx, ticket, promised):
        return since
    return promised if since is None else min(since, promised)


async def _is_answered(tx: ReadTx, ticket: Ticket, since: datetime) -> bool:
    query = select(Message.id).where(
        Message.ticket_id == ticket.id,
        Message.from_customer.is_(False),
        Message.delivered_at >= since,
        Message.withdrawn_at.is_(None),
    )
    return await tx.first(query.limit(1)) is not None


async def is_known_late(tx: ReadTx, ticket: Ticket) -> bool:
    """Return whether admins were told of this overdue deadline already (C5)."""
    query = select(JournalEntry.id).where(
        JournalEntry.ticket_id == ticket.id,
        JournalEntry.event == "deadline_missed",
        JournalEntry.at >= ticket.answer_due,
    )
    return await tx.first(query.limit(1)) is not None


Timers = dict[str, datetime | None]


def _timers(tx: ReadTx, due: datetime | None, hours: Calendar | None = None) -> Timers:
    """Return the deadline's timers; a reminder only if there is time left before it.

    A deadline that has passed without an alert fires at once.
    """
    if due is None:
        return {ANSWER: None, REMINDER: None}
    left = _between(hours, tx.now, due) - tx.company.remind_before
    return {ANSWER: due, REMINDER: _after(hours, tx.now, left) if left > timedelta() else None}


def _between(hours: Calendar | None, start: datetime, end: datetime) -> timedelta:
    """Return the time between, of which only working hours count; what is past is real time, and
    what is to come is never nothing.
    """
    if hours is None or end <= start:
        return end - start
    return max(hours.worked(start, end), _MOMENT)


def _after(hours: Calendar | None, start: datetime, span: timedelta) -> datetime:
    return _counted(start, span, None if hours is None else hours.after)


def _promised(hours: Calendar | None, start: datetime, span: timedelta) -> datetime:
    return _counted(start, span, None if hours is None else hours.promised)


def _counted(
    start: datetime, span: timedelta, count: Callable[[datetime, timedelta], datetime] | None
) -> datetime:
    """Return the end of the span in working hours; where there are none for years, in real time."""
    if count is None or span <= timedelta():
        return start + span
    try:
        return count(start, span)
    except (NeverOpen, OverflowError):
        return start + span


async def begin(
    tx: ReadTx, ticket: Ticket, since: datetime, span: timedelta, *, by: datetime | None = None
) -> Timers:
    """Start the clock at ``since``, unless it runs already: the answer is due after ``span`` of the
    customer's working hours, or ``by`` an instant that was named.
    """
    if ticket.waiting_since is not None:
        return {}
    hours = await hours_for(tx, ticket)
    ticket.waiting_since = since
    ticket.answer_due = by or _promised(hours, since, span)
    ticket.answer_left = None
    return _timers(tx, ticket.answer_due, hours)


def end(tx: ReadTx, ticket: Ticket) -> Timers:
    """Stop the clock: the last word is ours."""
    if ticket.waiting_since is None:
        return {}
    ticket.waiting_since = ticket.answer_due = ticket.answer_left = None
    return _timers(tx, None)


async def suspend(tx: ReadTx, ticket: Ticket) -> Timers:
    """Pause the clock; the time left is kept, and may be negative."""
    if ticket.answer_due is None:
        return {}
    left = _between(await hours_for(tx, ticket), tx.now, ticket.answer_due)
    ticket.answer_left = int(left.total_seconds())
    ticket.answer_due = None
    return _timers(tx, None)


async def resume(tx: ReadTx, ticket: Ticket) -> Timers:
    """Let the time left run again. What was overdue before is overdue now, without a new alert."""
    if ticket.waiting_since is None or ticket.answer_left is None:
        return {}
    known = ticket.answer_left <= 0
    hours = await hours_for(tx, ticket)
    ticket.answer_due = _after(hours, tx.now, timedelta(seconds=ticket.answer_left))
    ticket.answer_left = None
    if known:
        note_missed(tx, ticket)
    return _timers(tx, None if known else ticket.answer_due, hours)


async def restate(tx: ReadTx, ticket: Ticket, span: timedelta) -> Timers:
    """Apply another span from the same beginning (the topic changed)."""
    if ticket.waiting_since is None or ticket.answer_due is None:
        return {}
    known = ticket.answer_due <= tx.now
    hours = await hours_for(tx, ticket)
    ticket.answer_due = _promised(hours, ticket.waiting_since, span)
    if known:
        note_missed(tx, ticket)
    return _timers(tx, None if known and ticket.answer_due <= tx.now else ticket.answer_due, hours)


def note_missed(tx: ReadTx, ticket: Ticket) -> None:
    """Note with the ticket that its deadline has passed, if it has: lists find by that who is late
    (D2). What is not noted yet they find as well, with more work.
    """
    if ticket.answer_due is not None and ticket.answer_due <= tx.now:
        ticket.missed_due = ticket.answer_due
