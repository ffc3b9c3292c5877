"""Working hours, and what was promised to whom (C4)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final, Self, cast

from pydantic import AfterValidator, Field
from sqlalchemy import delete, or_, select, update

from core.directory.faults import Path, Problem, choices, refusal
from core.directory.fields import DAYS, Code, Day, Hours, Reference, Title, Week, WorkingSpan, Zone
from core.directory.schema import Directory, DirectoryEntry, Part
from core.models import (
    Agreement,
    AgreementTerm,
    CalendarRow,
    Contract,
)
from core.sla.agreements import Agreements, hours_of
from core.sla.calendar import Calendar, NeverOpen, read_calendar
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
    active: bool = True

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
            active=row.active,
        )

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:
        """A date has hours or is free; agreements that the file does not name stay possible."""
        free = set(self.holidays)
        both = [
            Problem(("days", day), "directory_file.fault.named_twice", {"value": day})
            for day in self.days
            if day in free
        ]
        return [*both, *self._made_impossible(tx, directory), *in_use(self, self._users(directory))]

    def _users(self, directory: Directory) -> list[str]:
        others = cast("dict[str, AgreementEntry]", directory.entries(AgreementEntry.name))
        return [
            f"{AgreementEntry.name} {code}"
            for code, one in others.items()
            if one.active and one.calendar == self.code
        ]

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
        """Clocks of tickets that have not ended keep their deadlines, unless somebody wants them
        counted anew (`core.directory.recount`).
        """
        row = CalendarRow(
            code=self.code,
            title=self.title,
            zone=self.zone,
            week={"days": self._week()},
            days=self._days(),
            active=self.active,
        )
        await self.save(tx, row)

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
    """What was promised. ``default``: it counts for everybody without another. One that is not
    ``active`` is promised to nobody any more; tickets keep what it has promised.
    """

    name = "agreement"
    caches: ClassVar[tuple[type, ...]] = (Agreements,)

    code: Code
    title: Title
    calendar: Annotated[str, Reference(CalendarEntry.name)]
    default: bool = False
    terms: Annotated[list[TermPart], AfterValidator(_check_terms)]
    active: bool = True

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
                active=row.active,
            )
            for row in await tx.all(select(Agreement).order_by(Agreement.code))
        ]

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:
        """One is the default; every span comes to an end in the calendar's hours; nobody has one
        that is switched off.
        """
        calendar = directory.entries(CalendarEntry.name).get(self.calendar)
        problems = list(self._check_default(directory))
        if isinstance(calendar, CalendarEntry):
            problems += self.check_spans(calendar, tx.now)
        if self.active:
            problems += is_off(directory, CalendarEntry.name, ("calendar",), self.calendar)
        else:
            problems += in_use(self, await self._users(tx, directory))
        return problems

    async def _users(self, tx: ReadTx, directory: Directory) -> list[str]:
        """What goes by this agreement, in the file's words; contracts that have not ended, too."""
        named = [
            f"{kind} {entry.key_value}"
            for kind in _USING
            for entry in directory.entries(kind).values()
            if getattr(entry, "agreement", None) == self.code and getattr(entry, "active", True)
        ]
        today = tx.now.astimezone(tx.company.zone).date()
        goes_on = or_(Contract.until.is_(None), Contract.until >= today)
        query = select(Contract.number).where(Contract.agreement == self.code, goes_on)
        contracts = await tx.all(query.order_by(Contract.number).limit(_SHOWN))
        default = ["default = true"] if self.default else []
        return [*default, *named, *(f"/contract {number}" for number in contracts)]

    def switched_off(self) -> Self | None:
        """It is no default any more, either."""
        return self.model_copy(update={"active": False, "default": False})

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
            code=self.code,
            title=self.title,
            calendar=self.calendar,
            is_default=self.default,
            active=self.active,
        )
        await self.save(tx, row)
        await tx.change(delete(AgreementTerm).where(AgreementTerm.agreement == self.code))
        await tx.insert(*(term.row(self.code) for term in self.terms))


# Kinds whose entries name an agreement, and how many contracts are named that do.
_USING: Final = ("account_agreement", "mailbox")
_SHOWN: Final = 30


def in_use(entry: CalendarEntry | AgreementEntry, users: Sequence[str]) -> list[Problem]:
    """What is switched off must not be used by anything that is in use."""
    if entry.active or not users:
        return []
    return [Problem(("active",), "directory_file.fault.in_use", {"value": choices(users)})]


def is_off(directory: Directory, kind: str, path: Path, key: str) -> list[Problem]:
    """What is in use names nothing that is out of use; of what a file switches off its own entry
    says so.
    """
    entry = directory.entries(kind).get(key)
    if getattr(entry, "active", True) or key in directory.put.get(kind, {}):
        return []
    return [Problem(path, "directory_file.fault.off", {"kind": kind, "value": key})]


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
