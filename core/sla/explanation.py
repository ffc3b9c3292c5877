"""Explains the deadlines of a ticket from its journal (X10)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from core.errors import NoSuchTicket
from core.sla.agreements import agreements_of
from core.sla.calendar import Calendar
from core.sla.clock import KINDS, ClockState, Step, begin, step
from core.sla.clock_recorder import history_of
from core.tx import ReadTx

Piece = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Day:
    """The working pieces of a local day that counted (or will count), and their length."""

    day: date
    pieces: tuple[Piece, ...]

    @property
    def length(self) -> timedelta:
        """Return how much of the day counted."""
        return sum((until - since for since, until in self.pieces), start=timedelta())


@dataclass(frozen=True, slots=True)
class Pause:
    """A time that did not count: a pause, or (``ended``) a resolution or an end that was taken
    back; ``until`` is empty while it lasts.
    """

    since: datetime
    until: datetime | None
    ended: bool


Line = Day | Pause


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A clock and the lines that lead to its deadline, in order."""

    reading: ClockState
    lines: tuple[Line, ...]

    @property
    def counted(self) -> timedelta:
        """Return how much of the span the lines account for."""
        return sum((x.length for x in self.lines if isinstance(x, Day)), start=timedelta())


def explain(
    calendar: Calendar, kind: str, span: int, opened: datetime, steps: Sequence[Step]
) -> Arithmetic:
    """Return the arithmetic of the clock of this kind after these steps.

    What counts ends at the deadline, or where the clock is paused now.
    """
    reading = begin(calendar, span, opened)
    lines: list[Line] = []
    since, stood = opened, None
    for happened in steps:
        reading = step(calendar, kind, reading, happened)
        stands = reading.due_at is None
        if stands and stood is None:
            lines.extend(_days(calendar, since, happened.at))
            stood = Pause(happened.at, None, ended=reading.ended_at is not None)
        elif stood is not None and not stands:
            lines.append(replace(stood, until=happened.at))
            since, stood = happened.at, None
    if stood is not None:
        lines.append(stood)
    elif reading.due_at is not None:
        lines.extend(_days(calendar, since, reading.due_at))
    return Arithmetic(reading, tuple(lines))


def _days(calendar: Calendar, since: datetime, until: datetime) -> Iterator[Day]:
    pieces = calendar.pieces(since, until)
    for day, group in groupby(pieces, key=lambda piece: piece[0].astimezone(calendar.zone).date()):
        yield Day(day, tuple(group))


@dataclass(frozen=True, slots=True)
class Why:
    """A clock of a ticket with its arithmetic, and the origin of its terms."""

    kind: str
    agreement: str
    calendar: str
    zone: ZoneInfo
    told: Arithmetic


async def why(tx: ReadTx, ticket_id: int) -> list[Why]:
    """Return the arithmetic of each clock; empty if nothing was promised. Raises
    :class:`NoSuchTicket`.
    """
    history, agreed = await history_of(tx, ticket_id), await agreements_of(tx)
    opened, terms = history.opened_at, history.terms
    if opened is None:
        raise NoSuchTicket(ticket_id)
    if terms is None:
        return []
    agreement, calendar = agreed.agreements[terms.agreement], agreed.calendars[terms.calendar]
    spans = [(kind, terms.span(kind)) for kind in KINDS]
    return [
        Why(
            kind,
            agreement.title,
            calendar.title,
            calendar.hours.zone,
            explain(calendar.hours, kind, span, opened, history.steps),
        )
        for kind, span in spans
        if span is not None
    ]
