"""Working hours in a time zone: the working time between instants, and when a span of it ends.

A minute counts when the local time is within the hours of its day. So an hour that a change of
clocks repeats counts twice, one that it skips not at all, and all arithmetic is done on instants in
UTC (C4).
"""

import bisect
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Hours = tuple[tuple[int, int], ...]
"""Minutes of the wall clock from midnight: from, to; in order, apart from each other."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY: Final = date(1970, 1, 1).toordinal()
_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND
_DAY: Final = 1440 * _MINUTE
# No zone is farther from UTC than this, so these bounds contain a local day.
_BEFORE: Final = 15 * 60 * _MINUTE
_AFTER: Final = _DAY + 15 * 60 * _MINUTE
# A calendar with no working hours in this many days never opens.
_FARTHEST: Final = 366 * 20
_CLOCK: Final = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")
_MINUTES_IN_DAY: Final = 1440
_ONE_DAY: Final = timedelta(days=1)
_DAYS_IN_WEEK: Final = 7


class BadCalendar(ValueError):
    """The calendar cannot be used; the message says which part and why."""


class NeverOpen(ValueError):
    """The span never ends, because there are no working hours for years ahead."""


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """``week``: the hours of Monday to Sunday; ``days``: those of exceptional dates.

    Days are computed once and cached: one object serves all tickets.
    """

    zone: ZoneInfo
    week: tuple[Hours, ...]
    days: Mapping[date, Hours] = field(default_factory=dict)
    _known: dict[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)

    @property
    def always(self) -> bool:
        """Whether all hours of all days are working hours."""
        return {*self.week, *self.days.values()} == {((0, _MINUTES_IN_DAY),)}

    def is_free(self, day: date) -> bool:
        """Whether the date is a day off although the week has hours for it: a holiday."""
        return bool(self.week[day.weekday()]) and not self._pieces_of(day.toordinal())

    def next_working(self, day: date) -> date:
        """Return this date, or the first one after it that has working hours. Raises
        :class:`NeverOpen`.
        """
        return date.fromordinal(self._working_day(day.toordinal(), 0))

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """Return the working time between two aware instants; 0 when ``end`` is not after
        ``start``.
        """
        total = sum((until - since for since, until in self._pieces(start, end)), start=0)
        return timedelta(microseconds=total)

    def pieces(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Return the working pieces between two instants, in order, in UTC (X10)."""
        return [(_instant(since), _instant(until)) for since, until in self._pieces(start, end)]

    def after(self, start: datetime, span: timedelta) -> datetime:
        """Return the instant, in UTC, at which ``span`` of working time has passed since ``start``.

        A span of 0 ends at once, even outside the hours. Raises :class:`NeverOpen`.
        """
        begin, left = _micro(start), span // timedelta(microseconds=1)
        if left <= 0:
            return start.astimezone(UTC)
        first = self._day_of(start)
        for day in range(first, first + _FARTHEST):
            for since, until in self._pieces_of(day):
                length = until - max(since, begin)
                if length >= left:
                    return _instant(max(since, begin) + left)
                left -= max(length, 0)
        raise NeverOpen(f"no {span} of working time in twenty years")

    def promised(self, start: datetime, span: timedelta) -> datetime:
        """Return by when, in UTC, something is promised that takes ``span``: whole days of it are
        working days, the rest is working time (C1).

        Both begin with the first working moment; a day that ends earlier than the hour of the
        beginning leads to the next working moment. Raises :class:`NeverOpen`.
        """
        days, rest = divmod(span, _ONE_DAY)
        at = self._opened(start)
        day = self._working_day(self._day_of(at), days)
        if days:
            there = date.fromordinal(day)
            hour = at.astimezone(self.zone).time()
            at = self._opened(datetime.combine(there, hour, self.zone))
        return self.after(at, rest)

    def _opened(self, at: datetime) -> datetime:
        """Return the first working moment from here on."""
        moment = timedelta(microseconds=1)
        return self.after(at, moment) - moment

    def _working_day(self, day: int, ahead: int) -> int:
        """Return the working day that comes so many working days after this one."""
        days = (each for each in range(day, day + _FARTHEST) if self._pieces_of(each))
        found = next(itertools.islice(days, ahead, None), None)
        if found is None:
            raise NeverOpen(f"no {ahead} working days in twenty years")
        return found

    def _pieces(self, start: datetime, end: datetime) -> Iterator[tuple[int, int]]:
        begin, finish = _micro(start), _micro(end)
        if finish <= begin:
            return
        for day in range(self._day_of(start), self._day_of(end) + 1):
            for since, until in self._pieces_of(day):
                if since < finish and until > begin:
                    yield max(since, begin), min(until, finish)

    def _day_of(self, at: datetime) -> int:
        return at.astimezone(self.zone).toordinal()

    def _pieces_of(self, day: int) -> tuple[tuple[int, int], ...]:
        """Return the working time of a local day, in microseconds since 1970, in order."""
        known = self._known.get(day)
        if known is None:
            known = self._known[day] = tuple(sorted(self._compute_day(day)))
        return known

    def _compute_day(self, day: int) -> Iterator[tuple[int, int]]:
        hours = self.days.get(date.fromordinal(day))
        if hours is None:
            hours = self.week[(day - 1) % _DAYS_IN_WEEK]  # ordinal 1 was a Monday
        midnight = (day - _FIRST_DAY) * _DAY  # of the wall clock, as if it were UTC
        for begin, end, offset in self._offsets(midnight - _BEFORE, midnight + _AFTER):
            for opens, closes in hours:
                since = max(midnight + opens * _MINUTE - offset, begin)
                until = min(midnight + closes * _MINUTE - offset, end)
                if since < until:
                    yield since, until

    def _offsets(self, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Yield the pieces of a time in which the zone keeps its offset, and that offset."""
        while begin < end:
            offset = self._offset(begin)
            change = end
            if self._offset(end) != offset:  # one change in two days, never two
                seconds = range(begin // _SECOND, end // _SECOND)
                found = bisect.bisect_left(
                    seconds, x=True, key=lambda at: self._offset(at * _SECOND) != offset
                )
                change = seconds[found] * _SECOND if found < len(seconds) else end
            yield begin, change, offset
            begin = change

    def _offset(self, at: int) -> int:
        distance = _instant(at).astimezone(self.zone).utcoffset() or timedelta()
        return distance // timedelta(microseconds=1)


def read_calendar(zone: str, week: Sequence[Any], days: Mapping[str, Any]) -> Calendar:
    """Read a calendar as the directory has it: ``["09:00", "18:00"]`` by day and by date.

    Raises :class:`BadCalendar`.
    """
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadCalendar(f"{zone!r} is no time zone") from None
    if len(week) != _DAYS_IN_WEEK:
        raise BadCalendar(f"a week has seven days, not {len(week)}")
    hours = tuple(_hours(pairs, f"day {number}") for number, pairs in enumerate(week, start=1))
    exceptions = {_date(day): _hours(pairs, day) for day, pairs in days.items()}
    if not any(hours):
        raise BadCalendar("no day of the week has working hours")
    return Calendar(there, hours, exceptions)


def _hours(pairs: Sequence[Sequence[str]], where: str) -> Hours:
    read = tuple((_minute(opens, where), _minute(closes, where)) for opens, closes in pairs)
    for opens, closes in read:
        if opens >= closes:
            raise BadCalendar(f"{where}: hours end before they begin")
    for (_, closes), (opens, _) in itertools.pairwise(read):
        if opens < closes:
            raise BadCalendar(f"{where}: hours overlap or are not in order")
    return read


def _minute(clock: str, where: str) -> int:
    found = _CLOCK.fullmatch(str(clock))
    minute = int(found[1]) * 60 + int(found[2]) if found else _MINUTES_IN_DAY + 1
    if minute > _MINUTES_IN_DAY:
        raise BadCalendar(f"{where}: {clock!r} is no time of a day")
    return minute


def _date(words: str) -> date:
    try:
        return date.fromisoformat(words)
    except ValueError:
        raise BadCalendar(f"{words!r} is no date such as 2026-12-31") from None


def _micro(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _instant(micro: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micro)


__all__ = ["BadCalendar", "Calendar", "NeverOpen", "read_calendar"]
