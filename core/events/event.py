"""What an event is, and its name in the journal."""

from dataclasses import dataclass, fields
from functools import cache
from typing import Any

# mypy takes the hash of a dataclass's objects for that of the class


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact about a ticket."""

    ticket_id: int | None

    def facts(self) -> dict[str, Any]:
        """All fields but the ticket's."""
        names = _fields_of(type(self))  # type: ignore[arg-type]
        return {name: getattr(self, name) for name in names}


@cache
def _fields_of(kind: type[Any]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind) if each.name != "ticket_id")


def name_of(event: Event | type[Event]) -> str:
    """The journal's name of an event, or of its type: ``TicketOpened`` → ``ticket_opened``."""
    return _name_of(event if isinstance(event, type) else type(event))  # type: ignore[arg-type]


@cache
def _name_of(kind: type[Any]) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_")
