"""Tickets that belong together: parents, links, parts, merges, follow-ups."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.events.event import Event, event


@event
class ParentSet(Event):
    """The ticket is part of another one, ``parent``, from now on (B12); ``old`` was it before."""

    parent: int
    old: int | None


@event
class ParentLeft(Event):
    """The ticket stands alone again."""

    parent: int


@event
class ChildJoined(Event):
    """Another ticket is part of this one (B12)."""

    child: int


@event
class ChildLeft(Event):
    """Another ticket is no longer part of this one."""

    child: int


@event
class TicketLinked(Event):
    """The ticket has to do with ``other``, another one (B19)."""

    link_id: int
    other: int


@event
class ObjectLinked(Event):
    """The ticket has to do with an object elsewhere (B19); ``old_state``: it was linked before."""

    link_id: int
    url: str
    title: str | None
    state: str | None
    old_state: str | None = None


@event
class Unlinked(Event):
    """A link was taken away; ``what`` is the other ticket's number, or the address."""

    link_id: int
    what: str


@event
class TicketSplit(Event):
    """The ticket was made of a part of ``source``'s correspondence (A6)."""

    source: int
    message_id: int | None


@event
class FollowedUp(Event):
    """The customer wrote ``words`` after the end: they began ``follow_up``, another ticket (B6)."""

    follow_up: int
    words: str


@event
class SplitOff(Event):
    """A part of the ticket's correspondence became a ticket of its own, ``other`` (A6)."""

    other: int


@event
class TicketMerged(Event):
    """What the ticket had is in another one of the same customer now, ``into`` (A6).

    ``assignee_id`` had it; ``concerns``: they do not have the other one, and are told.
    """

    into: int
    assignee_id: int | None
    concerns: tuple[int, ...]
    by: str


@event
class MergeReceived(Event):
    """The ticket has what was ``source``'s (A6). ``kept``: what moved, for bringing it back."""

    source: int
    waiting_since: datetime | None
    answer_due: datetime | None
    kept: Mapping[str, Any]


@event
class MergeUndone(Event):
    """The ticket stands by itself again; it had been merged ``into`` another one."""

    into: int
    by: str


@event
class MergeReturned(Event):
    """The ticket has given back what had been ``source``'s, these ``messages`` among it."""

    source: int
    waiting_since: datetime | None
    answer_due: datetime | None
    messages: tuple[int, ...] = ()
