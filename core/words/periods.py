"""Reads a period of whole days: «неделя», «1.11–30.11», «2026-11-01 2026-11-30»."""

import re
from datetime import date, timedelta
from typing import Final

# By word: how many days before today it begins, and how many it lasts.
_NAMED: Final[dict[str, tuple[int, int]]] = {
    **dict.fromkeys(("today", "сегодня"), (0, 1)),
    **dict.fromkeys(("yesterday", "вчера"), (1, 1)),
    **dict.fromkeys(("week", "неделя", "неделю"), (6, 7)),
    **dict.fromkeys(("month", "месяц"), (29, 30)),
    **dict.fromkeys(("year", "год"), (364, 365)),
}
_WEEK: Final = _NAMED["week"]
_ISO: Final = r"\d{4}-\d{2}-\d{2}"
_DOTTED: Final = r"\d{1,2}\.\d{1,2}(?:\.\d{4})?"
# Days of the longest period.
LONGEST: Final = 3660
_DAY: Final = re.compile(rf"{_ISO}|{_DOTTED}", re.ASCII)
_LEADING: Final = re.compile(
    rf"(?P<since>{_ISO}|{_DOTTED})(?:\s*(?:-|–|—|\.\.|\s)\s*(?P<until>{_ISO}|{_DOTTED}))?(?=\s|\Z)"
)


def read_period(words: str, today: date) -> tuple[date, date, str]:
    """Return the first day, the last day and the words behind; without a period, the last week.

    Raises ValueError for a day that is none, and as :func:`check_span`.
    """
    first, _, rest = words.strip().partition(" ")
    if first.casefold() in _NAMED:
        return *_named(_NAMED[first.casefold()], today), rest.strip()
    found = _LEADING.match(words.strip())
    if found is None:
        return *_named(_WEEK, today), words.strip()
    since = until = read_day(found["since"], today)
    if found["until"] is not None:
        until = _end(found["until"], since, today)
    check_span(since, until)
    return since, until, words.strip()[found.end() :].strip()


def check_span(since: date, until: date) -> None:
    """Raise ValueError for a period that ends before it begins, or is longer than ten years."""
    if not 0 <= (until - since).days < LONGEST:
        raise ValueError(f"{since} {until}")


def _named(period: tuple[int, int], today: date) -> tuple[date, date]:
    ago, length = period
    since = today - timedelta(days=ago)
    return since, since + timedelta(days=length - 1)


def _end(word: str, since: date, today: date) -> date:
    """«1.11–30.11» ends behind its beginning, and may do so after today."""
    until = read_day(word, today)
    if until < since and word.count(".") == 1:
        return read_day(word, since + timedelta(days=365))
    return until


def read_day(word: str, today: date) -> date:
    """Return the day: ``2026-11-01``, ``1.11.2026``, or ``1.11``, the last such day.

    Raises ValueError.
    """
    if _DAY.fullmatch(word) is None:
        raise ValueError(word)
    if "-" in word:
        return date.fromisoformat(word)
    day, month, *year = map(int, word.split("."))
    if year:
        return date(year[0], month, day)
    return next(
        found
        for back in range(8)  # the 29th of February
        if (found := _in_year(today.year - back, month, day, today)) is not None
    )


def _in_year(year: int, month: int, day: int, today: date) -> date | None:
    try:
        found = date(year, month, day)
    except ValueError:
        if (month, day) == (2, 29):
            return None
        raise
    return found if found <= today else None
