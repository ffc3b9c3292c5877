"""Working hours, and what was promised to whom (C4)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Self, cast

from pydantic import AfterValidator, Field
from sqlalchemy import delete, select, update

from core.directory.faults import Path, Problem, refusal
from core.directory.fields import DAYS, Code, Day, Hours, Reference, Title, Week, WorkingSpan, Zone
from core.directory.schema import Directory, DirectoryEntry, Part
from core.models import (
    Agreement,
    AgreementTerm,
    CalendarRow,
    Clock,
    Ticket,
)
from core.sla.agreements import Agreements, hours_of
from core.sla.calendar import Calendar, NeverOpen, read_calendar
from core.sla.clock_recorder import restate
from core.tx import ReadTx, Tx

DEADLINES = ("reaction", "resolution")


def _in_order(days: list[str]) -> list[str]:
    """A date that is named twice is free once."""
    return sorted(set(days))


class CalendarEntry(DirectoryEntry):
    """Working hours: those of a week, and dates that are otherwise."""

    name = "calendar"
    caches: ClassVar[tuple[type, ...]] = (Agreements,)

    code: Code
    title: Title
    zone: Zone
    week: Week
    days: dict[Day, Hours] = Field(default_factory=dict)
    holidays: Annotated[list[Day], AfterValidator(_in_order)] = Field(default_factory=list)

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """By code."""
        rows = await tx.all(select(CalendarRow).order_by(CalendarRow.code))
        return [cls._of_row(row) for row in rows]

    @classmethod
    def _of_row(cls, row: CalendarRow) -> Self:
        week = zip(DAYS, hours_of(row), strict=True)
        return cls.stored(
            code=row.code,
            title=row.title,
            zone=row.zone,
            week={day: _intervals(pairs) for day, pairs in week if pairs},
            days={day: _intervals(pairs) for day, pairs in sorted(row.days.items()) if pairs},
            holidays=sorted(day for day, pairs in row.days.items() if not pairs),
        )

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:
        """A date has hours or is free; agreements that the file does not name stay possible."""
        free = set(self.holidays)
        both = [
            Problem(("days", day), "directory_file.fault.named_twice", {"value": day})
            for day in self.days
            if day in free
        ]
        return [*both, *self._made_impossible(tx, directory)]

    def _made_impossible(self, tx: ReadTx, directory: Directory) -> list[Problem]:
        written = directory.put.get(AgreementEntry.name, {})
        others = cast("dict[str, AgreementEntry]", directory.entries(AgreementEntry.name))
        return [
            Problem(("week",), problem.key, problem.facts)
            for code, agreement in others.items()
            if agreement.calendar == self.code and code not in written
            for problem in agreement.check_spans(self, tx.now)
        ]

    async def put(self, tx: Tx, position: int) -> None:  # noqa: ARG002
        """Clocks of tickets that have not ended follow at once: a holiday is one for all."""
        row = CalendarRow(
            code=self.code,
            title=self.title,
            zone=self.zone,
            week={"days": self._week()},
            days=self._days(),
        )
        await self.save(tx, row)
        await _restate_clocks(tx, self.code)

    def hours(self) -> Calendar:
        """The hours, ready to count in."""
        return read_calendar(self.zone, self._week(), self._days())

    def _week(self) -> list[list[list[str]]]:
        return [_pairs(self.week.get(day, [])) for day in DAYS]

    def _days(self) -> dict[str, list[list[str]]]:
        worked = {day: _pairs(hours) for day, hours in self.days.items()}
        return worked | {day: [] for day in self.holidays}


class TermPart(Part):
    """A line of an agreement: for tickets of these classes, these spans of working time."""

    name = "term"

    service: Annotated[str | None, Reference("service")] = None
    category: Annotated[str | None, Reference("category")] = None
    priority: Annotated[str | None, Reference("priority")] = None
    reaction: WorkingSpan | None = None
    resolution: WorkingSpan | None = None

    @classmethod
    def of_row(cls, row: AgreementTerm) -> Self:
        """A term as the database has it."""
        spans = {
            name: None if seconds is None else timedelta(seconds=seconds)
            for name, seconds in (("reaction", row.reaction), ("resolution", row.resolution))
        }
        return cls.stored(
            service=row.service, category=row.category, priority=row.priority, **spans
        )

    def row(self, agreement: str) -> AgreementTerm:
        """The same for the database."""
        spans = {name: getattr(self, name) for name in DEADLINES}
        seconds = {name: span and int(span.total_seconds()) for name, span in spans.items()}
        return AgreementTerm(
            agreement=agreement,
            service=self.service,
            category=self.category,
            priority=self.priority,
            **seconds,
        )


def _check_terms(terms: list[TermPart]) -> list[TermPart]:
    if not terms:
        raise refusal("no_terms")
    seen: dict[tuple[str | None, ...], int] = {}
    for number, term in enumerate(terms, start=1):
        first = seen.setdefault((term.service, term.category, term.priority), number)
        if first != number:
            raise refusal("same_term", first=first, second=number)
    return terms


class AgreementEntry(DirectoryEntry):
    """What was promised. ``default``: it counts for everybody without another."""

    name = "agreement"
    caches: ClassVar[tuple[type, ...]] = (Agreements,)

    code: Code
    title: Title
    calendar: Annotated[str, Reference(CalendarEntry.name)]
    default: bool = False
    terms: Annotated[list[TermPart], AfterValidator(_check_terms)]

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """By code."""
        terms: dict[str, list[TermPart]] = {}
        for term in await tx.all(select(AgreementTerm).order_by(AgreementTerm.id)):
            terms.setdefault(term.agreement, []).append(TermPart.of_row(term))
        return [
            cls.stored(
                code=row.code,
                title=row.title,
                calendar=row.calendar,
                default=row.is_default,
                terms=terms.get(row.code, []),
            )
            for row in await tx.all(select(Agreement).order_by(Agreement.code))
        ]

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:
        """One is the default; every span comes to an end in the calendar's hours."""
        calendar = directory.entries(CalendarEntry.name).get(self.calendar)
        problems = list(self._check_default(directory))
        if isinstance(calendar, CalendarEntry):
            problems += self.check_spans(calendar, tx.now)
        return problems

    def _check_default(self, directory: Directory) -> list[Problem]:
        written = cast("Mapping[str, AgreementEntry]", directory.put.get(self.name, {}))
        first = next((code for code, one in written.items() if one.default), self.code)
        if not self.default or first == self.code:
            return []
        return [Problem(("default",), "directory_file.fault.two_defaults", {"value": first})]

    def check_spans(self, calendar: CalendarEntry, now: datetime) -> list[Problem]:
        """The spans that would never end, because nobody works that much for years ahead."""
        hours, problems = calendar.hours(), list[Problem]()
        for at, term in enumerate(self.terms):
            for name in DEADLINES:
                span = getattr(term, name)
                if span is not None and _never_ends(hours, now, span):
                    path: Path = ("terms", at, name)
                    facts = {"calendar": calendar.code, "agreement": self.code}
                    problems.append(Problem(path, "directory_file.fault.never_ends", facts))
        return problems

    async def put(self, tx: Tx, position: int) -> None:  # noqa: ARG002
        """Tickets keep what they were promised; new ones, and those classified anew, go by this."""
        if self.default:
            await tx.change(update(Agreement).values(is_default=False))
        row = Agreement(
            code=self.code, title=self.title, calendar=self.calendar, is_default=self.default
        )
        await self.save(tx, row)
        await tx.change(delete(AgreementTerm).where(AgreementTerm.agreement == self.code))
        await tx.insert(*(term.row(self.code) for term in self.terms))


def _never_ends(hours: Calendar, now: datetime, span: timedelta) -> bool:
    try:
        hours.after(now, span)
    except NeverOpen:
        return True
    return False


def _intervals(pairs: Sequence[Sequence[str]]) -> list[str]:
    return [f"{opens}-{closes}" for opens, closes in pairs]


def _pairs(intervals: Sequence[str]) -> list[list[str]]:
    return [interval.split("-") for interval in intervals]


async def _restate_clocks(tx: Tx, calendar: str) -> None:
    query = (
        select(Clock.ticket_id)
        .join(Ticket, Ticket.id == Clock.ticket_id)
        .where(Clock.calendar == calendar, Ticket.closed_at.is_(None))
        .distinct()
        .order_by(Clock.ticket_id.desc())
    )
    for ticket_id in await tx.all(query):
        await tx.get(Ticket, ticket_id, hold=True)
        await restate(tx, ticket_id, same_terms=True)
