"""The desk's work in a period, in figures (H1, C8): by day, by ticket, by people and by subject.

Counted are tickets by the day they were opened or ended on, in the company's calendar. Spans are
medians and nine-tenths (p90) with how many tickets they are of; cancelled tickets have none, tests
and junk are not counted at all. Everything is asked of `ticket_metrics`, a row for each ticket.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Integer, func, literal_column, select

from core.models import Camera, Category, Person, TicketCamera, TicketMetrics
from core.reports.ratings import Ratings, find_ratings
from core.reports.ticket_metrics import is_behind
from core.teams.assignee_parser import name_of, read_hand_over
from core.teams.teams import teams_of
from core.tickets.catalog import topics_of
from core.tickets.lists import page_of
from core.tx import ReadTx

TOP: Final = 8
"""So many topics, cameras and people are named."""
# It stands in two places of a statement as one and the same.
_MINUTE: Final[Any] = literal_column("60")
_M: Final[Any] = TicketMetrics.__table__.c


@dataclass(frozen=True, slots=True)
class Scope:
    """Which tickets: those of a ``topic``, a ``team`` or an ``assignee_id``; all, if empty."""

    column: str = ""
    value: str | int | None = None
    title: str = ""

    def conditions(self) -> list[Any]:
        """Return the conditions that a ticket is among them."""
        return [_M[self.column] == self.value] if self.column else []


@dataclass(frozen=True, slots=True)
class Spread:
    """Half of ``n`` tickets took no longer than the ``median``, nine of ten no longer than p90."""

    median: timedelta
    p90: timedelta
    n: int


@dataclass(frozen=True, slots=True)
class Day:
    """A day: tickets that were opened, that ended, and that were open at its end."""

    day: date
    opened: int
    ended: int
    open: int


@dataclass(frozen=True, slots=True)
class Share:
    """How many tickets something has; ``code`` is ``None`` for those without."""

    code: str | None
    title: str
    n: int


@dataclass(frozen=True, slots=True)
class Load:
    """What an operator has ended in the period, and has open now."""

    name: str
    ended: int
    open: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of a period; ``until`` is its last day.

    ``kept`` and ``missed``: answer deadlines of tickets opened in it; ``agreed_…``: of agreements.
    ``reopened`` of ``solved``: tickets that ended for the first time in it. ``by_us`` and so on:
    whose the time of tickets was that ended in it. ``behind``: not everything is counted yet.
    """

    since: date
    until: date
    scope: Scope
    days: tuple[Day, ...]
    opened: int
    ended: int
    open: int
    overdue: int
    first: Spread | None
    first_worked: Spread | None
    resolution: Spread | None
    resolution_worked: Spread | None
    kept: int
    missed: int
    agreed_kept: int
    agreed_missed: int
    solved: int
    reopened: int
    by_us: timedelta
    by_customer: timedelta
    by_others: timedelta
    operators: tuple[Load, ...]
    topics: tuple[Share, ...]
    categories: tuple[Share, ...]
    cameras: tuple[Share, ...]
    ratings: Ratings
    behind: bool


async def find_scope(tx: ReadTx, words: str) -> Scope:
    """Return what the words name: a topic or a team by code or title, or an operator.

    Raises :class:`Unreadable` with the names there are.
    """
    wanted, language = words.strip().casefold(), tx.company.language
    if not wanted:
        return Scope()
    named: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("topic", await topics_of(tx)),
        ("team", await teams_of(tx)),
    )
    for column, kinds in named:
        for one in kinds.values():
            if wanted in {name.casefold() for name in (one.code, *one.titles.values())}:
                return Scope(column, one.code, one.title(language))
    wish = await read_hand_over(tx, words)
    target = wish.target
    if target is None or target.person is None:
        team = None if target is None else target.team
        return Scope() if team is None else Scope("team", team.code, team.title(language))
    return Scope("assignee_id", target.person.id, name_of(tx, target))


async def find_statistics(tx: ReadTx, since: date, until: date, words: str = "") -> Statistics:
    """Return the figures from one day to another, both included. Raises as :func:`find_scope`."""
    scope = await find_scope(tx, words)
    days, open_now = await _days(tx, since, until, scope)
    first, resolution = await _spans(tx, since, until, scope)
    sums, solved, late = (
        await _sums(tx, since, until, scope),
        await _solved(tx, since, until, scope),
        await page_of(tx, "overdue", size=1),
    )
    return Statistics(
        since=since,
        until=until,
        scope=scope,
        days=days,
        opened=sum(day.opened for day in days),
        ended=sum(day.ended for day in days),
        open=open_now,
        overdue=late.total or 0,
        first=first[0],
        first_worked=first[1],
        resolution=resolution[0],
        resolution_worked=resolution[1],
        **sums,
        solved=solved[0],
        reopened=solved[1],
        operators=await _operators(tx, since, until, scope),
        topics=await _topics(tx, since, until, scope),
        categories=await _categories(tx, since, until, scope),
        cameras=await _cameras(tx, since, until, scope),
        ratings=await find_ratings(tx, since, until, scope.column, scope.value),
        behind=await is_behind(tx),
    )


def _within(column: Any, since: date, until: date, scope: Scope) -> list[Any]:
    return [column.between(since.toordinal(), until.toordinal()), *scope.conditions()]


async def _days(tx: ReadTx, since: date, until: date, scope: Scope) -> tuple[tuple[Day, ...], int]:
    """By day; what was open at the end of a day follows, backwards, from what is open now."""
    opened = await _by_day(tx, _M.opened_day, since, scope)
    ended = await _by_day(tx, _M.ended_day, since, scope)
    going_on = select(func.count()).where(_M.ended_day.is_(None), *scope.conditions())
    now = left = await tx.first(going_on) or 0
    last = max([until.toordinal(), *opened, *ended])
    found = []
    for number in range(last, since.toordinal() - 1, -1):
        came, went = opened.get(number, 0), ended.get(number, 0)
        if number <= until.toordinal():
            found.append(Day(date.fromordinal(number), came, went, left))
        left += went - came
    return tuple(found[::-1]), now


async def _by_day(tx: ReadTx, column: Any, since: date, scope: Scope) -> dict[int, int]:
    query = (
        select(column, func.count())
        .where(column >= since.toordinal(), *scope.conditions())
        .group_by(column)
    )
    return {day: count for day, count in await tx.rows(query)}  # noqa: C416 a row is no pair


async def _spans(
    tx: ReadTx, since: date, until: date, scope: Scope
) -> tuple[tuple[Spread | None, Spread | None], tuple[Spread | None, Spread | None]]:
    """To the first answer, of tickets opened in the period; to the end, of those that ended."""
    counted = _M.counted.is_(True)
    answered = (*_within(_M.opened_day, since, until, scope), counted)
    done = (*_within(_M.ended_day, since, until, scope), counted)
    return (
        (
            await _spread(tx, _M.first_answer, answered),
            await _spread(tx, _M.first_answer_worked, answered),
        ),
        (
            await _spread(tx, _M.resolution, done),
            await _spread(tx, _M.resolution_worked, done),
        ),
    )


async def _spread(tx: ReadTx, column: Any, where: Sequence[Any]) -> Spread | None:
    """Equal spans are counted by the database, so that a busy year is a few thousand rows."""
    minute = column.op("/", is_comparison=False, return_type=Integer())(_MINUTE)
    rows = await tx.rows(
        select(minute, func.count())
        .where(column.is_not(None), *where)
        .group_by(minute)
        .order_by(minute)
    )
    n = sum(count for _, count in rows)
    if not n:
        return None
    return Spread(_at(rows, n * 0.5), _at(rows, n * 0.9), n)


def _at(rows: Sequence[Any], wanted: float) -> timedelta:
    passed = 0
    for minute, count in rows:
        passed += count
        if passed >= wanted:
            return timedelta(minutes=int(minute))
    return timedelta()


async def _sums(tx: ReadTx, since: date, until: date, scope: Scope) -> dict[str, Any]:
    counts = ("kept", "missed", "agreed_kept", "agreed_missed")
    spans = ("by_us", "by_customer", "by_others")
    opened = select(*(func.coalesce(func.sum(_M[name]), 0) for name in counts))
    ended = select(*(func.coalesce(func.sum(_M[name]), 0) for name in spans))
    (first,) = await tx.rows(opened.where(*_within(_M.opened_day, since, until, scope)))
    counted = _M.counted.is_(True)
    (last,) = await tx.rows(ended.where(counted, *_within(_M.ended_day, since, until, scope)))
    return {
        **{name: int(value) for name, value in zip(counts, first, strict=True)},
        **{name: timedelta(seconds=int(value)) for name, value in zip(spans, last, strict=True)},
    }


async def _solved(tx: ReadTx, since: date, until: date, scope: Scope) -> tuple[int, int]:
    """How many ended for the first time in the period, and how many of them came back."""
    query = select(func.count(), func.count().filter(_M.reopened > 0)).where(
        *_within(_M.first_ended_day, since, until, scope)
    )
    ((solved, reopened),) = await tx.rows(query)
    return solved, reopened


async def _operators(tx: ReadTx, since: date, until: date, scope: Scope) -> tuple[Load, ...]:
    mine = (_M.assignee_id.is_not(None), *scope.conditions())
    query = select(_M.assignee_id, func.count()).group_by(_M.assignee_id)
    ended = dict(
        map(tuple, await tx.rows(query.where(*_within(_M.ended_day, since, until, scope))))
    )
    ended.pop(None, None)
    going_on = dict(map(tuple, await tx.rows(query.where(_M.ended_day.is_(None), *mine))))
    people = select(Person.id, Person.name).where(Person.id.in_(ended.keys() | going_on.keys()))
    loads = [
        Load(name, ended.get(number, 0), going_on.get(number, 0))
        for number, name in await tx.rows(people)
    ]
    return tuple(sorted(loads, key=lambda one: (-one.ended, -one.open, one.name))[:TOP])


async def _top(tx: ReadTx, column: Any, where: Sequence[Any]) -> list[tuple[str | None, int]]:
    number = func.count()
    query = select(column, number).where(*where).group_by(column).order_by(number.desc(), column)
    return [(code, count) for code, count in await tx.rows(query.limit(TOP))]


async def _topics(tx: ReadTx, since: date, until: date, scope: Scope) -> tuple[Share, ...]:
    topics, language = await topics_of(tx), tx.company.language
    found = await _top(tx, _M.topic, _within(_M.opened_day, since, until, scope))
    return tuple(
        Share(code, topics[code].title(language) if code and code in topics else code or "", n)
        for code, n in found
    )


async def _categories(tx: ReadTx, since: date, until: date, scope: Scope) -> tuple[Share, ...]:
    where = [_M.category.is_not(None), *_within(_M.opened_day, since, until, scope)]
    titles = {row.code: row.titles for row in await tx.all(select(Category))}
    return tuple(
        Share(code, str(titles.get(code or "", {}).get(tx.company.language) or code), n)
        for code, n in await _top(tx, _M.category, where)
    )


async def _cameras(tx: ReadTx, since: date, until: date, scope: Scope) -> tuple[Share, ...]:
    number = func.count()
    rows = await tx.rows(
        select(Camera.number, Camera.name, number)
        .join_from(TicketMetrics, TicketCamera, TicketCamera.ticket_id == TicketMetrics.ticket_id)
        .join(Camera, Camera.id == TicketCamera.camera_id)
        .where(*_within(_M.opened_day, since, until, scope))
        .group_by(Camera.number, Camera.name)
        .order_by(number.desc(), Camera.number)
        .limit(TOP)
    )
    return tuple(Share(code, name, n) for code, name, n in rows)
