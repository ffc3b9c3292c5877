"""Counts of a list that filters narrow down: of as many tickets as can be looked at (D2)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, Final

from sqlalchemy import and_, bindparam, case, func, select, union_all

from core.db import PreparedStatement, constant
from core.models import Ticket
from core.tickets.filters import MARKED, Instants, instants_of, marked
from core.tickets.list_indexes import Along, Chosen, along, whole
from core.tickets.list_order import QUEUE, Stretch
from core.tickets.narrowing import (
    INSTANTS,
    along_marked,
    given_for,
    places_of,
)
from core.tx import ReadTx

COUNTABLE: Final = 300
"""So many tickets are looked at to count those that fit exactly."""
LOOKED: Final = 75
"""Of more, so many of those that may have a marker."""


class AtLeast(int):
    """So many were found among those that were looked at; there may be more."""


async def count_few(tx: ReadTx, within: Chosen) -> dict[str, int]:
    """Return how many tickets of a list of few have which of `MARKED`."""
    parts = [one.numbers([], Stretch(QUEUE), COUNTABLE) for one in within.read or ()]
    kinds = [_one_if(marked(tx, one)).label(one) for one in MARKED]
    few = select(*kinds).where(Ticket.id.in_(whole(parts)), *within.conditions).subquery()
    (counts,) = await tx.rows(select(*(func.coalesce(func.sum(one), 0) for one in few.c)))
    return dict(zip(MARKED, map(int, counts), strict=True))


async def count_looked_at(tx: ReadTx, within: Chosen, wanted: Mapping[str, Any]) -> dict[str, int]:
    """Return the same of a list of many of which few may fit: `AtLeast` so many. ``wanted``: the
    values of its filters that have an index.
    """
    found = await _looked_at(tx, within, wanted)
    looked = {(kind, number) for kind, number in found}  # one may be along several of the indexes
    fits = await _kinds_of(tx, within, {number for _, number in looked})
    seen = Counter(kind for kind, _ in looked)
    fit = Counter(kind for kind, number in looked if fits.get(number) == kind)
    return {one: AtLeast(fit[one]) if seen[one] >= LOOKED else fit[one] for one in MARKED}


async def _looked_at(
    tx: ReadTx, within: Chosen, wanted: Mapping[str, Any]
) -> Sequence[Sequence[Any]]:
    lead = within.lead
    if lead is None:
        return await tx.rows(_stretches(within.read or (), instants_of(tx.now), LOOKED))
    kept = _kept(lead, LOOKED, is_empty=wanted.get(lead, lead) is None)
    return await kept.rows(tx.session, given_for(tx, wanted))


async def _kinds_of(tx: ReadTx, within: Chosen, numbers: Iterable[int]) -> dict[int, str]:
    """Return of those of the tickets that are in the list what each is marked with."""
    kind = case(*((and_(*marked(tx, one)), one) for one in MARKED))
    of_list = [Ticket.id.in_(list(numbers)), *within.conditions]
    rows = await tx.rows(select(Ticket.id, kind).where(*of_list))
    return {row[0]: row[1] for row in rows}


@lru_cache(maxsize=64)
def _kept(lead: str, most: int, *, is_empty: bool) -> PreparedStatement:
    """Return the statement of the beginnings along the index of a filter, ``most`` rows of each;
    ``is_empty``: its value is None. To put it together takes longer than to run it.
    """
    one = along(lead, None if is_empty else bindparam(lead or None))
    return PreparedStatement(_stretches([one], INSTANTS, most))


def _stretches(read: Iterable[Along], at: Instants, most: int) -> Any:
    """Where along each index those with each marker are: the beginnings."""
    return union_all(*_beginnings(read, at, most))


def _beginnings(read: Iterable[Along], at: Instants, most: int) -> Iterator[Any]:
    for marker, one in product(MARKED, read):
        part = along_marked(marker, one, at)
        begun = part.numbers(places_of(marker, at), Stretch(QUEUE), most).subquery()
        (number,) = begun.c
        yield select(constant(marker).label("kind"), number)


def _one_if(*conditions: Sequence[Any]) -> Any:
    return case((and_(*(one for some in conditions for one in some)), 1), else_=0)
