"""The five markers (C3) and the order of the queue: pure functions, never stored as such."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from core.tickets.workflow import State


class Marker(StrEnum):
    """How a ticket is shown wherever it is listed."""

    NEEDS_ANSWER = "🔴"
    OVERDUE = "⭕"
    ANSWERED = "🟢"
    FROZEN = "🟡"
    CLOSED = "⚪"


def marker(
    state: State, waiting_since: datetime | None, answer_due: datetime | None, now: datetime
) -> Marker:
    """The marker of a ticket in this state at this instant."""
    if state.final:
        return Marker.CLOSED
    if state.category == "frozen":
        return Marker.FROZEN
    if waiting_since is None:
        return Marker.ANSWERED
    if answer_due is not None and answer_due <= now:
        return Marker.OVERDUE
    return Marker.NEEDS_ANSWER


# Queue ranks: who needs us comes first, and so does what is late by its agreement; what is not in
# the table is in no queue.
NEEDS_ANSWER: Final = 0
ANSWERED: Final = 1
FROZEN: Final = 2


def queue_rank(state: State, waiting_since: datetime | None) -> int | None:
    """Where the ticket stands in the queue; ``None``: not in it."""
    if state.final or state.resolution:
        return None
    if state.category == "frozen":
        return FROZEN
    return ANSWERED if waiting_since is None else NEEDS_ANSWER
