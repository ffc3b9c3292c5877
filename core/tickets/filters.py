"""What a list of tickets is narrowed down by (D2): each of the filters holds, beside the list."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, literal_column, select
from sqlalchemy.orm import aliased

from core.db import asked_of_each
from core.models import Classification, Ticket, TicketTag, TicketTeam
from core.tickets.lateness import BEHIND, in_time, late, soon_due
from core.tickets.workflow import ANSWERED, FROZEN, NEEDS_ANSWER
from core.tx import ReadTx
from core.words.numbers import GREATEST

MARKED: Final = ("overdue", "needs_answer", "answered", "frozen")
LEADS: Final = ("tag", "team", "priority", "topic")
"""What a list may be narrowed down by that has an index: the one that leaves fewest comes first."""
ME: Final = "me"
NOBODY: Final = "nobody"


@dataclass(frozen=True, slots=True)
class Instants:
    """Now, and so much before and after it as a priority moves a ticket in the queue. Each is an
    instant, or a parameter of a statement that is kept.
    """

    now: Any
    before: Any
    after: Any


def instants_of(now: datetime) -> Instants:
    """Return those of a transaction."""
    return Instants(now, now - BEHIND, now + BEHIND)


@dataclass(frozen=True, slots=True)
class Filters:
    """What was asked for; an empty one narrows nothing. ``assignee``: `ME`, `NOBODY` or a person's
    id; ``tag``: as tags are stored; ``customer``: a person's id; the others are codes.
    """

    marker: str = ""
    state: str = ""
    topic: str = ""
    team: str = ""
    assignee: str = ""
    tag: str = ""
    service: str = ""
    category: str = ""
    priority: str = ""
    channel: str = ""
    customer: str = ""

    def given(self) -> dict[str, str]:
        """Return those that were asked for, by name."""
        known = ((one.name, str(getattr(self, one.name))) for one in fields(self))
        return {name: value for name, value in known if value}

    def without(self, *names: str) -> "Filters":
        """Return the others."""
        return replace(self, **dict.fromkeys(names, ""))

    def indexed(self, person: int | None) -> dict[str, Any]:
        """Return the values of those that have an index of their own, by name: «assignee» is a
        person's id, None for nobody's.
        """
        given = self.given()
        found: dict[str, Any] = {name: given[name] for name in (*LEADS, "state") if name in given}
        if self.assignee:
            found["assignee"] = _whose(person, self.assignee)
        return found

    def where(self, tx: ReadTx, person: int | None = None) -> list[Any]:
        """Return the conditions as SQL; ``person``: who «me» is."""
        return [*self._of_tickets(tx, person), *(rows.exists() for rows in self._beside())]

    def of_each(self, tx: ReadTx, person: int | None = None) -> list[Any]:
        """Return the same for a list that is read along an index of something else."""
        return [*self._of_tickets(tx, person), *map(asked_of_each, self._beside())]

    def _of_tickets(self, tx: ReadTx, person: int | None) -> Iterator[Any]:
        for name, value in self.given().items():
            if name in _CONDITIONS:
                yield from _CONDITIONS[name](tx, person, value)

    def _beside(self) -> Iterator[Select[Any]]:
        for name, value in self.given().items():
            if name in _BESIDE:
                number, column = _BESIDE[name]
                yield rows_beside(number, column == value)


NOTHING: Final = Filters()
"""No filter at all."""


def marked(tx: ReadTx, marker: str) -> list[Any]:
    """Return the conditions of a marker. What is late stands where the queue is late, too: so the
    queue's index finds it.
    """
    waiting = Ticket.queue_rank == NEEDS_ANSWER
    if marker == "overdue":
        return [*soon_due(tx), late(tx)]
    if marker == "needs_answer":
        return [waiting, in_time(tx)]
    return [Ticket.queue_rank == rank_of(marker)]


def rank_of(marker: str) -> int:
    """Return the rank that is a marker by itself; -1, which nothing has, for what is none."""
    return {"answered": ANSWERED, "frozen": FROZEN}.get(marker, -1)


def assigned(_tx: ReadTx, person: int | None, value: str) -> list[Any]:
    """Return the condition that a ticket is somebody's: `ME`, `NOBODY` or a person's id."""
    return [Ticket.assignee_id == _whose(person, value)]


def _whose(person: int | None, value: str) -> int | None:
    if value == NOBODY:
        return None
    return (person or 0) if value == ME else _id(value)


def _id(value: str) -> int:
    """Return a person's id; 0, which nobody has, for what is none."""
    is_number = value.isascii() and value.isdecimal() and len(value) <= len(str(GREATEST))
    return min(int(value), GREATEST) if is_number else 0


_Built = Callable[[ReadTx, int | None, str], list[Any]]
# Lists show a ticket's own classification beside it: what is asked for is another look at it.
_CLASS: Final = aliased(Classification)


def _column(column: Any) -> _Built:
    return lambda _tx, _person, value: [column == value]


def rows_beside(number: Any, *conditions: Any) -> Select[Any]:
    """Build the query of a ticket's rows in another table, whose column of tickets is given."""
    return select(literal_column("1")).where(number == Ticket.id, *conditions)


_CONDITIONS: Final[Mapping[str, _Built]] = {
    "marker": lambda tx, _person, value: marked(tx, value),
    "state": _column(Ticket.state),
    "topic": _column(Ticket.topic),
    "assignee": assigned,
    "channel": _column(Ticket.origin),
    "customer": lambda _tx, _person, value: [Ticket.customer_id == _id(value)],
}
_BESIDE: Final[Mapping[str, tuple[Any, Any]]] = {
    "team": (TicketTeam.ticket_id, TicketTeam.team),
    "tag": (TicketTag.ticket_id, TicketTag.tag),
    "service": (_CLASS.ticket_id, _CLASS.service),
    "category": (_CLASS.ticket_id, _CLASS.category),
    "priority": (_CLASS.ticket_id, _CLASS.priority),
}
