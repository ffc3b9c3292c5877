"""How a fact is written, by what the template asks for and the fact's kind: «24 ноября, 12:30»."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class _Language:
    near_days: dict[int, str]
    """Names of the days around today, by their distance from it."""

    units: dict[int, dict[str, str]]
    """Names of units by their length in seconds, then by the plural category of the count."""

    quotes: tuple[str, str]
    """What stands before and after words of others."""

    moment: str
    """A length of time that is no whole second."""

    ago: str
    """How long ago something was; ``{}`` is the length."""

    just_now: str
    """The same if so little has passed."""

    plural: Callable[[int], str]
    """The category of a count, as Unicode names them (CLDR)."""

    months: tuple[str, ...]
    """Twelve, as they stand behind a day's number."""

    short_months: tuple[str, ...]
    """The same, short enough for a card."""


def _english_plural(count: int) -> str:
    return "one" if count == 1 else "other"


def _russian_plural(count: int) -> str:
    ones, tens = count % 10, count % 100 // 10
    if tens == 1 or ones == 0 or ones > _FEW:
        return "many"
    return "one" if ones == 1 else "few"


_FEW: Final = 4


def _same(word: str) -> dict[str, str]:
    return {"other": word}


_LANGUAGES: Final[dict[str, _Language]] = {
    "ru": _Language(
        near_days={-1: "вчера", 0: "сегодня", 1: "завтра"},
        units={
            DAY: {"one": "день", "few": "дня", "other": "дней"},
            HOUR: _same("ч"),
            MINUTE: _same("мин"),
            SECOND: {"one": "секунда", "few": "секунды", "other": "секунд"},
        },
        quotes=("«", "»"),
        moment="меньше секунды",
        ago="{} назад",
        just_now="только что",
        plural=_russian_plural,
        months=(
            "января", "февраля", "марта", "апреля", "мая", "июня",
            "июля", "августа", "сентября", "октября", "ноября", "декабря",
        ),
        short_months=(
            "янв", "фев", "мар", "апр", "мая", "июн",
            "июл", "авг", "сен", "окт", "ноя", "дек",
        ),
    ),
    "en": _Language(
        near_days={-1: "yesterday", 0: "today", 1: "tomorrow"},
        units={
            DAY: {"one": "day", "other": "days"},
            HOUR: _same("h"),
            MINUTE: _same("min"),
            SECOND: {"one": "second", "other": "seconds"},
        },
        quotes=("“", "”"),
        moment="less than a second",
        ago="{} ago",
        just_now="just now",
        plural=_english_plural,
        months=(
            "January", "February", "March", "April", "May", "June",
            "July", "August", "September", "October", "November", "December",
        ),
        short_months=(
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ),
    ),
}  # fmt: skip
_FALLBACK: Final = "en"


def say_when(at: datetime, now: datetime, zone: ZoneInfo, locale: str) -> str:
    """Write an instant by its date, even today: «24 ноября, 12:30».

    What is said in a message stays there, and tomorrow «завтра» would be wrong.
    """
    return _said(at, now, zone, _months(locale, short=False))


def say_dated(at: datetime, now: datetime, zone: ZoneInfo, locale: str) -> str:
    """Write an instant as cards and lists do: «24 ноя, 12:30»."""
    return _said(at, now, zone, _months(locale, short=True))


def say_near(at: datetime, now: datetime, zone: ZoneInfo, locale: str) -> str:
    """Write an instant for who reads it now and not later, in a toast: «завтра, 12:30»."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    near = _language(locale).near_days.get(local.toordinal() - today.toordinal())
    return say_dated(at, now, zone, locale) if near is None else f"{near}, {_clock(local)}"


def say_day(at: datetime, now: datetime, zone: ZoneInfo, locale: str) -> str:
    """Write the local day of an instant: «1 декабря», with the year if it is not this one."""
    return _date(at.astimezone(zone), now.astimezone(zone), _months(locale, short=False))


def say_short_day(at: datetime, now: datetime, zone: ZoneInfo, locale: str) -> str:
    """Write the same where there is little room: «1 дек»."""
    return _date(at.astimezone(zone), now.astimezone(zone), _months(locale, short=True))


def say_span(delta: timedelta, locale: str, *, parts: int = 2) -> str:
    """Write a length of time without its sign, in at most `parts` neighbouring units.

    What is smaller is dropped, never rounded up; seconds are written only below a minute, and no
    whole one as «меньше секунды».
    """
    language = _language(locale)
    units = language.units
    rest = abs(round(delta.total_seconds()))
    if rest < MINUTE:
        return _counted(rest, units[SECOND], locale) if rest else language.moment
    said: list[str] = []
    for length in (DAY, HOUR, MINUTE):
        count, rest = divmod(rest, length)
        if count:
            said.append(_counted(count, units[length], locale))
        # «2 дня 5 мин» would be more exact than anyone asked for.
        if said and (len(said) == parts or not count):
            break
    return " ".join(said)


def say_hours(delta: timedelta, locale: str) -> str:
    """Write working time: «40 ч», never «1 день 16 ч», because no working day has 24 hours."""
    if abs(delta) < timedelta(seconds=HOUR):
        return say_span(delta, locale)
    units = _language(locale).units
    hours, rest = divmod(abs(round(delta.total_seconds())), HOUR)
    said = [_counted(hours, units[HOUR], locale)]
    if minutes := rest // MINUTE:
        said.append(_counted(minutes, units[MINUTE], locale))
    return " ".join(said)


def say_ago(delta: timedelta, locale: str) -> str:
    """Write how long ago something was: «12 секунд назад», «только что»."""
    language = _language(locale)
    if abs(round(delta.total_seconds())) == 0:
        return language.just_now
    return language.ago.format(say_span(delta, locale))


def quote(words: str, locale: str) -> str:
    """Put words between the quotation marks of this language."""
    opening, closing = _language(locale).quotes
    return f"{opening}{words}{closing}"


def _said(at: datetime, now: datetime, zone: ZoneInfo, months: tuple[str, ...]) -> str:
    local = at.astimezone(zone)
    return f"{_date(local, now.astimezone(zone), months)}, {_clock(local)}"


def _clock(local: datetime) -> str:
    return f"{local.hour}:{local.minute:02}"


def _date(local: datetime, today: datetime, months: tuple[str, ...]) -> str:
    day = f"{local.day} {months[local.month - 1]}"
    return day if local.year == today.year else f"{day} {local.year}"


def _counted(count: int, words: dict[str, str], locale: str) -> str:
    return f"{count} {words.get(_plural(count, _spoken(locale)), words['other'])}"


@cache
def _spoken(locale: str) -> str:
    """Return the language for readers of `locale`: its own, or English."""
    base = locale.replace("_", "-").partition("-")[0].lower()
    return base if base in _LANGUAGES else _FALLBACK


def _language(locale: str) -> _Language:
    return _LANGUAGES[_spoken(locale)]


def _plural(count: int, language: str) -> str:
    """Return the category of a count. Unicode's tables, which Babel has, cost a start 25 ms."""
    return _LANGUAGES[language].plural(abs(count))


def _months(locale: str, *, short: bool) -> tuple[str, ...]:
    language = _language(locale)
    return language.short_months if short else language.months


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


def _near(at: datetime, reader: Reader) -> str:
    return say_near(at, reader.now, reader.zone, reader.locale)


def _dated(at: datetime, reader: Reader) -> str:
    return say_dated(at, reader.now, reader.zone, reader.locale)


def _day(at: datetime, reader: Reader) -> str:
    return say_day(at, reader.now, reader.zone, reader.locale)


def _short_day(at: datetime, reader: Reader) -> str:
    return say_short_day(at, reader.now, reader.zone, reader.locale)


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


def _ago(delta: timedelta, reader: Reader) -> str:
    return say_ago(delta, reader.locale)


def _quoted(names: Sequence[str], reader: Reader) -> str:
    return ", ".join(quote(name, reader.locale) for name in names) or "–"


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
    "near": {datetime: _near},
    "dated": {datetime: _dated},
    "day": {datetime: _day},
    "short_day": {datetime: _short_day},
    "span": {timedelta: _span, datetime: _span_to},
    "hours": {timedelta: _hours},
    "ago": {timedelta: _ago},
    "age": {timedelta: _age, datetime: _age_of},
    "number": {int: _number, float: _number},
    "unix": {datetime: _unix},
    "quoted": {list: _quoted, tuple: _quoted},
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
