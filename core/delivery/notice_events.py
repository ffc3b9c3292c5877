"""What people are told of that a company may say otherwise, elsewhere, later or not at all. Pure.

A notice is known by the keys of its texts; one event of the directory may have several.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.words.templates import VARIABLES


@dataclass(frozen=True, slots=True)
class NoticeEvent:
    """``keys``: the texts that say it, first the one that shows best what it says. ``more``: which
    variables its texts may have beside those of all. ``colleagues``: it is told to colleagues,
    not to the customer. ``silent``: it is told only where the company says so.
    """

    keys: tuple[str, ...]
    more: tuple[str, ...] = ()
    colleagues: bool = False
    silent: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        """Return all that its texts may have in braces."""
        return (*VARIABLES, *self.more)


def _with_why(*keys: str) -> tuple[str, ...]:
    return (*keys, *(f"{key}.why" for key in keys))


_HANDED: Final = ("title", "by", "to", "level", "why", "due")
_FROZEN: Final = ("ticket.frozen_until", "ticket.frozen")

EVENTS: Final[Mapping[str, NoticeEvent]] = {
    "registered": NoticeEvent(("ticket.opened",), ("due",)),
    "taken": NoticeEvent(("ticket.taken",), ("due",)),
    "answered": NoticeEvent(("ticket.answered",), silent=True),
    "waiting": NoticeEvent(("ticket.waiting",), silent=True),
    "frozen": NoticeEvent((*_FROZEN, *(f"{key}_reason" for key in _FROZEN)), ("until", "reason")),
    "resolved": NoticeEvent(("ticket.resolved", "ticket.resolved_reason"), ("reason",)),
    "reminder": NoticeEvent(("ticket.unjudged", "ticket.unjudged_closes")),
    "rated": NoticeEvent(
        tuple(f"customer.rated.{verdict}" for verdict in ("good", "fair", "bad")), ("rating",)
    ),
    "closed": NoticeEvent(("ticket.closed", "ticket.closed_reason"), ("reason",)),
    "cancelled": NoticeEvent(("ticket.cancelled", "ticket.cancelled_reason"), ("reason",)),
    "reopened": NoticeEvent(("ticket.reopened",), ("due",)),
    "late": NoticeEvent(("ticket.late",), ("due",)),
    "assigned": NoticeEvent(
        _with_why("staff.assigned", "group.assigned.team"), _HANDED, colleagues=True
    ),
    "escalated": NoticeEvent(
        _with_why("staff.escalated", "group.escalated.team"), _HANDED, colleagues=True
    ),
}
EVENT_OF: Final[Mapping[str, str]] = {key: name for name, one in EVENTS.items() for key in one.keys}
"""By the key of a text the event that it tells of."""
