"""The types of the directory's fields: what may be written, how it is kept, what it refers to."""

import difflib
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, PlainValidator
from pydantic import WithJsonSchema as Json

from core.directory.faults import choices, refusal
from core.words.when import NotATime, parse_span

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST_TITLE: Final = 100
LONGEST_WORKING_SPAN: Final = timedelta(days=366)

_CODE: Final = r"[a-z0-9][a-z0-9_.-]{0,31}"  # as buttons carry them
_DOMAIN: Final = r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,4}"
LANGUAGE: Final = r"[a-z]{2,3}([-_][A-Za-z]{2,8})?"
_HOURS: Final = r"([01]?\d|2[0-4]):[0-5]\d-([01]?\d|2[0-4]):[0-5]\d"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


@dataclass(frozen=True, slots=True)
class Reference:
    """Marks a field whose value is the key of an entry of another ``kind``."""

    kind: str


@dataclass(frozen=True, slots=True)
class AsPeopleSay:
    """Marks a type that people write otherwise than the file does, or choose from what the desk
    knows: ``name`` says how (`core.directory.spoken`, `core.directory.entry_choices`).
    """

    name: str


def _matches(pattern: str, fault: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII):
            raise refusal(fault, value)
        return value

    return AfterValidator(check)


def _check_title(value: str) -> str:
    if not value.strip() or len(value) > LONGEST_TITLE or _CONTROL.search(value):
        raise refusal("title", value, longest=LONGEST_TITLE)
    return value


def _check_titles(value: dict[str, str]) -> dict[str, str]:
    if not value:
        raise refusal("no_title")
    return value


Code = Annotated[str, _matches(_CODE, "code"), Json({"type": "string", "pattern": f"^{_CODE}$"})]
Domain = Annotated[
    str, _matches(_DOMAIN, "domain"), Json({"type": "string", "pattern": f"^{_DOMAIN}$"})
]
Title = Annotated[
    str,
    AfterValidator(_check_title),
    Json({"type": "string", "minLength": 1, "maxLength": LONGEST_TITLE}),
]
Language = Annotated[
    str, _matches(LANGUAGE, "language"), Json({"type": "string"}), AsPeopleSay("language")
]
Titles = Annotated[
    dict[Language, Title],
    AfterValidator(_check_titles),
    Json(
        {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": f"^{LANGUAGE}$"},
            "additionalProperties": {
                "type": "string",
                "minLength": 1,
                "maxLength": LONGEST_TITLE,
            },
        }
    ),
]


def one_of(allowed: Iterable[str]) -> tuple[Any, Any]:
    """What makes a text one of these words: `Annotated[str, *one_of(...)]`."""
    known = tuple(allowed)

    def check(value: str) -> str:
        if value not in known:
            raise refusal("not_a_choice", value, allowed=choices(known))
        return value

    return AfterValidator(check), Json({"type": "string", "enum": list(known)})


# Spans


def _read_span(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise refusal("span", value)
    try:
        return parse_span(value)
    except NotATime:
        raise refusal("span", value) from None


def _read_working_span(value: Any) -> timedelta:
    span = _read_span(value)
    if not timedelta(seconds=1) <= span <= LONGEST_WORKING_SPAN:
        raise refusal("working_span", value, days=LONGEST_WORKING_SPAN.days)
    return span


def _format(span: timedelta, units: tuple[tuple[int, str], ...]) -> str:
    seconds = int(span.total_seconds())
    size, unit = next((size, unit) for size, unit in units if seconds % size == 0)
    return f"{seconds // size}{unit}"


def format_span(span: timedelta) -> str:
    """A span in its largest whole unit: ``3d``, ``90m``."""
    return _format(span, _UNITS)


def format_working_span(span: timedelta) -> str:
    """Never in days, because nobody knows how much working time one would be."""
    return _format(span, _UNITS[1:])


Span = Annotated[
    timedelta,
    PlainValidator(_read_span),
    PlainSerializer(format_span),
    Json({"type": "string", "examples": ["30m", "4h", "3d"]}),
]
WorkingSpan = Annotated[
    timedelta,
    PlainValidator(_read_working_span),
    PlainSerializer(format_working_span),
    Json({"type": "string", "examples": ["30m", "4h"]}),
    AsPeopleSay("working"),
]


# Working hours


def _minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def _check_interval(value: str) -> str:
    if not re.fullmatch(_HOURS, value, re.ASCII):
        raise refusal("hours", value)
    opens, closes = map(_minutes, value.split("-"))
    if not opens < closes <= _minutes("24:00"):
        raise refusal("hours_backwards", value)
    return value


def _check_hours(value: list[str]) -> list[str]:
    for before, after in itertools.pairwise(value):
        if _minutes(after.split("-")[0]) < _minutes(before.split("-")[1]):
            raise refusal("hours_overlap", f"{before}, {after}")
    return value


def _check_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(value, sorted(available_timezones()), 3, 0.7)
        allowed = choices(near or ("Europe/Moscow", "Asia/Omsk", "UTC"))
        raise refusal("zone", value, allowed=allowed) from None
    return value


def _check_week(value: dict[str, list[str]]) -> dict[str, list[str]]:
    if not any(value.values()):
        raise refusal("never_open")
    return value


def _day_written_bare(value: Any) -> Any:
    return value.isoformat() if type(value) is date else value


def _check_day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise refusal("day", value) from None


Zone = Annotated[str, AfterValidator(_check_zone), Json({"type": "string"}), AsPeopleSay("zone")]
Interval = Annotated[
    str, AfterValidator(_check_interval), Json({"type": "string", "pattern": f"^{_HOURS}$"})
]
Hours = Annotated[list[Interval], AfterValidator(_check_hours), AsPeopleSay("hours")]
Weekday = Annotated[str, *one_of(DAYS), AsPeopleSay("weekday")]
Week = Annotated[dict[Weekday, Hours], AfterValidator(_check_week)]
Day = Annotated[
    str,
    BeforeValidator(_day_written_bare),
    AfterValidator(_check_day),
    Json({"type": "string", "format": "date"}),
    AsPeopleSay("day"),
]
