"""How many tickets of a list have which marker (D2): nobody counts beyond a thousand."""

from collections.abc import Mapping
from typing import Final

from core.models import Ticket
from core.tickets.filters import MARKED, NOTHING, Filters, marked
from core.tickets.late_counts import count, count_by_lateness
from core.tickets.lateness import BEHIND
from core.tickets.list_indexes import Chosen
from core.tickets.list_lines import COUNTED
from core.tickets.list_order import QUEUE
from core.tickets.lists import NONE, are_resolved, as_filters, based_on, has_resolved
from core.tickets.looked_at import COUNTABLE, AtLeast, count_few, count_looked_at
from core.tickets.narrowing import narrow
from core.tickets.views import View
from core.tickets.workflow import NEEDS_ANSWER, RESOLVED, Marker
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

    Where more than `COUNTED` are within a minute of their deadline, those of them that are not late
    count as needing an answer no more.
    """
    base, asked = as_filters(base, filters.without("marker"), person)
    if base == NONE:
        return _by_marker(dict.fromkeys(MARKED, 0))
    chosen, _ = await based_on(tx, base, person)
    within = await narrow(tx, chosen, asked, person, QUEUE)
    counts = await _counts(tx, within, asked, person)
    if has_resolved(base) or await are_resolved(tx, asked):
        counts["answered"] = await _with_resolved(tx, within, counts["answered"])
    return _by_marker(counts)


async def _with_resolved(tx: ReadTx, within: Chosen, answered: int) -> int:
    """Return how many are answered or resolved: both have one marker."""
    if within.some is None and within.sparse:
        return AtLeast(answered)
    resolved = await count(tx, within, [*within.conditions, Ticket.queue_rank == RESOLVED])
    found = min(answered + resolved, COUNTED + 1)
    return AtLeast(found) if isinstance(answered, AtLeast) else found


async def _counts(tx: ReadTx, within: Chosen, asked: Filters, person: int | None) -> dict[str, int]:
    """Return how many have which of `MARKED`."""
    some = within.some
    meets = within.sparse if some is None else len(asked.given()) > 1
    if meets and some is not None and some <= COUNTABLE:
        return await count_few(tx, within)
    if meets:
        return await count_looked_at(tx, within, asked.indexed(person))
    waiting = [Ticket.queue_rank == NEEDS_ANSWER, Ticket.queue_at > tx.now + BEHIND]
    kinds = (waiting, marked(tx, "answered"), marked(tx, "frozen"))
    late, sooner, (later, calm, put_off) = await count_by_lateness(tx, within, kinds)
    counts = (late, min(later + sooner, COUNTED + 1), calm, put_off)
    return dict(zip(MARKED, counts, strict=True))


_SIGNS: Final = (Marker.OVERDUE, Marker.NEEDS_ANSWER, Marker.ANSWERED, Marker.FROZEN)


def _by_marker(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the counts of `MARKED` by the markers that people see."""
    return {sign.value: counts[name] for sign, name in zip(_SIGNS, MARKED, strict=True)}
