"""Keeps the sums of each day (H1), so that statistics of a million tickets read days, not tickets.

A ticket adds to the days on which it was opened, ended and rated, and to what is so now: in sum for
all tickets, and apart for its topic, its team and its operator. When it is counted anew, what it
had added before is taken back first, so a late change corrects days of long ago.

Spans are counted by minutes, in classes: the first 32 minutes each by itself, longer ones in
sixteenths of a power of two. `core/reports/spreads.py` finds the minute within a class.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

import orjson
from sqlalchemy import delete, insert, or_, select, tuple_

from core.models import DayFigures
from core.tx import ReadTx, Tx

NOW: Final = 0
"""The day of what is so now."""
SCOPES: Final = ("topic", "team", "assignee_id")
"""Columns of `TicketMetrics` by which its tickets are summed apart."""
_FIRST: Final = ("first_answer", "first_answer_worked")
_LAST: Final = ("resolution", "resolution_worked")
_PROMISES: Final = ("kept", "missed", "agreed_kept", "agreed_missed")
_WHOSE: Final = ("by_us", "by_customer", "by_others")
# Of one statement, so that no database has too many parameters.
_AT_ONCE: Final = 500
# So many minutes, and so many parts of each power of two, are classes.
_EXACT, _PARTS = 32, 16

# These two are columns, the others stand in the document.
OPENED, ENDED = "opened", "ended"
_SORTED: Final = orjson.OPT_SORT_KEYS
_NOTHING: Final = "{}"

Day = tuple[str, int]
Told = tuple[int, str, str, int]
Changes = dict[Day, Counter[tuple[str, str]]]


def key_of(column: str, value: object) -> str:
    """Return the scope of the tickets with this value in one of `SCOPES`; of all, if empty."""
    return f"{column}:{value}" if column else ""


def class_of(seconds: int) -> int:
    """Return the class of a span."""
    minutes = max(seconds, 0) // 60
    if minutes < _EXACT:
        return minutes
    power = minutes.bit_length() - _EXACT.bit_length() + 1
    return power * _PARTS + (minutes >> power)


def minutes_of(number: int) -> range:
    """Return the minutes of a class."""
    if number < _EXACT:
        return range(number, number + 1)
    power, part = number // _PARTS - 1, number % _PARTS + _PARTS
    return range(part << power, (part + 1) << power)


async def adjust(
    tx: Tx, before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]
) -> None:
    """Take back what tickets were ``before``, rows of `TicketMetrics`, and add what they are.

    Whoever calls it is alone in that until the transaction ends.
    """
    changes: Changes = defaultdict(Counter)
    add_up(changes, before, -1)
    add_up(changes, after)
    await change(tx, changes)


def add_up(changes: Changes, rows: Iterable[Mapping[str, Any]], sign: int = 1) -> None:
    """Add what these tickets come to; with the ``sign`` -1, take it away. Pure."""
    for row in rows:
        for scopes, told in _added(row):
            for scope, (day, name, item, n) in product(scopes, told):
                changes[scope, day][name, item] += sign * n


async def change(tx: Tx, changes: Changes) -> None:
    """Write the sums of these days."""
    touched = sorted(day for day, counts in changes.items() if any(counts.values()))
    for at in range(0, len(touched), _AT_ONCE):
        days = touched[at : at + _AT_ONCE]
        await _write(tx, {day: changes[day] for day in days})


async def forget_all(tx: Tx) -> None:
    """Have no sums: every ticket will be counted anew."""
    await tx.change(delete(DayFigures))


@dataclass(slots=True)
class Sums:
    """What the days of a period come to, in one scope.

    ``days``: how many were opened and ended, by day, with all later days. ``total``: the sums, by
    name and value, and of what is so now. ``open``: how many are.
    """

    days: dict[int, tuple[int, int]] = field(default_factory=dict)
    total: dict[str, dict[str, int]] = field(default_factory=dict)
    open: int = 0

    def of(self, name: str) -> Mapping[str, int]:
        """Return how many have which value."""
        return self.total.get(name, {})


async def find_sums(tx: ReadTx, scope: str, since: int, until: int) -> Sums:
    """Return the sums from one day to another, both included."""
    found, day = Sums(), DayFigures.day
    counts = select(day, DayFigures.opened, DayFigures.ended).where(DayFigures.scope == scope)
    for number, opened, ended in await tx.rows(counts.where(or_(day == NOW, day >= since))):
        if number == NOW:
            found.open = opened - ended
        else:
            found.days[number] = (opened, ended)
    within = or_(day == NOW, day.between(since, until))
    for figures in await tx.all(
        select(DayFigures.figures).where(DayFigures.scope == scope, within)
    ):
        _add(found.total, orjson.loads(figures))
    return found


def _add(total: dict[str, dict[str, int]], more: Mapping[str, Mapping[str, int]]) -> None:
    for name, counts in more.items():
        sums = total.setdefault(name, {})
        for item, n in counts.items():
            sums[item] = sums.get(item, 0) + n


def _added(row: Mapping[str, Any]) -> Iterator[tuple[Sequence[str], Sequence[Told]]]:
    """Yield what a ticket adds, and to which scopes."""
    yield _scopes(row), [*_opened(row), *_ended(row)]
    for day, assignee_id, rating in row["ratings"] or ():
        told = (day, "ratings", "" if rating is None else str(rating), 1)
        yield _scopes({**row, "assignee_id": assignee_id}), [told]


def _scopes(row: Mapping[str, Any]) -> list[str]:
    return ["", *(key_of(name, row[name]) for name in SCOPES if row[name] is not None)]


def _opened(row: Mapping[str, Any]) -> Iterator[Told]:
    day = row["opened_day"]
    for when in (day, NOW):
        yield when, OPENED, "", 1
    yield day, "topic", row["topic"] or "", 1
    for name in ("category", "camera_id"):
        if row[name] is not None:
            yield day, name, str(row[name]), 1
    for name in _PROMISES:
        if row[name]:
            yield day, "sums", name, row[name]
    yield from _spans(row, day, _FIRST)


def _ended(row: Mapping[str, Any]) -> Iterator[Told]:
    day, assignee = row["ended_day"], str(row["assignee_id"] or "")
    if row["first_ended_day"] is not None:
        yield row["first_ended_day"], "sums", "solved", 1
        if row["reopened"]:
            yield row["first_ended_day"], "sums", "reopened", 1
    if day is None:
        yield NOW, "open_by", assignee, 1
        return
    for when in (day, NOW):
        yield when, ENDED, "", 1
    yield day, "ended_by", assignee, 1
    yield day, "reason", row["reason"] or "", 1
    for name in _WHOSE if row["counted"] else ():
        yield day, "sums", name, row[name]
    yield from _spans(row, day, _LAST)


def _spans(row: Mapping[str, Any], day: int, names: Iterable[str]) -> Iterator[Told]:
    for name in names:
        if row["counted"] and row[name] is not None:
            yield day, name, str(class_of(row[name])), 1


async def _write(tx: Tx, changes: Mapping[Day, Mapping[tuple[str, str], int]]) -> None:
    """Change these days; one on which nothing is left has no row."""
    place = tuple_(DayFigures.scope, DayFigures.day)
    columns = (DayFigures.scope, DayFigures.day, DayFigures.opened, DayFigures.ended)
    query = select(*columns, DayFigures.figures).where(place.in_(list(changes)))
    kept: dict[Day, Any] = {(one.scope, one.day): one for one in await tx.rows(query)}
    await tx.change(delete(DayFigures).where(place.in_(list(kept))))
    rows = [_changed(day, kept.get(day), change) for day, change in changes.items()]
    left = [row for row in rows if row["opened"] or row["ended"] or row["figures"] != _NOTHING]
    if left:
        table: Any = DayFigures.__table__
        await tx.change(insert(table), left)


def _changed(day: Day, row: Any, change: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    figures = {} if row is None else orjson.loads(row.figures)
    columns = {name: 0 if row is None else getattr(row, name) for name in (OPENED, ENDED)}
    for (name, item), n in change.items():
        if name in columns:
            columns[name] += n
            continue
        counts = figures.setdefault(name, {})
        counts[item] = counts.get(item, 0) + n
        if not counts[item]:
            del counts[item]
    packed = orjson.dumps({name: one for name, one in figures.items() if one}, option=_SORTED)
    return {"scope": day[0], "day": day[1], **columns, "figures": packed.decode()}
