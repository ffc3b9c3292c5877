"""Stores clocks, and sets their timers."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select, update

from core.db import PreparedStatement
from core.db.statements import prepared
from core.models import Clock
from core.sla.agreements import CalendarFacts
from core.sla.answer_clock import NEAR, set_timers
from core.sla.clock import ClockState, remind_at
from core.tx import ReadTx, Tx

Readings = Mapping[str, ClockState]

_CHANGING: Final = ("calendar", "span", "started_at", "due_at", "left", "ended_at", "missed_at")


def _upsert(insert: Callable[[Any], Any]) -> Any:
    # the table, not the class: the ORM would split rows with empty columns from the others
    statement = insert(Clock.__table__)
    return statement.on_conflict_do_update(
        index_elements=["ticket_id", "kind"],
        set_={name: statement.excluded[name] for name in _CHANGING},
    )


_PUT: Final = PreparedStatement(prepared(_upsert), apart=True)
_CLOCKS: Final[Any] = Clock.__table__


async def stored(tx: ReadTx, ticket_id: int) -> tuple[str | None, dict[str, ClockState]]:
    """Return the code of the clocks' calendar, and the ticket's clocks by kind."""
    query = select(_CLOCKS).where(_CLOCKS.c.ticket_id == ticket_id)
    # earlier releases left a clock that had ended in the calendar of its day
    query = query.order_by(_CLOCKS.c.ended_at.is_not(None), _CLOCKS.c.kind)
    rows = await tx.rows(query, apart=True)
    readings = {
        row.kind: ClockState(
            row.span, row.started_at, row.due_at, row.left, row.ended_at, row.missed_at
        )
        for row in rows
    }
    return (rows[0].calendar if rows else None), readings


async def put(
    tx: Tx, ticket_id: int, calendar: CalendarFacts, before: Readings, after: Readings
) -> None:
    """Store the clocks that have changed, and set their timers."""
    changed = {kind: clock for kind, clock in after.items() if clock != before.get(kind)}
    if not changed:
        return
    await _PUT.change(
        tx.session,
        [
            {
                "ticket_id": ticket_id,
                "kind": kind,
                "calendar": calendar.code,
                "span": clock.span,
                "started_at": clock.started_at,
                "due_at": clock.due_at,
                "left": clock.left,
                "ended_at": clock.ended_at,
                "missed_at": clock.missed_at,
            }
            for kind, clock in changed.items()
        ],
    )
    timers: dict[str, datetime | None] = {}
    for kind, clock in changed.items():
        timers |= _timers(tx, kind, calendar, before.get(kind), clock)
    await set_timers(tx, ticket_id, timers)


def _timers(
    tx: Tx, kind: str, calendar: CalendarFacts, before: ClockState | None, clock: ClockState
) -> dict[str, datetime | None]:
    """Return the timers of a clock. A deadline that has passed without an alert fires at once, even
    if the clock is paused by now; a reminder is set anew only if the deadline has moved.
    """
    due = None if clock.missed_at is not None else clock.due_at
    timers = {kind: due}
    stands = clock.ended_at is not None
    if before is None or stands or clock.due_at != before.due_at:
        ahead = tx.company.remind_before
        timers[NEAR[kind]] = remind_at(calendar.hours, clock, tx.now, ahead)
    return timers


async def change_calendar(tx: Tx, ticket_id: int, code: str) -> None:
    """All clocks of the ticket count in this calendar, those that stay as they are as well: one
    calendar is read for all of them.
    """
    others = _CLOCKS.c.ticket_id == ticket_id, _CLOCKS.c.calendar != code
    await tx.change(update(_CLOCKS).where(*others).values(calendar=code))


async def drop(tx: Tx, ticket_id: int, kinds: Collection[str]) -> None:
    """Delete the clocks of these kinds, with their timers."""
    if not kinds:
        return
    await tx.change(
        delete(_CLOCKS).where(_CLOCKS.c.ticket_id == ticket_id, _CLOCKS.c.kind.in_(kinds))
    )
    gone = [*kinds, *(NEAR[kind] for kind in kinds)]
    await set_timers(tx, ticket_id, dict.fromkeys(gone))
