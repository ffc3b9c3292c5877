"""Measures where the time of a ticket went (C8), by its journal."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from core.models import Classification, JournalEntry
from core.sla.agreements import agreements_of
from core.texts import unpack
from core.tickets.catalog import workflow_of
from core.tickets.workflow import CATEGORIES
from core.tx import ReadTx

Ruler = Callable[[datetime, datetime], timedelta]
Entry = tuple[datetime, str, Mapping[str, Any]]

# Categories of states in which it is the customer's turn.
_THEIRS = frozenset({"waiting"})
_ENDED = frozenset({"closed", "cancelled"})
# Put off, until somebody or something else is ready.
_OTHERS = frozenset({"frozen", "on_hold"})
# Nobody is waited for: the customer checks the result.
_NOBODYS = frozenset({"resolved"})


@dataclass(slots=True)
class Measures:
    """The times of one ticket.

    ``first_response``: from its opening to our first delivered answer, or solution in words;
    ``states``: how long in which state, by code; ``life``: from the opening to the last end, or
    until now. ``by_us``: how long the customer waited for our word; ``by_customer``: how long we
    waited for theirs; ``by_others``: how long the ticket was put off, or
    waited for somebody else.
    """

    first_response: timedelta | None = None
    life: timedelta = timedelta()
    by_us: timedelta = timedelta()
    by_customer: timedelta = timedelta()
    by_others: timedelta = timedelta()
    states: dict[str, timedelta] = field(default_factory=dict)


def between(since: datetime, until: datetime) -> timedelta:
    """Return real time between two instants, as a calendar returns working time."""
    return until - since


def measure(entries: Iterable[Entry], now: datetime, ruler: Ruler = between) -> Measures:
    """Measure a ticket by its journal (instant, name, unpacked facts; oldest first) until now."""
    told = _TimeTally(ruler)
    for at, name, facts in entries:
        told.pass_until(at)
        told.hear(at, name, facts)
    if told.category not in _ENDED:
        told.pass_until(now)
    return told.measures


@dataclass(slots=True)
class _TimeTally:
    """Adds up the times of a ticket while its journal is read."""

    ruler: Ruler
    measures: Measures = field(default_factory=Measures)
    at: datetime | None = None
    opened_at: datetime | None = None
    state: str = ""
    category: str = ""
    waiting: bool = False

    def pass_until(self, at: datetime) -> None:
        """Count the time up to this instant; after an end nothing is counted."""
        since, self.at = self.at, at
        if since is None or self.category in _ENDED:
            return
        passed, measures = self.ruler(since, at), self.measures
        measures.life += passed
        measures.states[self.state] = measures.states.get(self.state, timedelta()) + passed
        if self.category in _THEIRS:
            measures.by_customer += passed
        elif self.category in _OTHERS:
            measures.by_others += passed
        elif self.waiting and self.category not in _NOBODYS:
            measures.by_us += passed

    def hear(self, at: datetime, name: str, facts: Mapping[str, Any]) -> None:
        """Take in one entry."""
        match name:
            case "ticket_opened":
                self.opened_at, self.state, self.category = at, facts["state"], "new"
                self.waiting = True
            case "state_entered":
                self.state, self.category = facts["new"], facts["category"]
                self.waiting = facts["waiting_since"] is not None
                if facts.get("verb") == "resolve" and facts.get("reason"):
                    self._respond(at)
            case "customer_wrote" if facts["turned"]:
                self.waiting = True
            case "question_after_all":
                self.waiting = True
            case "answer_failed" | "answer_withdrawn":
                self.waiting = facts["waiting_since"] is not None
            case "answer_delivered":
                self.waiting = facts["waiting_since"] is not None
                self._respond(at)

    def _respond(self, at: datetime) -> None:
        if self.measures.first_response is None and self.opened_at is not None:
            self.measures.first_response = self.ruler(self.opened_at, at)


@dataclass(frozen=True, slots=True)
class Times:
    """A ticket's times: real ones, working ones where it has an agreement, and by category."""

    real: Measures
    worked: Measures | None
    categories: Mapping[str, timedelta]


async def times_of(tx: ReadTx, ticket_id: int) -> Times | None:
    """Return the times of a ticket until now, or ``None`` if there is no such ticket."""
    entries = await _entries(tx, ticket_id)
    if not entries:
        return None
    real, worked = measure(entries, tx.now), None
    row, agreed = await tx.find(Classification, ticket_id), await agreements_of(tx)
    if row is not None and row.agreement is not None:
        hours = agreed.calendar_of(row.agreement).hours
        worked = measure(entries, tx.now, hours.worked)
    return Times(real, worked, await _by_category(tx, real))


async def time_in_work(tx: ReadTx, ticket_id: int) -> timedelta:
    """Return how long somebody has worked on a ticket: in working hours, where it has some."""
    times = await times_of(tx, ticket_id)
    if times is None:
        return timedelta()
    found = await _by_category(tx, times.worked or times.real)
    return found.get("open", timedelta())


async def _entries(tx: ReadTx, ticket_id: int) -> list[Entry]:
    query = (
        select(JournalEntry.at, JournalEntry.event, JournalEntry.facts)
        .where(JournalEntry.ticket_id == ticket_id)
        .order_by(JournalEntry.id)
    )
    rows = await tx.rows(query)
    return [(at, name, unpack(facts)) for at, name, facts in rows]


async def _by_category(tx: ReadTx, measures: Measures) -> dict[str, timedelta]:
    """Add up the states of each category, in the order of a ticket's life."""
    states = (await workflow_of(tx)).states
    found: dict[str, timedelta] = {}
    for category in CATEGORIES:
        spans = [
            span
            for code, span in measures.states.items()
            if code in states and states[code].category == category
        ]
        if spans:
            found[category] = sum(spans, start=timedelta())
    return found
