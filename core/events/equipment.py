"""Cameras, their faults, and outages of an area."""

from datetime import datetime, timedelta

from core.events.event import Event, event


@event
class CamerasImported(Event):
    """The cameras were brought in line with a file; the numbers count cameras."""

    new: int
    changed: int
    unchanged: int
    deactivated: int


@event
class FaultReported(Event):
    """The ticket is about a fault of this camera (A2); ``camera`` is its number."""

    camera_id: int
    camera: str


@event
class FaultKnown(Event):
    """The fault is part of another ticket's, ``parent``, and the customer is told so (X9).

    Nothing is owed to them before it is over: ``waiting_since`` and ``answer_due`` are empty.
    ``area``, ``words``, ``until``: of the outage, where the parent is one. ``fresh``: the ticket
    begins with it; the others were there before the outage was known.
    """

    parent: int
    camera: str
    fresh: bool
    area: str | None
    words: str | None
    until: datetime | None
    waiting_since: datetime | None = None
    answer_due: datetime | None = None


@event
class FaultAlone(Event):
    """The ticket's outage ended without a solution: an answer is owed to its customer again."""

    parent: int
    waiting_since: datetime | None
    answer_due: datetime | None


@event
class OutageOffered(Event):
    """Operators are asked whether the faults of an area have one cause (X9).

    ``tickets`` are those reported so far; the newest of them stands for the area in the buttons.
    """

    area: str
    tickets: tuple[int, ...]
    span: timedelta


@event
class OutageDeclined(Event):
    """The faults of the area are not one; ``by_time``: nobody has decided.

    ``tickets`` are those that were held back meanwhile: now they get their cards.
    """

    area: str
    tickets: tuple[int, ...]
    by_time: bool


@event
class OutageOpened(Event):
    """The ticket is the parent of all faults of an area from now on (X9)."""

    area: str
    words: str
    until: datetime | None
    reporters: int
    waiting_since: datetime | None
    answer_due: datetime | None


@event
class OutageRestated(Event):
    """Operators know more: other words, another end; reporters are told."""

    area: str
    words: str
    until: datetime | None
    waiting_since: datetime | None
    answer_due: datetime | None


@event
class OutageClosed(Event):
    """The outage is over; ``solved``: by a solution, which its reporters are told."""

    area: str
    solved: bool
