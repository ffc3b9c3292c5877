"""Deadlines of open tickets after answer deadlines, agreements or working hours have changed (C1).

What was promised stays, or is computed anew for all: whoever changes it chooses. Hours are one for
all: where a calendar changes, the clocks that count in it follow at once, which is said before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from core.events import AnswerDueChanged
from core.models import Classification, Clock, Ticket
from core.sla import answer_clock, clock_recorder
from core.sla.agreements import Agreements, agreements_of
from core.sla.answer_clock import set_timers
from core.tickets.catalog import topics_of, workflow_of
from core.tickets.lifecycle import place_in_queue
from core.tx import ReadTx, Tx


@dataclass(frozen=True, slots=True)
class Promises:
    """How long an answer may take by topic, ``None``: of a ticket without one; and what was agreed
    on with customers.
    """

    answers: Mapping[str | None, timedelta]
    agreed: Agreements


@dataclass(frozen=True, slots=True)
class ChangedPromises:
    """What is otherwise than before: answer deadlines by topic, agreements and calendars by code.

    ``now``: what counts from now on.
    """

    now: Promises
    topics: frozenset[str | None] = frozenset()
    agreements: frozenset[str] = frozenset()
    calendars: frozenset[str] = frozenset()

    @property
    def hours_of(self) -> frozenset[str]:
        """Agreements whose hours are others."""
        agreed = self.now.agreed.agreements
        return frozenset(code for code, one in agreed.items() if one.calendar in self.calendars)


@dataclass(frozen=True, slots=True)
class Touched:
    """How many open tickets a change is about: those with an answer deadline and those with
    ``agreed`` ones that would be others; those whose clocks follow their ``hours`` anyway.
    """

    answers: int = 0
    agreed: int = 0
    hours: int = 0

    @property
    def choice(self) -> bool:
        """Whether somebody has to choose."""
        return bool(self.answers or self.agreed)


async def promises_of(tx: ReadTx) -> Promises:
    """What is promised now."""
    company = tx.company.answer_deadline
    topics = await topics_of(tx)
    answers = {code: one.answer or company for code, one in topics.items()}
    return Promises({None: company} | answers, await agreements_of(tx))


def compare_promises(before: Promises, now: Promises) -> ChangedPromises:
    """What has changed in what was there before."""
    old, new = before.agreed, now.agreed
    return ChangedPromises(
        now,
        frozenset(code for code, span in now.answers.items() if before.answers.get(code) != span)
        & before.answers.keys(),
        _changed(
            {code: (one.terms, one.calendar) for code, one in old.agreements.items()},
            {code: (one.terms, one.calendar) for code, one in new.agreements.items()},
        ),
        _changed(
            {code: _hours(one) for code, one in old.calendars.items()},
            {code: _hours(one) for code, one in new.calendars.items()},
        ),
    )


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(code for code, one in before.items() if now.get(code, one) != one)


def _hours(calendar: Any) -> tuple[Any, ...]:
    hours = calendar.hours
    return hours.zone.key, hours.week, dict(hours.days)


async def count_touched(tx: ReadTx, changed: ChangedPromises) -> Touched:
    """How many open tickets have other deadlines by now, if they were computed anew."""
    answers = await _count(tx, *_waiting(changed)) if _waits(changed) else 0
    agreed = await _count(tx, *_agreed(changed)) if changed.agreements else 0
    hours = await _count(tx, *_clocked(changed)) if changed.calendars else 0
    return Touched(answers, agreed, hours)


async def _count(tx: ReadTx, *conditions: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(Ticket).where(*conditions)
    return int(await tx.first(query) or 0)


async def recompute(tx: Tx, changed: ChangedPromises) -> None:
    """Let these tickets go by the new deadlines."""
    if changed.agreements:
        for ticket in await _held(tx, _agreed(changed)):
            await clock_recorder.restate(tx, ticket.id)
    if not _waits(changed):
        return
    workflow = await workflow_of(tx)
    for ticket in await _held(tx, _waiting(changed)):
        span = changed.now.answers[ticket.topic]
        timers = await answer_clock.restate(tx, ticket, span)
        place_in_queue(ticket, workflow.state(ticket.state))
        await set_timers(tx, ticket.id, timers)
        tx.emit(AnswerDueChanged(ticket_id=ticket.id, answer_due=ticket.answer_due))


async def _held(tx: Tx, conditions: Sequence[ColumnElement[bool]]) -> Sequence[Ticket]:
    query = select(Ticket).where(*conditions).order_by(Ticket.id)
    return await tx.all(query.with_for_update(key_share=True))


def _waits(changed: ChangedPromises) -> bool:
    return bool(changed.topics or changed.hours_of)


def _waiting(changed: ChangedPromises) -> list[ColumnElement[bool]]:
    """Open tickets with an answer deadline by a changed span, or by changed hours."""
    named = [code for code in changed.topics if code is not None]
    nameless = [Ticket.topic.is_(None)] if None in changed.topics else []
    hours = Ticket.id.in_(_with_agreement(changed.hours_of))
    return [Ticket.answer_due.is_not(None), or_(Ticket.topic.in_(named), *nameless, hours)]


def _agreed(changed: ChangedPromises) -> list[ColumnElement[bool]]:
    return [Ticket.closed_at.is_(None), Ticket.id.in_(_with_agreement(changed.agreements))]


def _clocked(changed: ChangedPromises) -> list[ColumnElement[bool]]:
    running = select(Clock.ticket_id).where(
        Clock.calendar.in_(changed.calendars), Clock.ended_at.is_(None)
    )
    return [Ticket.closed_at.is_(None), Ticket.id.in_(running)]


def _with_agreement(codes: frozenset[str]) -> Any:
    return select(Classification.ticket_id).where(Classification.agreement.in_(codes))
