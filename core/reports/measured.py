"""Which tickets a number of the statistics counts: the list behind each of them (H1).

A figure and its list are made of the same conditions on `ticket_metrics`; nobody has to believe it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import exists, func, literal, select

from core.models import Camera, Category, Person, Resolution, Ticket, TicketCamera, TicketMetrics
from core.reports.export import days
from core.reports.statistics import ALL, Scope
from core.teams.members import colleagues_of
from core.teams.teams import teams_of
from core.tickets.catalog import topics_of
from core.tickets.list_lines import COUNTED, Page, lines_of
from core.tickets.lists import VIEWS
from core.tickets.resolutions import reasons_of
from core.tx import ReadTx

PAGE: Final = 25
_M: Final[Any] = TicketMetrics.__table__.c


@dataclass(frozen=True, slots=True)
class Figure:
    """A number: its ``name``, of which days, of which tickets, and which part of these it is."""

    name: str
    since: date
    until: date
    scope: Scope = ALL
    part: Scope = ALL

    @property
    def span(self) -> tuple[int, int]:
        """The days as `TicketMetrics` has them."""
        return self.since.toordinal(), self.until.toordinal()


def _opened(_tx: ReadTx, figure: Figure) -> list[Any]:
    return [_M.opened_day.between(*figure.span)]


def _ended(_tx: ReadTx, figure: Figure) -> list[Any]:
    return [_M.ended_day.between(*figure.span)]


def _open(_tx: ReadTx, _figure: Figure) -> list[Any]:
    return [_M.ended_day.is_(None)]


def _open_at(_tx: ReadTx, figure: Figure) -> list[Any]:
    """Those that were open at the end of the last day."""
    _, until = figure.span
    return [_M.opened_day <= until, _M.ended_day.is_(None) | (_M.ended_day > until)]


def _overdue(tx: ReadTx, _figure: Figure) -> list[Any]:
    wanted = select(Ticket.id).where(Ticket.queue_rank.is_not(None), *VIEWS["overdue"](tx, None))
    return [_M.ended_day.is_(None), _M.ticket_id.in_(wanted)]


def _solved(_tx: ReadTx, figure: Figure) -> list[Any]:
    return [_M.first_ended_day.between(*figure.span)]


def _reopened(tx: ReadTx, figure: Figure) -> list[Any]:
    return [*_solved(tx, figure), _M.reopened > 0]


def _first(tx: ReadTx, figure: Figure) -> list[Any]:
    return [*_opened(tx, figure), _M.counted.is_(True), _M.first_answer.is_not(None)]


def _resolution(tx: ReadTx, figure: Figure) -> list[Any]:
    return [*_ended(tx, figure), _M.counted.is_(True), _M.resolution.is_not(None)]


def _some(column: str, of: Callable[[ReadTx, Figure], list[Any]]) -> Any:
    def conditions(tx: ReadTx, figure: Figure) -> list[Any]:
        return [*of(tx, figure), _M[column] > 0]

    return conditions


def _time(column: str) -> Any:
    def conditions(tx: ReadTx, figure: Figure) -> list[Any]:
        return [*_ended(tx, figure), _M.counted.is_(True), _M[column] > 0]

    return conditions


def _asked(tx: ReadTx, figure: Figure, *more: Any) -> list[Any]:
    period = days(figure.since, figure.until, tx.company.zone)
    given = [Resolution.ticket_id == _M.ticket_id, Resolution.asked.is_(True), *more]
    if figure.scope.column == "assignee_id":  # whose rating it is: who resolved it
        given.append(Resolution.assignee_id == figure.scope.value)
    return [exists().where(*given, *period.bounds(Resolution.at))]


def _rated(tx: ReadTx, figure: Figure) -> list[Any]:
    return _asked(tx, figure, Resolution.rating.is_not(None))


FIGURES: Final[Mapping[str, Callable[[ReadTx, Figure], list[Any]]]] = {
    "opened": _opened,
    "ended": _ended,
    "open": _open,
    "open_at": _open_at,
    "overdue": _overdue,
    "first": _first,
    "resolution": _resolution,
    "kept": _some("kept", _opened),
    "missed": _some("missed", _opened),
    "agreed_kept": _some("agreed_kept", _opened),
    "agreed_missed": _some("agreed_missed", _opened),
    "solved": _solved,
    "reopened": _reopened,
    "asked": _asked,
    "rated": _rated,
    "by_us": _time("by_us"),
    "by_customer": _time("by_customer"),
    "by_others": _time("by_others"),
}
# Whose rating it is does not follow from whose the ticket is now.
_OWN_SCOPE: Final = frozenset({"asked", "rated"})


def _conditions(tx: ReadTx, figure: Figure) -> list[Any]:
    own = figure.name in _OWN_SCOPE and figure.scope.column == "assignee_id"
    scope = [] if own else figure.scope.conditions()
    return [*FIGURES[figure.name](tx, figure), *scope, *_part(figure.part)]


def _part(part: Scope) -> list[Any]:
    if part.column == "camera":
        cameras = select(TicketCamera.ticket_id).join(Camera, Camera.id == TicketCamera.camera_id)
        return [_M.ticket_id.in_(cameras.where(Camera.number == part.value))]
    return part.conditions()


async def count_of(tx: ReadTx, figure: Figure) -> int:
    """Return how many tickets a figure counts."""
    return (
        await tx.first(
            select(func.count()).select_from(TicketMetrics).where(*_conditions(tx, figure))
        )
        or 0
    )


async def page_of_figure(
    tx: ReadTx, figure: Figure, cursor: str = "", *, backward: bool = False, size: int = PAGE
) -> Page:
    """Return the figure's tickets, the newest first: what follows the cursor, or is before it.

    An invalid cursor means the first page.
    """
    start = int(cursor) if _is_number(cursor) else None
    backward = backward and start is not None
    chosen, number = _conditions(tx, figure), _M.ticket_id
    query = select(number).where(*chosen).limit(size + 1)
    if start is not None:
        query = query.where(number > start if backward else number < start)
    found = await tx.all(query.order_by(number if backward else number.desc()))
    more, found = len(found) > size, found[:size]
    found = found[::-1] if backward else found
    earlier, later = (more, True) if backward else (start is not None, more)
    counted = select(literal(1)).select_from(TicketMetrics).where(*chosen)
    some = counted.limit(COUNTED + 1).subquery()
    return Page(
        "figure",
        await lines_of(tx, found),
        before=str(found[0]) if found and earlier else None,
        after=str(found[-1]) if found and later else None,
        total=await tx.first(select(func.count()).select_from(some)),
    )


async def scopes_of(tx: ReadTx) -> Sequence[Scope]:
    """Return what statistics can be asked of: every topic, every team, everybody who works here."""
    language = tx.company.language
    return [
        *(Scope("topic", one.code, one.title(language)) for one in (await topics_of(tx)).values()),
        *(Scope("team", one.code, one.title(language)) for one in (await teams_of(tx)).values()),
        *(Scope("assignee_id", one.id, one.name) for one in await colleagues_of(tx)),
    ]


async def named_part(tx: ReadTx, column: str, code: str) -> Scope | None:
    """Return a part by its column and code with its title; None if there is no such one.

    An empty code is the part of those that have none.
    """
    find = _PARTS.get(column)
    if find is None:
        return None
    return await find(tx, code) if code or column == "camera" else Scope(column, None)


async def _topic(tx: ReadTx, code: str) -> Scope | None:
    found = (await topics_of(tx)).get(code)
    return None if found is None else Scope("topic", code, found.title(tx.company.language))


async def _team(tx: ReadTx, code: str) -> Scope | None:
    found = (await teams_of(tx)).get(code)
    return None if found is None else Scope("team", code, found.title(tx.company.language))


async def _category(tx: ReadTx, code: str) -> Scope | None:
    found = await tx.find(Category, code)
    if found is None:
        return None
    return Scope("category", code, str(found.titles.get(tx.company.language) or code))


async def _reason(tx: ReadTx, code: str) -> Scope | None:
    found = (await reasons_of(tx)).get(code)
    return None if found is None else Scope("reason", code, found.title(tx.company.language))


async def _camera(tx: ReadTx, number: str) -> Scope | None:
    name = await tx.first(select(Camera.name).where(Camera.number == number))
    return None if name is None else Scope("camera", number, f"{number} {name}")


async def _operator(tx: ReadTx, code: str) -> Scope | None:
    person = await tx.find(Person, int(code)) if _is_number(code) else None
    return None if person is None else Scope("assignee_id", person.id, person.name)


_PARTS: Final[Mapping[str, Callable[[ReadTx, str], Awaitable[Scope | None]]]] = {
    "topic": _topic,
    "team": _team,
    "category": _category,
    "reason": _reason,
    "camera": _camera,
    "assignee_id": _operator,
}


def _is_number(code: str) -> bool:
    return code.isascii() and code.isdecimal() and len(code) < 18  # noqa: PLR2004 64 bits
