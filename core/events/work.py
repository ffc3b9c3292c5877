"""Who works on what: assignees, teams, duty, tasks."""

from core.events.event import Event, event


@event
class TicketTaken(Event):
    """An operator became the assignee (B3). ``by_answer``: by answering first."""

    assignee_id: int
    by_answer: bool
    first: bool


@event
class TicketReleased(Event):
    """The assignee gave the ticket back."""

    assignee_id: int


@event
class TicketAssigned(Event):
    """Somebody gave the ticket to a person or a team (B8). ``to`` is their name at that time.

    ``assignee_id`` and ``team`` are what holds from now on, with the support ``level``;
    ``concerns`` the people whose work it is now, but for who acted: the assignee, or of a team
    those on duty; ``why`` the beginning of what was said about it, which is an internal note as a
    whole.
    """

    assignee_id: int | None
    old_assignee_id: int | None
    team: str | None
    old_team: str | None
    level: int
    old_level: int
    to: str
    by: str
    first: bool
    concerns: tuple[int, ...]
    why: str = ""


@event
class TicketEscalated(TicketAssigned):
    """The ticket went up to a higher support level (B11)."""


@event
class OperatorLeft(Event):
    """Somebody is in no group of operators any more; ``numbers``: tickets that were theirs."""

    person_id: int
    name: str
    numbers: tuple[int, ...]


@event
class DutyBegan(Event):
    """Somebody is on duty from now on."""

    person_id: int


@event
class DutyEnded(Event):
    """Somebody is off duty."""

    person_id: int


@event
class TaskOpened(Event):
    """There is work behind the ticket: an ``equipment`` task or a ``diagnose`` task (B9, B21).

    ``by_hand``: somebody made it for a ticket that stood there already.
    """

    task_id: int
    kind: str
    assignee_id: int | None
    title: str
    by_hand: bool = False


@event
class TaskTaken(Event):
    """Somebody made a task theirs."""

    task_id: int
    kind: str
    assignee_id: int


@event
class TaskAssigned(Event):
    """Somebody gave a task to a colleague (B21). ``what`` is the task's own title; ``concerns``:
    who is told, if that is not who did it.
    """

    task_id: int
    kind: str
    assignee_id: int
    what: str
    to: str
    by: str
    concerns: tuple[int, ...]


@event
class TaskReopened(Event):
    """A task that had ended is to be done after all (B21); it is whose it was."""

    task_id: int
    kind: str
    assignee_id: int | None
    what: str
    by: str
    concerns: tuple[int, ...]


@event
class TaskDone(Event):
    """A task was done: ``outcome`` says by code what came of it, ``result`` in words.

    ``assignee_id`` is whose it was in the end: who finishes a task that nobody has taken, has it.
    ``by_hand``: a person, ``done_by``, said so; otherwise it follows from what happened to the
    ticket. ``holder_id`` is who holds the ticket; ``active``: work on the ticket goes on.
    """

    task_id: int
    kind: str
    assignee_id: int | None
    outcome: str
    result: str | None = None
    by_hand: bool = False
    done_by: int | None = None
    holder_id: int | None = None
    active: bool = False


@event
class TaskCancelled(Event):
    """A task is not to be done any more; the fields are those of `TaskDone`."""

    task_id: int
    kind: str
    assignee_id: int | None
    outcome: str
    result: str | None = None
    by_hand: bool = False
    done_by: int | None = None
    holder_id: int | None = None
    active: bool = False


@event
class TasksLeft(Event):
    """The ticket has ended, and tasks behind it are open: their ids and titles (B10, B21).

    ``chosen``: an operator has said that they go on; otherwise operators are asked.
    """

    tasks: tuple[tuple[int, str], ...]
    chosen: bool


@event
class TeamGiven(Event):
    """The ticket is with this team, at this support level, from its beginning (A5).

    ``to`` is what the team is called; ``by`` and ``concerns`` are as in :class:`TicketAssigned`.
    """

    team: str
    level: int
    to: str
    by: str
    concerns: tuple[int, ...]
