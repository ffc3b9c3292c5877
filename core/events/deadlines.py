"""Deadlines: set, near, missed; and what waits for a day."""

from datetime import datetime

from core.events.event import Event, event


@event
class AnswerDueChanged(Event):
    """The company or the topic has another answer deadline, and this ticket goes by it (C1)."""

    answer_due: datetime | None


@event
class DeadlineNear(Event):
    """The answer deadline is close (C5). ``after_downtime``: the desk was down meanwhile (R14)."""

    due: datetime
    after_downtime: bool = False


@event
class DeadlineMissed(Event):
    """The answer deadline has passed (C5). ``after_downtime``: the desk was down meanwhile."""

    due: datetime
    after_downtime: bool = False


@event
class ClocksSet(Event):
    """What was promised for the ticket, and until when (C4). Spans are working seconds.

    ``agreement`` is ``None`` when nothing is promised any more.
    """

    agreement: str | None
    calendar: str | None
    reaction: int | None
    resolution: int | None
    reaction_due: datetime | None
    resolution_due: datetime | None


@event
class ClockNear(Event):
    """The reaction or resolution deadline is close (C5); ``kind`` says which.

    ``in_outage``: the ticket is one of those that reported an outage, which goes on.
    """

    kind: str
    deadline: datetime
    after_downtime: bool = False
    in_outage: bool = False


@event
class ClockMissed(Event):
    """The reaction or resolution deadline has passed (C5); ``kind`` says which.

    ``in_outage``: the ticket is one of those that reported an outage, which goes on.
    """

    kind: str
    deadline: datetime
    after_downtime: bool = False
    in_outage: bool = False


@event
class NextContactSet(Event):
    """When the customer is to hear from us next (C6); ``None``: whenever there is something."""

    at: datetime | None
    old: datetime | None


@event
class ContactDue(Event):
    """The day has come to write to the customer (C6)."""

    at: datetime
    after_downtime: bool = False


@event
class ContactsPassed(Event):
    """The daily list of those who should have heard from us (C6): the oldest first."""

    numbers: tuple[int, ...]
    total: int


@event
class TicketWoke(Event):
    """A frozen ticket's time has come (B17); ``reason`` is what it was frozen for.

    ``waiting``: the customer waits for an answer.
    """

    reason: str | None
    waiting: bool
    after_downtime: bool = False


@event
class StillPaused(Event):
    """A week has passed in a pause without an end (X15); ``category`` of its state."""

    category: str


@event
class CaughtUp(Event):
    """What fell due together comes as one digest: after a downtime (R14), or at one moment (X5).

    ``down`` is the length of the gap in seconds, 0 for one moment; the lists are ticket numbers,
    oldest first. ``late`` are those whose reaction or resolution is overdue. ``deadlines`` says of
    one moment which of which ticket it was.
    """

    down: int
    overdue: tuple[int, ...]
    near: tuple[int, ...]
    woke: tuple[int, ...]
    late: tuple[int, ...] = ()
    deadlines: tuple[tuple[int, str], ...] = ()
