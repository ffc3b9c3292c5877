"""How a list is read that filters narrow down (D2): along the index of one of them, the rarest.

Which one that is nobody can know beforehand, so some rows of each are counted. By what a ticket is
marked with, the others' indexes are entered at the right place in the order of the queue. By age
they are not; then what few have is gathered, and what many have is read along the marker's own
index, as far as it has one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import func, or_, select

from core.models import Ticket
from core.tickets.filters import BEHIND, NOBODY, Filters, assigned, marked
from core.tickets.late_counts import count_unknown
from core.tickets.list_indexes import (
    IN_TIME,
    LEADS,
    MISSED,
    RARE,
    Along,
    Chosen,
    along,
)
from core.tickets.list_order import QUEUE, Order, Stretch
from core.tickets.workflow import NEEDS_ANSWER
from core.tx import ReadTx

_Ways = Mapping[str, Sequence[Along]]


async def narrow(
    tx: ReadTx, chosen: Chosen, filters: Filters, person: int | None, order: Order
) -> Chosen:
    """Return the list narrowed down by the ``filters``; ``person``: who «me» is in them. What it is
    read along stays, if it is anything.
    """
    if chosen.read is not None:
        return _led(tx, chosen, filters, person, chosen.read)
    early = await count_early(tx) if filters.marker == "needs_answer" else 0
    ways, own = (
        _ways(tx, filters, person, early=early),
        marker_ways(tx, filters.marker, by_age=order.by_age),
    )
    sorts = bool(filters.marker) and order.by_age
    if not ways and own is None and (sorts or filters.without("marker").given()):
        ways = {"": along_marked(tx, filters.marker, Along(), early=early)}
    lead, some = await _rarest(tx, ways, filters, counted=sorts)
    if own is not None and (not ways or (sorts and some is None)):
        led = _led(tx, chosen, filters.without("marker"), person, own)
        return replace(led, with_resolved=True)  # of them nobody is
    left = filters.without(*filter(None, [lead]))
    gathered = sorts and some is not None
    read = [replace(one, gathered=gathered) for one in ways[lead]] if ways else None
    led = _led(tx, chosen, left, person, read)
    shows_resolved = led.with_resolved or bool(filters.state)
    sparse = led.sparse and some is None
    return replace(led, with_resolved=shows_resolved, sparse=sparse, some=some)


def _led(
    tx: ReadTx, chosen: Chosen, left: Filters, person: int | None, read: Sequence[Along] | None
) -> Chosen:
    """Return the list read along these indexes; the filters that are ``left`` are asked of each
    ticket that comes.
    """
    others = left.without("marker")
    said = _said(tx, left.marker) if read is not chosen.read else marked(tx, left.marker)
    conditions = [*chosen.conditions, *others.all_of_it(tx, person), *(said if left.marker else [])]
    resolved = chosen.with_resolved or bool(left.state or left.marker)
    return Chosen(conditions, read, resolved, sparse=bool(others.given()))


def _said(tx: ReadTx, marker: str) -> list[Any]:
    """Return what a marker says of tickets that stand where such ones do."""
    if marker == "overdue":
        return [Ticket.queue_rank == NEEDS_ANSWER, Ticket.answer_due <= tx.now]
    return marked(tx, marker)


def _ways(tx: ReadTx, filters: Filters, person: int | None, *, early: int | None) -> _Ways:
    """Return the filters that have an index, by name; the one that leaves fewest in most companies
    comes first.
    """
    given = filters.given()
    beside = {name: along(name, given[name]) for name in (*LEADS, "state") if name in given}
    own = {}
    if filters.assignee:
        empty = Ticket.assignee_id if filters.assignee == NOBODY else None
        which = tuple(assigned(tx, person, filters.assignee))
        own["assignee"] = Along(which=which, empty=empty)
    first = {} if filters.assignee == NOBODY else own
    tag = {name: one for name, one in beside.items() if name == LEADS[0]}
    found = {**tag, **first, **beside, **own}
    return {name: along_marked(tx, filters.marker, one, early=early) for name, one in found.items()}


async def count_early(tx: ReadTx) -> int | None:
    """Return how many stand where the queue is late without being known to be late; None: many."""
    count = await count_unknown(tx, tx.now - BEHIND)
    return count if count <= RARE else None


def along_marked(tx: ReadTx, marker: str, one: Along, *, early: int | None) -> Sequence[Along]:
    """Return where along an index those are that may have the marker.

    Who needs an answer stands where the queue is not late yet; but for those of whom another
    deadline has passed. They are in the index of those in time; where they are many (``early``)
    it is not read for few of them.
    """
    if marker == "overdue":
        return [replace(one, until=tx.now + BEHIND)]
    if marker != "needs_answer" or early is None:
        return [one]
    late = tx.now - BEHIND
    sooner = [Along(which=(*IN_TIME, one.holds()), until=late)] if early else []
    return [replace(one, since=late), *sooner]


def marker_ways(tx: ReadTx, marker: str, *, by_age: bool) -> Sequence[Along] | None:
    """Return what all that is marked so are read along; None: there is nothing of its own.

    What they say is not said again: PostgreSQL would take it for something else that few meet.
    """
    if marker == "needs_answer":
        return [Along(which=(*IN_TIME, in_time(tx)))]
    if marker == "overdue" and by_age:
        # not known to be late yet: a few, whom the next sweep finds
        unknown = Along(which=(*IN_TIME, Ticket.answer_due <= tx.now), until=tx.now + BEHIND)
        return [Along(which=MISSED), replace(unknown, gathered=True)]
    return None


def in_time(tx: ReadTx) -> Any:
    """Build the condition that the answer to who waits is not late."""
    return or_(Ticket.answer_due.is_(None), Ticket.answer_due > tx.now)


async def _rarest(
    tx: ReadTx, ways: _Ways, filters: Filters, *, counted: bool
) -> tuple[str, int | None]:
    """Return which way passes the fewest, and how many, if they are few; the first, where none
    does. Of a single one that is not known unless it is to be ``counted``.
    """
    least, fewest = next(iter(ways), ""), RARE + 1
    places = places_of(tx, filters.marker)
    for name, parts in ways.items() if counted or len(ways) > 1 else ():
        count = await _count(tx, parts, places)
        if count < fewest:
            least, fewest = name, count
    return least, fewest if fewest <= RARE else None


def places_of(tx: ReadTx, marker: str) -> Sequence[Any]:
    """Return what the marker says of a ticket's place in the queue: indexes know no more."""
    waiting = [Ticket.queue_rank == NEEDS_ANSWER]
    if marker == "overdue":
        return [*waiting, Ticket.queue_at <= tx.now + BEHIND]
    return waiting if marker == "needs_answer" else marked(tx, marker) if marker else []


async def _count(tx: ReadTx, parts: Iterable[Along], places: Sequence[Any]) -> int:
    count = 0
    for one in parts:
        some = one.numbers(places, Stretch(QUEUE), RARE + 1 - count).subquery()
        count += int(await tx.first(select(func.count()).select_from(some)) or 0)
        if count > RARE:
            break
    return count
