"""Counts of a list that filters narrow down: of as many tickets as can be looked at (D2)."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import and_, case, func, literal, or_, select, union

from core.models import Ticket
from core.tickets.filters import MARKED, marked
from core.tickets.list_indexes import Chosen, whole
from core.tickets.list_order import QUEUE, Stretch
from core.tickets.narrowing import along_marked, count_early, places_of
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


async def count_looked_at(tx: ReadTx, within: Chosen) -> dict[str, int]:
    """Return the same of a list of many of which few may fit: `AtLeast` so many."""
    early = await count_early(tx)
    # a ticket that several of the indexes have counts once
    looked = union(*_stretches(tx, within, early=early)).subquery()
    of_kind = or_(*(and_(looked.c.kind == one, *marked(tx, one)) for one in MARKED))
    fits = func.sum(_one_if([of_kind], within.conditions))
    query = select(looked.c.kind, func.count(), fits).join(Ticket, Ticket.id == looked.c.number)
    found = dict.fromkeys(MARKED, 0)
    for kind, seen, fit in await tx.rows(query.group_by(looked.c.kind)):
        found[kind] = AtLeast(fit) if seen >= LOOKED else int(fit)
    return found


def _stretches(tx: ReadTx, within: Chosen, *, early: int | None) -> Iterator[Any]:
    """Where along each index those with each marker are: the beginnings."""
    for marker in MARKED:
        for one in within.read or ():
            for part in along_marked(tx, marker, one, early=early):
                begun = part.numbers(places_of(tx, marker), Stretch(QUEUE), LOOKED).subquery()
                (number,) = begun.c
                yield select(literal(marker).label("kind"), number.label("number"))


def _one_if(*conditions: Sequence[Any]) -> Any:
    return case((and_(*(one for some in conditions for one in some)), 1), else_=0)
