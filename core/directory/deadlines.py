"""Deadlines of open tickets after answer deadlines, agreements or working hours have changed (C1).

What was promised stays, or is computed anew for all: whoever changes it chooses, and is told before
how many there are. `core.directory.recount` does it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select

from core.events import TicketClassified, name_of
from core.models import (
    AccountAgreement,
    AccountMember,
    Classification,
    Clock,
    Contract,
    JournalEntry,
    Ticket,
)
from core.sla.agreements import Agreements, agreements_of
from core.tickets.catalog import topics_of
from core.tx import ReadTx

_NAMED: Final = name_of(TicketClassified)


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

    ``now``: what counts from now on. ``former``: what the default agreement was, if it is another.
    """

    now: Promises
    topics: frozenset[str | None] = frozenset()
    agreements: frozenset[str] = frozenset()
    calendars: frozenset[str] = frozenset()
    former: frozenset[str | None] = frozenset()

    @property
    def hours_of(self) -> frozenset[str]:
        """Agreements whose hours are others."""
        agreed = self.now.agreed.agreements
        return frozenset(code for code, one in agreed.items() if one.calendar in self.calendars)


@dataclass(frozen=True, slots=True)
class Touched:
    """How many open tickets a change is about: those with an answer deadline that would be another,
    with terms ``agreed`` on that would be, with clocks that count in other ``hours``, and those
    that would get another ``default`` agreement.
    """

    answers: int = 0
    agreed: int = 0
    hours: int = 0
    default: int = 0

    @property
    def choice(self) -> bool:
        """Whether somebody has to choose."""
        return bool(self.answers or self.agreed or self.hours or self.default)


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
        frozenset({old.default}) if old.default != new.default else frozenset(),
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
    running = Clock.ended_at.is_(None)
    hours = await _count(tx, *_clocked(changed, running)) if changed.calendars else 0
    default = await _count(tx, *by_default(tx, changed)) if changed.former else 0
    return Touched(answers, agreed, hours, default)


def touched_by(tx: ReadTx, changed: ChangedPromises) -> ColumnElement[bool]:
    """The open tickets that it is about, whatever of it concerns each."""
    each = [and_(*_waiting(changed))] if _waits(changed) else []
    each += [and_(*_agreed(changed))] if changed.agreements else []
    each += [and_(*_clocked(changed))] if changed.calendars else []
    each += [and_(*by_default(tx, changed))] if changed.former else []
    return or_(*each) if each else false()


def waits_anew(changed: ChangedPromises, topic: str | None, agreement: str | None) -> bool:
    """Whether the answer deadline of such a ticket would be another."""
    return topic in changed.topics or agreement in changed.hours_of


async def _count(tx: ReadTx, *conditions: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(Ticket).where(*conditions)
    return int(await tx.first(query) or 0)


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


def _clocked(changed: ChangedPromises, *which: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    clocks = select(Clock.ticket_id).where(Clock.calendar.in_(changed.calendars), *which)
    return [Ticket.closed_at.is_(None), Ticket.id.in_(clocks)]


def by_default(tx: ReadTx, changed: ChangedPromises) -> list[ColumnElement[bool]]:
    """Open tickets that have the former default agreement, though nobody has named it, and whose
    customers have none of their own.
    """
    of_ticket = Classification.ticket_id == Ticket.id
    some = exists().where(of_ticket, Classification.agreement.is_not(None))
    codes = [code for code in changed.former if code is not None]
    had = exists().where(of_ticket, Classification.agreement.in_(codes))
    none = [~some] if None in changed.former else []
    named = exists().where(
        JournalEntry.ticket_id == Ticket.id,
        JournalEntry.event == _NAMED,
        JournalEntry.facts["agreement"].as_string().is_not(None),
    )
    return [Ticket.closed_at.is_(None), or_(had, *none), ~named, ~_has_own(tx)]


def _has_own(tx: ReadTx) -> ColumnElement[bool]:
    """The customer has an agreement by an account or a contract in force."""
    today = tx.now.astimezone(tx.company.zone).date()
    signed = exists().where(
        Contract.account_id == AccountMember.account_id,
        Contract.agreement.is_not(None),
        or_(Contract.since.is_(None), Contract.since <= today),
        or_(Contract.until.is_(None), Contract.until >= today),
    )
    whole = exists().where(AccountAgreement.account_id == AccountMember.account_id)
    return exists().where(AccountMember.person_id == Ticket.customer_id, or_(signed, whole))


def _with_agreement(codes: frozenset[str]) -> Any:
    return select(Classification.ticket_id).where(Classification.agreement.in_(codes))
