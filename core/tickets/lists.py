"""Lists of tickets (D1, D4), paged by keyset: any page costs the same."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, func, literal, or_, select, tuple_, union_all

from core.errors import Unreadable
from core.models import Ticket
from core.tickets.catalog import workflow_of
from core.tickets.filters import BEHIND, NOTHING, Filters, marked
from core.tickets.list_lines import COUNTED, LATE_SINCE, LINES, PAGE, PLACE, Page, lines_of_rows
from core.tickets.views import View, views_of
from core.tickets.workflow import FROZEN, NEEDS_ANSWER, RESOLVED, Marker
from core.tx import ReadTx

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR: Final = re.compile(r"(\d{1,2})\.(-?\d{1,17})\.(\d{1,18})\.(\d{1,5})", re.ASCII)


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
    close = Ticket.queue_at <= tx.now + BEHIND
    late = or_(Ticket.answer_due <= tx.now, tx.now >= LATE_SINCE)
    return [Ticket.queue_rank == NEEDS_ANSWER, close, late]


def _frozen(_tx: ReadTx, _person: int | None) -> list[Any]:
    return [Ticket.queue_rank == FROZEN]


def _resolved(_tx: ReadTx, _person: int | None) -> list[Any]:
    return [Ticket.queue_rank == RESOLVED]


VIEWS: Final[Mapping[str, Callable[[ReadTx, int | None], list[Any]]]] = {
    "queue": _queue,
    "mine": _mine,
    "free": _free,
    "overdue": _overdue,
    "frozen": _frozen,
    "waiting": _queue,
    "resolved": _resolved,
}
# Views of whoever asks.
_OWN: Final = frozenset({"mine"})

# Views of the states of one category.
_OF_CATEGORY: Final = {"waiting": "waiting"}
# Views whose tickets all have one rank.
_RANKED: Final = frozenset({"overdue", "frozen", "resolved"})


@dataclass(frozen=True, slots=True)
class _Order:
    """By which columns a list is ordered: the last ones of the position. ``falls``: backwards."""

    columns: tuple[Any, ...] = PLACE
    falls: bool = False

    def beyond(self, start: tuple[int, datetime, int], *, backward: bool) -> Any:
        """Build the condition «after the cursor» or «before it»."""
        columns, values = tuple_(*self.columns), start[-len(self.columns) :]
        return columns < values if backward != self.falls else columns > values

    def by(self, *, backward: bool) -> list[Any]:
        """Return what to order by."""
        falls = backward != self.falls
        return [column.desc() if falls else column for column in self.columns]


_BY_ID: Final = (Ticket.id,)
_ORDERS: Final = {"oldest": _Order(_BY_ID), "newest": _Order(_BY_ID, falls=True)}
_QUEUE: Final = _Order()
# Where all rows have one rank only the rest is compared: SQLite would otherwise read from the first
# row of that rank.
_WITHIN_RANK: Final = _Order(PLACE[1:])


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Which tickets a list has: those in ``states``, any if None, that fulfil ``conditions``."""

    conditions: Sequence[Any]
    states: Sequence[str] | None = None
    with_resolved: bool = False

    @property
    def bounded(self) -> list[Any]:
        """The conditions, with the bound that leaves out what is resolved."""
        return [*self.conditions, *([] if self.with_resolved else [Ticket.queue_rank < RESOLVED])]

    def ordered(self, conditions: Sequence[Any], order: Sequence[Any], limit: int) -> Any:
        """Build the condition that a ticket is among the first ones with these ``conditions``.

        Each state is asked for by itself, along its index; an index of all tickets would be read
        from its beginning until some of these states are found.
        """
        if self.states is None:
            return and_(*conditions)
        parts = [
            select(Ticket.id).where(Ticket.state == code, *conditions).order_by(*order).limit(limit)
            for code in self.states
        ]
        whole = union_all(*(select(one.subquery().c.id) for one in parts)) if parts else ()
        return Ticket.id.in_(whole)


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
    chosen, order = await _chosen(tx, view, person)
    return await _page(tx, PageRequest(view, cursor, backward, person, size), order, chosen)


async def numbers_of(
    tx: ReadTx, view: str, cursor: str = "", *, size: int = PAGE, person: int | None = None
) -> tuple[list[int], str | None]:
    """Return the numbers alone of the page that :func:`page_of` has, and the cursor behind it."""
    chosen, order = await _chosen(tx, view, person)
    return await _numbers(tx, order, chosen, cursor, size)


async def numbers_of_view(
    tx: ReadTx, view: View, cursor: str = "", *, size: int = PAGE, person: int | None = None
) -> tuple[list[int], str | None]:
    """Return the same of the page that :func:`page_of_view` has."""
    return await _numbers(tx, *_chosen_by(tx, view, person), cursor, size)


async def numbers_named(
    tx: ReadTx, name: str, cursor: str = "", *, size: int = PAGE, filters: Filters = NOTHING
) -> tuple[list[int], str | None]:
    """Return the same of a view or a saved list by its name, narrowed down by the ``filters``. It
    is nobody's own. Raises :class:`Unreadable` for a name that is none.
    """
    order, chosen = await _named(tx, name)
    narrowed = _narrowed(tx, chosen, filters, None)
    return await _numbers(tx, order, narrowed, cursor, size)


async def _numbers(
    tx: ReadTx, order: _Order, chosen: _Chosen, cursor: str, size: int
) -> tuple[list[int], str | None]:
    start, turned = _read_cursor(cursor)
    rows = await _rows(tx, order, chosen, start, backward=False, size=size)
    shown = rows[:size]
    after = _cursor(shown[-1], turned + 1) if len(rows) > size else None
    return [row.id for row in shown], after


async def _named(tx: ReadTx, name: str) -> tuple[_Order, _Chosen]:
    if name in VIEWS and name not in _OWN:
        chosen, order = await _chosen(tx, name, None)
        return order, chosen
    saved = (await views_of(tx)).get(name)
    if saved is not None and saved.active:
        return _chosen_by(tx, saved, None)
    offered = [code for code, one in (await views_of(tx)).items() if one.active]
    known = ", ".join([*(one for one in VIEWS if one not in _OWN), *offered])
    raise Unreadable("refusal.no_such_code", words=name[:40], known=known)


async def _chosen(tx: ReadTx, view: str, person: int | None) -> tuple[_Chosen, _Order]:
    wanted = [Ticket.queue_rank.is_not(None), *VIEWS[view](tx, person)]
    states = None
    if view in _OF_CATEGORY:
        every = (await workflow_of(tx)).states.values()
        states = [state.code for state in every if state.category == _OF_CATEGORY[view]]
    chosen = _Chosen(wanted, states, with_resolved=view in _RANKED)
    return chosen, _WITHIN_RANK if view in _RANKED else _QUEUE


async def page_of_view(
    tx: ReadTx, view: View, cursor: str = "", *, backward: bool = False, person: int | None = None
) -> Page:
    """Return a page of a saved list (D2), in its own order; ``person``: who «me» is in it."""
    order, chosen = _chosen_by(tx, view, person)
    page = await _page(tx, PageRequest(view.code, cursor, backward, person), order, chosen)
    return replace(page, title=view.title(tx.company.language))


def _chosen_by(tx: ReadTx, view: View, person: int | None) -> tuple[_Order, _Chosen]:
    wanted = [Ticket.queue_rank.is_not(None), *view.where(tx, person)]
    chosen = _Chosen(wanted, view.states, with_resolved=view.with_resolved)
    return _ORDERS.get(view.order, _QUEUE), chosen


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page of which list; ``person``: whose it is; ``counted``: with its total."""

    view: str
    cursor: str = ""
    backward: bool = False
    person: int | None = None
    size: int = PAGE
    counted: bool = True


async def page_within(
    tx: ReadTx, base: str | View, filters: Filters, order: str, asked: PageRequest
) -> Page:
    """Return a page of a list, one of `VIEWS` or a saved one, narrowed down by the ``filters``, in
    the ``order`` of `_ORDERS` or, if it names none, in the list's own. Nothing is counted.
    """
    chosen, usual = await _based_on(tx, base, asked.person)
    narrowed = _narrowed(tx, chosen, filters, asked.person)
    if filters.marker and usual is _QUEUE:
        usual = _WITHIN_RANK
    return await _page(tx, asked, _ORDERS.get(order, usual), narrowed)


async def _based_on(tx: ReadTx, base: str | View, person: int | None) -> tuple[_Chosen, _Order]:
    if isinstance(base, str):
        return await _chosen(tx, base, person)
    order, chosen = _chosen_by(tx, base, person)
    return chosen, order


def _narrowed(tx: ReadTx, chosen: _Chosen, filters: Filters, person: int | None) -> _Chosen:
    states = chosen.states
    if filters.state:
        states = [filters.state] if states is None or filters.state in states else []
    conditions = [*chosen.conditions, *filters.where(tx, person)]
    return _Chosen(conditions, states, chosen.with_resolved or bool(filters.state))


async def _page(tx: ReadTx, asked: PageRequest, order: _Order, chosen: _Chosen) -> Page:
    view, size, person = asked.view, asked.size, asked.person
    start, turned = _read_cursor(asked.cursor)
    backward = asked.backward and start is not None
    rows = await _rows(tx, order, chosen, start, backward=backward, size=size)
    more = len(rows) > size
    rows = rows[:size][::-1] if backward else rows[:size]
    place = max(1, turned - 1 if backward else turned + 1)
    # what is overdue is not resolved: with another bound SQLite would read everybody's tickets
    late = [*chosen.conditions, *_overdue(tx, person)]
    counted: tuple[int | None, ...] = (None, None)
    if asked.counted:
        counted = await _counts(tx, chosen.bounded, late, of=chosen)
    earlier, later = (more, True) if backward else (start is not None, more)
    return Page(
        view,
        await lines_of_rows(tx, rows),
        place=place,
        before=_cursor(rows[0], place) if rows and earlier else None,
        after=_cursor(rows[-1], place) if rows and later else None,
        total=counted[0],
        overdue=counted[1],
    )


async def _rows(
    tx: ReadTx,
    order: _Order,
    chosen: _Chosen,
    start: tuple[int, datetime, int] | None,
    *,
    backward: bool,
    size: int,
) -> Sequence[Any]:
    """Return one row more than the page has, if there are so many."""
    conditions, by = chosen.bounded, order.by(backward=backward)
    if backward and order.columns is not _BY_ID:
        # what stands before the cursor is not resolved: the bound would replace the cursor's
        conditions = [*chosen.conditions]
    if start is not None:
        conditions.append(order.beyond(start, backward=backward))
    query = LINES.where(chosen.ordered(conditions, by, size + 1))
    return await tx.rows(query.order_by(*by).limit(size + 1))


async def count_by_marker(
    tx: ReadTx,
    base: str | View = "queue",
    filters: Filters = NOTHING,
    person: int | None = None,
) -> dict[str, int]:
    """Return how many open tickets of a list have which marker, up to `COUNTED` and one more each;
    of the ``filters`` all hold but the marker.
    """
    chosen, _ = await _based_on(tx, base, person)
    within = _narrowed(tx, chosen, filters.without("marker"), person)
    waiting = [Ticket.queue_rank == NEEDS_ANSWER]
    lists = [marked(tx, "overdue"), waiting, marked(tx, "answered"), marked(tx, "frozen")]
    counted = [[*within.conditions, *one] for one in lists]
    late, all_waiting, calm, put_off = await _counts(tx, *counted, of=within)
    counts = (late, all_waiting - late, calm, put_off)
    markers = (Marker.OVERDUE, Marker.NEEDS_ANSWER, Marker.ANSWERED, Marker.FROZEN)
    return {one.value: count for one, count in zip(markers, counts, strict=True)}


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


_ALL: Final = _Chosen(())


async def _counts(tx: ReadTx, *lists: Sequence[Any], of: _Chosen = _ALL) -> tuple[int, ...]:
    """Count the lists in one statement. In the list's order, so that PostgreSQL walks along its
    index and stops; it would otherwise gather every row of the list first.
    """
    some = [
        select(literal(1))
        .select_from(Ticket)
        .where(of.ordered(conditions, PLACE, COUNTED + 1))
        .order_by(*([] if of.states is not None else PLACE))
        .limit(COUNTED + 1)
        .subquery()
        for conditions in lists
    ]
    counts = (select(func.count()).select_from(one).scalar_subquery() for one in some)
    return tuple(*await tx.rows(select(*counts)))
