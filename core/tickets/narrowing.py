"""How a list is read that filters narrow down (D2): along the index of one of them, the rarest.

Which one that is nobody can know beforehand, so some rows of each are counted. By what a ticket is
marked with, the others' indexes are entered at the right place in the order of the queue. By age
they are not; then what few have is gathered, and what many have is read along the marker's own
index, as far as it has one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import bindparam, func, select

from core.db import PreparedStatement
from core.models import Ticket
from core.tickets.filters import (
    LEADS,
    Filters,
    Instants,
    instants_of,
    marked,
    rank_of,
)
from core.tickets.late_counts import count_unknown
from core.tickets.lateness import BEHIND, in_time, late
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

_Ways = Mapping[str, Along]


async def narrow(
    tx: ReadTx, chosen: Chosen, filters: Filters, person: int | None, order: Order
) -> Chosen:
    """Return the list narrowed down by the ``filters``; ``person``: who «me» is in them. What it is
    read along stays, if it is anything.
    """
    if chosen.read is not None:
        return _led(tx, chosen, filters, person, chosen.read)
    at, marker = instants_of(tx.now), filters.marker
    sorts = bool(marker) and order.by_age
    few = not sorts or await _are_few_unknown(tx)
    wanted = filters.indexed(person)
    own = marker_ways(tx, marker, by_age=order.by_age, few=few)
    if not wanted and own is None and (sorts or filters.without("marker").given()):
        wanted = {_QUEUE: ""}
    ways = _ways(wanted, marker, at)
    lead, some = next(iter(ways), ""), None
    if len(ways) > (0 if sorts else 1):
        lead, some = await _rarest(tx, wanted, marker)
    if own is not None and (not ways or (sorts and some is None)):
        led = _led(tx, chosen, filters.without("marker") if few else filters, person, own)
        # of them nobody is resolved
        return replace(led, with_resolved=True, sparse=led.sparse or not few)
    left = filters.without(*filter(None, [lead]))
    gathered = sorts and some is not None
    read = [replace(ways[lead], gathered=gathered)] if ways else None
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
        return [Ticket.queue_rank == NEEDS_ANSWER, late(tx)]
    return marked(tx, marker)


def _ways(wanted: Mapping[str, Any], marker: str, at: Instants) -> _Ways:
    """Return the filters that have an index, by name. What is somebody's is less than what has a
    topic; nobody's may be most.
    """
    names = sorted(wanted, key=lambda one: _TURNS.index("nobody" if wanted[one] is None else one))
    return {name: along_marked(marker, along(name, wanted[name]), at) for name in names}


_QUEUE: Final = ""
_TURNS: Final = (LEADS[0], "assignee", *LEADS[1:], "state", "nobody", _QUEUE)


async def _are_few_unknown(tx: ReadTx) -> bool:
    """Return whether few are late of whom the indexes do not know it: by their agreement alone, or
    since the last sweep.
    """
    return await count_unknown(tx, tx.now + BEHIND) <= RARE


def along_marked(marker: str, one: Along, at: Instants) -> Along:
    """Return where along an index those are that may have the marker: who is late stands where the
    queue is, who needs an answer does not.
    """
    if marker == "overdue":
        return replace(one, until=at.after)
    return replace(one, since=at.before) if marker == "needs_answer" else one


def marker_ways(
    tx: ReadTx, marker: str, *, by_age: bool, few: bool = True
) -> Sequence[Along] | None:
    """Return what all that is marked so are read along; None: there is nothing of its own. ``few``:
    of those who are late few are not known to be, so that they can be gathered.

    What they say is not said again: PostgreSQL would take it for something else that few meet.
    Where they are not few it is asked of each that comes, so that a page can look so far.
    """
    if by_age and not few and marker in {"needs_answer", "overdue"}:
        known = [Along(which=MISSED)] if marker == "overdue" else []
        return [*known, Along(which=IN_TIME)]
    if marker == "needs_answer":
        return [Along(which=(*IN_TIME, in_time(tx)), since=tx.now - BEHIND)]
    if marker == "overdue" and by_age:
        unknown = Along(which=(*IN_TIME, late(tx)), until=tx.now + BEHIND, gathered=True)
        return [Along(which=MISSED), unknown]
    return None


async def _rarest(tx: ReadTx, wanted: Mapping[str, Any], marker: str) -> tuple[str, int | None]:
    """Return which way passes the fewest, and how many, if they are few; the first, where none
    does.
    """
    kinds = tuple((name, value is None) for name, value in wanted.items())
    names, count = _counts(kinds, marker, RARE + 1)
    (counts,) = await count.rows(tx.session, given_for(tx, wanted))
    fewest = min(counts)
    return (names[0], None) if fewest > RARE else (names[counts.index(fewest)], fewest)


def given_for(tx: ReadTx, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values for a statement that is kept: of the filters, and of `INSTANTS`."""
    of_filters = {name: value for name, value in wanted.items() if name}
    return {**asdict(instants_of(tx.now)), **of_filters}


@lru_cache(maxsize=256)
def _counts(
    kinds: Sequence[tuple[str, bool]], marker: str, most: int
) -> tuple[Sequence[str], PreparedStatement]:
    """Return the names of the ways, and the statement that counts ``most`` rows of each. It is
    kept: to put it together takes longer than to count. ``kinds``: what is wanted, and whether it
    is None.
    """
    wanted: dict[str, Any] = {
        name: None if is_empty else bindparam(name or None) for name, is_empty in kinds
    }
    ways = _ways(wanted, marker, INSTANTS)
    places = places_of(marker, INSTANTS)
    counts = [_how_many(one, places, most) for one in ways.values()]
    return list(ways), PreparedStatement(select(*counts))


_AT: Final = Ticket.queue_at.type
INSTANTS: Final = Instants(*(bindparam(one.name, type_=_AT) for one in fields(Instants)))
"""As parameters of a statement that is kept."""


def _how_many(one: Along, places: Sequence[Any], most: int) -> Any:
    some = one.numbers(places, Stretch(QUEUE), most).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def places_of(marker: str, at: Instants) -> Sequence[Any]:
    """Return what the marker says of a ticket's place in the queue: indexes know no more."""
    waiting = [Ticket.queue_rank == NEEDS_ANSWER]
    if marker == "overdue":
        return [*waiting, Ticket.queue_at <= at.after]
    if marker == "needs_answer":
        return waiting
    return [Ticket.queue_rank == rank_of(marker)] if marker else []
