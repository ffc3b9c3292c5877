"""Tickets that belong together: parents, links, parts, merges, follow-ups."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentSet(Event):
    """The ticket is part of another one, ``parent``, from now on (B12); ``old`` was it before."""

    parent: int
    old: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentLeft(Event):
    """The ticket stands alone again."""

    parent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildJoined(Event):
    """Another ticket is part of this one (B12)."""

    child: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLeft(Event):
    """Another ticket is no longer part of this one."""

    child: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLinked(Event):
    """The ticket has to do with ``other``, another one (B19)."""

    link_id: int
    other: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectLinked(Event):
    """The ticket has to do with an object elsewhere (B19); ``old_state``: it was linked before."""

    link_id: int
    url: str
    title: str | None
    state: str | None
    old_state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlinked(Event):
    """A link was taken away; ``what`` is the other ticket's number, or the address."""

    link_id: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketSplit(Event):
    """The ticket was made of a part of ``source``'s correspondence (A6)."""

    source: int
    message_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedUp(Event):
    """The customer wrote ``words`` after the end: they began ``follow_up``, another ticket (B6)."""

    follow_up: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOff(Event):
    """A part of the ticket's correspondence became a ticket of its own, ``other`` (A6)."""

    other: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketMerged(Event):
    """What the ticket had is in another one of the same customer now, ``into`` (A6).

    ``assignee_id`` had it; ``concerns``: they do not have the other one, and are told.
    """

    into: int
    assignee_id: int | None
    concerns: tuple[int, ...]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeReceived(Event):
    """The ticket has what was ``source``'s (A6). ``kept``: what moved, for bringing it back."""

    source: int
    waiting_since: datetime | None
    answer_due: datetime | None
    kept: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeUndone(Event):
    """The ticket stands by itself again; it had been merged ``into`` another one."""

    into: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeReturned(Event):
    """The ticket has given back what had been ``source``'s, these ``messages`` among it."""

    source: int
    waiting_since: datetime | None
    answer_due: datetime | None
    messages: tuple[int, ...] = ()
