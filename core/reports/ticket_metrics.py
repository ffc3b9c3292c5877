"""Keeps `ticket_metrics` in step with the journal (H1): new entries are read, and every ticket that
they concern is computed anew from its whole journal.

So a message pays nothing for statistics, tickets of before are counted like any other, and what is
counted differently in another release is counted anew by forgetting the place in the journal.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete, func, insert, select

from core.desk import Desk
from core.models import JournalEntry, Resolution, SystemState, TicketCamera, TicketMetrics
from core.reports import day_figures
from core.reports.ticket_tally import TOLD, Entry, day_of, metrics_of
from core.sla.agreements import agreements_of
from core.texts import unpack
from core.tx import ReadTx, Tx

BATCH: Final = 1000
"""So many entries are read at once."""
ENTRIES: Final = 5_000
"""So many are read at once of journals of tickets, or those of one ticket that has more."""
PLACE: Final = "ticket_metrics"
# So many times are as many entries read for somebody who waits.
_ROUNDS: Final = 10
# Entries are numbered before they are committed: on PostgreSQL a lower number may appear after a
# higher one. What is younger than this is read again.
_SETTLED: Final = timedelta(minutes=1)
# With these its camera or its ratings change, which are read where they are kept.
_CHANGES: Final = frozenset(
    {*TOLD, "fault_reported", "merge_received", "merge_returned", "ticket_rated"}
)


async def keep_metrics(tx: Tx) -> int:
    """Count what is new in the journal; returns how far it went in entries, up to `BATCH`.

    One at a time: who counts holds the place in the journal.
    """
    place = await tx.find(SystemState, PLACE, hold=True)
    after = 0 if place is None else int(place.value["entry"])
    rows = await tx.rows(
        select(JournalEntry.id, JournalEntry.ticket_id, JournalEntry.event, JournalEntry.at)
        .where(JournalEntry.id > after)
        .order_by(JournalEntry.id)
        .limit(BATCH)
    )
    await _count(tx, {row.ticket_id for row in rows if row.event in _CHANGES} - {None})
    settled = [row.id for row in rows if tx.is_sqlite or row.at < tx.now - _SETTLED]
    if settled:
        await tx.put(SystemState(name=PLACE, value={"entry": settled[-1]}, at=tx.now))
    return len(settled)


async def count_all(desk: Desk) -> None:
    """Count what happened just now; after an upgrade not everything at once."""
    for _ in range(_ROUNDS):
        if await desk.run(keep_metrics) < BATCH:
            break


async def count_anew(tx: Tx) -> None:
    """Forget everything, so that it is counted from the first entry on."""
    await tx.change(delete(TicketMetrics))
    await day_figures.forget_all(tx)
    await tx.put(SystemState(name=PLACE, value={"entry": 0}, at=tx.now))


async def is_behind(tx: ReadTx) -> bool:
    """Return whether there are so many entries to count that the figures are not whole yet."""
    place = await tx.find(SystemState, PLACE)
    after = 0 if place is None else int(place.value["entry"])
    query = select(JournalEntry.id).where(JournalEntry.id > after).offset(BATCH).limit(1)
    return await tx.first(query) is not None


async def _count(tx: Tx, tickets: Iterable[int]) -> None:
    numbers = sorted(tickets)
    if not numbers:
        return
    table: Any = TicketMetrics.__table__
    rows = await tx.rows(select(table).where(table.c.ticket_id.in_(numbers)))
    before = {row.ticket_id: dict(zip(table.c.keys(), row, strict=True)) for row in rows}
    after = dict[int, dict[str, Any]]()
    for some in await _slices(tx, numbers):
        after |= await _counted(tx, some)
    changed = [one for one in numbers if before.get(one) != after.get(one)]
    if not changed:
        return
    await tx.change(delete(TicketMetrics).where(TicketMetrics.ticket_id.in_(changed)))
    fresh = [after[one] for one in changed if one in after]
    if fresh:
        await tx.change(insert(table), fresh)
    await day_figures.adjust(tx, [before[one] for one in changed if one in before], fresh)


async def _slices(tx: ReadTx, numbers: Sequence[int]) -> list[list[int]]:
    """These tickets, in parts whose journals together are no longer than may be read at once."""
    entries = JournalEntry.ticket_id
    lengths = await tx.rows(
        select(entries, func.count()).where(entries.in_(numbers)).group_by(entries)
    )
    slices, room = list[list[int]](), 0
    for number, length in lengths:
        if number is not None:
            if length > room or not slices:
                slices, room = [*slices, []], ENTRIES
            slices[-1].append(number)
            room -= length
    return slices


async def _counted(tx: ReadTx, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the rows of those tickets that have one."""
    told, agreed, zone = await _stories(tx, numbers), await agreements_of(tx), tx.company.zone
    cameras, ratings = await _cameras(tx, numbers), await _ratings(tx, numbers)
    found = {}
    for number, entries in told.items():
        row = metrics_of(number, entries, zone, agreed)
        if row is not None:
            found[number] = row | {"camera_id": cameras.get(number), "ratings": ratings.get(number)}
    return found


async def _cameras(tx: ReadTx, numbers: Sequence[int]) -> dict[int, int]:
    query = select(TicketCamera).where(TicketCamera.ticket_id.in_(numbers))
    return {one.ticket_id: one.camera_id for one in await tx.all(query)}


async def _ratings(tx: ReadTx, numbers: Sequence[int]) -> dict[int, list[Any]]:
    """Of endings that customers were asked to rate: day, whose it was, and the rating."""
    rows = await tx.rows(
        select(Resolution.ticket_id, Resolution.at, Resolution.assignee_id, Resolution.rating)
        .where(Resolution.ticket_id.in_(numbers), Resolution.asked.is_(True))
        .order_by(Resolution.ticket_id, Resolution.at)
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for number, at, assignee_id, rating in rows:
        found[number].append([day_of(at, tx.company.zone), assignee_id, rating])
    return found


async def _stories(tx: ReadTx, numbers: Sequence[int]) -> dict[int, list[Entry]]:
    rows = await tx.rows(
        select(JournalEntry.ticket_id, JournalEntry.at, JournalEntry.event, JournalEntry.facts)
        .where(JournalEntry.ticket_id.in_(numbers), JournalEntry.event.in_(TOLD))
        .order_by(JournalEntry.ticket_id, JournalEntry.id)
    )
    told: dict[int, list[Entry]] = defaultdict(list)
    for number, at, event, facts in rows:
        if number is not None:
            told[number].append((at, event, unpack(facts)))
    return told
