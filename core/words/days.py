"""Finds the date that a written day means, seen from today."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from core.words import vocabulary as v
from core.words.vocabulary import plain

# A date without a year that has just passed is a slip; one long past means the next year.
_JUST_PASSED: Final = timedelta(days=90)
_MONTHS_IN_YEAR: Final = 12


def read_day(found: re.Match[str], today: date) -> date:
    """Return the date that a match of `patterns.LEADING_DAY` means. Raises ValueError if none."""
    kind = next(kind for kind in _READERS if found[kind])
    return _READERS[kind](found, today)


def _relative_day(found: re.Match[str], today: date) -> date:
    return today + timedelta(days=v.RELATIVE_DAYS[plain(found["relative"])])


def _weekday(found: re.Match[str], today: date) -> date:
    wanted = _WEEKDAY_NUMBERS[found["weekday"]]
    if found["next"]:
        return _next_week(found, today) + timedelta(days=wanted)
    return today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1)


def _next_week(_found: re.Match[str], today: date) -> date:
    return today + timedelta(days=7 - today.weekday())


def _next_month(_found: re.Match[str], today: date) -> date:
    return (today.replace(day=1) + timedelta(days=31)).replace(day=1)


def _numeric_date(found: re.Match[str], today: date) -> date:
    if found["iso"]:
        return date(int(found["y1"]), int(found["m1"]), int(found["d1"]))
    return _in_year(found["y2"], int(found["m2"]), int(found["d2"]), today)


def _short_date(found: re.Match[str], today: date) -> date:
    return _in_year(None, int(found["m3"]), int(found["d3"]), today)


def _slashed(found: re.Match[str], today: date) -> date:
    """«25/12» and «12/25» are one day each; who writes «5/6» is asked."""
    first, second = int(found["d6"]), int(found["m6"])
    if first != second and max(first, second) <= _MONTHS_IN_YEAR:
        raise ValueError(found["slashed"])
    return _in_year(found["y6"], min(first, second), max(first, second), today)


def _day_of_month(found: re.Match[str], today: date) -> date:
    """The next day with this number, today's not among them."""
    month = today.replace(day=1)
    for _ahead in range(_MONTHS_IN_YEAR):
        day = _valid(month.year, month.month, int(found["d7"]))
        if day is not None and day > today:
            return day
        month = (month + timedelta(days=31)).replace(day=1)
    raise ValueError(found["d7"])


def add_working_days(day: date, count: int) -> date:
    """The day that is `count` working days later."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < v.WORKING_WEEK
    return day


def ends_of(kind: str, today: date) -> tuple[date, ...]:
    """The days at whose evening this day, week's work or month ends, likeliest first."""
    friday = today + timedelta(days=v.WORKING_WEEK - 1 - today.weekday())
    sunday = friday + timedelta(days=2)
    month = (today.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return {"day": (today,), "week": (friday, sunday), "month": (month,)}[kind]


def _day_month(found: re.Match[str], today: date) -> date:
    return _in_year(found["y4"], _MONTH_NUMBERS[found["m4"]], int(found["d4"]), today)


def _month_day(found: re.Match[str], today: date) -> date:
    return _in_year(found["y5"], _MONTH_NUMBERS[found["m5"]], int(found["d5"]), today)


def _in_year(year: str | None, month: int, day: int, today: date) -> date:
    if year:
        short = 2
        return date(int(year) + (2000 if len(year) == short else 0), month, day)
    # Eight years hold a 29 February, whichever year it is.
    for ahead in range(9):
        found = _valid(today.year + ahead, month, day)
        if found and found >= today - _JUST_PASSED:
            return found
    raise ValueError(day)


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _numbers(table: tuple[tuple[str, ...], ...], first: int) -> dict[str, int]:
    return {word: number for number, words in enumerate(table, first) for word in words}


_WEEKDAY_NUMBERS: Final = _numbers(v.WEEKDAYS, 0)
_MONTH_NUMBERS: Final = _numbers(v.MONTHS, 1)

_READERS: Final[dict[str, Callable[[re.Match[str], date], date]]] = {
    "relative": _relative_day,
    "next_week": _next_week,
    "next_month": _next_month,
    "weekday": _weekday,
    "iso": _numeric_date,
    "dotted": _numeric_date,
    "short_date": _short_date,
    "slashed": _slashed,
    "day_of_month": _day_of_month,
    "day_month": _day_month,
    "month_day": _month_day,
}
