"""What must hold of tickets, their timers and their places in the queue: said from the
requirements (B1, B3, B6, C1, C2, D2, D4).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from core.sla.clock import ClockState
from core.tickets.workflow import FROZEN, NEEDS_ANSWER, RESOLVED, State, Workflow
from core.tx import ReadTx
from tests.actions.tables_seen import Seen


def check_ticket(tx: ReadTx, state: State, row: Any, seen: Seen) -> None:
    timers = seen.timers.get(row.id, {})
    ended = state.final or state.resolution
    assert (row.closed_at is not None) == state.final, row
    assert (row.resolved_at is not None) or not state.resolution, row
    assert (row.assignee_id is None) == (row.assigned_at is None), row
    assert row.frozen_until is None or state.category == "frozen", row
    if ended or state.category == "waiting":
        assert row.waiting_since is None or state.category == "waiting", row
    if row.waiting_since is None:
        assert row.answer_due is None and row.answer_left is None, row
    else:
        assert (row.answer_due is None) == (row.answer_left is not None), row
    assert row.answer_left is None or state.pause, row
    assert timers.get("answer") in {None, row.answer_due}, (row, timers)
    if row.answer_due is not None and row.answer_due > tx.now:
        assert timers.get("answer") == row.answer_due, (row, timers)
    assert timers.get("wake") == row.frozen_until, (row, timers)
    assert ("review" in timers) == (state.pause and row.frozen_until is None), (row, timers)
    rating = row.resolved_at + tx.company.rating_wait if state.resolution else None
    assert timers.get("rating") == rating, (row, timers)
    asked = row.resolved_at + timedelta(days=1) if state.resolution else None
    assert timers.get("rating_asked") in {None, asked}, (row, timers)
    if asked is not None and asked > tx.now:
        assert timers.get("rating_asked") == asked, (row, timers)
    _check_queue(tx, state, row, seen.clocks.get(row.id, {}))


def _check_queue(tx: ReadTx, state: State, row: Any, clocks: Mapping[str, ClockState]) -> None:
    """Who needs us comes first; with them what is late, as soon as admins are told."""
    late = [
        one
        for one in clocks.values()
        if one.ended_at is None and one.due_at is not None and one.due_at <= tx.now
    ]
    if state.final:
        assert row.queue_rank is None and row.queue_at is None, row
    elif state.resolution:
        assert (row.queue_rank, row.queue_at) == (RESOLVED, row.resolved_at), row
    elif state.category in {"frozen", "on_hold"}:
        assert row.queue_rank == FROZEN, row
    elif row.waiting_since is not None:
        assert row.queue_rank == NEEDS_ANSWER, row
    elif row.queue_rank == NEEDS_ANSWER:
        assert late and state.clock == "runs", row
    else:
        told = [one for one in late if one.missed_at is not None]
        assert not told or state.clock != "runs", row
    assert (row.queue_rank is None) == (row.queue_at is None), row
    if row.queue_rank == NEEDS_ANSWER:
        _check_nearest(row, clocks)


def _check_nearest(row: Any, clocks: Mapping[str, ClockState]) -> None:
    """The place alone says who is late (D4): it is within a minute of the nearest deadline."""
    running = [one.due_at for one in clocks.values() if one.ended_at is None]
    known = [due for due in (row.answer_due or row.waiting_since, *running) if due is not None]
    nearest = min(known)
    assert abs(row.queue_at - nearest) <= timedelta(minutes=1), (row, running)


def check_copies(seen: Seen) -> None:
    """Beside team, tags and priority stands the ticket's own place (D2)."""
    for row in seen.beside:
        ticket = seen.tickets[row.ticket_id]
        assert (row.queue_rank, row.queue_at) == (ticket.queue_rank, ticket.queue_at), (row, ticket)


def check_parents(seen: Seen) -> None:
    """Two floors: a parent has none."""
    for number, now in seen.presents.items():
        if now.parent is not None:
            assert seen.presents[now.parent].parent is None, (number, now.parent)


def check_outages(workflow: Workflow, seen: Seen) -> None:
    open_areas = []
    for outage in seen.outages:
        state = workflow.state(seen.tickets[outage.ticket_id].state)
        assert (outage.closed_at is not None) == (state.final or state.resolution), outage
        if outage.closed_at is None:
            open_areas.append(outage.area)


def check_timers(
    state: State, clocks: Mapping[str, ClockState], timers: Mapping[str, datetime]
) -> None:
    for kind, reading in clocks.items():
        known = reading.missed_at is not None
        assert timers.get(kind) == (None if known else reading.due_at), kind
        assert (reading.due_at is None) is (reading.left is not None), kind
        near = timers.get(f"{kind}_near")
        assert near is None or (reading.due_at is not None and near < reading.due_at), kind
    resolution = clocks.get("resolution")
    if resolution is not None:
        assert (resolution.ended_at is not None) is (state.clock == "stops")
        runs = resolution.left is None and resolution.ended_at is None
        assert runs or state.clock != "runs"
