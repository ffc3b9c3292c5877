"""Which tickets of a list somebody wants to see: by state, topic, class, tag, channel, customer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import exists
from sqlalchemy.orm import aliased

from core.models import Classification, Ticket, TicketTag
from core.tickets.tags import read_tag


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Codes of the directory, a tag, a channel, the id of a customer; ``None``: any."""

    state: str | None = None
    topic: str | None = None
    service: str | None = None
    category: str | None = None
    priority: str | None = None
    tag: str | None = None
    channel: str | None = None
    customer_id: int | None = None

    def where(self) -> list[Any]:
        """Return the conditions as SQL. Raises :class:`Unreadable` for what is no tag."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        return [_BUILT[name](value) for name, value in given.items() if value is not None]


# Lists show a ticket's own classification beside it: what is asked for is another look at it.
_CLASS: Final = aliased(Classification)


def _classified(column: Any) -> Callable[[str], Any]:
    return lambda code: exists().where(_CLASS.ticket_id == Ticket.id, column == code)


of_priority: Final = _classified(_CLASS.priority)
"""The condition that a ticket has the priority of this code."""


def tagged(tag: str) -> Any:
    """Return the condition that a ticket has the tag, as tags are stored."""
    return exists().where(TicketTag.ticket_id == Ticket.id, TicketTag.tag == tag)


_BUILT: Final[Mapping[str, Callable[[Any], Any]]] = {
    "state": lambda code: Ticket.state == code,
    "topic": lambda code: Ticket.topic == code,
    "service": _classified(_CLASS.service),
    "category": _classified(_CLASS.category),
    "priority": of_priority,
    "tag": lambda word: tagged(read_tag(word)),
    "channel": lambda name: Ticket.origin == name,
    "customer_id": lambda number: Ticket.customer_id == number,
}
