"""What must hold whatever has happened: looked at after every step, past every action.

The journal is played on by what is new in it, and must give what the tables say. What the rules of
tickets, tasks and clocks allow is said here once more, from the requirements and not from the code.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import bindparam, select

from core.addresses import MessageRef
from core.db import PreparedStatement
from core.desk import Desk
from core.models import Category, JournalEntry, Message
from core.sla.agreements import agreements_of
from core.sla.clock import History
from core.sla.clock_recorder import compute_clocks, recompute
from core.texts import unpack
from core.tickets.catalog import workflow_of
from core.tickets.workflow import Workflow
from core.tx import ReadTx
from tests.actions.assignment_invariants import Handed, check_gifts
from tests.actions.journal_replay import Played, Present
from tests.actions.tables_seen import Seen, see
from tests.actions.task_endings import BY_HAND, ending_of
from tests.actions.ticket_invariants import (
    check_copies,
    check_outages,
    check_parents,
    check_ticket,
    check_timers,
)

_NEW: Final = PreparedStatement(
    select(JournalEntry.__table__)
    .where(JournalEntry.id > bindparam("after"))
    .order_by(JournalEntry.id)
)


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
        self.seen = seen = await see(tx)
        for number in touched:
            assert self.played[number].now == seen.presents[number], number
        for number, now in seen.presents.items():
            assert number in touched or now == before.presents[number], number
        for row in seen.tickets.values():
            check_ticket(tx, workflow.state(row.state), row, seen)
        self._check_tasks(workflow, before)
        if before.members:
            check_gifts(before, seen, self.handed)
        check_parents(seen)
        check_outages(workflow, seen)
        check_copies(seen)
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
            assert ending in BY_HAND[task.kind], task
            return
        if ending == ("cancelled", "merged") and workflow.state(now.state).final:
            return  # left open with its ticket: the camera's next task is for it
        if ending == ("cancelled", "merged") and task.id in self.moved_tasks:
            return  # it went with a merge, or came by one that is taken back
        expected = ending_of(workflow, task.kind, was, now, escalated=self.escalated)
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
            check_timers(state, stored, self.seen.timers.get(number, {}))
