"""The desk's work in a period, in figures (H1, C8): by day, by ticket, by people and by subject.

Counted are tickets by the day they were opened or ended on, in the company's calendar. Spans are
medians and nine-tenths (p90) with how many tickets they are of; cancelled tickets have none, tests
and junk are not counted at all. Everything is asked of the sums of days, so a million tickets cost
as much as their days.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import select

from core.models import Camera, Category, Person, TicketMetrics
from core.reports.day_figures import Sums, find_sums, key_of
from core.reports.spreads import Among, Spread, find_spread
from core.reports.ticket_metrics import is_behind
from core.teams.assignee_parser import name_of, read_hand_over
from core.teams.teams import teams_of
from core.tickets.catalog import topics_of
from core.tickets.lists import page_of
from core.tickets.resolutions import reasons_of
from core.tx import ReadTx

TOP: Final = 8
"""So many topics, reasons, cameras and people are named."""
_M: Final[Any] = TicketMetrics.__table__.c
# Of cameras with equally many tickets, no more than these are put in order.
_EQUAL: Final = 1000


@dataclass(frozen=True, slots=True)
class Scope:
    """Which tickets: those of a ``topic``, a ``team`` or an ``assignee_id``; all, if empty."""

    column: str = ""
    value: str | int | None = None
    title: str = ""

    def conditions(self) -> list[Any]:
        """Return the conditions that a ticket is among them."""
        return [_M[self.column] == self.value] if self.column else []

    @property
    def key(self) -> str:
        """Return the scope of their sums."""
        return key_of(self.column, self.value)


ALL: Final = Scope()


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
    person_id: int


@dataclass(frozen=True, slots=True)
class Ratings:
    """What customers say of our work (B14): of ``asked`` resolutions of a period, ``rated`` were
    rated, at ``average`` on the whole.
    """

    asked: int
    rated: int
    average: float | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of a period; ``until`` is its last day.

    ``kept`` and ``missed``: answer deadlines of tickets opened in it; ``agreed_…``: of agreements.
    ``reopened`` of ``solved``: tickets that ended for the first time in it. ``by_us`` and so on:
    whose the time of tickets was that ended in it, ``reasons``: why they did. ``behind``: not
    everything is counted yet.
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
    reasons: tuple[Share, ...]
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
    return await statistics_of(tx, since, until, await find_scope(tx, words))


async def statistics_of(tx: ReadTx, since: date, until: date, scope: Scope) -> Statistics:
    """Return the figures of a scope from one day to another, both included."""
    sums = await find_sums(tx, scope.key, since.toordinal(), until.toordinal())
    days, late = _days(sums, since, until), await page_of(tx, "overdue", size=1)
    return Statistics(
        since=since,
        until=until,
        scope=scope,
        days=days,
        opened=sum(day.opened for day in days),
        ended=sum(day.ended for day in days),
        open=sums.open,
        overdue=late.total or 0,
        **await _spreads(tx, sums, scope, since, until),
        **_counts(sums.of("sums")),
        operators=await _operators(tx, sums),
        topics=await _topics(tx, sums),
        categories=await _categories(tx, sums),
        cameras=await _cameras(tx, sums),
        reasons=await _reasons(tx, sums),
        ratings=ratings_of(sums),
        behind=await is_behind(tx),
    )


_COUNTS: Final = ("kept", "missed", "agreed_kept", "agreed_missed", "solved", "reopened")
_WHOSE: Final = ("by_us", "by_customer", "by_others")
# Fields of `Statistics`, and the spans that they are of.
_SPREADS: Final = {
    "first": "first_answer",
    "first_worked": "first_answer_worked",
    "resolution": "resolution",
    "resolution_worked": "resolution_worked",
}


def _counts(sums: Mapping[str, int]) -> dict[str, Any]:
    return {
        **{name: sums.get(name, 0) for name in _COUNTS},
        **{name: timedelta(seconds=sums.get(name, 0)) for name in _WHOSE},
    }


def _days(sums: Sums, since: date, until: date) -> tuple[Day, ...]:
    """What was open at the end of a day follows, backwards, from what is open now."""
    left, found = sums.open, []
    for number in range(max([until.toordinal(), *sums.days]), since.toordinal() - 1, -1):
        came, went = sums.days.get(number, (0, 0))
        if number <= until.toordinal():
            found.append(Day(date.fromordinal(number), came, went, left))
        left += went - came
    return tuple(found[::-1])


async def _spreads(
    tx: ReadTx, sums: Sums, scope: Scope, since: date, until: date
) -> dict[str, Any]:
    """To the first answer, of tickets opened in the period; to the end, of those that ended."""
    among = Among(scope.key, scope.conditions(), since.toordinal(), until.toordinal())
    return {
        field: await find_spread(tx, name, sums.of(name), among) for field, name in _SPREADS.items()
    }


async def _operators(tx: ReadTx, sums: Sums) -> tuple[Load, ...]:
    ended, going_on = _by_number(sums.of("ended_by")), _by_number(sums.of("open_by"))
    people = select(Person.id, Person.name).where(Person.id.in_(ended.keys() | going_on.keys()))
    loads = [
        Load(name, ended.get(number, 0), going_on.get(number, 0), number)
        for number, name in await tx.rows(people)
    ]
    return tuple(sorted(loads, key=lambda one: (-one.ended, -one.open, one.name))[:TOP])


def _by_number(counts: Mapping[str, int]) -> dict[int, int]:
    return {int(item): n for item, n in counts.items() if item}


def _top(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:TOP]


async def _topics(tx: ReadTx, sums: Sums) -> tuple[Share, ...]:
    topics, language = await topics_of(tx), tx.company.language
    return tuple(
        Share(code or None, topics[code].title(language) if code in topics else code, n)
        for code, n in _top(sums.of("topic"))
    )


async def _categories(tx: ReadTx, sums: Sums) -> tuple[Share, ...]:
    titles = {row.code: row.titles for row in await tx.all(select(Category))}
    return tuple(
        Share(code, str(titles.get(code, {}).get(tx.company.language) or code), n)
        for code, n in _top(sums.of("category"))
    )


async def _reasons(tx: ReadTx, sums: Sums) -> tuple[Share, ...]:
    """Why tickets ended; nothing where none has a reason."""
    counts, reasons = sums.of("reason"), await reasons_of(tx)
    if not any(counts):
        return ()
    language = tx.company.language
    return tuple(
        Share(code or None, reasons[code].title(language) if code in reasons else code, n)
        for code, n in _top(counts)
    )


async def _cameras(tx: ReadTx, sums: Sums) -> tuple[Share, ...]:
    counts = _by_number(sums.of("camera_id"))
    least = min(sorted(counts.values(), reverse=True)[:TOP], default=0)
    leading = [one for one in counts if counts[one] >= least]
    leading.sort(key=lambda one: (-counts[one], one))
    cameras = select(Camera.id, Camera.number, Camera.name).where(Camera.id.in_(leading[:_EQUAL]))
    found = [Share(one.number, one.name, counts[one.id]) for one in await tx.rows(cameras)]
    return tuple(sorted(found, key=lambda one: (-one.n, one.code or ""))[:TOP])


def ratings_of(sums: Sums) -> Ratings:
    """Return the ratings of what was resolved on the days of these sums; an operator's are those of
    what they resolved. Tests and junk are not counted.
    """
    counts = sums.of("ratings")
    given = {int(rating): n for rating, n in counts.items() if rating}
    rated, total = sum(given.values()), sum(rating * n for rating, n in given.items())
    return Ratings(sum(counts.values()), rated, total / rated if rated else None)
