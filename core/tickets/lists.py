"""Lists of tickets (D1, D4), paged by keyset: any page costs the same."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, literal, or_, select, tuple_

from core.db import constant
from core.models import Clock, Person, StateRow, Ticket
from core.tickets.catalog import workflow_of
from core.tickets.search import search
from core.tickets.workflow import FROZEN, NEEDS_ANSWER, RESOLVED, marker, sign_of
from core.tx import ReadTx
from core.words.numbers import find_number

PAGE: Final = 10
COUNTED: Final = 1000
"""Nobody counts further; a greater number means: so many, and more."""

# How far behind its deadline a priority may put a ticket in the queue.
_BEHIND: Final = timedelta(minutes=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR: Final = re.compile(r"(\d{1,2})\.(-?\d{1,17})\.(\d{1,18})\.(\d{1,5})", re.ASCII)
_FOUND: Final = re.compile(r"(\d{1,18})\.(\d{1,5})", re.ASCII)
_PLACE: Final = (Ticket.queue_rank, Ticket.queue_at, Ticket.id)
# The nearest deadline of its agreement; none while the clock is paused.
_LATE_SINCE: Final = (
    select(func.min(Clock.due_at))
    .where(Clock.ticket_id == Ticket.id, Clock.ended_at.is_(None))
    .scalar_subquery()
)
_LINES: Final = select(
    *_PLACE,
    Ticket.state,
    Ticket.title,
    Ticket.opened_at,
    Ticket.waiting_since,
    Ticket.answer_due,
    Ticket.frozen_until,
    Ticket.closed_at,
    Person.name,
    _LATE_SINCE.label("agreed"),
).outerjoin_from(Ticket, Person, Ticket.assignee_id == Person.id)


@dataclass(frozen=True, slots=True)
class Line:
    """A ticket in a list. ``late_since``: since when a deadline of its agreement has passed."""

    number: int
    marker: str
    title: str
    assignee: str | None
    opened_at: datetime
    answer_due: datetime | None
    frozen_until: datetime | None
    closed_at: datetime | None
    late_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, and the cursors of both ends where there is more.

    ``place`` counts the pages turned; the list may have moved meanwhile. ``total`` and ``overdue``
    count the whole list up to `COUNTED` and one more; ``None``: unknown.
    """

    view: str
    lines: tuple[Line, ...]
    place: int = 1
    before: str | None = None
    after: str | None = None
    total: int | None = None
    overdue: int | None = None


_WAITING: Final = select(StateRow.code).where(StateRow.category == constant("waiting"))


def _queue(_tx: ReadTx, _person: int | None) -> list[Any]:
    return []


def _mine(_tx: ReadTx, person: int | None) -> list[Any]:
    return [Ticket.assignee_id == (person or 0)]


def _free(_tx: ReadTx, _person: int | None) -> list[Any]:
    return [Ticket.assignee_id.is_(None)]


def _overdue(tx: ReadTx, _person: int | None) -> list[Any]:
    """By the answer deadline (C3), or by one of its agreement (C5). The queue's instant is close to
    the nearest of them, and finds them quickly.
    """
    close = Ticket.queue_at <= tx.now + _BEHIND
    late = or_(Ticket.answer_due <= tx.now, tx.now >= _LATE_SINCE)
    return [Ticket.queue_rank == NEEDS_ANSWER, close, late]


def _frozen(_tx: ReadTx, _person: int | None) -> list[Any]:
    return [Ticket.queue_rank == FROZEN]


def _waiting(_tx: ReadTx, _person: int | None) -> list[Any]:
    return [Ticket.state.in_(_WAITING)]


def _resolved(_tx: ReadTx, _person: int | None) -> list[Any]:
    return [Ticket.queue_rank == RESOLVED]


VIEWS: Final[Mapping[str, Callable[[ReadTx, int | None], list[Any]]]] = {
    "queue": _queue,
    "mine": _mine,
    "free": _free,
    "overdue": _overdue,
    "frozen": _frozen,
    "waiting": _waiting,
    "resolved": _resolved,
}
# Views whose tickets all have one rank.
_RANKED: Final = frozenset({"overdue", "frozen", "resolved"})


async def page_of(
    tx: ReadTx,
    view: str,
    cursor: str = "",
    *,
    backward: bool = False,
    person: int | None = None,
    size: int = PAGE,
) -> Page:
    """Return a page of a view, most urgent first: what follows the cursor, or stands before it.

    ``person`` is whose the view ``mine`` is. An invalid cursor means the first page.
    """
    wanted = [Ticket.queue_rank.is_not(None), *VIEWS[view](tx, person)]
    chosen = wanted if view in _RANKED else [*wanted, Ticket.queue_rank < RESOLVED]
    start, turned = _read_cursor(cursor)
    backward = backward and start is not None
    # what stands before the cursor is not resolved: another bound would replace the cursor's
    query = _LINES.where(*(wanted if backward else chosen)).limit(size + 1)
    if start is not None:
        query = query.where(_beyond(start, backward=backward, ranked=view in _RANKED))
    order = [column.desc() if backward else column for column in _PLACE]
    rows = await tx.rows(query.order_by(*order))
    more = len(rows) > size
    rows = rows[:size][::-1] if backward else rows[:size]
    place = max(1, turned - 1 if backward else turned + 1)
    total, overdue = await _counts(tx, chosen, [*chosen, *_overdue(tx, person)])
    earlier, later = (more, True) if backward else (start is not None, more)
    return Page(
        view,
        tuple([await _line(tx, row) for row in rows]),
        place=place,
        before=_cursor(rows[0], place) if rows and earlier else None,
        after=_cursor(rows[-1], place) if rows and later else None,
        total=total,
        overdue=overdue,
    )


def _beyond(start: tuple[int, datetime, int], *, backward: bool, ranked: bool) -> Any:
    """Build the condition «after the cursor» or «before it». Where all rows have one rank only the
    rest is compared: SQLite would otherwise read from the first row of that rank.
    """
    columns, values = (_PLACE[1:], start[1:]) if ranked else (_PLACE, start)
    return tuple_(*columns) < values if backward else tuple_(*columns) > values


def _cursor(row: Any, place: int) -> str:
    at = row.queue_at or _EPOCH
    return f"{row.queue_rank}.{(at - _EPOCH) // timedelta(microseconds=1)}.{row.id}.{place}"


def _read_cursor(cursor: str) -> tuple[tuple[int, datetime, int] | None, int]:
    """Return the position and the page number of a cursor."""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        return None, 0
    rank, at, number, place = map(int, found.groups())
    try:
        return (rank, _EPOCH + timedelta(microseconds=at), number), place
    except OverflowError:
        return None, 0


async def _counts(tx: ReadTx, *lists: Sequence[Any]) -> tuple[int, ...]:
    """Count the lists in one statement. In the list's order, so that PostgreSQL walks along its
    index and stops; it would otherwise gather every row of the list first.
    """
    some = [
        select(literal(1))
        .select_from(Ticket)
        .where(*chosen)
        .order_by(*_PLACE)
        .limit(COUNTED + 1)
        .subquery()
        for chosen in lists
    ]
    counts = (select(func.count()).select_from(one).scalar_subquery() for one in some)
    return tuple(*await tx.rows(select(*counts)))


async def lines_of(tx: ReadTx, numbers: Iterable[int]) -> tuple[Line, ...]:
    """Return these tickets as lines, in this order."""
    wanted = list(numbers)
    rows = await tx.rows(_LINES.where(Ticket.id.in_(wanted)))
    found = {row.id: await _line(tx, row) for row in rows}
    return tuple(found[number] for number in wanted if number in found)


async def _line(tx: ReadTx, row: Any) -> Line:
    state = (await workflow_of(tx)).state(row.state)
    return Line(
        number=row.id,
        marker=sign_of(state, marker(state, row.waiting_since, row.answer_due, tx.now)),
        title=row.title,
        assignee=row.name,
        opened_at=row.opened_at,
        answer_due=row.answer_due,
        frozen_until=row.frozen_until,
        closed_at=row.closed_at,
        late_since=None if row.agreed is None or row.agreed > tx.now else row.agreed,
    )


async def found_of(tx: ReadTx, words: str, cursor: str = "", *, backward: bool = False) -> Page:
    """Return what `/find` finds: the ticket with that number, then those with all these words."""
    read = _FOUND.fullmatch(cursor)
    start, turned = (int(read[1]), int(read[2])) if read else (None, 0)
    backward = backward and start is not None
    exact = _exact(words, tx.company.number_mask)
    found = await search(tx, words, start=start, newer=backward, limit=PAGE)
    numbers = [number for number in found.numbers if number != exact]
    if exact is not None and start is None:
        numbers.insert(0, exact)
    first, last = (found.numbers[0], found.numbers[-1]) if found.numbers else (start, start)
    older = last if backward else found.more
    newer = found.more if backward else (first if start is not None else None)
    place = max(1, turned - 1 if backward else turned + 1)
    return Page(
        "find",
        await lines_of(tx, numbers),
        place,
        before=None if newer is None else f"{newer}.{place}",
        after=None if older is None else f"{older}.{place}",
    )


def _exact(words: str, mask: str) -> int | None:
    found = find_number(words, mask)
    return found[0] if found is not None and not found[1].strip() else None
