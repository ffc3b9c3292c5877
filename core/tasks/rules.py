"""When a task ends by itself, and when a new one is opened (B9, B11). One table, pure.

A *diagnose and resolve* task follows its ticket. Whatever happens to the ticket is a cause; its
line says how the open tasks end and whether the assignee then gets a new one. A cause without a
line changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from core import events as e

EQUIPMENT: Final = "equipment"
DIAGNOSE: Final = "diagnose"

OPEN: Final = "open"
DONE: Final = "done"
CANCELLED: Final = "cancelled"

MERGED: Final = "merged"
"""The outcome of a task whose work another task is for."""


class Cause(StrEnum):
    """What happened to a ticket, for its tasks."""

    ASSIGNED = "assigned"
    HANDED_OVER = "handed_over"
    RELEASED = "released"
    ESCALATED = "escalated"
    SOLVED = "solved"
    POSTPONED = "postponed"
    RESUMED = "resumed"
    CANCELLED = "cancelled"
    CLOSED = "closed"
    RECLASSIFIED = "reclassified"


@dataclass(frozen=True, slots=True)
class Line:
    """How open tasks of ``kinds`` end (``state`` and ``outcome``; ``None``: they stay as they are),
    and whether the assignee gets a new diagnose task.
    """

    state: str | None
    outcome: str | None
    renew: bool
    kinds: frozenset[str] = frozenset({DIAGNOSE})


_BOTH: Final = frozenset({DIAGNOSE, EQUIPMENT})

CLOSING: Final[dict[Cause, Line]] = {
    # the ticket has its first assignee
    Cause.ASSIGNED: Line(None, None, renew=True),
    # another assignee or another team: whoever had it could not
    Cause.HANDED_OVER: Line(DONE, "escalation_needed", renew=True),
    Cause.RELEASED: Line(DONE, "escalation_needed", renew=False),
    # a higher support level
    Cause.ESCALATED: Line(DONE, "escalation_required", renew=True),
    Cause.SOLVED: Line(DONE, "solution_found", renew=False),
    # a pause: frozen, or waiting for the customer
    Cause.POSTPONED: Line(DONE, "more_information", renew=False),
    # back to work from a pause or an end
    Cause.RESUMED: Line(None, None, renew=True),
    Cause.CANCELLED: Line(CANCELLED, "ticket_cancelled", renew=False, kinds=_BOTH),
    # ended without a solution: apart from «cancelled» in reports
    Cause.CLOSED: Line(CANCELLED, "ticket_closed", renew=False),
    # no incident any more, or one from now on
    Cause.RECLASSIFIED: Line(CANCELLED, "reclassified", renew=True),
}


def _of_taking(_event: e.TicketTaken) -> Cause:
    return Cause.ASSIGNED


def _of_release(_event: e.TicketReleased) -> Cause:
    return Cause.RELEASED


def _of_escalation(_event: e.TicketEscalated) -> Cause:
    return Cause.ESCALATED


def _of_assignment(event: e.TicketAssigned) -> Cause | None:
    same = (event.assignee_id, event.team) == (event.old_assignee_id, event.old_team)
    if same:
        return None
    return Cause.ASSIGNED if event.old_assignee_id is None else Cause.HANDED_OVER


def _of_move(event: e.StateEntered) -> Cause | None:
    """By the categories and what the state does to clocks, never by a state's code."""
    if event.old_category == event.category:
        return None
    if event.category in _ENDS:
        return _ENDS[event.category]
    if event.clock == "pauses":
        return Cause.POSTPONED
    worked = event.old_category in _AT_WORK
    return None if worked else Cause.RESUMED


def _of_kind(event: e.TicketClassified) -> Cause | None:
    return None if event.category == event.old_category else Cause.RECLASSIFIED


_ENDS: Final = {
    "resolved": Cause.SOLVED,
    "cancelled": Cause.CANCELLED,
    "closed": Cause.CLOSED,
}
_AT_WORK: Final = frozenset({"new", "open"})
_CAUSES: Final[dict[type[e.Event], Callable[[Any], Cause | None]]] = {
    e.TicketTaken: _of_taking,
    e.TicketReleased: _of_release,
    e.TicketAssigned: _of_assignment,
    e.TicketEscalated: _of_escalation,
    e.StateEntered: _of_move,
    e.TicketClassified: _of_kind,
}

CAUSING: Final = tuple(_CAUSES)
"""The events that can end or open tasks."""


def cause_of(event: e.Event) -> Cause | None:
    """Return what the event means for the tasks of its ticket."""
    read = _CAUSES.get(type(event))
    return None if read is None else read(event)
