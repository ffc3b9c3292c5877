"""States and moves of tickets. Pure: no database, no clock.

Categories are fixed, states are free: a company may add a state to any category. So code asks for
flags and categories, never for a state's code (B1).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

CATEGORIES: Final = (
    *("new", "open", "waiting", "frozen", "on_hold"),
    *("resolved", "closed", "cancelled"),
)

# Verbs that may lead out of a final state (B6, `/reopen`).
LEAVING_FINAL: Final = frozenset({"reopen"})
# A customer may write at any time until the end (A11), so every such state needs these moves.
HEARD: Final = "hear"
# After a resolution the customer judges it, or says nothing for long enough (B14, B15).
JUDGED: Final = ("confirm", "dispute", "expire")
# By name only: no verb leads there.
SET: Final = "set"
# Verbs by which people move a ticket, and nothing else happens to it.
BY_HAND: Final = ("wait", "freeze", "unfreeze", "resolve", "close", "cancel", "reopen")
# How entering a state of this category by name counts, where no verb leads there.
_AS: Final[Mapping[str, str]] = {
    "waiting": "wait",
    "frozen": "freeze",
    "resolved": "resolve",
    "closed": "close",
    "cancelled": "cancel",
}


@dataclass(frozen=True, slots=True)
class State:
    """A state and its flags.

    ``pause``: the clocks are suspended; ``resolution``: the resolution clock stops; ``final``: only
    a reopening leads out; ``initial``: a new ticket begins here. People move a ticket here by name
    from ``sources``; who, say ``roles``, none: everybody of us. ``marker`` replaces the calm ones;
    ``reason`` is noted where nobody gives one, and so is the ``closing_reason`` of a state that
    ends tickets; ``leave_list``: the next ticket is shown then.
    """

    code: str
    category: str
    initial: bool = False
    pause: bool = False
    resolution: bool = False
    final: bool = False
    sources: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()
    titles: Mapping[str, str] = field(default_factory=dict)
    description: Mapping[str, str] = field(default_factory=dict)
    marker: str | None = None
    reason: str | None = None
    closing_reason: str | None = None
    leave_list: bool = False
    active: bool = True
    renamed: bool = False

    @property
    def clock(self) -> str:
        """Return what the state does to clocks of agreements: ``runs``, ``pauses`` or ``stops``."""
        return "stops" if self.resolution or self.final else "pauses" if self.pause else "runs"

    @property
    def ends_work(self) -> bool:
        """Return whether the work is done here, and was not called off."""
        return self.clock == "stops" and self.category != "cancelled"

    @property
    def put_off(self) -> bool:
        """Return whether work rests, and not because of the customer."""
        return self.pause and self.category != "waiting"

    def title(self, language: str) -> str:
        """Return the name in this language, or in another if there is none."""
        return self.titles.get(language) or next(iter(self.titles.values()), self.code)

    def open_to(self, role: str) -> bool:
        """Return whether somebody with this role may move a ticket here."""
        return not self.roles or role in self.roles


@dataclass(frozen=True, slots=True)
class Move:
    """In ``source``, ``verb`` leads to ``target`` (which may be the same state)."""

    source: str
    verb: str
    target: str


@dataclass(frozen=True, slots=True)
class Unsound:
    """Why a table cannot work: the state, which field of it, ``name`` of the reason, its facts."""

    state: str
    place: str
    name: str
    facts: Mapping[str, str] = field(default_factory=dict)


class Workflow:
    """The table of states and moves, indexed."""

    def __init__(self, states: Sequence[State], moves: Iterable[Move]) -> None:
        self.states = {state.code: state for state in states}
        self.moves = {(move.source, move.verb): move.target for move in moves}

    @property
    def initial(self) -> State:
        """Return the state of a new ticket."""
        return next(state for state in self._active() if state.initial)

    def _active(self) -> Iterator[State]:
        return (state for state in self.states.values() if state.active)

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

    def leads(self, source: str) -> dict[str, str]:
        """Return where each verb leads from this state."""
        return {verb: target for (state, verb), target in self.moves.items() if state == source}

    def ways(self, source: str, role: str) -> dict[str, str]:
        """Return the states that somebody with this role may move a ticket to from here, in order:
        their codes, and the verb that it counts as.
        """
        return {
            state.code: verb
            for state in self._active()
            if state.code != source and state.open_to(role)
            if (verb := self._way(source, state)) is not None
        }

    def entered(self) -> frozenset[str]:
        """Return the codes of the states to which an admin may move a ticket from another."""
        return frozenset(code for source in self.states for code in self.ways(source, "admin"))

    def _way(self, source: str, target: State) -> str | None:
        for verb in BY_HAND:
            if self.moves.get((source, verb)) == target.code:
                return verb
        if source not in target.sources:
            return None
        old = self.states[source]
        if old.clock == "stops" and target.clock != "stops":
            return "reopen"
        return _AS.get(target.category, SET)

    def codes(self, *categories: str) -> tuple[str, ...]:
        """Return the codes of the states in these categories."""
        return tuple(s.code for s in self.states.values() if s.category in categories)

    def open_codes(self) -> tuple[str, ...]:
        """Return the codes of the states that are not final."""
        return tuple(s.code for s in self.states.values() if not s.final)

    def faults(self) -> list[Unsound]:
        """Return what is wrong with the table; empty when it can work."""
        broken = [*self._state_faults(), *self._move_faults()]
        return broken or [*self._dead_ends(), *self._unreachable()]

    def _state_faults(self) -> Iterable[Unsound]:
        initial = [state.code for state in self._active() if state.initial]
        if len(initial) != 1:
            states = ", ".join(initial) or "–"
            yield Unsound(initial[-1] if initial else "", "initial", "one_initial", {"is": states})
        for state in self._active():
            yield from _flag_faults(state)
            missing = [verb for verb in _needed(state) if (state.code, verb) not in self.moves]
            if missing:
                yield Unsound(state.code, "verbs", "missing_verb", {"verb": ", ".join(missing)})

    def _move_faults(self) -> Iterable[Unsound]:
        for (source, verb), target in self.moves.items():
            facts = {"verb": verb, "target": target, "source": source}
            ends = (self.states.get(source), self.states.get(target))
            if None in ends:
                yield Unsound(source, "verbs", "no_such_state", facts)
            elif not self.states[target].active and self.states[source].active:
                yield Unsound(source, "verbs", "switched_off", facts)
            elif self.states[source].final and verb not in LEAVING_FINAL:
                yield Unsound(source, "verbs", "leaves_final", facts)
        for state in self._active():
            for source in state.sources:
                if source not in self.states:
                    facts = {"target": source}
                    yield Unsound(state.code, "sources", "no_such_state", facts)

    def _steps(self) -> Iterator[tuple[str, str]]:
        """Yield each way from state to state, by a verb or by name."""
        yield from ((source, target) for (source, _), target in self.moves.items())
        yield from ((source, state.code) for state in self._active() for source in state.sources)

    def _dead_ends(self) -> Iterable[Unsound]:
        ends = {state.code for state in self._active() if state.final}
        if not ends:
            yield Unsound("", "final", "no_end")
        reaching = _closure(ends, [(target, source) for source, target in self._steps()])
        for state in self._active():
            if ends and state.code not in reaching:
                yield Unsound(state.code, "verbs", "dead_end")

    def _unreachable(self) -> Iterable[Unsound]:
        reached = _closure({self.initial.code}, list(self._steps()))
        for state in self._active():
            if state.code not in reached:
                yield Unsound(state.code, "sources", "unreachable")


def _flag_faults(state: State) -> Iterable[Unsound]:
    if state.category not in CATEGORIES:
        yield Unsound(state.code, "category", "category", {"is": state.category})
    if state.final and (state.pause or state.resolution):
        yield Unsound(state.code, "final", "final_and_more")
    if state.pause and state.resolution:
        yield Unsound(state.code, "pause", "pause_and_resolution")
    if state.initial and (state.final or state.pause or state.resolution):
        yield Unsound(state.code, "initial", "initial_and_more")


def _needed(state: State) -> tuple[str, ...]:
    """Return the verbs that others than operators need to find here."""
    if state.final:
        return ()
    woken = ("wake",) if state.put_off else ()
    return (HEARD, *(JUDGED if state.resolution else ()), *woken)


def _closure(begin: set[str], steps: list[tuple[str, str]]) -> set[str]:
    """Return all states that the steps lead to from these."""
    found, fresh = set(begin), set(begin)
    while fresh:
        fresh = {target for source, target in steps if source in fresh} - found
        found |= fresh
    return found


class Marker(StrEnum):
    """The sign before a ticket in every list."""

    NEEDS_ANSWER = "🔴"
    OVERDUE = "⭕"
    ANSWERED = "🟢"
    FROZEN = "🟡"
    CLOSED = "⚪"


def marker(
    state: State,
    waiting_since: datetime | None,
    answer_due: datetime | None,
    now: datetime,
    agreed_due: datetime | None = None,
) -> Marker:
    """Return the marker of a ticket in this state at this instant. ``agreed_due``: the nearest
    deadline of its agreement; once it has passed the ticket is late, answered or not, unless it is
    the customer's turn (C5).
    """
    if state.final:
        return Marker.CLOSED
    if state.put_off:
        return Marker.FROZEN
    waits = waiting_since is not None
    if agreed_due is not None and agreed_due <= now and (waits or state.clock == "runs"):
        return Marker.OVERDUE
    if waits and answer_due is not None and answer_due <= now:
        return Marker.OVERDUE
    return Marker.NEEDS_ANSWER if waits else Marker.ANSWERED


_LOUD: Final = frozenset({Marker.NEEDS_ANSWER, Marker.OVERDUE})


def sign_of(state: State, shown: Marker) -> str:
    """Return the sign that is shown: the state's own, where nobody waits for us."""
    return state.marker if state.marker and shown not in _LOUD else shown.value


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
    if state.put_off:
        return FROZEN
    return ANSWERED if waiting_since is None else NEEDS_ANSWER
