"""What a list of tickets is narrowed down by (D2): each of the filters holds, beside the list."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import exists, or_
from sqlalchemy.orm import aliased

from core.models import Classification, Ticket, TicketTag, TicketTeam
from core.tickets.workflow import ANSWERED, FROZEN, NEEDS_ANSWER
from core.tx import ReadTx
from core.words.numbers import GREATEST

MARKED: Final = ("overdue", "needs_answer", "answered", "frozen")
ME: Final = "me"
NOBODY: Final = "nobody"

# How far behind its deadline a priority may put a ticket in the queue.
BEHIND: Final = timedelta(minutes=1)


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

    def where(self, tx: ReadTx, person: int | None = None) -> list[Any]:
        """Return the conditions as SQL, without the state, along which a list is read by itself;
        ``person``: who «me» is.
        """
        return [
            condition
            for name, value in self.given().items()
            if name in _CONDITIONS
            for condition in _CONDITIONS[name](tx, person, value)
        ]

    def all_of_it(self, tx: ReadTx, person: int | None = None) -> list[Any]:
        """Return the same with the state."""
        state = [Ticket.state == self.state] if self.state else []
        return [*self.where(tx, person), *state]


NOTHING: Final = Filters()
"""No filter at all."""


def marked(tx: ReadTx, marker: str) -> list[Any]:
    """Return the conditions of a marker. What is late stands where the queue is late, too: so the
    queue's index finds it.
    """
    waiting = Ticket.queue_rank == NEEDS_ANSWER
    if marker == "overdue":
        return [waiting, Ticket.queue_at <= tx.now + BEHIND, Ticket.answer_due <= tx.now]
    if marker == "needs_answer":
        return [waiting, or_(Ticket.answer_due.is_(None), Ticket.answer_due > tx.now)]
    return [Ticket.queue_rank == {"answered": ANSWERED, "frozen": FROZEN}.get(marker, -1)]


def assigned(_tx: ReadTx, person: int | None, value: str) -> list[Any]:
    """Return the condition that a ticket is somebody's: `ME`, `NOBODY` or a person's id."""
    if value == NOBODY:
        return [Ticket.assignee_id.is_(None)]
    if value == ME:
        return [Ticket.assignee_id == (person or 0)]
    return [Ticket.assignee_id == _id(value)]


def _id(value: str) -> int:
    """Return a person's id; 0, which nobody has, for what is none."""
    is_number = value.isascii() and value.isdecimal() and len(value) <= len(str(GREATEST))
    return min(int(value), GREATEST) if is_number else 0


_Built = Callable[[ReadTx, int | None, str], list[Any]]
# Lists show a ticket's own classification beside it: what is asked for is another look at it.
_CLASS: Final = aliased(Classification)


def _column(column: Any) -> _Built:
    return lambda _tx, _person, value: [column == value]


def _beside(ticket_id: Any, column: Any) -> _Built:
    """Build the condition on a table that has rows for tickets."""
    return lambda _tx, _person, value: [exists().where(ticket_id == Ticket.id, column == value)]


_CONDITIONS: Final[Mapping[str, _Built]] = {
    "marker": lambda tx, _person, value: marked(tx, value),
    "topic": _column(Ticket.topic),
    "team": _beside(TicketTeam.ticket_id, TicketTeam.team),
    "assignee": assigned,
    "tag": _beside(TicketTag.ticket_id, TicketTag.tag),
    "service": _beside(_CLASS.ticket_id, _CLASS.service),
    "category": _beside(_CLASS.ticket_id, _CLASS.category),
    "priority": _beside(_CLASS.ticket_id, _CLASS.priority),
    "channel": _column(Ticket.origin),
    "customer": lambda _tx, _person, value: [Ticket.customer_id == _id(value)],
}
