"""How a clock of an agreement stands after what happened to its ticket (B1, C4). Pure.

A clock counts working time. It begins when the ticket is opened; a pause suspends it and a
resolution or an end stops it, both keep what was left; back at work it goes on. What is overdue
stays overdue. The clock of the reaction ends for good with the first reaction.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from core.business_time import Calendar, NeverOpen

REACTION: Final = "reaction"
RESOLUTION: Final = "resolution"
KINDS: Final = (REACTION, RESOLUTION)

What = Literal["runs", "pauses", "stops", "reacted", "missed"]

# Where a calendar never gives so much working time, the deadline is out of everybody's sight.
_OUT_OF_SIGHT: Final = timedelta(days=366 * 20)
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Step:
    """What a clock hears of: the ticket came to a state that runs, pauses or stops clocks; somebody
    reacted; admins learned that the clock of this ``kind`` is late.
    """

    at: datetime
    what: What
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A clock at an instant. ``span`` and ``left`` are working seconds.

    ``due_at`` is empty while the clock stands and was not late by then; ``left`` is kept meanwhile.
    """

    span: int
    started_at: datetime
    due_at: datetime | None
    left: int | None = None
    ended_at: datetime | None = None
    missed_at: datetime | None = None

    @property
    def late(self) -> bool:
        """It stands, and was late when it began to stand."""
        return self.ended_at is not None and self.due_at is not None


def begin(calendar: Calendar, span: int, at: datetime) -> Reading:
    """A clock that has just begun to run."""
    return Reading(span, at, _after(calendar, at, span))


def step(calendar: Calendar, kind: str, reading: Reading, happened: Step) -> Reading:
    """The clock after this."""
    if happened.what == "missed":
        return _missed(reading, happened) if happened.kind == kind else reading
    if kind == REACTION and reading.ended_at is not None:
        return reading
    match happened.what:
        case "reacted" if kind == RESOLUTION:
            return reading
        case "reacted" | "stops":
            return _stand(calendar, reading, happened.at, ended=True)
        case "pauses":
            return _stand(calendar, reading, happened.at, ended=False)
        case _:
            return _go_on(calendar, reading, happened.at)


def fold(
    calendar: Calendar, kind: str, span: int, opened: datetime, steps: Iterable[Step]
) -> Reading:
    """The clock from its beginning, after all of these steps."""
    reading = begin(calendar, span, opened)
    for happened in steps:
        reading = step(calendar, kind, reading, happened)
    return reading


def _stand(calendar: Calendar, reading: Reading, at: datetime, *, ended: bool) -> Reading:
    """The clock stands; what is left is kept, unless nothing is."""
    until = (reading.ended_at or at) if ended else None
    if reading.due_at is None or reading.due_at <= at:
        return replace(reading, ended_at=until)
    left = calendar.worked(at, reading.due_at) // _SECOND
    return replace(reading, due_at=None, left=left, ended_at=until)


def _go_on(calendar: Calendar, reading: Reading, at: datetime) -> Reading:
    if reading.left is None:
        return replace(reading, ended_at=None)
    due = _after(calendar, at, reading.left)
    return replace(reading, due_at=due, left=None, ended_at=None)


def _missed(reading: Reading, happened: Step) -> Reading:
    """Admins know; but of a deadline that was put off since they know nothing."""
    if reading.missed_at is not None or reading.due_at is None or reading.due_at > happened.at:
        return reading
    return replace(reading, missed_at=happened.at)


def _after(calendar: Calendar, at: datetime, seconds: int) -> datetime:
    try:
        return calendar.after(at, timedelta(seconds=seconds))
    except (NeverOpen, OverflowError):
        return at + _OUT_OF_SIGHT


def remind_at(
    calendar: Calendar, reading: Reading, now: datetime, ahead: timedelta
) -> datetime | None:
    """When to remind of the deadline (C5): so much working time ahead of it, but never more than a
    quarter of the span. ``None``: that has passed, or the clock stands.
    """
    if reading.due_at is None or reading.ended_at is not None or reading.due_at <= now:
        return None
    left = calendar.worked(now, reading.due_at)
    until = left - min(ahead, timedelta(seconds=reading.span / 4))
    return calendar.after(now, until) if until > timedelta() else None
