"""The journal is complete: played back, it gives the present (D6)."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.by_hand.saving import record_call
from core.desk import AlreadyHandled, Desk
from core.errors import Refusal
from core.models import JournalEntry, Ticket
from core.texts import unpack
from core.tickets import conversation
from core.tickets.assignment import release, take
from core.tickets.details import change_topic
from core.tickets.due import sweep
from core.tickets.intake import hear
from core.tickets.lifecycle import confirm, move
from core.tickets.parents import set_parent
from core.tx import Actor
from tests.actions.conftest import Clock
from tests.actions.people import (
    ALICE,
    ANNA,
    BORIS,
    OLEG,
    OLGA,
    customer,
    opens,
    operator,
    says,
    writes,
)
from tests.actions.store import Store

STEPS = 300
VERBS = ("wait", "freeze", "unfreeze", "resolve", "close", "cancel", "reopen")

Present = tuple[str, int | None, datetime | None, datetime | None, str | None]


class Played:
    """A ticket as its entries tell it."""

    state = ""
    assignee: int | None = None
    waiting: datetime | None = None
    due: datetime | None = None
    topic: str | None = None

    def play(self, entry: JournalEntry) -> None:
        facts = unpack(entry.facts)
        match entry.event:
            case "ticket_opened":
                self.state, self.topic = facts["state"], facts["topic"]
                self.waiting, self.due = entry.at, facts["answer_due"]
            case "customer_wrote" | "question_after_all":
                if facts.get("turned", True):
                    self.waiting, self.due = self.waiting or entry.at, facts["answer_due"]
            case "ticket_taken":
                self.assignee = facts["assignee_id"]
            case "ticket_released":
                self.assignee = None
            case "state_entered":
                self.state, self.assignee = facts["new"], facts["assignee_id"]
                self.waiting, self.due = facts["waiting_since"], facts["answer_due"]
            case "fault_known" | "fault_alone" | "outage_opened" | "outage_restated":
                self.waiting, self.due = facts["waiting_since"], facts["answer_due"]
            case "answer_delivered" | "answer_failed" | "answer_withdrawn" | "call_recorded":
                self.waiting, self.due = facts["waiting_since"], facts["answer_due"]
            case "topic_changed":
                self.topic, self.due = facts["new"], facts["answer_due"]

    @property
    def present(self) -> Present:
        return self.state, self.assignee, self.waiting, self.due, self.topic


async def replayed(store: Store, number: int) -> Present:
    played = Played()
    entries = select(JournalEntry).where(JournalEntry.ticket_id == number)
    for entry in await store.rows(entries.order_by(JournalEntry.id)):
        played.play(entry)
    return played.present


def present(ticket: Ticket) -> Present:
    return (
        ticket.state,
        ticket.assignee_id,
        ticket.waiting_since,
        ticket.answer_due,
        ticket.topic,
    )


class Walk:
    """People doing whatever comes to their minds."""

    def __init__(self, desk: Desk, store: Store, clock: Clock, seed: int) -> None:
        self.desk, self.store, self.clock = desk, store, clock
        self.dice = random.Random(seed)
        self.staff: list[Actor] = []
        self.customers: dict[int | None, Actor] = {}
        self.under_way: list[int] = []

    async def begin(self) -> None:
        self.staff = [await operator(self.desk, who) for who in (OLGA, OLEG, ANNA)]
        for who in (ALICE, BORIS):
            actor = await customer(self.desk, who)
            self.customers[actor.person_id] = actor
            await opens(self.desk, who)

    async def step(self) -> None:
        self.clock.move(minutes=self.dice.choice((0, 1, 30, 600)))
        number = self.dice.choice([ticket.id for ticket in await self.store.tickets()][-4:])
        often = [self.write, self.move, self.answer, self.settle, self.hold]
        seldom = [
            self.talk,
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
        caller = self.dice.choice((ALICE, BORIS))
        words = self.dice.choice(("Why?", "thanks", "It blinks"))
        messages = await self.store.messages(number)
        ref = self.dice.choice([m.source_message for m in messages])
        await self.desk.run(hear, caller, says(caller, words, reply_to=ref))

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
            await self.desk.run_as(admin, conversation.undo, said.source_chat, said.source_message)

    async def ask_after_all(self, number: int, who: Actor) -> None:
        theirs = [m.id for m in await self.store.messages(number) if not m.counts]
        if theirs:
            await self.desk.run_as(who, conversation.question_after_all, theirs[-1])


@pytest.mark.parametrize("seed", [1])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_played_back_it_gives_the_present(
    desk: Desk, store: Store, clock: Clock, seed: int
) -> None:
    walk = Walk(desk, store, clock, seed)
    await walk.begin()
    for step in range(STEPS):
        await walk.step()
        if step % 10 == 0:
            for ticket in await store.tickets():
                last = await store.journal(ticket.id)
                assert await replayed(store, ticket.id) == present(ticket), last[-6:]
    seen = {name for ticket in await store.tickets() for name in await store.journal(ticket.id)}
    assert {"answer_failed", "answer_withdrawn", "ticket_released", "topic_changed"} <= seen
    assert {"state_entered", "answer_delivered", "ticket_taken"} <= seen
