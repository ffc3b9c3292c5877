"""The company's agreements and calendars, read once and kept until the directory changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from core.agreements.choosing import Kind, Spans, Term
from core.business_time import Calendar, read_calendar
from core.models import Agreement, AgreementTerm, CalendarRow
from core.tx import Look


@dataclass(frozen=True, slots=True)
class CalendarFacts:
    """A calendar with its title; ``hours`` do the reckoning."""

    code: str
    title: str
    hours: Calendar


@dataclass(frozen=True, slots=True)
class AgreementFacts:
    """An agreement: whose terms in which calendar."""

    code: str
    title: str
    calendar: str
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """All agreements and their calendars, by code. ``default``: what counts for everybody else."""

    agreements: Mapping[str, AgreementFacts] = field(default_factory=dict)
    calendars: Mapping[str, CalendarFacts] = field(default_factory=dict)
    default: str | None = None

    def __bool__(self) -> bool:
        """Anything was agreed with anybody."""
        return bool(self.agreements)

    def calendar_of(self, agreement: str) -> CalendarFacts:
        """The calendar in which an agreement counts."""
        return self.calendars[self.agreements[agreement].calendar]


async def book_of(look: Look) -> Book:
    """The company's book. A company without agreements is asked for them once."""
    found: Book | None = look.directory.get(Book)
    if found is None:
        found = look.directory[Book] = await _read(look)
    return found


async def _read(look: Look) -> Book:
    rows = list(await look.session.scalars(select(Agreement).order_by(Agreement.code)))
    if not rows:
        return Book()
    terms: dict[str, list[Term]] = {row.code: [] for row in rows}
    for term in await look.session.scalars(select(AgreementTerm).order_by(AgreementTerm.id)):
        terms[term.agreement].append(_term(term))
    return Book(
        {
            row.code: AgreementFacts(row.code, row.title, row.calendar, tuple(terms[row.code]))
            for row in rows
        },
        {row.code: _calendar(row) for row in await look.session.scalars(select(CalendarRow))},
        next((row.code for row in rows if row.is_default), None),
    )


def _term(row: AgreementTerm) -> Term:
    kind = Kind(row.service, row.category, row.priority)
    return Term(kind, Spans(row.reaction, row.resolution))


def _calendar(row: CalendarRow) -> CalendarFacts:
    return CalendarFacts(row.code, row.title, read_calendar(row.zone, hours_of(row), row.days))


def hours_of(row: CalendarRow) -> list[Any]:
    """The hours of the seven days, as they are stored."""
    return list(row.week["days"])
