"""Whatever happens to tickets, in whatever order: the stored clocks are what the journal gives.

`WALK_STEPS` says how many random steps are taken, and then they are other ones each time:
`WALK_STEPS=100000 pytest tests/actions/test_clocks_walk.py`.
"""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from core.agreements import directory
from core.agreements.choosing import Kind, Spans, Term
from core.agreements.classifying import classify, prioritise
from core.agreements.keeping import recompute
from core.agreements.shelf import stored
from core.company import Company
from core.db import Database, Row
from core.desk import Desk
from core.errors import Refusal
from core.models import Ticket, Timer
from core.tickets import conversation
from core.tickets.assignment import release, take
from core.tickets.due import sweep
from core.tickets.intake import hear
from core.tickets.lifecycle import confirm, move
from core.tickets.workflow_store import workflow_of
from core.tx import Actor, Look, Tx
from tests.actions.agreeing import HOUR, TERMS, WEEK, agrees
from tests.actions.conftest import RECORDERS, Clock
from tests.actions.people import ALERTS, ALICE, ANNA, OPERATORS, customer, opens, operator, says
from tests.actions.people import writes as answers
from tests.actions.store import Store

STEPS = int(os.environ.get("WALK_STEPS", "600"))
RUN = 50
VERBS = ("wait", "freeze", "unfreeze", "resolve", "close", "cancel", "reopen")
QUICK = (Term(Kind(), Spans(HOUR, 3 * HOUR)),)

# What a walk writes to; the rest stays empty.
FILLED = {
    *("clock", "classification", "agreement_term", "agreement", "calendar", "service", "timer"),
    *("next_contact", "outbox", "placement", "journal", "message", "ticket", "person", "fact"),
}

tickets = st.integers(0, 2)


class Walk(RuleBasedStateMachine):
    """Three tickets of one customer, an agreement, and whatever comes to people's minds."""

    runner: ClassVar[asyncio.Runner]
    database: ClassVar[Database]
    taken: ClassVar[int] = 0

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @initialize(late=st.booleans())
    def begin(self, late: bool) -> None:
        """Two tickets open under the agreement, or before there is one."""
        self.clock = Clock()
        self.numbers: list[int] = []
        self.under_way: list[int] = []
        self.do(self._begin(late=late))

    async def _begin(self, *, late: bool) -> None:
        async with self.database.write() as session:
            for table in reversed(Row.metadata.sorted_tables):
                if table.name in FILLED:
                    await session.execute(table.delete())
        company = Company(
            language="en",
            admins=frozenset({ANNA.telegram_id}),
            operators_chat=OPERATORS,
            alerts_chat=ALERTS,
        )
        self.desk = Desk(self.database, company, RECORDERS, clock=self.clock)
        self.store = Store(self.database)
        self.boss: Actor = await operator(self.desk, ANNA)
        self.alice: Actor = await customer(self.desk)
        if not late:
            await agrees(self.desk)
        self.numbers = [(await opens(self.desk)).id for _ in range(3)]
        if late:
            await agrees(self.desk)

    async def _tried(
        self, who: Actor, action: Callable[..., Awaitable[Any]], *args: Any, **options: Any
    ) -> None:
        try:
            await self.desk.run_as(who, action, *args, **options)
        except Refusal:
            return

    @rule(minutes=st.sampled_from((1, 20, 60, 240, 1500, 4000)))
    def time_passes(self, minutes: int) -> None:
        self.clock.move(minutes=minutes, seconds=minutes % 7, microseconds=minutes * 31)

    @rule(ticket=tickets, verb=st.sampled_from(VERBS))
    def somebody_moves_it(self, ticket: int, verb: str) -> None:
        self.touched = {self.numbers[ticket]}
        self.do(self._tried(self.boss, move, self.numbers[ticket], verb, reason="so"))

    @rule(ticket=tickets, takes=st.booleans())
    def somebody_holds_it(self, ticket: int, takes: bool) -> None:
        self.touched = {self.numbers[ticket]}
        self.do(self._tried(self.boss, take if takes else release, self.numbers[ticket]))

    @rule(ticket=tickets, wait=st.booleans())
    def somebody_answers(self, ticket: int, wait: bool) -> None:
        self.touched = {self.numbers[ticket]}
        self.do(self._answer(self.numbers[ticket], wait=wait))

    async def _answer(self, number: int, *, wait: bool) -> None:
        await self._tried(self.boss, conversation.reply, number, answers(), wait=wait)
        ours = [m.id for m in await self.store.messages(number) if not m.from_customer]
        self.under_way += ours[-1:]

    @rule(arrives=st.booleans())
    def an_answer_arrives_or_does_not(self, arrives: bool) -> None:
        if not self.under_way:
            return
        self.touched = set(self.numbers)
        message = self.under_way.pop()
        if arrives:
            self.do(self.desk.run(conversation.answer_delivered, [message]))
        else:
            self.do(self.desk.run(conversation.answer_failed, message, "network"))

    @rule(ticket=tickets)
    def the_customer_writes(self, ticket: int) -> None:
        self.touched = {self.numbers[ticket]}
        self.do(self._write(self.numbers[ticket]))

    async def _write(self, number: int) -> None:
        ref = (await self.store.messages(number))[0].source_message
        await self.desk.run(hear, ALICE, says(ALICE, "And now?", reply_to=ref))

    @rule(ticket=tickets, content=st.booleans())
    def the_customer_judges(self, ticket: int, content: bool) -> None:
        self.touched = {self.numbers[ticket]}
        self.do(self._tried(self.alice, confirm, self.numbers[ticket], content=content))

    @rule(ticket=tickets, words=st.sampled_from(("video", "doors", "question", "incident")))
    def somebody_classifies_it(self, ticket: int, words: str) -> None:
        self.touched = {self.numbers[ticket]}
        self.do(self._tried(self.boss, classify, self.numbers[ticket], words))

    @rule(ticket=tickets, words=st.sampled_from(("urgent", "low")))
    def somebody_says_how_urgent_it_is(self, ticket: int, words: str) -> None:
        self.touched = {self.numbers[ticket]}
        self.do(self._tried(self.boss, prioritise, self.numbers[ticket], words))

    @rule()
    def the_sweep_comes(self) -> None:
        self.touched = set(self.numbers)
        self.do(self.desk.run(sweep))

    @rule(day=st.sampled_from(("2026-11-24", "2026-11-26", "2026-12-01")))
    def a_holiday_is_declared(self, day: str) -> None:
        async def put(tx: Tx) -> None:
            await directory.put_calendar(
                tx, "office", "Office", zone="UTC", week=WEEK, days={day: []}
            )

        self.touched = set(self.numbers)
        self.do(self.desk.run(put))

    @rule(terms=st.sampled_from((TERMS, QUICK)))
    def other_terms_are_agreed(self, terms: tuple[Term, ...]) -> None:
        self.do(agrees(self.desk, terms))

    @invariant()
    def every_clock_is_what_the_journal_gives(self) -> None:
        Walk.taken += 1
        touched, self.touched = getattr(self, "touched", ()), set[int]()
        for number in touched:
            self.do(self.desk.read(_compare, number))

    def teardown(self) -> None:
        for number in getattr(self, "numbers", ()):
            self.do(self.desk.read(_compare, number))


async def _compare(look: Look, number: int) -> None:
    ticket = await look.session.get_one(Ticket, number)
    state = (await workflow_of(look)).state(ticket.state)
    if state.final:
        return  # what is over keeps the calendar of its day
    _, readings = await stored(look, number)
    assert readings == await recompute(look, number)
    rows = await look.session.scalars(select(Timer).where(Timer.ticket_id == number))
    timers = {row.kind: row.due_at for row in rows}
    for kind, reading in readings.items():
        told = reading.missed_at is not None
        assert timers.get(kind) == (None if told else reading.due_at)
        assert (reading.due_at is None) is (reading.left is not None)
        near = timers.get(f"{kind}_near")
        assert near is None or (reading.due_at is not None and near < reading.due_at)
    resolution = readings.get("resolution")
    if resolution is not None:
        assert (resolution.ended_at is not None) is (state.clock == "stops")
        runs = resolution.left is None and resolution.ended_at is None
        assert runs or state.clock != "runs"


@pytest.fixture
def walk(template: Path, tmp_path: Path) -> Iterator[None]:
    shutil.copyfile(template, tmp_path / "walk.db")
    with asyncio.Runner() as runner:
        Walk.runner, Walk.taken = runner, 0
        Walk.database = Database(f"sqlite+aiosqlite:///{tmp_path / 'walk.db'}")
        yield
        runner.run(Walk.database.close())


@pytest.mark.usefixtures("walk")
def test_stored_clocks_are_what_the_journal_gives_whatever_happens() -> None:
    chosen = settings(
        max_examples=max(STEPS // RUN, 1),
        stateful_step_count=RUN,
        deadline=None,
        database=None,
        derandomize="WALK_STEPS" not in os.environ,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Walk, settings=chosen)
    assert Walk.taken >= STEPS // 2
