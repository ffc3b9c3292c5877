"""What the journal tells a clock. Pure: entries become steps."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast

from core.agreements.reckoning import Step, What

# What a state does to clocks, where the entry does not say it itself.
_BY_CATEGORY: Final[Mapping[str, What]] = {
    "waiting": "pauses",
    "frozen": "pauses",
    "resolved": "stops",
    "closed": "stops",
    "cancelled": "stops",
}

# Entries that clocks are made of.
TOLD: Final = (
    "ticket_opened",
    "state_entered",
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
        """The span of the clock of this kind."""
        return self.reaction if kind == "reaction" else self.resolution


@dataclass(slots=True)
class History:
    """A ticket as its clocks see it: when it was opened, what was promised last, what happened."""

    opened_at: datetime | None = None
    terms: Terms | None = None
    steps: list[Step] = field(default_factory=list)

    def hear(self, at: datetime, name: str, facts: Mapping[str, Any]) -> None:
        """Take in one entry."""
        if name == "ticket_opened":
            self.opened_at = at
        elif name == "clocks_set":
            self.terms = _terms(facts)
        self.steps.extend(steps_of(at, name, facts))


def read_history(entries: Iterable[tuple[datetime, str, Mapping[str, Any]]]) -> History:
    """The history of a ticket from its entries (instant, name, facts), oldest first."""
    history = History()
    for entry in entries:
        history.hear(*entry)
    return history


def steps_of(at: datetime, name: str, facts: Mapping[str, Any]) -> Iterator[Step]:
    """What an entry means for clocks; most mean nothing."""
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
