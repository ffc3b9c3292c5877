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
from core.tickets.list_indexes import IN_TIME, LEADS, MISSED, RARE, Along, Chosen, along
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
    resolved = chosen.with_resolved or bool(filters.state or filters.marker)
    if chosen.read is not None:
        asked = [*chosen.conditions, *filters.all_of_it(tx, person)]
        return Chosen(asked, chosen.read, resolved)
    ways, own = _ways(tx, filters, person), marker_ways(tx, filters.marker, by_age=order.by_age)
    sorts = bool(filters.marker) and order.by_age
    if sorts and not ways and own is None:
        ways = {"": [Along()]}
    lead, few = await _rarest(tx, ways, filters, counted=sorts)
    if own is not None and (not ways or (sorts and not few)):
        asked = filters.without("marker").all_of_it(tx, person)
        return Chosen([*chosen.conditions, *asked], own, with_resolved=True)
    asked = filters.without(*filter(None, [lead])).all_of_it(tx, person)
    read = [replace(one, gathered=sorts and few) for one in ways[lead]] if ways else None
    return Chosen([*chosen.conditions, *asked], read, resolved)


def _ways(tx: ReadTx, filters: Filters, person: int | None) -> _Ways:
    """Return the filters that have an index, by name; the one that leaves fewest in most companies
    comes first.
    """
    given = filters.given()
    beside = {name: along(name, given[name]) for name in (*LEADS, "state") if name in given}
    own = {}
    if filters.assignee:
        own["assignee"] = Along(which=tuple(assigned(tx, person, filters.assignee)))
    first = {} if filters.assignee == NOBODY else own
    tag = {name: one for name, one in beside.items() if name == LEADS[0]}
    found = {**tag, **first, **beside, **own}
    return {name: _marked(tx, filters.marker, one) for name, one in found.items()}


def _marked(tx: ReadTx, marker: str, one: Along) -> Sequence[Along]:
    """Return where along an index those are that may have the marker.

    Who needs an answer stands where the queue is not late yet; but for those of whom another
    deadline has passed already, whom the index of those in time has.
    """
    if marker != "needs_answer":
        return [one]
    late = tx.now - BEHIND
    sooner = Along(which=(*IN_TIME, one.holds()), until=late)
    return [replace(one, since=late), sooner]


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


async def _rarest(tx: ReadTx, ways: _Ways, filters: Filters, *, counted: bool) -> tuple[str, bool]:
    """Return which way passes the fewest, and whether these are few; the first, where none does.
    Of a single one that is not known unless it is to be ``counted``.
    """
    least, fewest = next(iter(ways), ""), RARE + 1
    places = _places(tx, filters.marker)
    for name, parts in ways.items() if counted or len(ways) > 1 else ():
        count = await _count(tx, parts, places)
        if count < fewest:
            least, fewest = name, count
    return least, fewest <= RARE


def _places(tx: ReadTx, marker: str) -> Sequence[Any]:
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
