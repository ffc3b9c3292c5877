"""How a list is read that filters narrow down (D2): along the index of one of them, the rarest.

Which one that is nobody can know beforehand, so some rows of each are counted. By what a ticket is
marked with, the others' indexes are entered at the right place in the order of the queue. By age
they are not; then what few have is gathered, and what many have is read along the marker's own
index, as far as it has one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from functools import lru_cache, reduce
from operator import add
from typing import Any, Final

from sqlalchemy import bindparam, func, or_, select

from core.db import PreparedStatement
from core.models import Ticket
from core.tickets.filters import (
    BEHIND,
    LEADS,
    Filters,
    Instants,
    instants_of,
    marked,
    rank_of,
)
from core.tickets.late_counts import count_unknown
from core.tickets.list_indexes import (
    IN_TIME,
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
    at, marker = instants_of(tx.now), filters.marker
    early = await count_early(tx) if marker == "needs_answer" else 0
    wanted, own = filters.indexed(person), marker_ways(tx, marker, by_age=order.by_age)
    sorts = bool(marker) and order.by_age
    if not wanted and own is None and (sorts or filters.without("marker").given()):
        wanted = {_QUEUE: ""}
    ways = _ways(wanted, marker, at, early)
    lead, some = next(iter(ways), ""), None
    if len(ways) > (0 if sorts else 1):
        lead, some = await _rarest(tx, wanted, marker, early)
    if own is not None and (not ways or (sorts and some is None)):
        led = _led(tx, chosen, filters.without("marker"), person, own)
        return replace(led, with_resolved=True)  # of them nobody is
    left = filters.without(*filter(None, [lead]))
    gathered = sorts and some is not None
    read = [replace(one, gathered=gathered) for one in ways[lead]] if ways else None
    led = _led(tx, chosen, left, person, read)
    shows_resolved = led.with_resolved or bool(filters.state)
    sparse = led.sparse and some is None
    found = replace(led, with_resolved=shows_resolved, sparse=sparse, some=some)
    return replace(found, lead=lead if ways else None)


def _led(
    tx: ReadTx, chosen: Chosen, left: Filters, person: int | None, read: Sequence[Along] | None
) -> Chosen:
    """Return the list read along these indexes; the filters that are ``left`` are asked of each
    ticket that comes.
    """
    others = left.without("marker")
    said = _said(tx, left.marker) if read is not chosen.read else marked(tx, left.marker)
    conditions = [*chosen.conditions, *others.of_each(tx, person), *(said if left.marker else [])]
    resolved = chosen.with_resolved or bool(left.state or left.marker)
    return Chosen(conditions, read, resolved, sparse=bool(others.given()))


def _said(tx: ReadTx, marker: str) -> list[Any]:
    """Return what a marker says of tickets that stand where such ones do."""
    if marker == "overdue":
        return [Ticket.queue_rank == NEEDS_ANSWER, Ticket.answer_due <= tx.now]
    return marked(tx, marker)


def _ways(wanted: Mapping[str, Any], marker: str, at: Instants, early: int | None) -> _Ways:
    """Return the filters that have an index, by name. What is somebody's is less than what has a
    topic; nobody's may be most.
    """
    names = sorted(wanted, key=lambda one: _TURNS.index("nobody" if wanted[one] is None else one))
    return {name: along_marked(marker, along(name, wanted[name]), at, early) for name in names}


_QUEUE: Final = ""
_TURNS: Final = (LEADS[0], "assignee", *LEADS[1:], "state", "nobody", _QUEUE)


async def count_early(tx: ReadTx) -> int | None:
    """Return how many stand where the queue is late without being known to be late; None: many."""
    count = await count_unknown(tx, tx.now - BEHIND)
    return count if count <= RARE else None


def along_marked(marker: str, one: Along, at: Instants, early: int | None) -> Sequence[Along]:
    """Return where along an index those are that may have the marker.

    Who needs an answer stands where the queue is not late yet; but for those of whom another
    deadline has passed. They are in the index of those in time; where they are many (``early``)
    it is not read for few of them.
    """
    if marker == "overdue":
        return [replace(one, until=at.after)]
    if marker != "needs_answer" or early is None:
        return [one]
    sooner = [Along(which=(*IN_TIME, one.holds()), until=at.before)] if early else []
    return [replace(one, since=at.before), *sooner]


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
    tx: ReadTx, wanted: Mapping[str, Any], marker: str, early: int | None
) -> tuple[str, int | None]:
    """Return which way passes the fewest, and how many, if they are few; the first, where none
    does.
    """
    kinds = tuple((name, value is None) for name, value in wanted.items())
    names, count = _counts(kinds, marker, None if early is None else min(early, 1))
    (counts,) = await count.rows(tx.session, given_for(tx, wanted))
    fewest = min(counts)
    return (names[0], None) if fewest > RARE else (names[counts.index(fewest)], fewest)


def given_for(tx: ReadTx, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values for a statement that is kept: of the filters, and of `INSTANTS`."""
    of_filters = {name: value for name, value in wanted.items() if name}
    return {**asdict(instants_of(tx.now)), **of_filters}


@lru_cache(maxsize=256)
def _counts(
    kinds: Sequence[tuple[str, bool]], marker: str, early: int | None
) -> tuple[Sequence[str], PreparedStatement]:
    """Return the names of the ways, and the statement that counts some rows of each. It is kept: to
    put it together takes longer than to count. ``kinds``: what is wanted, and whether it is None.
    """
    wanted: dict[str, Any] = {
        name: None if is_empty else bindparam(name or None) for name, is_empty in kinds
    }
    ways = _ways(wanted, marker, INSTANTS, early)
    places = places_of(marker, INSTANTS)
    counts = [_how_many(parts, places) for parts in ways.values()]
    return list(ways), PreparedStatement(select(*counts))


_AT: Final = Ticket.queue_at.type
INSTANTS: Final = Instants(*(bindparam(one.name, type_=_AT) for one in fields(Instants)))
"""As parameters of a statement that is kept."""


def _how_many(parts: Iterable[Along], places: Sequence[Any]) -> Any:
    found = [one.numbers(places, Stretch(QUEUE), RARE + 1).subquery() for one in parts]
    counts = [select(func.count()).select_from(one).scalar_subquery() for one in found]
    return reduce(add, counts)


def places_of(marker: str, at: Instants) -> Sequence[Any]:
    """Return what the marker says of a ticket's place in the queue: indexes know no more."""
    waiting = [Ticket.queue_rank == NEEDS_ANSWER]
    if marker == "overdue":
        return [*waiting, Ticket.queue_at <= at.after]
    if marker == "needs_answer":
        return waiting
    return [Ticket.queue_rank == rank_of(marker)] if marker else []
