"""Medians and nine-tenths of spans, to the minute, without reading every ticket (H1).

The sums of days say in which class of minutes the ticket stands that is looked for. Only tickets
of that class are read, day by day along an index that has nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Integer, func, literal_column, select, union_all

from core.models import DayFigures, TicketMetrics
from core.reports.day_figures import minutes_of
from core.tx import ReadTx

# It stands in two places of a statement as one and the same.
_MINUTE: Final[Any] = literal_column("60")
_M: Final[Any] = TicketMetrics.__table__.c
_DAYS: Final = {
    "first_answer": _M.opened_day,
    "first_answer_worked": _M.opened_day,
    "resolution": _M.ended_day,
    "resolution_worked": _M.ended_day,
}
_HALF, _MOST = 0.5, 0.9


@dataclass(frozen=True, slots=True)
class Spread:
    """Half of ``n`` tickets took no longer than the ``median``, nine of ten no longer than p90."""

    median: timedelta
    p90: timedelta
    n: int


@dataclass(frozen=True, slots=True)
class Among:
    """Which tickets: of which ``scope``, under which ``conditions``, and of which days."""

    scope: str
    conditions: Sequence[Any]
    since: int
    until: int


async def find_spread(
    tx: ReadTx, name: str, counts: Mapping[str, int], among: Among
) -> Spread | None:
    """Return the spread of a span, a column of `TicketMetrics`; ``counts``: how many of a class."""
    ordered = sorted((int(number), n) for number, n in counts.items())
    n = sum(count for _, count in ordered)
    if not n:
        return None
    places = [_place(ordered, n * share) for share in (_HALF, _MOST)]
    minutes = await _minutes(tx, name, sorted({number for number, _ in places}), among)
    median, most = (
        timedelta(minutes=_at(minutes.get(number, ()), wanted, minutes_of(number).start))
        for number, wanted in places
    )
    return Spread(median, most, n)


def _place(ordered: Sequence[tuple[int, int]], wanted: float) -> tuple[int, float]:
    """Return the class in which so many are reached, and how many of them are its own."""
    passed = 0
    for number, count in ordered:
        if passed + count >= wanted:
            return number, wanted - passed
        passed += count
    raise AssertionError(wanted)  # there are fewer


def _at(minutes: Sequence[tuple[int, int]], wanted: float, first: int) -> int:
    """Return the minute in which so many are reached; the ``first`` where it is the only one."""
    passed, at = 0, first
    for minute, count in minutes:
        passed, at = passed + count, int(minute)
        if passed >= wanted:
            break
    return at


async def _minutes(
    tx: ReadTx, name: str, numbers: Sequence[int], among: Among
) -> dict[int, list[tuple[int, int]]]:
    """Return how many tickets there are of each minute, for classes of more than one minute."""
    wide = [number for number in numbers if len(minutes_of(number)) > 1]
    if not wide:
        return {}
    query = union_all(*(_class(name, number, among) for number in wide))
    found: dict[int, list[tuple[int, int]]] = {number: [] for number in wide}
    for number, minute, count in sorted(map(tuple, await tx.rows(query))):
        found[number].append((minute, count))
    return found


def _class(name: str, number: int, among: Among) -> Any:
    """By day: the index has a day's tickets in the order of their spans."""
    column, minutes = _M[name], minutes_of(number)
    minute = column.op("/", is_comparison=False, return_type=Integer())(_MINUTE)
    return (
        select(literal_column(str(number)), minute, func.count())
        .select_from(DayFigures)
        .join(TicketMetrics, _DAYS[name] == DayFigures.day)
        .where(
            DayFigures.scope == among.scope,
            DayFigures.day.between(among.since, among.until),
            _M.counted.is_(True),
            column.between(minutes.start * 60, minutes.stop * 60 - 1),
            *among.conditions,
        )
        .group_by(minute)
    )
