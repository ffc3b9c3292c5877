"""What a list of tickets is narrowed down by (D2): each of the filters holds, beside the list."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import exists, or_

from core.models import Ticket, TicketTeam
from core.tickets.filters import of_priority, tagged
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
    id; the others are codes.
    """

    marker: str = ""
    state: str = ""
    topic: str = ""
    team: str = ""
    assignee: str = ""
    tag: str = ""
    priority: str = ""

    def given(self) -> dict[str, str]:
        """Return those that were asked for, by name."""
        known = ((one.name, str(getattr(self, one.name))) for one in fields(self))
        return {name: value for name, value in known if value}

    def without(self, *names: str) -> "Filters":
        """Return the others."""
        return replace(self, **dict.fromkeys(names, ""))

    def where(self, tx: ReadTx, person: int | None) -> list[Any]:
        """Return the conditions as SQL, without the state; ``person``: who «me» is."""
        return [
            condition
            for name, value in self.given().items()
            if name in _CONDITIONS
            for condition in _CONDITIONS[name](tx, person, value)
        ]


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


def _assigned(_tx: ReadTx, person: int | None, value: str) -> list[Any]:
    if value == NOBODY:
        return [Ticket.assignee_id.is_(None)]
    if value == ME:
        return [Ticket.assignee_id == (person or 0)]
    is_number = value.isascii() and value.isdecimal() and len(value) <= len(str(GREATEST))
    return [Ticket.assignee_id == (min(int(value), GREATEST) if is_number else 0)]


def _of_team(_tx: ReadTx, _person: int | None, value: str) -> list[Any]:
    return [exists().where(TicketTeam.ticket_id == Ticket.id, TicketTeam.team == value)]


_CONDITIONS: Final[Mapping[str, Callable[[ReadTx, int | None, str], list[Any]]]] = {
    "marker": lambda tx, _person, value: marked(tx, value),
    "topic": lambda _tx, _person, value: [Ticket.topic == value],
    "team": _of_team,
    "assignee": _assigned,
    "tag": lambda _tx, _person, value: [tagged(value)],
    "priority": lambda _tx, _person, value: [of_priority(value)],
}
