"""How a fact is written, by what the template asks for and by the fact's kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.words.format_time import say_dated, say_day, say_hours, say_span, say_when, say_when_short

Escape = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Reader:
    """The language, time zone and present instant of whoever reads a text."""

    locale: str
    now: datetime
    zone: ZoneInfo
    escape: Escape | None


# By the template's spec and the fact's kind: how to write it. A kind that is absent does not fit.

Formatter = Callable[[Any, Reader], str]
Formatters = Mapping[type, Formatter]


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

SPECS: Final[dict[str, Formatters]] = {
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
"""By spec ("" is none) and kind of fact. A kind that is absent does not fit."""


def find_formatter(formatters: Formatters, fact: object) -> Formatter | None:
    """Return the function that writes this fact, if one fits; a StrEnum is written as text, a bool
    never.
    """
    formatter = formatters.get(type(fact))
    if formatter or isinstance(fact, bool):
        return formatter
    return next(
        (formatter for kind, formatter in formatters.items() if isinstance(fact, kind)), None
    )
