"""What an event is, and its name in the journal."""

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact about a ticket."""

    ticket_id: int | None

    def facts(self) -> dict[str, Any]:
        """All fields but the ticket's."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "ticket_id"}


def name_of(event: Event | type[Event]) -> str:
    """The journal's name of an event, or of its type: ``TicketOpened`` → ``ticket_opened``."""
    kind = event if isinstance(event, type) else type(event)
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_")
