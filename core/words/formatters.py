"""The ways in which a fact can be said, by what the template asks for and by the fact's kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.words.format_time import say_dated, say_day, say_hours, say_span, say_when, say_when_short

Escape = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Reader:
    """Where and for whom a sentence is said."""

    locale: str
    now: datetime
    zone: ZoneInfo
    escape: Escape | None


# How each spec says a fact, by the kind of the fact; a kind that is absent does not fit.

Way = Callable[[Any, Reader], str]
Ways = Mapping[type, Way]


def _when(at: datetime, reader: Reader) -> str:
    return say_when(at, reader.now, reader.zone, reader.locale)


def _when_short(at: datetime, reader: Reader) -> str:
    return say_when_short(at, reader.now, reader.zone, reader.locale)


def _dated(at: datetime, reader: Reader) -> str:
    return say_dated(at, reader.now, reader.zone, reader.locale)


def _day(at: datetime, reader: Reader) -> str:
    return say_day(at, reader.now, reader.zone, reader.locale)


def _span(delta: timedelta, reader: Reader) -> str:
    return say_span(delta, reader.locale)


def _hours(delta: timedelta, reader: Reader) -> str:
    return say_hours(delta, reader.locale)


def _span_to(at: datetime, reader: Reader) -> str:
    return say_span(at - reader.now, reader.locale)


def _age(delta: timedelta, reader: Reader) -> str:
    return say_span(delta, reader.locale, parts=1)


def _age_of(at: datetime, reader: Reader) -> str:
    return say_span(reader.now - at, reader.locale, parts=1)


def _plain(fact: object, _reader: Reader) -> str:
    return str(fact)


def _number(number: float, reader: Reader) -> str:
    grouped = f"{number:,}"
    if reader.locale.startswith("en"):
        return grouped
    return grouped.translate(_CONTINENTAL)


def _unix(at: datetime, _reader: Reader) -> str:
    return str(int(at.timestamp()))


_CONTINENTAL: Final = str.maketrans({",": "\N{NO-BREAK SPACE}", ".": ","})

SPECS: Final[dict[str, Ways]] = {
    "": {str: _plain, int: _plain, float: _plain, datetime: _when, timedelta: _span},
    "when": {datetime: _when},
    "when_short": {datetime: _when_short},
    "dated": {datetime: _dated},
    "day": {datetime: _day},
    "span": {timedelta: _span, datetime: _span_to},
    "hours": {timedelta: _hours},
    "age": {timedelta: _age, datetime: _age_of},
    "number": {int: _number, float: _number},
    "unix": {datetime: _unix},
}
"""The ways by spec; "" is a place without one. A kind that is absent does not fit."""


def find_way(ways: Ways, fact: object) -> Way | None:
    """How to say this fact, if it fits; a StrEnum is said as text, and no one says «True»."""
    way = ways.get(type(fact))
    if way or isinstance(fact, bool):
        return way
    return next((way for kind, way in ways.items() if isinstance(fact, kind)), None)
