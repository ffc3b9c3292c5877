"""Patterns of written times, made of the vocabulary, for lower-case text without ё."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

from core.words import vocabulary as v


class Pattern:
    """A regular expression, compiled at its first use: all of them would be a twentieth of what a
    start of the desk costs.
    """

    def __init__(self, source: str, flags: int = 0) -> None:
        self._source = source
        self._flags = flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self._source, self._flags)

    def match(self, text: str, start: int = 0) -> re.Match[str] | None:
        return self._compiled.match(text, start)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        return self._compiled.fullmatch(text)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        return self._compiled.finditer(text)


def _any(words: Iterable[str]) -> str:
    """Match one of `words`, the longest first, however its spaces were typed."""
    longest_first = sorted(words, key=len, reverse=True)
    return "(?:" + "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest_first) + ")"


def _every(table: dict[v.Size, tuple[str, ...]]) -> str:
    return _any(word for words in table.values() for word in words)


# «пн-пт» and «10:00-12:00» are ranges, no single time.
_STOP: Final = r"(?![\w%]|[-–—/:.]\d|[-–—/]\w)"
_BEFORE: Final = rf"(?:{_any({*v.BEFORE_ANY, *v.BEFORE_SPAN})}\s+)?"
_BEFORE_CLOCK: Final = rf"(?:@\s*|{_any(v.BEFORE_CLOCK)}\s+)"

# Lengths

_LOOSE: Final = _every(v.UNITS)
_TIGHT: Final = _every(v.TIGHT_UNITS)
_NUMBER: Final = r"\d+(?:[.,]\d+)?"
_NO_LETTER: Final = r"(?![^\W\d_])"
_PIECE: Final = (
    rf"(?:(?:{_NUMBER}\s*|{_any(v.COUNTS)}\s+){_LOOSE}{_NO_LETTER}|{_NUMBER}{_TIGHT}{_NO_LETTER})"
)
_PIECES: Final = rf"{_PIECE}(?:\.?\s*(?:(?:и|and)\s+)?{_PIECE})*"

SPAN: Final = Pattern(rf"(?P<span>{_any(v.WHOLE_SPANS)}|{_PIECES}|{_LOOSE})")
"""A length and nothing else, to be matched in full."""

LEADING_SPANS: Final = (
    Pattern(rf"{_BEFORE}(?P<span>{_any(v.WHOLE_SPANS)}|{_PIECES}){_STOP}\.?"),
    Pattern(rf"{_any(v.BEFORE_SPAN)}\s+(?P<span>{_LOOSE}){_STOP}"),
    Pattern(rf"(?P<span>{_LOOSE})\Z"),
)
PIECE: Final = Pattern(
    rf"(?P<count>{_NUMBER}|{_any(v.COUNTS)}(?=\s))\s*(?P<unit>{_LOOSE}|{_TIGHT}){_NO_LETTER}"
)
AGO: Final = Pattern(rf"\s+{_any(v.AGO)}\b")

WORKING_DAYS: Final = Pattern(
    rf"{_BEFORE}(?:(?P<days>\d{{1,3}}|{_any(v.COUNTS)})\s+)?"
    rf"{_any(v.WORKING)}\s*{_any(v.WORKING_DAY)}{_STOP}"
)

# Hours

_HALF: Final = rf"(?P<half>{_any(v.HALVES)})"
# «3 дня» and «2 ночи» are lengths unless a word before them makes hours of them.
_CLEAR_HALF: Final = rf"(?P<half>{_any(set(v.HALVES) - {'дня', 'ночи'})})"
_HOUR: Final = rf"(?:(?P<hour>[01]?\d|2[0-4])|(?P<hour_word>{_any(v.HOURS)})(?!\w))"
_AFTER_COLON: Final = rf"(?P<minute>\d{{2}})(?::\d{{2}})?(?:\s*{_HALF})?{_STOP}"
_COLON: Final = rf"(?P<hour>\d{{1,2}}):{_AFTER_COLON}"
# «10-12» is a range, and «10-15 камер» a number of things: quarters of an hour are times.
_DASHED: Final = rf"(?P<hour>[01]?\d|2[0-3])[-–](?P<minute>00|15|30|45)(?:\s*{_HALF})?{_STOP}"
_ROUND: Final = rf"(?P<hour>[01]?\d|2[0-3])[-–](?P<minute>00|30){_STOP}"
_DOTTED: Final = rf"(?P<hour>[01]?\d|2[0-3])\.(?P<minute>[0-5]\d)(?:\s*{_HALF})?{_STOP}"
_O_CLOCK: Final = rf"{_BEFORE_CLOCK}{_HOUR}\s*{_any(v.O_CLOCK)}(?:\s+{_HALF})?{_STOP}"
_HOUR_AND_HALF: Final = (
    rf"{_BEFORE_CLOCK}{_HOUR}\s*{_HALF}{_STOP}",
    rf"{_HOUR}\s*{_CLEAR_HALF}{_STOP}",
)
_NAMED: Final = rf"{_BEFORE_CLOCK}?(?P<named>{_any(v.NAMED_HOURS)}){_STOP}"

_BEFORE_PART: Final = r"(?:in\s+the\s+|this\s+|сегодня\s+)?"

LEADING_CLOCKS: Final = tuple(
    Pattern(shape)
    for shape in (
        rf"{_BEFORE}(?:@\s*)?{_COLON}",
        rf"(?:в|at)\s+{_DOTTED}",
        rf"{_BEFORE_CLOCK}{_DASHED}",
        rf"{_ROUND}(?=\s*(?:\Z|[,;—–]|-\s))",
        *_HOUR_AND_HALF,
        _O_CLOCK,
        rf"{_BEFORE_CLOCK}{_HOUR}(?=\s*(?:\Z|[,;—–]|-\s))",
        _NAMED,
        rf"{_BEFORE_PART}{_any(v.BEFORE_CLOCK)}\s+(?P<part>{_any(v.PARTS_OF_DAY)}){_STOP}",
        rf"{_BEFORE_PART}(?P<part>{_any(v.PARTS_OF_DAY)})(?=\s*(?:\Z|[,;—–]|-\s))",
    )
)

_GLUE: Final = r"(?:\s*,\s*|\s+)"
_PART: Final = rf"(?:{_any(v.BEFORE_CLOCK)}\s+)?{_BEFORE_PART}(?P<part>{_any(v.PARTS_OF_DAY)})"
_MANY_O_CLOCK: Final = rf"(?P<hour>[5-9]|1\d|2[0-4])\s*(?:часов|ч|o['’]clock)(?:\s+{_HALF})?{_STOP}"
_NOT_A_PLACE: Final = rf"(?!\s*-?(?:й|м|ом|ем|го|th|st|nd|rd)?\s+{_any(v.PLACES)})"

FOLLOWING_CLOCKS: Final = tuple(
    Pattern(_GLUE + shape)
    for shape in (
        *(
            rf"(?:{_PART}{_GLUE})?{shape}"
            for shape in (
                rf"{_BEFORE_CLOCK}?{_COLON}",
                rf"{_BEFORE_CLOCK}?{_DOTTED}",
                *_HOUR_AND_HALF,
                _O_CLOCK,
                _MANY_O_CLOCK,
                rf"{_BEFORE_CLOCK}{_DASHED}",
                _ROUND,
                rf"{_BEFORE_CLOCK}{_HOUR}{_STOP}{_NOT_A_PLACE}",
            )
        ),
        _NAMED,
        rf"{_PART}{_STOP}",
    )
)

# Days

_YEAR: Final = r"(?:19|20)\d{2}"
_YEAR_WORD: Final = r"(?:\s*(?:года|г\.?))?"
_NEXT: Final = rf"{_any(v.NEXT)}\.?"
_DAY: Final = rf"""(?:
    (?P<relative>{_any(v.RELATIVE_DAYS)})
  | (?P<next_week>{_NEXT}\s+{_any(v.WEEK)})
  | (?P<next_month>{_NEXT}\s+{_any(v.MONTH)})
  | (?:(?P<next>{_NEXT})\s+|{_any(v.THIS)}\s+)?
    (?P<weekday>{_any(word for words in v.WEEKDAYS for word in words)})\.?
  | (?P<iso>(?P<y1>\d{{4}})[-/.](?P<m1>\d{{1,2}})[-/.](?P<d1>\d{{1,2}}))
  | (?P<dotted>(?P<d2>\d{{1,2}})\.(?P<m2>\d{{1,2}})\.(?P<y2>\d{{4}}|\d{{2}}){_YEAR_WORD})
  | (?P<day_month>(?P<d4>\d{{1,2}})(?:-?(?:го|е|ого|st|nd|rd|th))?(?:\s+of)?\s*
    (?P<m4>{_any(word for words in v.MONTHS for word in words)})\.?
    (?:,?\s+(?P<y4>{_YEAR})(?!:){_YEAR_WORD})?)
  | (?P<month_day>(?P<m5>{_any(word for words in v.MONTHS for word in words)})\.?\s+
    (?P<d5>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<y5>{_YEAR})(?!:))?)
  | (?P<short_date>(?P<d3>\d{{1,2}})\.(?P<m3>0[1-9]|1[0-2]))
  | (?P<slashed>(?!24/7)(?P<d6>\d{{1,2}})/(?P<m6>\d{{1,2}})(?:/(?P<y6>\d{{4}}|\d{{2}}))?)
  | (?P<day_of_month>(?:the\s+)?(?P<d7>\d{{1,2}})
    (?:(?:-?(?:го|е|ого|ое|му))?\s+{_any(v.DAY_OF_MONTH)}|-(?:го|ого)|(?:st|nd|rd|th)))
){_STOP}"""

LEADING_DAY: Final = Pattern(rf"(?:{_any(v.BEFORE_ANY)}\s+)?{_DAY}", re.VERBOSE)
FOLLOWING_DAY: Final = Pattern(rf"{_GLUE}(?:{_any(v.BEFORE_ANY)}\s+)?{_DAY}", re.VERBOSE)

# Ends

LEADING_END: Final = Pattern(
    rf"""(?:{_any(v.BEFORE_ANY)}\s+)?(?:
    {_any(v.END)}\s+(?:
        (?P<day>{_any(v.END_OF_DAY)})
      | (?P<week>{_any(v.END_OF_WEEK)})
      | (?P<month>{_any(v.END_OF_MONTH)}))
  | (?P<short>{_any(v.SHORT_ENDS)}))
    {_STOP}""",
    re.VERBOSE,
)

# What was meant as a time but is none

_ANY_UNIT: Final = rf"(?:{_LOOSE}|{_TIGHT}){_NO_LETTER}"
BROKEN: Final = Pattern(
    _BEFORE
    + "(?:"
    + "|".join(
        (
            r"\d{1,4}:\d{2}\S*",
            r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\S*",
            r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(?!\w)\S*",
            r"(?!24/7)\d{1,2}/\d{1,2}(?!\w)\S*",
            r"\d{1,2}\.\d{2}\Z",
            rf"-{_NUMBER}\s*{_ANY_UNIT}",
            rf"\d+\s*[-–—]\s*\d+\s*{_ANY_UNIT}",
            r"-?\d+\Z",
        )
    )
    + ")"
)

MORE_OF_A_TIME: Final = tuple(
    Pattern(rf"(?:\s*,\s*|\s+){shape}")
    for shape in (
        r"\d{1,2}\s*[-–:.]\s*\d{1,2}(?=\s*(?:\Z|[,;]))",
        rf"{_BEFORE_CLOCK}(?:\d{{1,2}}|{_any(v.HOURS)})(?!\w){_NOT_A_PLACE}(?:\s*[-–:.]\s*\w+)?",
        rf"(?:{_any(v.HOURS)}|\d{{1,2}})(?:\s+{_any({*v.HALVES, *v.O_CLOCK})})?\s*\Z",
        rf"{_BEFORE_CLOCK}(?:{_any(v.PARTS_OF_DAY)}|пол\w+|{_any(v.RELATIVE_DAYS)}){_STOP}",
        rf"(?:{_any(v.PARTS_OF_DAY)}){_STOP}",
        rf"{_any((*v.BEFORE_SPAN, *v.BEFORE_ANY))}\s+{_PIECES}{_STOP}",
    )
)
"""After a time, what looks like more of it: «завтра [в пять-шесть]», «3 дня [до завтра]»."""
