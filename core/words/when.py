"""Reads the time at the start of a line: «завтра 9:00 ждём поставку»."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from core.words import days, patterns
from core.words import vocabulary as v
from core.words.vocabulary import plain

MORNING: Final = time(9)
"""The local hour that a bare day means."""

FARTHEST: Final = timedelta(days=5 * 366)
"""How far ahead a time may lie before it is taken for a slip of the pen."""

_MONTHS_IN_YEAR: Final = 12
# Longer numbers are slips, and slow to compute with.
_MOST_CHARACTERS: Final = 12
# A time stands at the beginning, and is shorter than this: more is not searched for one (S28).
LOOKED_AT: Final = 500


class WhenError(ValueError):
    """The start of the text cannot be a time ahead; `words` are the writer's own."""

    def __init__(self, words: str) -> None:
        """Remember `words`, the expression as it was written."""
        super().__init__(words)
        self.words = words


class TimeInPast(WhenError):
    """The words are a time, but it has passed."""


class NotATime(WhenError):
    """The words look like a time but name none: `25:99`, `0d`, a day that no month has."""


@dataclass(frozen=True, slots=True)
class When:
    """A time in UTC, or None when the text begins with none; and the rest, a reason perhaps."""

    at: datetime | None
    rest: str


def parse_when(text: str, now: datetime, zone: ZoneInfo) -> When:
    """Read the time at the start of `text`; what follows it is the rest.

    `now` is aware; local days and hours are those of `zone`. A bare day means `MORNING`, a bare
    hour the next such hour. Raises `TimeInPast` or `NotATime`, both `WhenError`.
    """
    line = _Line(text.strip(), now, zone)
    for read in (_read_working_days, _read_end, _read_clock, _read_span, _read_day):
        moment = read(line)
        if moment is not None:
            return line.settle(moment)
    broken = patterns.BROKEN.match(line.folded)
    if broken:
        raise NotATime(line.words(broken.end()))
    return When(None, _reason(line.text))


def parse_span(text: str) -> timedelta:
    """Read a length of time that is the whole of `text`: `3d`, `1h 30m`, `2 часа`.

    A month counts as 30 days and a year as 365. Raises `NotATime`.
    """
    words = text.strip()
    found = patterns.SPAN.fullmatch(_fold(words)) if len(words) <= LOOKED_AT else None
    if found is None:
        raise NotATime(words[:LOOKED_AT])
    size = _size(found["span"], words)
    years, months = divmod(size.months, _MONTHS_IN_YEAR)
    span = timedelta(days=years * 365 + months * 30 + size.days, seconds=size.seconds)
    if not timedelta() < span <= FARTHEST:
        raise NotATime(words)
    return span


def leading_day(text: str, today: date) -> tuple[date, int] | None:
    """Return the day that `text` begins with, and where its words end: «8 марта», «31.12»."""
    found = patterns.LEADING_DAY.match(_fold(text[:LOOKED_AT]))
    if found is None:
        return None
    try:
        return days.read_day(found, today), found.end()
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class _Size:
    months: int
    days: int
    seconds: int


@dataclass(frozen=True, slots=True)
class _Moment:
    """Where the expression ends in the line, and the instants it may mean, likeliest first."""

    end: int
    instants: tuple[datetime, ...]


class _Line:
    """The text being read, with the present instant and the zone."""

    def __init__(self, text: str, now: datetime, zone: ZoneInfo) -> None:
        self.text = text
        self.folded = _fold(text[:LOOKED_AT])
        self.now = now.astimezone(UTC)
        self.zone = zone
        self.local = now.astimezone(zone)
        self.today = self.local.date()

    def words(self, end: int) -> str:
        return self.text[:end].strip(" ,")

    def settle(self, moment: _Moment) -> When:
        at = next((at for at in moment.instants if at > self.now), None)
        if at is None:
            raise TimeInPast(self.words(moment.end))
        doubtful = _end_of_doubt(self, moment.end)
        if at - self.now > FARTHEST or doubtful:
            raise NotATime(self.words(doubtful or moment.end))
        return When(at, _reason(self.text[moment.end :]))

    def instants(self, day: date, clock: time) -> tuple[datetime, ...]:
        """Return the instants at which `zone` shows this wall time; a skipped one moves forward."""
        wall = datetime.combine(day, clock, self.zone)
        return tuple(wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


def _fold(text: str) -> str:
    """Return the text in lower case and with «е» for «ё», every character in its place."""
    folded = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    return folded.replace("ё", "е").replace("\N{NO-BREAK SPACE}", " ")


def _first(shapes: Iterable[patterns.Pattern], line: _Line, start: int = 0) -> re.Match[str] | None:
    matches = (shape.match(line.folded, start) for shape in shapes)
    return next(filter(None, matches), None)


def _reason(text: str) -> str:
    return text.strip().lstrip("-–—,:;.").strip()


def _end_of_doubt(line: _Line, start: int) -> int | None:
    """Where words end that look like more of the time, though they could not be read with it.

    They are never taken for a reason; what follows a dash or a colon is one, whatever it says.
    """
    found = _first(patterns.MORE_OF_A_TIME, line, start)
    return None if found is None else found.end()


# Hours

_HALF_OF_PART: Final = {9: "am", 13: "pm", 14: "pm", 18: "pm", 20: "pm"}


def _read_clock(line: _Line) -> _Moment | None:
    found = _first(patterns.LEADING_CLOCKS, line)
    if found is None:
        return None
    clock = _clock(found, line.words(found.end()))
    after = patterns.FOLLOWING_DAY.match(line.folded, found.end())
    if after:
        day = _day(after, line)
        return _Moment(after.end(), line.instants(day, clock))
    days = (line.today + timedelta(days=ahead) for ahead in (0, 1, 2))
    return _Moment(found.end(), tuple(at for day in days for at in line.instants(day, clock)))


def _clock(found: re.Match[str], words: str) -> time:
    groups = found.groupdict()
    part = groups.get("part")
    if groups.get("named"):
        return time(v.NAMED_HOURS[groups["named"]])
    written = groups.get("hour_word") or groups.get("hour")
    if not written:
        return time(v.PARTS_OF_DAY[plain(found["part"])])
    half = groups.get("half") or (part and _HALF_OF_PART[v.PARTS_OF_DAY[plain(part)]])
    hour = v.HOURS[written] if written in v.HOURS else int(written)
    try:
        return time(_of_half(hour, half) if half else hour, int(groups.get("minute") or 0))
    except ValueError:
        raise NotATime(words) from None


def _of_half(hour: int, half: str) -> int:
    noon = 12
    if hour > noon:
        return hour
    # «12 дня» is noon and «12 ночи» midnight, as 12 pm and 12 am are; «12 вечера» is nobody's.
    return hour % noon + v.HALVES[half]


# Lengths

_UNIT_SIZES: Final[dict[str, v.Size]] = {
    word: size
    for table in (v.UNITS, v.TIGHT_UNITS)
    for size, words in table.items()
    for word in words
}


def _read_span(line: _Line) -> _Moment | None:
    found = _first(patterns.LEADING_SPANS, line)
    if found is None:
        return None
    words = line.words(found.end())
    ago = patterns.AGO.match(line.folded, found.end())
    if ago:
        raise TimeInPast(line.words(ago.end()))
    return _Moment(found.end(), (_ahead(_size(found["span"], words), line, words),))


def _size(span: str, words: str) -> _Size:
    """Return the size of a written length; fractions of months and days go to the smaller unit."""
    whole = v.WHOLE_SPANS.get(plain(span)) or _UNIT_SIZES.get(span)
    if whole:
        return _Size(*whole)
    sizes = [_piece(piece, words) for piece in patterns.PIECE.finditer(span)]
    months = sum(size[0] for size in sizes)
    days = sum(size[1] for size in sizes) + months % 1 * 30
    seconds = sum(size[2] for size in sizes) + days % 1 * 86400
    return _Size(int(months), int(days), int(seconds))


def _piece(piece: re.Match[str], words: str) -> tuple[Fraction, Fraction, Fraction]:
    written = plain(piece["count"])
    if len(written) > _MOST_CHARACTERS:
        raise NotATime(words)
    count = Fraction(v.COUNTS.get(written, written).replace(",", "."))
    months, days, seconds = _UNIT_SIZES[piece["unit"]]
    return count * months, count * days, count * seconds


def _ahead(size: _Size, line: _Line, words: str) -> datetime:
    if size == _Size(0, 0, 0):
        raise NotATime(words)
    try:
        wall = _add_months(line.local, size.months) + timedelta(days=size.days)
        # Days are counted in local time and hours in real time: they differ when clocks are moved.
        start = wall.astimezone(UTC) if size.months or size.days else line.now
        return start + timedelta(seconds=size.seconds)
    except (OverflowError, ValueError):
        raise NotATime(words) from None


def _add_months(at: datetime, months: int) -> datetime:
    years, month = divmod(at.month - 1 + months, _MONTHS_IN_YEAR)
    for day in range(at.day, at.day - 4, -1):
        try:
            return at.replace(year=at.year + years, month=month + 1, day=day)
        except ValueError:
            continue
    raise OverflowError


def _read_working_days(line: _Line) -> _Moment | None:
    found = patterns.WORKING_DAYS.match(line.folded)
    if found is None:
        return None
    written = plain(found["days"] or "1")
    count = Fraction(v.COUNTS.get(written, written))
    if count < 1 or count.denominator > 1:
        raise NotATime(line.words(found.end()))
    day = days.add_working_days(line.today, int(count))
    return _Moment(found.end(), line.instants(day, line.local.time()))


# Days


def _read_end(line: _Line) -> _Moment | None:
    found = patterns.LEADING_END.match(line.folded)
    if found is None:
        return None
    kind = v.SHORT_ENDS.get(found["short"] or "") or next(
        kind for kind in ("day", "week", "month") if found[kind]
    )
    ends = days.ends_of(kind, line.today)
    return _Moment(
        found.end(), tuple(at for day in ends for at in line.instants(day, time(v.EVENING)))
    )


def _read_day(line: _Line) -> _Moment | None:
    found = patterns.LEADING_DAY.match(line.folded)
    if found is None or _is_doubtful(found, line):
        return None
    day = _day(found, line)
    after = _first(patterns.FOLLOWING_CLOCKS, line, found.end())
    if after is None:
        return _Moment(found.end(), line.instants(day, MORNING))
    clock = _clock(after, line.words(after.end()))
    return _Moment(after.end(), line.instants(day, clock))


def _is_doubtful(found: re.Match[str], line: _Line) -> bool:
    """Return whether it is more likely the start of a reason: «сегодня не приедут», «sun glare»."""
    if not line.folded[found.end() :].strip():
        return False
    if _first(patterns.FOLLOWING_CLOCKS, line, found.end()):
        return False
    if found["relative"]:
        return v.RELATIVE_DAYS[plain(found["relative"])] == 0
    return found.start("weekday") == 0 and found["weekday"] in v.DOUBTFUL_WEEKDAYS


def _day(found: re.Match[str], line: _Line) -> date:
    try:
        return days.read_day(found, line.today)
    except (ValueError, OverflowError):
        raise NotATime(line.words(found.end())) from None
