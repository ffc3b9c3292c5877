"""The journal is complete: played back, it gives the present (D6)."""

import random
from datetime import timedelta
from typing import Any

import pytest

from core.desk import AlreadyHandled, Desk
from core.errors import Refusal
from core.manual_tickets.save import record_call
from core.models import Ticket
from core.tasks.lists import open_ids
from core.tasks.task_actions import cancel_task, finish_task, take_task
from core.tasks.task_opening import open_equipment_task
from core.teams.assignee_parser import read_escalation, read_hand_over
from core.teams.assignment import escalate, hand_over
from core.tickets import conversation
from core.tickets.classification import change_topic, classify
from core.tickets.intake import hear
from core.tickets.lifecycle import confirm, move, release, take
from core.tickets.parents import set_parent
from core.tickets.sweep import sweep
from core.tx import Actor, Tx
from tests.actions.company_directory import put_team
from tests.actions.journal_replay import present, replayed
from tests.actions.people import (
    ALICE,
    ANNA,
    BORIS,
    OLEG,
    OLGA,
    customer,
    number,
    opens,
    says,
    writes,
)
from tests.actions.store import Store
from tests.actions.test_handing import operator_here
from tests.clock import Clock

STEPS = 300
VERBS = ("wait", "freeze", "unfreeze", "resolve", "close", "cancel", "reopen")


async def visit(tx: Tx, number: int) -> None:
    await open_equipment_task(tx, await tx.get(Ticket, number), None)


class Walk:
    """People doing whatever comes to their minds."""

    def __init__(self, desk: Desk, store: Store, clock: Clock, seed: int) -> None:
        self.desk, self.store, self.clock = desk, store, clock
        self.dice = random.Random(seed)
        self.staff: list[Actor] = []
        self.customers: dict[int | None, Actor] = {}
        self.under_way: list[int] = []

    async def begin(self) -> None:
        self.staff = [await operator_here(self.desk, who) for who in (OLGA, OLEG, ANNA)]
        for level, (code, who) in enumerate((("first", OLGA), ("second", OLEG)), start=1):
            members = [number(who)]
            await self.desk.run(put_team, code, {"en": code}, level=level, members=members)
        for who in (ALICE, BORIS):
            actor = await customer(self.desk, who)
            self.customers[actor.person_id] = actor
            await opens(self.desk, who)

    async def step(self) -> None:
        self.clock.move(minutes=self.dice.choice((0, 1, 30, 600)))
        number = self.dice.choice([ticket.id for ticket in await self.store.tickets()][-4:])
        often = [self.write, self.move, self.answer, self.settle, self.hold, self.work]
        seldom = [
            self.talk,
            self.classify,
            self.give,
            self.climb,
            self.lead,
            self.judge,
            self.rename,
            self.sweep,
            self.take_back,
            self.ask_after_all,
        ]
        doing = self.dice.choice([*often, *often, *seldom])
        try:
            await doing(number, self.dice.choice(self.staff))
        except (Refusal, AlreadyHandled):
            return

    async def write(self, number: int, _who: Actor) -> None:
        sender = self.dice.choice((ALICE, BORIS))
        words = self.dice.choice(("Why?", "thanks", "It blinks"))
        messages = await self.store.messages(number)
        message_ref = self.dice.choice([m.source for m in messages])
        await self.desk.run(hear, sender, says(sender, words, reply_to=message_ref))

    async def move(self, number: int, who: Actor) -> None:
        verb = self.dice.choice(VERBS)
        until = self.clock.now + timedelta(hours=5) if verb == "freeze" else None
        await self.desk.run_as(who, move, number, verb, reason="so", until=until)

    async def answer(self, number: int, who: Actor) -> None:
        wait = self.dice.random() < 0.3
        await self.desk.run_as(who, conversation.reply, number, writes(), wait=wait)
        self.under_way.append((await self.store.messages(number))[-1].id)

    async def talk(self, number: int, who: Actor) -> None:
        await self.desk.run_as(who, record_call, number, writes("We talked"), None)

    async def lead(self, number: int, who: Actor) -> None:
        other = self.dice.choice([ticket.id for ticket in await self.store.tickets()])
        await self.desk.run_as(who, set_parent, number, other)

    async def classify(self, number: int, who: Actor) -> None:
        await self.desk.run_as(who, classify, number, self.dice.choice(("incident", "question")))

    async def give(self, number: int, who: Actor) -> None:
        to = self.dice.choice(("@olga", "@oleg", "first", "second"))
        await self.desk.run_as(who, hand_over, number, await self.desk.read(read_hand_over, to))

    async def climb(self, number: int, who: Actor) -> None:
        to = self.dice.choice(("", "@oleg"))
        await self.desk.run_as(who, escalate, number, await self.desk.read(read_escalation, to))

    async def work(self, number: int, who: Actor) -> None:
        """The ticket needs somebody on the spot, or somebody is there."""
        tasks = await self.desk.read(open_ids, number)
        if not tasks:
            await self.desk.run(visit, number)
            return
        action = self.dice.choice((take_task, finish_task, cancel_task))
        await self.desk.run_as(who, action, self.dice.choice(tasks))

    async def settle(self, _number: int, who: Actor) -> None:
        if not self.under_way:
            return
        message = self.under_way.pop(self.dice.randrange(len(self.under_way)))
        if self.dice.random() < 0.7:
            await self.desk.run(conversation.answer_delivered, [message])
        else:
            await self.desk.run(conversation.answer_failed, message, "network")

    async def hold(self, number: int, who: Actor) -> None:
        if self.dice.random() < 0.5:
            await self.desk.run_as(who, take, number)
        else:
            await self.desk.run_as(self.staff[2], release, number)

    async def judge(self, number: int, _who: Actor) -> None:
        whose = self.customers[(await self.store.ticket(number)).customer_id]
        content = self.dice.random() < 0.5
        await self.desk.run_as(whose, confirm, number, content=content)

    async def rename(self, number: int, who: Actor) -> None:
        topic = self.dice.choice(("payment", "access", "other"))
        await self.desk.run_as(who, change_topic, number, topic)

    async def sweep(self, _number: int, _who: Actor) -> None:
        await self.desk.run(sweep)

    async def take_back(self, number: int, _who: Actor) -> None:
        ours = [m for m in await self.store.messages(number) if not m.from_customer]
        if ours:
            said: Any = self.dice.choice(ours)
            admin = self.staff[2]
            await self.desk.run_as(admin, conversation.undo, said.source)

    async def ask_after_all(self, number: int, who: Actor) -> None:
        theirs = [m.id for m in await self.store.messages(number) if not m.counts]
        if theirs:
            await self.desk.run_as(who, conversation.question_after_all, theirs[-1])


@pytest.mark.parametrize("seed", [1])
async def test_played_back_it_gives_the_present(
    desk: Desk, store: Store, clock: Clock, seed: int
) -> None:
    walk = Walk(desk, store, clock, seed)
    await walk.begin()
    quick = desk.database.is_sqlite
    for step in range(STEPS if quick else STEPS // 3):
        await walk.step()
        if step % 10 == 0:
            for ticket in await store.tickets():
                last = await store.journal(ticket.id)
                now = await present(store, ticket.id)
                assert await replayed(store, ticket.id) == now, last[-6:]
    if not quick:
        return
    seen = {name for ticket in await store.tickets() for name in await store.journal(ticket.id)}
    assert {"answer_failed", "answer_withdrawn", "ticket_released", "topic_changed"} <= seen
    assert {"state_entered", "answer_delivered", "ticket_taken"} <= seen
    assert {"ticket_assigned", "ticket_escalated", "ticket_classified"} <= seen
    assert {"task_opened", "task_taken", "task_done", "task_cancelled"} <= seen
