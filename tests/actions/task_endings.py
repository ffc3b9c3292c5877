"""How a task ends with what happened to its ticket (B9, B11)."""

from typing import Final

from core.tickets.workflow import Workflow
from tests.actions.journal_replay import Present

# Endings that somebody chooses: by finishing or cancelling a task, or with the ticket.
BY_HAND: Final = {
    "diagnose": {("done", "solution_found"), ("cancelled", "by_hand")},
    "equipment": {
        ("done", "finished"),
        ("cancelled", "by_hand"),
        ("done", "with_ticket"),
        ("cancelled", "with_ticket"),
    },
}
_ENDS: Final = {
    "resolved": ("done", "solution_found"),
    "cancelled": ("cancelled", "ticket_cancelled"),
    "closed": ("cancelled", "ticket_closed"),
}


def ending_of(
    workflow: Workflow, kind: str, was: Present, now: Present, *, escalated: bool
) -> tuple[str, str] | None:
    """How a task ends with what happened to its ticket: B9 and B11, in the order in which they
    count. ``None``: it does not.
    """
    old, state = workflow.state(was.state), workflow.state(now.state)
    arrived = old.category != state.category
    if kind == "equipment":
        cancelled = arrived and state.category == "cancelled"
        moved = "merged" if was.parent != now.parent else None
        outcome = "ticket_cancelled" if cancelled else moved
        return None if outcome is None else ("cancelled", outcome)
    lines = (
        (arrived and state.category in _ENDS, _ENDS.get(state.category)),
        (arrived and state.clock == "pauses", ("done", "more_information")),
        (escalated, ("done", "escalation_required")),
        ((was.assignee, was.place) != (now.assignee, now.place), ("done", "escalation_needed")),
        (was.kind[1] != now.kind[1], ("cancelled", "reclassified")),
    )
    return next((ending for holds, ending in lines if holds), None)
