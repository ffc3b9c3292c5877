"""Reads the hours of a week as people write them: «пн–пт 9:00–18:00, сб 10–14, вс выходной»."""

import re
from collections.abc import Iterator
from typing import Final

from core.words import vocabulary as v

DAYS: Final = 7
_DAY_NUMBERS: Final = {word: number for number, words in enumerate(v.WEEKDAYS) for word in words}
_SEVERAL: Final[dict[str, tuple[int, ...]]] = {
    **dict.fromkeys(("будни", "по будням", "weekdays", "working days"), tuple(range(5))),
    **dict.fromkeys(("выходные", "по выходным", "weekends", "weekend"), (5, 6)),
    **dict.fromkeys(
        ("ежедневно", "каждый день", "все дни", "daily", "every day", "all days"), tuple(range(7))
    ),
}
_CLOSED: Final = ("выходной", "закрыто", "не работаем", "closed", "day off", "free")
_ALL_DAY: Final = ("круглосуточно", "24/7", "24 часа", "24 ч", "24 hours", "around the clock")
_WHOLE_DAY: Final = "00:00-24:00"
_NOON: Final = 12


def _any(words: object) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))  # type: ignore[call-overload]


_NAME: Final = _any(_DAY_NUMBERS)
_DASH: Final = r"\ ?(?:-|–|—|−|до|to|till|until|по)\ ?"
_CLOCK: Final = r"(\d{1,2})(?:[:.](\d\d))?(?:\ ?(am|pm))?"
_TOKEN: Final = re.compile(
    rf"""(?P<several>{_any(_SEVERAL)})(?!\w)
  | (?:с\ )?(?P<first>{_NAME})(?!\w)(?:{_DASH}(?P<last>{_NAME})(?!\w))?
  | (?P<closed>{_any(_CLOSED)})(?!\w)
  | (?P<all>{_any(_ALL_DAY)})(?!\w)
  | (?:(?:с|from)\ )?(?P<hours>{_CLOCK}{_DASH}{_CLOCK})(?!\w)
  | (?P<between>[ ,;:.]+|(?:и|and)(?!\w))""",
    re.VERBOSE,
)


def read_hours(words: str) -> list[str] | None:
    """Return the intervals of one day as the directory writes them, none for a closed one:
    «9–13 и 14:00–18:00» gives ``09:00-13:00``, ``14:00-18:00``. None for what is no such thing.
    """
    read = _read(words)
    return None if read is None or {day for days, _ in read for day in days} else read[0][1]


def read_week(words: str) -> dict[int, list[str]] | None:
    """Return the intervals by day, Monday 0, of the days that are named. None for what is no such
    thing. Hours without a day are those of Monday to Friday.
    """
    read = _read(words)
    if read is None:
        return None
    week: dict[int, list[str]] = {}
    for days, hours in read:
        week |= dict.fromkeys(days or range(5), hours)
    return week


def _read(words: str) -> list[tuple[tuple[int, ...], list[str]]] | None:
    """Groups of days with their hours, in the order in which they are written."""
    groups: list[tuple[tuple[int, ...], list[str]]] = []
    days: tuple[int, ...] = ()
    said = False
    for found in _tokens(words):
        if found is None:
            return None
        more = _days_of(found)
        if more and said:
            days, said = (), False
        if more:
            days += more
        elif found["between"] is None:
            groups = _with_hours(groups, days, found, again=said)
            said = True
    return groups if said else None


def _tokens(words: str) -> Iterator[re.Match[str] | None]:
    folded, at = " ".join(words.lower().replace("ё", "е").split()), 0
    while at < len(folded):
        found = _TOKEN.match(folded, at)
        yield found
        if found is None:
            return
        at = found.end()


def _days_of(found: re.Match[str]) -> tuple[int, ...]:
    if found["several"]:
        return _SEVERAL[found["several"]]
    if not found["first"]:
        return ()
    first = _DAY_NUMBERS[found["first"]]
    last = _DAY_NUMBERS[found["last"] or found["first"]]
    return tuple((first + step) % DAYS for step in range((last - first) % DAYS + 1))


def _with_hours(
    groups: list[tuple[tuple[int, ...], list[str]]],
    days: tuple[int, ...],
    found: re.Match[str],
    *,
    again: bool,
) -> list[tuple[tuple[int, ...], list[str]]]:
    hours = _hours_of(found)
    if not again:
        return [*groups, (days, hours)]
    return [*groups[:-1], (days, [*groups[-1][1], *hours])]


def _hours_of(found: re.Match[str]) -> list[str]:
    if found["closed"]:
        return []
    if found["all"]:
        return [_WHOLE_DAY]
    *_, opens, opens_minute, opens_half, closes, closes_minute, closes_half = found.groups()[:-1]
    start = _clock(opens, opens_minute, opens_half)
    return [f"{start}-{_clock(closes, closes_minute, closes_half)}"]


def _clock(hour: str, minute: str | None, half: str | None) -> str:
    number = int(hour)
    if half is not None and number <= _NOON:
        number = number % _NOON + (_NOON if half == "pm" else 0)
    return f"{number:02}:{minute or '00'}"
