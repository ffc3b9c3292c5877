"""Computes an agreement's clock from the journal. Pure: entries become steps."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, cast

from core.sla.calendar import Calendar, NeverOpen

REACTION: Final = "reaction"
RESOLUTION: Final = "resolution"
KINDS: Final = (REACTION, RESOLUTION)

What = Literal["runs", "pauses", "stops", "reacted", "missed"]

# The deadline where a calendar never has that much working time.
_OUT_OF_SIGHT: Final = timedelta(days=366 * 20)
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Step:
    """What changes a clock: the ticket came to a state that runs, pauses or stops clocks; somebody
    reacted; admins were told that the clock of this ``kind`` is late.
    """

    at: datetime
    what: What
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class ClockState:
    """A clock at an instant. ``span`` and ``left`` are working seconds.

    ``due_at`` is empty while the clock is paused and was not late by then; ``left`` is kept.
    """

    span: int
    started_at: datetime
    due_at: datetime | None
    left: int | None = None
    ended_at: datetime | None = None
    missed_at: datetime | None = None

    @property
    def late(self) -> bool:
        """Return whether it is paused, and was late when it was paused."""
        return self.ended_at is not None and self.due_at is not None


def begin(calendar: Calendar, span: int, at: datetime) -> ClockState:
    """Return a clock that begins to run."""
    return ClockState(span, at, _after(calendar, at, span))


def step(calendar: Calendar, kind: str, state: ClockState, happened: Step) -> ClockState:
    """Return the clock after this step."""
    if happened.what == "missed":
        return _missed(state, happened) if happened.kind == kind else state
    if kind == REACTION and state.ended_at is not None:
        return state
    match happened.what:
        case "reacted" if kind == RESOLUTION:
            return state
        case "reacted" | "stops":
            return _pause(calendar, state, happened.at, ended=True)
        case "pauses":
            return _pause(calendar, state, happened.at, ended=False)
        case _:
            return _resume(calendar, state, happened.at)


def fold(
    calendar: Calendar, kind: str, span: int, opened: datetime, steps: Iterable[Step]
) -> ClockState:
    """Return the clock after all of these steps, from its beginning."""
    reading = begin(calendar, span, opened)
    for happened in steps:
        reading = step(calendar, kind, reading, happened)
    return reading


def _pause(calendar: Calendar, state: ClockState, at: datetime, *, ended: bool) -> ClockState:
    """Pause the clock; what is left is kept, unless nothing is."""
    until = (state.ended_at or at) if ended else None
    if state.due_at is None or state.due_at <= at:
        return replace(state, ended_at=until)
    left = calendar.worked(at, state.due_at) // _SECOND
    return replace(state, due_at=None, left=left, ended_at=until)


def _resume(calendar: Calendar, state: ClockState, at: datetime) -> ClockState:
    if state.left is None:
        return replace(state, ended_at=None)
    due = _after(calendar, at, state.left)
    return replace(state, due_at=due, left=None, ended_at=None)


def _missed(state: ClockState, happened: Step) -> ClockState:
    """Note that admins know, unless the deadline has been put off since."""
    if state.missed_at is not None or state.due_at is None or state.due_at > happened.at:
        return state
    return replace(state, missed_at=happened.at)


def _after(calendar: Calendar, at: datetime, seconds: int) -> datetime:
    try:
        return calendar.after(at, timedelta(seconds=seconds))
    except (NeverOpen, OverflowError):
        return at + _OUT_OF_SIGHT


def remind_at(
    calendar: Calendar, state: ClockState, now: datetime, ahead: timedelta
) -> datetime | None:
    """Return when to remind of the deadline (C5): this much working time ahead of it, but at most a
    quarter of the span.

    ``None``: that has passed, or the clock is paused.
    """
    if state.due_at is None or state.ended_at is not None or state.due_at <= now:
        return None
    left = calendar.worked(now, state.due_at)
    until = left - min(ahead, timedelta(seconds=state.span / 4))
    return calendar.after(now, until) if until > timedelta() else None


# By category: what a state does to clocks, where the entry does not say it.
_BY_CATEGORY: Final[Mapping[str, What]] = {
    "waiting": "pauses",
    "frozen": "pauses",
    "on_hold": "pauses",
    "resolved": "stops",
    "closed": "stops",
    "cancelled": "stops",
}

MERGE: Final = "merge"
UNMERGE: Final = "unmerge"
TAKE_OVER: Final = "take_over"
"""The move of the ticket that stays, where the one that ends waits for us."""
GIVE_BACK: Final = "give_back"

# The journal entries from which clocks are computed.
TOLD: Final = (
    "ticket_opened",
    "state_entered",
    "merge_received",
    "merge_returned",
    "ticket_taken",
    "answer_delivered",
    "clock_missed",
    "clocks_set",
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What was promised for a ticket, in working seconds; ``None``: nothing of that kind."""

    agreement: str
    calendar: str
    reaction: int | None
    resolution: int | None

    def span(self, kind: str) -> int | None:
        """Return the span of the clock of this kind."""
        return self.reaction if kind == "reaction" else self.resolution


@dataclass(slots=True)
class History:
    """What clocks need of a ticket: when it was opened, its last terms, its steps.

    ``merges``: how many steps there were before each merge that may be taken back; ``taken_over``:
    the same for one that the next entries tell of.
    """

    opened_at: datetime | None = None
    terms: Terms | None = None
    steps: list[Step] = field(default_factory=list)
    merges: list[int] = field(default_factory=list)
    taken_over: int | None = None

    def hear(self, at: datetime, name: str, facts: Mapping[str, Any]) -> None:
        """Take in one entry."""
        if name == "ticket_opened":
            self.opened_at = at
        elif name == "clocks_set":
            self.terms = _terms(facts)
        self._hear_of_merges(name, facts.get("verb"))
        self.steps.extend(steps_of(at, name, facts))

    def _hear_of_merges(self, name: str, verb: str | None) -> None:
        """A merge that is taken back has stopped no clock, and let none run."""
        if verb == TAKE_OVER:
            self.taken_over = len(self.steps)
        elif verb == MERGE:
            self.merges.append(len(self.steps))
        elif name == "merge_received":
            begun = len(self.steps) if self.taken_over is None else self.taken_over
            self.merges.append(begun)
            self.taken_over = None
        elif name == "merge_returned" and self.merges:
            self.merges.pop()
        elif verb in {UNMERGE, GIVE_BACK} and self.merges:
            begun = self.merges[-1]
            missed = [one for one in self.steps[begun:] if one.what == "missed"]
            self.steps[begun:] = missed
            if verb == UNMERGE:
                self.merges.pop()


def read_history(entries: Iterable[tuple[datetime, str, Mapping[str, Any]]]) -> History:
    """Return the history of a ticket from its entries (instant, name, facts), oldest first."""
    history = History()
    for entry in entries:
        history.hear(*entry)
    return history


def steps_of(at: datetime, name: str, facts: Mapping[str, Any]) -> Iterator[Step]:
    """Return the steps that an entry means for clocks; most mean none."""
    match name:
        case "state_entered":
            said = facts.get("clock") or _BY_CATEGORY.get(facts["category"], "runs")
            yield Step(at, cast("What", said))
        case "ticket_taken" | "answer_delivered":
            yield Step(at, "reacted")
        case "clock_missed":
            yield Step(at, "missed", facts["kind"])


def _terms(facts: Mapping[str, Any]) -> Terms | None:
    if facts["agreement"] is None:
        return None
    return Terms(facts["agreement"], facts["calendar"], facts["reaction"], facts["resolution"])
