"""Lists of tickets (D1, D4), paged by keyset: any page costs the same."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from core.errors import Unreadable
from core.models import Ticket
from core.tickets.catalog import workflow_of
from core.tickets.filters import LEADS, ME, NOBODY, NOTHING, Filters
from core.tickets.late_counts import count, count_late
from core.tickets.lateness import late, soon_due
from core.tickets.list_indexes import Along, Chosen, along
from core.tickets.list_lines import LINES, PAGE, Page, lines_of_rows
from core.tickets.list_order import BY_AGE, QUEUE, WITHIN_RANK, Order, Start, Stretch
from core.tickets.narrowing import narrow
from core.tickets.views import URGENCY, View, is_assigned, views_of
from core.tickets.workflow import FROZEN, RESOLVED
from core.tx import ReadTx

LOOKED: Final = 500
"""So many tickets are looked at for a page of those that several filters let through."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR: Final = re.compile(r"(\d{1,2})\.(-?\d{1,17})\.(\d{1,18})\.(\d{1,5})", re.ASCII)


def _queue(_tx: ReadTx, _person: int | None) -> list[Any]:
    return []


def _mine(_tx: ReadTx, person: int | None) -> list[Any]:
    return [Ticket.assignee_id == (person or 0)]


def _free(_tx: ReadTx, _person: int | None) -> list[Any]:
    return [Ticket.assignee_id.is_(None)]


def _overdue(tx: ReadTx, _person: int | None) -> list[Any]:
    return [*soon_due(tx), late(tx)]


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
    narrowed = await narrow(tx, chosen, filters, None, order)
    return await _numbers(tx, order, narrowed, cursor, size)


async def _numbers(
    tx: ReadTx, order: Order, chosen: Chosen, cursor: str, size: int
) -> tuple[list[int], str | None]:
    start, turned = _read_cursor(cursor)
    rows, stop = await _rows(tx, chosen, Stretch(order, start), size)
    _, last = _ends(Stretch(order, start), rows, stop, size)
    after = None if last is None else _cursor(last, turned + 1)
    return [row.id for row in rows[:size]], after


async def _named(tx: ReadTx, name: str) -> tuple[Order, Chosen]:
    if name in VIEWS and name not in _OWN:
        chosen, order = await _chosen(tx, name, None)
        return order, chosen
    saved = (await views_of(tx)).get(name)
    if saved is not None and saved.active:
        return _chosen_by(tx, saved, None)
    offered = [code for code, one in (await views_of(tx)).items() if one.active]
    known = ", ".join([*(one for one in VIEWS if one not in _OWN), *offered])
    raise Unreadable("refusal.no_such_code", words=name[:40], known=known)


async def _chosen(tx: ReadTx, view: str, person: int | None) -> tuple[Chosen, Order]:
    wanted = [Ticket.queue_rank.is_not(None), *VIEWS[view](tx, person)]
    states = None
    if view in _OF_CATEGORY:
        every = (await workflow_of(tx)).states.values()
        states = [along("state", one.code) for one in every if one.category == _OF_CATEGORY[view]]
    chosen = Chosen(wanted, states, with_resolved=view in _RANKED)
    return chosen, WITHIN_RANK if view in _RANKED else QUEUE


async def page_of_view(
    tx: ReadTx, view: View, cursor: str = "", *, backward: bool = False, person: int | None = None
) -> Page:
    """Return a page of a saved list (D2), in its own order; ``person``: who «me» is in it."""
    order, chosen = _chosen_by(tx, view, person)
    page = await _page(tx, PageRequest(view.code, cursor, backward, person), order, chosen)
    return replace(page, title=view.title(tx.company.language))


def _chosen_by(tx: ReadTx, view: View, person: int | None) -> tuple[Order, Chosen]:
    lead, read = _lead_of(view)
    wanted = [Ticket.queue_rank.is_not(None), *view.where(tx, person, lead)]
    chosen = Chosen(wanted, read, with_resolved=view.with_resolved)
    return BY_AGE.get(view.order, QUEUE), chosen


def _lead_of(view: View) -> tuple[str, Sequence[Along] | None]:
    """Return what the list is read by: its states, or else the condition that has an index."""
    if view.states is not None:
        return "states", [along("state", code) for code in view.states]
    for name in LEADS:
        if values := view.conditions.get(plural := _PLURAL[name]):
            return plural, [along(name, value) for value in values]
    return "", None


# What conditions of saved lists are called.
_PLURAL: Final = {"tag": "tags", "team": "teams", "priority": "priorities", "topic": "topics"}


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
    the ``order`` of `ORDERS` or, if it names none, in the list's own. Nothing is counted.
    """
    if filters.marker == "answered" and await are_resolved(tx, filters):
        filters = filters.without("marker")
    base, filters = as_filters(base, filters, asked.person)
    chosen, usual = await based_on(tx, base, asked.person)
    if order == URGENCY and usual.by_age:
        usual = QUEUE
    if filters.marker and usual is QUEUE:
        usual = WITHIN_RANK
    used = BY_AGE.get(order, usual)
    return await _page(tx, asked, used, await narrow(tx, chosen, filters, asked.person, used))


# What these lists have is what a filter has, and that has an index.
_FILTERED: Final = {"mine": ME, "free": NOBODY}
NONE: Final = ""
"""The list of what excludes itself; it is not looked for."""


def as_filters(
    base: str | View, filters: Filters, person: int | None
) -> tuple[str | View, Filters]:
    """Return the list and the filters; a list that is a filter of the queue becomes that, and one
    that the filters leave nothing of becomes `NONE`. ``person``: who «me» is.
    """
    if isinstance(base, View):
        base, filters = base.marked_by(filters)
        return (NONE if base.excludes(filters, person) else base), filters
    if filters.marker and base in _MARKED:
        fits = filters.marker == _MARKED[base]
        return (base if fits else NONE), filters.without("marker")
    who = _FILTERED.get(base)
    if who is None:
        return base, filters
    if filters.assignee and not is_assigned(who, filters.assignee, person):
        return NONE, filters
    return "queue", replace(filters, assignee=filters.assignee or who)


# What all tickets of these lists are marked with.
_MARKED: Final = {"overdue": "overdue", "frozen": "frozen", "resolved": "answered"}


_ENDED: Final = frozenset({"resolved"})


def has_resolved(base: str | View) -> bool:
    """Return whether tickets that are resolved can be in a list."""
    return base in _ENDED if isinstance(base, str) else base.with_resolved


async def are_resolved(tx: ReadTx, filters: Filters) -> bool:
    """Return whether all tickets of the filters' state are resolved: they are marked as answered
    ones are.
    """
    state = (await workflow_of(tx)).states.get(filters.state)
    return state is not None and state.resolution


async def based_on(tx: ReadTx, base: str | View, person: int | None) -> tuple[Chosen, Order]:
    """Return which tickets a list has, and in which order: one of `VIEWS`, a saved one, `NONE`."""
    if base == NONE:
        return Chosen((), read=()), QUEUE
    if isinstance(base, str):
        return await _chosen(tx, base, person)
    order, chosen = _chosen_by(tx, base, person)
    return chosen, order


async def _page(tx: ReadTx, asked: PageRequest, order: Order, chosen: Chosen) -> Page:
    view, size = asked.view, asked.size
    start, turned = _read_cursor(asked.cursor)
    stretch = Stretch(order, start, asked.backward and start is not None)
    rows, stop = await _rows(tx, chosen, stretch, size)
    if stretch.back and not rows and stop is None:  # what stood there is gone: it is the first page
        return await _page(tx, replace(asked, cursor="", backward=False), order, chosen)
    place = max(1, turned - 1 if stretch.back else turned + 1)
    before, after = _ends(stretch, rows, stop, size)
    rows = rows[:size][::-1] if stretch.back else rows[:size]
    total, overdue = await _counts(tx, view, chosen) if asked.counted else (None, None)
    return Page(
        view,
        await lines_of_rows(tx, rows),
        place=place,
        before=None if before is None else _cursor(before, place),
        after=None if after is None else _cursor(after, place),
        total=total,
        overdue=overdue,
        partly=stop is not None,
    )


async def _rows(
    tx: ReadTx, chosen: Chosen, stretch: Stretch, size: int
) -> tuple[Sequence[Any], Start | None]:
    """Return one row more than the page has, if there are so many; and, if there are not because
    enough tickets were looked at, the place of the last of these.
    """
    stop = await _edge(tx, chosen, stretch) if chosen.sparse else None
    query = LINES.where(chosen.ordered(replace(stretch, stop=stop), size + 1))
    by = stretch.order.by(backward=stretch.back)
    rows = await tx.rows(query.order_by(*by).limit(size + 1))
    return rows, None if len(rows) > size else stop


async def _edge(tx: ReadTx, chosen: Chosen, stretch: Stretch) -> Start | None:
    """Return how far a page may look; None: as far as the list goes."""
    found = [await tx.row(one) for one in chosen.edges(stretch, LOOKED)]
    return stretch.nearest((row[0], row[1], row[2]) for row in found if row is not None)


def _ends(
    stretch: Stretch, rows: Sequence[Any], stop: Start | None, size: int
) -> tuple[Start | None, Start | None]:
    """Return the places before and behind a page, where there may be more; ``rows`` as they were
    read, with one more than its ``size``.
    """
    start, order, back = stretch.start, stretch.order, stretch.back
    far = _place_of(rows[size - 1]) if len(rows) > size else stop
    near: Start | None = None
    if start is not None:
        near = _place_of(rows[0]) if rows else order.beside(start, behind=not back)
    return (far, near) if back else (near, far)


def _place_of(row: Any) -> Start:
    return row.queue_rank, row.queue_at or _EPOCH, row.id


def _cursor(place: Start, turned: int) -> str:
    rank, at, number = place
    return f"{rank}.{(at - _EPOCH) // timedelta(microseconds=1)}.{number}.{turned}"


def _read_cursor(cursor: str) -> tuple[Start | None, int]:
    """Return the position and the page number of a cursor."""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        return None, 0
    rank, at, number, place = map(int, found.groups())
    try:
        return (rank, _EPOCH + timedelta(microseconds=at), number), place
    except OverflowError:
        return None, 0


async def _counts(tx: ReadTx, view: str, chosen: Chosen) -> tuple[int, int]:
    """Return how many there are, and how many of them are late."""
    total = await count(tx, chosen, chosen.bounded)
    if view in _OWN:  # somebody's tickets lie far apart, so that to read them takes long
        return total, await count_late(tx, chosen)
    # what is overdue is not resolved: with another bound SQLite would read everybody's tickets
    return total, await count(tx, chosen, [*chosen.conditions, *soon_due(tx), late(tx)])
