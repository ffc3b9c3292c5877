"""States and moves of tickets. Pure: no database, no clock.

Categories are fixed, states are free: a company may add a state to any category. So code asks for
flags and categories, never for a state's code (B1).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

CATEGORIES: Final = ("new", "open", "waiting", "frozen", "resolved", "closed", "cancelled")

# Verbs that may lead out of a final state (B6, `/reopen`).
LEAVING_FINAL: Final = frozenset({"reopen"})
# A customer may write at any time until the end (A11), so every such state needs these moves.
HEARD: Final = "hear"


@dataclass(frozen=True, slots=True)
class State:
    """A state and its flags.

    ``pause``: the clocks are suspended; ``resolution``: the resolution clock stops; ``final``: only
    a reopening leads out; ``initial``: a new ticket begins here.
    """

    code: str
    category: str
    initial: bool = False
    pause: bool = False
    resolution: bool = False
    final: bool = False

    @property
    def clock(self) -> str:
        """Return what the state does to clocks of agreements: ``runs``, ``pauses`` or ``stops``."""
        return "stops" if self.resolution or self.final else "pauses" if self.pause else "runs"


@dataclass(frozen=True, slots=True)
class Move:
    """In ``source``, ``verb`` leads to ``target`` (which may be the same state)."""

    source: str
    verb: str
    target: str


class Workflow:
    """The table of states and moves, indexed."""

    def __init__(self, states: Sequence[State], moves: Iterable[Move]) -> None:
        self.states = {state.code: state for state in states}
        self.moves = {(move.source, move.verb): move.target for move in moves}

    @property
    def initial(self) -> State:
        """Return the state of a new ticket."""
        return next(state for state in self.states.values() if state.initial)

    def state(self, code: str) -> State:
        """Return the state with this code."""
        return self.states[code]

    def move(self, source: str, verb: str) -> State | None:
        """Return where the verb leads from here, or ``None``."""
        target = self.moves.get((source, verb))
        return None if target is None else self.states[target]

    def verbs(self, source: str) -> frozenset[str]:
        """Return all verbs that are possible here."""
        return frozenset(verb for state, verb in self.moves if state == source)

    def codes(self, *categories: str) -> tuple[str, ...]:
        """Return the codes of the states in these categories."""
        return tuple(s.code for s in self.states.values() if s.category in categories)

    def open_codes(self) -> tuple[str, ...]:
        """Return the codes of the states that are not final."""
        return tuple(s.code for s in self.states.values() if not s.final)

    def faults(self) -> list[str]:
        """Return what is wrong with the table, in words; empty when it can work."""
        return [*self._state_faults(), *self._move_faults(), *self._dead_ends()]

    def _state_faults(self) -> Iterable[str]:
        initial = [s.code for s in self.states.values() if s.initial]
        if len(initial) != 1:
            yield f"exactly one state must be initial, not {len(initial)}"
        for state in self.states.values():
            if state.category not in CATEGORIES:
                yield f"{state.code}: unknown category {state.category}"
            if state.final and (state.pause or state.resolution):
                yield f"{state.code}: a final state neither pauses nor resolves"
            if not state.final and (state.code, HEARD) not in self.moves:
                yield f"{state.code}: nobody would hear the customer ({HEARD})"
            if state.initial and (state.final or state.pause or state.resolution):
                yield f"{state.code}: an initial state has no other flag"

    def _move_faults(self) -> Iterable[str]:
        for (source, verb), target in self.moves.items():
            for code in (source, target):
                if code not in self.states:
                    yield f"{source} --{verb}→ {target}: no state {code}"
            known = source in self.states
            if known and self.states[source].final and verb not in LEAVING_FINAL:
                yield f"{source} --{verb}→ {target}: a final state is left by reopening only"

    def _dead_ends(self) -> Iterable[str]:
        reaching = {code for code, state in self.states.items() if state.final}
        if not reaching:
            yield "no state is final"
        grew = True
        while grew:
            sources = {s for (s, _), target in self.moves.items() if target in reaching}
            grew = not sources <= reaching
            reaching |= sources
        for code in self.states:
            if code not in reaching:
                yield f"{code}: no way leads from it to an end"


class Marker(StrEnum):
    """The sign before a ticket in every list."""

    NEEDS_ANSWER = "🔴"
    OVERDUE = "⭕"
    ANSWERED = "🟢"
    FROZEN = "🟡"
    CLOSED = "⚪"


def marker(
    state: State, waiting_since: datetime | None, answer_due: datetime | None, now: datetime
) -> Marker:
    """Return the marker of a ticket in this state at this instant."""
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
RESOLVED: Final = 3
"""Not in the queue, but in a list of its own (X15)."""


def queue_rank(state: State, waiting_since: datetime | None) -> int | None:
    """Return the rank in the lists, or ``None`` if the ticket has ended."""
    if state.final:
        return None
    if state.resolution:
        return RESOLVED
    if state.category == "frozen":
        return FROZEN
    return ANSWERED if waiting_since is None else NEEDS_ANSWER
