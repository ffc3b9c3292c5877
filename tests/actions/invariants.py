"""What must hold whatever has happened: looked at after every step, past every action.

The journal is played on by what is new in it, and must give what the tables say. What the rules of
tickets, tasks and clocks allow is said here once more, from the requirements and not from the code.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import bindparam, select

from core.addresses import MessageRef
from core.db import PreparedStatement
from core.desk import Desk
from core.models import (
    Category,
    Classification,
    Clock,
    Duty,
    JournalEntry,
    Message,
    NextContact,
    Outage,
    Resolution,
    Task,
    Team,
    TeamMember,
    Ticket,
    TicketField,
    TicketParent,
    TicketTag,
    TicketTeam,
    Timer,
)
from core.sla.agreements import agreements_of
from core.sla.clock import ClockState, History
from core.sla.clock_recorder import compute_clocks, recompute
from core.texts import unpack
from core.tickets.catalog import workflow_of
from core.tickets.workflow import FROZEN, NEEDS_ANSWER, RESOLVED, State, Workflow
from core.tx import ReadTx
from tests.actions.journal_replay import EndingTold, Played, Present, TaskTold, ended, told

_NEW: Final = PreparedStatement(
    select(JournalEntry.__table__)
    .where(JournalEntry.id > bindparam("after"))
    .order_by(JournalEntry.id)
)


class _Table:
    """All rows of a table, with their columns by name."""

    def __init__(self, model: Any) -> None:
        columns = model.__table__.c
        self.names = [column.name for column in columns]
        self.all = PreparedStatement(select(model.__table__))

    async def rows(self, tx: ReadTx) -> list[Any]:
        found = await self.all.rows(tx.session, {})
        return [SimpleNamespace(**dict(zip(self.names, row, strict=True))) for row in found]


_TICKETS: Final = _Table(Ticket)
_TASKS: Final = _Table(Task)
_TEAMS: Final = _Table(TicketTeam)
_KINDS: Final = _Table(Classification)
_TAGS: Final = _Table(TicketTag)
_PARTS: Final = _Table(TicketParent)
_CONTACTS: Final = _Table(NextContact)
_CLOCKS: Final = _Table(Clock)
_TIMERS: Final = _Table(Timer)
_OUTAGES: Final = _Table(Outage)
_ENDINGS: Final = _Table(Resolution)
_FIELDS: Final = _Table(TicketField)
_GIVERS: Final = _Table(Team)
_MEMBERS: Final = _Table(TeamMember)
_DUTIES: Final = _Table(Duty)


@dataclass
class Seen:
    """What the tables say, by ticket."""

    tickets: dict[int, Any] = field(default_factory=dict)
    tasks: dict[int, Any] = field(default_factory=dict)
    presents: dict[int, Present] = field(default_factory=dict)
    beside: Sequence[Any] = ()
    clocks: dict[int, dict[str, ClockState]] = field(default_factory=dict)
    timers: dict[int, dict[str, datetime]] = field(default_factory=dict)
    outages: Sequence[Any] = ()
    gives: dict[str, str | None] = field(default_factory=dict)
    members: dict[tuple[str, int], datetime | None] = field(default_factory=dict)
    on_duty: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Handed:
    """A ticket was given to somebody or to a team: what the journal says of it."""

    actor: int | None
    ticket: int
    old: int | None
    person: int | None
    team: str | None


async def _see(tx: ReadTx) -> Seen:
    tickets = {row.id: row for row in await _TICKETS.rows(tx)}
    tasks = {row.id: row for row in await _TASKS.rows(tx)}
    in_teams, classified = await _TEAMS.rows(tx), await _KINDS.rows(tx)
    teams = {row.ticket_id: (row.team, row.level) for row in in_teams}
    kinds = {row.ticket_id: (row.service, row.category, row.priority) for row in classified}
    parts = {row.child_id: row.parent_id for row in await _PARTS.rows(tx)}
    contacts = {row.ticket_id: row.at for row in await _CONTACTS.rows(tx)}
    seen = Seen(tickets, tasks, outages=await _OUTAGES.rows(tx))
    seen.beside = (*in_teams, *classified, *await _TAGS.rows(tx))
    seen.gives = {row.code: row.auto_assign for row in await _GIVERS.rows(tx)}
    members = await _MEMBERS.rows(tx)
    seen.members = {(row.team, row.person_id): row.given_at for row in members}
    seen.on_duty = frozenset(row.person_id for row in await _DUTIES.rows(tx))
    theirs: dict[int, dict[int, TaskTold]] = defaultdict(dict)
    for task in tasks.values():
        theirs[task.ticket_id][task.id] = told(task)
    endings: dict[int, dict[datetime, EndingTold]] = defaultdict(dict)
    for row in await _ENDINGS.rows(tx):
        endings[row.ticket_id][row.at] = ended(row)
    fields: dict[int, dict[str, str]] = defaultdict(dict)
    for row in await _FIELDS.rows(tx):
        fields[row.ticket_id][row.field] = row.value
    for number, row in tickets.items():
        seen.presents[number] = Present(
            state=row.state,
            assignee=row.assignee_id,
            waiting=row.waiting_since,
            due=row.answer_due,
            customer=row.customer_id,
            topic=row.topic,
            title=row.title,
            place=teams.get(number, (None, 1)),
            kind=kinds.get(number, (None, None, None)),
            parent=parts.get(number),
            contact=contacts.get(number),
            tasks=theirs[number],
            endings=endings[number],
            fields=fields[number],
        )
    for clock in await _CLOCKS.rows(tx):
        seen.clocks.setdefault(clock.ticket_id, {})[clock.kind] = ClockState(
            clock.span,
            clock.started_at,
            clock.due_at,
            clock.left,
            clock.ended_at,
            clock.missed_at,
        )
    for timer in await _TIMERS.rows(tx):
        if timer.due_at is not None:
            seen.timers.setdefault(timer.ticket_id, {})[timer.kind] = timer.due_at
    return seen


class Eye:
    """Looks at everything after every step, and remembers what the journal has told so far.

    ``under_way``: answers that are on their way; ``ours``: what operators wrote; ``thanks``:
    messages that ask for nothing; ``message_refs``: where a ticket's customer wrote.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.seen = Seen()
        self.last = 0
        self.played: dict[int, Played] = defaultdict(Played)
        self.histories: dict[int, History] = defaultdict(History)
        self.by_hand: dict[int, bool] = {}
        self.merged: dict[int, str] = {}
        self.stayed: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
        self.moved_tasks: set[int] = set()
        self.reopened: set[int] = set()
        self.escalated = False
        self.calendars = 0
        self.reckoned_with = 0
        self.diagnosed: frozenset[str] = frozenset()
        self.under_way: list[int] = []
        self.ours: list[Any] = []
        self.thanks: list[int] = []
        self.message_refs: dict[int, MessageRef] = {}
        self.handed: list[Handed] = []

    async def look(self, name: str) -> None:
        """Look at what has become of everything. Raises AssertionError."""
        before = self.seen
        await self.desk.read(self._look, name, before)

    async def look_back(self) -> None:
        """At the end of a life: the clocks as the desk itself has them from the journal."""
        await self.desk.read(self._look_back)

    async def _look_back(self, tx: ReadTx) -> None:
        workflow = await workflow_of(tx)
        for number, row in self.seen.tickets.items():
            if not workflow.state(row.state).final:
                assert self.seen.clocks.get(number, {}) == await recompute(tx, number), number

    async def _look(self, tx: ReadTx, name: str, before: Seen) -> None:
        workflow = await workflow_of(tx)
        self.reopened.clear()
        self.moved_tasks.clear()
        self.handed.clear()
        touched = await self._hear(tx, workflow)
        self.escalated = name == "somebody_escalates_it"
        self.seen = seen = await _see(tx)
        for number in touched:
            assert self.played[number].now == seen.presents[number], number
        for number, now in seen.presents.items():
            assert number in touched or now == before.presents[number], number
        for row in seen.tickets.values():
            _check_ticket(tx, workflow.state(row.state), row, seen)
        self._check_tasks(workflow, before)
        if before.members:
            _check_gifts(before, seen, self.handed)
        _check_parents(seen)
        _check_outages(workflow, seen)
        _check_copies(seen)
        await self._check_clocks(tx, workflow, touched)

    async def _hear(self, tx: ReadTx, workflow: Workflow) -> set[int]:
        """Play the new entries; which tickets they are about."""
        if not self.diagnosed:
            rows = await tx.session.scalars(select(Category.code).where(Category.diagnosed))
            self.diagnosed = frozenset(rows)
        touched = set()
        for number, ticket, at, actor, event, facts in await _NEW.rows(
            tx.session, {"after": self.last}
        ):
            self.last = number
            if ticket is None:
                continue
            touched.add(ticket)
            told = unpack(facts)
            if event == "state_entered":
                assert told["old"] == self.played[ticket].now.state, ticket
                assert self._target(workflow, ticket, told) == told["new"], (ticket, told)
            self.played[ticket].play(at, event, told)
            self.histories[ticket].hear(at, event, facts)
            if event in {"ticket_assigned", "ticket_escalated"}:
                old, person = told["old_assignee_id"], told["assignee_id"]
                self.handed.append(Handed(actor, ticket, old, person, told["team"]))
            await self._note(tx, ticket, event, told)
        return touched

    def _target(self, workflow: Workflow, ticket: int, told: Mapping[str, Any]) -> str | None:
        """Where the verb leads: to the state that was named, if it counts as that verb. A merge
        ends a ticket as cancelling does, and taken back it is where it was.
        """
        if workflow.ways(told["old"], "admin").get(told["new"]) == told["verb"]:
            return str(told["new"])
        if told["verb"] == "merge":
            self.merged[ticket] = told["old"]
        elif told["verb"] == "unmerge":
            return self.merged.pop(ticket)
        elif told["verb"] == "give_back":
            return str(self.stayed[ticket][-1]["into_state"])
        verb = {"merge": "cancel", "take_over": "hear"}.get(told["verb"], told["verb"])
        target = workflow.move(told["old"], verb)
        return None if target is None else target.code

    async def _note(self, tx: ReadTx, ticket: int, event: str, told: Mapping[str, Any]) -> None:
        if event in {"task_done", "task_cancelled"}:
            self.by_hand[told["task_id"]] = told["by_hand"]
        elif event == "task_reopened":
            self.reopened.add(told["task_id"])
        elif event == "merge_received":
            self.stayed[ticket].append(told["kept"])
            self.moved_tasks.update(told["kept"]["tasks"])
        elif event == "merge_returned":
            self.moved_tasks.update(self.stayed[ticket].pop()["opened"])
        elif event == "answer_written":
            self.under_way.append(told["message_id"])
        elif event == "customer_wrote":
            if not told["counts"]:
                self.thanks.append(told["message_id"])
            message = await tx.get(Message, told["message_id"])
            self.message_refs[ticket] = message.source

    # Tasks (B9, B10, B11, B21)

    def _check_tasks(self, workflow: Workflow, before: Seen) -> None:
        open_ones: dict[tuple[int, str, int | None], int] = {}
        for number, task in self.seen.tasks.items():
            ended = task.state in {"done", "cancelled"}
            assert ended or task.state == "open", task
            assert ended == (task.closed_at is not None) == (task.outcome is not None), task
            assert (task.assignee_id is None) == (task.taken_at is None), task
            if not ended:
                twin = open_ones.setdefault((task.ticket_id, task.kind, task.assignee_id), number)
                assert twin == number, (twin, task)
            was = before.tasks.get(number)
            if was is not None and was.state != "open":
                again = task.kind == "equipment" and task.state == "open"
                assert was == task or (again and number in self.reopened), "it stays as it ended"
            elif was is not None and ended:
                self._check_ending(workflow, before, task)
        for number, now in self.seen.presents.items():
            self._check_diagnosis(workflow, number, now)
            self._check_escalation(before, number, now)

    def _check_diagnosis(self, workflow: Workflow, number: int, now: Present) -> None:
        state = workflow.state(now.state)
        diagnoses = [t for t in now.tasks.values() if t.kind == "diagnose" and t.state == "open"]
        wanted = (
            now.kind[1] in self.diagnosed and now.assignee is not None and state.clock == "runs"
        )
        for task in diagnoses:
            assert wanted and task.assignee == now.assignee, (number, now)
        if wanted and not diagnoses:
            last = max(n for n, told in now.tasks.items() if told.kind == "diagnose")
            assert self.by_hand[last], (number, now)
        if state.category == "cancelled":
            assert not [t for t in now.tasks.values() if t.state == "open"], (number, now)

    def _check_escalation(self, before: Seen, number: int, now: Present) -> None:
        """Another assignee, team or level ends the task that there was."""
        was = before.presents.get(number)
        if was is None or (was.assignee, was.place) == (now.assignee, now.place):
            return
        for task, stood in was.tasks.items():
            if stood.kind == "diagnose" and stood.state == "open":
                assert now.tasks[task].state != "open", (number, was, now)

    def _check_ending(self, workflow: Workflow, before: Seen, task: Any) -> None:
        was = before.presents[task.ticket_id]
        now = self.seen.presents[task.ticket_id]
        ending = task.state, task.outcome
        if self.by_hand[task.id]:
            assert ending in _BY_HAND[task.kind], task
            return
        if ending == ("cancelled", "merged") and workflow.state(now.state).final:
            return  # left open with its ticket: the camera's next task is for it
        if ending == ("cancelled", "merged") and task.id in self.moved_tasks:
            return  # it went with a merge, or came by one that is taken back
        expected = _ending(workflow, task.kind, was, now, escalated=self.escalated)
        assert ending == expected, (task, was, now)

    # Clocks (C4)

    async def _check_clocks(self, tx: ReadTx, workflow: Workflow, touched: set[int]) -> None:
        book = await agreements_of(tx)
        anew = self.calendars != self.reckoned_with
        self.reckoned_with = self.calendars
        for number in self.seen.tickets if anew else touched:
            state = workflow.state(self.seen.tickets[number].state)
            if state.final and self.calendars:
                continue  # what is over keeps the calendar of its day
            history = self.histories[number]
            stored = self.seen.clocks.get(number, {})
            assert stored == compute_clocks(book, history, history.terms), number
            _check_timers(state, stored, self.seen.timers.get(number, {}))


# Endings that somebody chooses: by finishing or cancelling a task, or with the ticket.
_BY_HAND: Final = {
    "diagnose": {("done", "solution_found"), ("cancelled", "by_hand")},
    "equipment": {
        ("done", "finished"),
        ("cancelled", "by_hand"),
        ("done", "with_ticket"),
        ("cancelled", "with_ticket"),
    },
}


_ENDS: Final = {
    "resolved": ("done", "solution_found"),
    "cancelled": ("cancelled", "ticket_cancelled"),
    "closed": ("cancelled", "ticket_closed"),
}


def _ending(
    workflow: Workflow, kind: str, was: Present, now: Present, *, escalated: bool
) -> tuple[str, str] | None:
    """How a task ends with what happened to its ticket: B9 and B11, in the order in which they
    count. ``None``: it does not.
    """
    old, state = workflow.state(was.state), workflow.state(now.state)
    arrived = old.category != state.category
    if kind == "equipment":
        cancelled = arrived and state.category == "cancelled"
        moved = "merged" if was.parent != now.parent else None
        outcome = "ticket_cancelled" if cancelled else moved
        return None if outcome is None else ("cancelled", outcome)
    lines = (
        (arrived and state.category in _ENDS, _ENDS.get(state.category)),
        (arrived and state.clock == "pauses", ("done", "more_information")),
        (escalated, ("done", "escalation_required")),
        ((was.assignee, was.place) != (now.assignee, now.place), ("done", "escalation_needed")),
        (was.kind[1] != now.kind[1], ("cancelled", "reclassified")),
    )
    return next((ending for holds, ending in lines if holds), None)


# Tickets (B1, B3, B6, C1, C2, D4)


def _check_ticket(tx: ReadTx, state: State, row: Any, seen: Seen) -> None:
    timers = seen.timers.get(row.id, {})
    ended = state.final or state.resolution
    assert (row.closed_at is not None) == state.final, row
    assert (row.resolved_at is not None) or not state.resolution, row
    assert (row.assignee_id is None) == (row.assigned_at is None), row
    assert row.frozen_until is None or state.category == "frozen", row
    if ended or state.category == "waiting":
        assert row.waiting_since is None or state.category == "waiting", row
    if row.waiting_since is None:
        assert row.answer_due is None and row.answer_left is None, row
    else:
        assert (row.answer_due is None) == (row.answer_left is not None), row
    assert row.answer_left is None or state.pause, row
    assert timers.get("answer") in {None, row.answer_due}, (row, timers)
    if row.answer_due is not None and row.answer_due > tx.now:
        assert timers.get("answer") == row.answer_due, (row, timers)
    assert timers.get("wake") == row.frozen_until, (row, timers)
    assert ("review" in timers) == (state.pause and row.frozen_until is None), (row, timers)
    rating = row.resolved_at + tx.company.rating_wait if state.resolution else None
    assert timers.get("rating") == rating, (row, timers)
    asked = row.resolved_at + timedelta(days=1) if state.resolution else None
    assert timers.get("rating_asked") in {None, asked}, (row, timers)
    if asked is not None and asked > tx.now:
        assert timers.get("rating_asked") == asked, (row, timers)
    _check_queue(tx, state, row, seen.clocks.get(row.id, {}))


def _check_queue(tx: ReadTx, state: State, row: Any, clocks: Mapping[str, ClockState]) -> None:
    """Who needs us comes first; with them what is late, as soon as admins are told."""
    late = [
        one
        for one in clocks.values()
        if one.ended_at is None and one.due_at is not None and one.due_at <= tx.now
    ]
    if state.final:
        assert row.queue_rank is None and row.queue_at is None, row
    elif state.resolution:
        assert (row.queue_rank, row.queue_at) == (RESOLVED, row.resolved_at), row
    elif state.category in {"frozen", "on_hold"}:
        assert row.queue_rank == FROZEN, row
    elif row.waiting_since is not None:
        assert row.queue_rank == NEEDS_ANSWER, row
    elif row.queue_rank == NEEDS_ANSWER:
        assert late and state.clock == "runs", row
    else:
        told = [one for one in late if one.missed_at is not None]
        assert not told or state.clock != "runs", row
    assert (row.queue_rank is None) == (row.queue_at is None), row
    if row.queue_rank == NEEDS_ANSWER:
        _check_nearest(row, clocks)


def _check_nearest(row: Any, clocks: Mapping[str, ClockState]) -> None:
    """The place alone says who is late (D4): it is within a minute of the nearest deadline."""
    running = [one.due_at for one in clocks.values() if one.ended_at is None]
    known = [due for due in (row.answer_due or row.waiting_since, *running) if due is not None]
    nearest = min(known)
    assert abs(row.queue_at - nearest) <= timedelta(minutes=1), (row, running)


def _check_copies(seen: Seen) -> None:
    """Beside team, tags and priority stands the ticket's own place (D2)."""
    for row in seen.beside:
        ticket = seen.tickets[row.ticket_id]
        assert (row.queue_rank, row.queue_at) == (ticket.queue_rank, ticket.queue_at), (row, ticket)


# What a team gives out by itself (D2)


def _check_gifts(before: Seen, seen: Seen, handed: Sequence[Handed]) -> None:
    """Whoever is given a ticket by the desk is of its team, on duty, and the one whom the rule
    names; nobody is passed over. One action gives one ticket to one person.
    """
    for place, at in before.members.items():
        assert at is None or seen.members.get(place, at) is not None, "a turn is not forgotten"
    given = [
        place
        for place, at in seen.members.items()
        if at is not None and before.members[place] != at
    ]
    assert len(given) <= 1, given
    for team, person in given:
        (one,) = handed
        assert (one.person, one.team) == (person, team), (given, handed)
        assert before.gives[team] is not None, given
        fitting = _candidates(before, one, team)
        assert person in fitting, (one, fitting)
        ranks = {other: _rank(before, team, other) for other in fitting}
        assert ranks[person] == min(ranks.values()), (one, ranks)
    for one in handed:
        left = one.person is None and one.team is not None and before.gives[one.team] is not None
        assert not left or not _candidates(before, one, str(one.team)), one


def _candidates(before: Seen, one: Handed, team: str) -> set[int]:
    """Those of the team who are on duty, but for who gives the ticket away and who had it."""
    ours = {person for code, person in before.members if code == team}
    return (ours & before.on_duty) - {one.actor, one.old}


def _rank(before: Seen, team: str, person: int) -> tuple[int, bool, datetime | None]:
    """Who is first: by load whoever has the fewest tickets; then, or in turn, who waits longest."""
    at = before.members[team, person]
    load = 0
    if before.gives[team] == "load":
        theirs = [row for row in before.tickets.values() if row.assignee_id == person]
        load = sum(row.queue_rank is not None for row in theirs)
    return load, at is not None, at


def _check_parents(seen: Seen) -> None:
    """Two floors: a parent has none."""
    for number, now in seen.presents.items():
        if now.parent is not None:
            assert seen.presents[now.parent].parent is None, (number, now.parent)


def _check_outages(workflow: Workflow, seen: Seen) -> None:
    open_areas = []
    for outage in seen.outages:
        state = workflow.state(seen.tickets[outage.ticket_id].state)
        assert (outage.closed_at is not None) == (state.final or state.resolution), outage
        if outage.closed_at is None:
            open_areas.append(outage.area)


def _check_timers(
    state: State, clocks: Mapping[str, ClockState], timers: Mapping[str, datetime]
) -> None:
    for kind, reading in clocks.items():
        known = reading.missed_at is not None
        assert timers.get(kind) == (None if known else reading.due_at), kind
        assert (reading.due_at is None) is (reading.left is not None), kind
        near = timers.get(f"{kind}_near")
        assert near is None or (reading.due_at is not None and near < reading.due_at), kind
    resolution = clocks.get("resolution")
    if resolution is not None:
        assert (resolution.ended_at is not None) is (state.clock == "stops")
        runs = resolution.left is None and resolution.ended_at is None
        assert runs or state.clock != "runs"
