"""How many tickets of a list have which marker (D2): nobody counts beyond a thousand."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import func, or_, select

from core.models import Ticket
from core.tickets.filters import BEHIND, MARKED, NOTHING, Filters, marked
from core.tickets.list_indexes import IN_TIME, Along, Chosen
from core.tickets.list_lines import COUNTED
from core.tickets.list_order import QUEUE, WITHIN_RANK, Stretch
from core.tickets.lists import as_filters, based_on
from core.tickets.looked_at import COUNTABLE, count_few, count_looked_at
from core.tickets.narrowing import in_time, narrow
from core.tickets.views import View
from core.tickets.workflow import NEEDS_ANSWER, Marker
from core.tx import ReadTx


async def count_by_marker(
    tx: ReadTx,
    base: str | View = "queue",
    filters: Filters = NOTHING,
    person: int | None = None,
) -> dict[str, int]:
    """Return how many open tickets of a list have which marker, up to `COUNTED` and one more each;
    of the ``filters`` all hold but the marker. Where several meet and few may fit, `AtLeast` so
    many.

    Who is late is not looked up for each: of all that stand where the queue is late those are left
    out that are in time, and these have an index.
    """
    base, asked = as_filters(base, filters.without("marker"))
    chosen, _ = await based_on(tx, base, person)
    within = await narrow(tx, chosen, asked, person, QUEUE)
    if within.some is None and within.sparse:
        return _by_marker(await count_looked_at(tx, within))
    if within.some is not None and len(asked.given()) > 1:
        few = within.some <= COUNTABLE
        return _by_marker(await (count_few if few else count_looked_at)(tx, within))
    waiting, near = Ticket.queue_rank == NEEDS_ANSWER, tx.now + BEHIND
    sooner = await _count(tx, _in_time_soon(tx, within))
    if sooner > COUNTED:
        late = await _counted(tx, within, marked(tx, "overdue"))
    else:
        soon = [waiting, Ticket.queue_at <= near]
        late = await _counted(tx, within, soon, and_more=sooner) - sooner
    later = await _counted(tx, within, [waiting, Ticket.queue_at > near])
    calm = await _counted(tx, within, marked(tx, "answered"))
    put_off = await _counted(tx, within, marked(tx, "frozen"))
    counts = (late, min(later + sooner, COUNTED + 1), calm, put_off)
    return _by_marker(dict(zip(MARKED, counts, strict=True)))


_SIGNS: Final = (Marker.OVERDUE, Marker.NEEDS_ANSWER, Marker.ANSWERED, Marker.FROZEN)


def _by_marker(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the counts of `MARKED` by the markers that people see."""
    return {sign.value: counts[name] for sign, name in zip(_SIGNS, MARKED, strict=True)}


def _in_time_soon(tx: ReadTx, within: Chosen) -> Any:
    """Those in time that stand where the queue is late: their priority moves them by less than a
    minute, or another deadline has passed.
    """
    of_it = [] if within.read is None else [or_(*(one.holds() for one in within.read))]
    soon = Along(which=(*IN_TIME, in_time(tx), *of_it), until=tx.now + BEHIND)
    return soon.numbers(within.conditions, Stretch(WITHIN_RANK), COUNTED + 1)


async def _counted(
    tx: ReadTx, within: Chosen, conditions: Sequence[Any], *, and_more: int = 0
) -> int:
    most = COUNTED + 1 + and_more
    return await _count(tx, within.counted([*within.conditions, *conditions], most))


async def _count(tx: ReadTx, rows: Any) -> int:
    return int(await tx.first(select(func.count()).select_from(rows.subquery())) or 0)
