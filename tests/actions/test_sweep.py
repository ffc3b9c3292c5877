"""The sweep: what falls due fires once, whoever sweeps, and after a downtime it is told as one."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from channels.telegram.addresses import chat_address
from core.desk import Desk
from core.models import Person, SystemState, Ticket, Timer
from core.sla.answer_clock import ANSWER, set_timers
from core.texts import unpack
from core.tickets import sweep as sweep_job
from core.tickets.conversation import answer_delivered, reply, undo
from core.tickets.lifecycle import enter, move
from core.tickets.sweep import BATCH, Due, sweep
from core.tickets.workflow import State
from core.tx import ReadTx, Tx
from tests.actions.agreement_factories import agrees
from tests.actions.people import ALERTS, ALICE, BORIS, OPERATORS, opens, operator, writes
from tests.actions.store import Store
from tests.actions.test_hot_path import measured
from tests.clock import Clock


async def count_fired(store: Store, event: str) -> int:
    return sum([(await store.journal(t.id)).count(event) for t in await store.tickets()])


async def many(tx: Tx, number: int, kind: str) -> None:
    """Tickets that fall due in an hour, without the trouble of opening them."""
    due = tx.now + timedelta(hours=1)
    person = Person(address=chat_address(9), name="Crowd", language="en", created_at=tx.now)
    tx.session.add(person)
    await tx.session.flush()
    row: dict[str, Any] = {"customer_id": person.id, "title": "x", "state": "new", "opening": ""}
    row |= {"origin": "telegram", "opened_at": tx.now, "reopened": 0}
    row |= {"waiting_since": tx.now, "answer_due": due}
    ids = (
        await tx.session.scalars(insert(Ticket).returning(Ticket.id), [row for _ in range(number)])
    ).all()
    timers = [{"ticket_id": id_, "kind": kind, "due_at": due} for id_ in ids]
    await tx.session.execute(insert(Timer), timers)


async def sweep_all(desk: Desk) -> None:
    while await desk.run(sweep) == BATCH:
        pass


async def test_a_reminder_and_then_the_deadline_each_fire_once(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket = await opens(desk)
    assert await desk.run(sweep) == 0
    clock.move(days=3, hours=-4)
    assert [await desk.run(sweep), await desk.run(sweep)] == [1, 0]
    assert "group.reminder" in await store.told(OPERATORS)
    clock.move(hours=4)
    assert [await desk.run(sweep), await desk.run(sweep)] == [1, 0]
    assert await store.told(ALERTS) == ["alert.overdue"]
    assert "mail.overdue" in await store.told("staff@example.org")
    clock.move(days=9)
    assert await desk.run(sweep) == 0
    assert (await store.journal(ticket.id))[-2:] == ["deadline_near", "deadline_missed"]


async def test_lateness_that_was_told_is_not_told_again_when_an_answer_is_taken_back(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket, olga, said = await opens(desk), await operator(desk), writes()
    clock.move(days=4)
    await desk.run(sweep)
    await desk.run_as(olga, reply, ticket.id, said)
    await desk.run(answer_delivered, [(await store.messages(ticket.id))[-1].id])
    clock.move(hours=1)
    await desk.run_as(olga, undo, said.ref)
    kept = await store.ticket(ticket.id)
    assert (kept.waiting_since, kept.answer_due) == (ticket.waiting_since, ticket.answer_due)
    clock.move(days=4)
    await desk.run(sweep)
    assert await store.told(ALERTS) == ["alert.overdue"]
    assert (await store.journal(ticket.id)).count("deadline_missed") == 1


async def test_lateness_that_nobody_knows_of_is_told_when_an_answer_is_taken_back(
    desk: Desk, store: Store, clock: Clock
) -> None:
    """Answered in time, taken back after it: only now the ticket is late."""
    ticket, olga, said = await opens(desk), await operator(desk), writes()
    clock.move(days=2, hours=12)
    await desk.run(sweep)
    await desk.run_as(olga, reply, ticket.id, said)
    await desk.run(answer_delivered, [(await store.messages(ticket.id))[-1].id])
    clock.move(days=1)
    await desk.run(sweep)
    assert await store.told(ALERTS) == []
    await desk.run_as(olga, undo, said.ref)
    for _ in range(2):
        await desk.run(sweep)
    assert await store.told(ALERTS) == ["alert.overdue"]


async def test_an_answered_ticket_alerts_nobody(desk: Desk, store: Store, clock: Clock) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, reply, ticket.id, writes())
    await desk.run(answer_delivered, [(await store.messages(ticket.id))[-1].id])
    clock.move(days=9)
    assert await desk.run(sweep) == 0
    assert await store.told(ALERTS) == []


async def test_a_deadline_shorter_than_the_reminder_has_none(desk: Desk, store: Store) -> None:
    desk.company = replace(desk.company, answer_deadline=timedelta(hours=1))
    ticket = await opens(desk)
    assert set(await store.timers(ticket.id)) == {"answer"}


@pytest.mark.parametrize("beaten", [False, True])
async def test_two_sweeps_at_once_fire_everything_once(
    desk: Desk, store: Store, clock: Clock, beaten: bool
) -> None:
    if beaten:
        await desk.run(sweep)
    for who in (ALICE, BORIS):
        await opens(desk, who)
    clock.move(days=3, hours=-1)
    fired = await asyncio.gather(*(desk.run(sweep) for _ in range(4)))
    assert sum(fired) >= 2
    assert await count_fired(store, "deadline_near") == 2


async def test_a_timer_that_is_put_off_after_the_sweep_has_read_it_does_not_fire(
    desk: Desk, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = await opens(desk)
    later = clock.move(days=3) + timedelta(hours=1)
    find = sweep_job._find_due

    async def find_and_put_off(tx: Tx) -> Sequence[Due]:
        """Between two statements of a sweep others commit; SQLite has one writer at a time."""
        due = await find(tx)
        if tx.session.get_bind().dialect.name == "sqlite":
            await set_timers(tx, ticket.id, {ANSWER: later})
        else:
            await desk.run(set_timers, ticket.id, {ANSWER: later})
        return due

    monkeypatch.setattr(sweep_job, "_find_due", find_and_put_off)
    await desk.run(sweep)
    assert await store.told(ALERTS) == []
    assert await store.timers(ticket.id) == {ANSWER: later}
    monkeypatch.undo()
    clock.now = later
    await desk.run(sweep)
    assert await store.told(ALERTS) == ["alert.overdue"]


async def test_sweeping_while_customers_write_and_operators_answer(
    desk: Desk, store: Store, clock: Clock
) -> None:
    """Both hold the same rows: neither must wait for ever, nor break."""
    olga = await operator(desk)
    tickets = [await opens(desk, who) for who in (ALICE, BORIS)]
    clock.move(days=3)
    await asyncio.gather(
        *(desk.run(sweep) for _ in range(3)),
        *(desk.run_as(olga, reply, ticket.id, writes()) for ticket in tickets for _ in range(3)),
    )
    assert await count_fired(store, "deadline_missed") == 2
    assert await count_fired(store, "answer_written") == 6


# After a downtime


@pytest.mark.parametrize("number", [4, BATCH + 50])
async def test_what_fell_due_in_a_downtime_is_one_digest(
    desk: Desk, store: Store, clock: Clock, number: int
) -> None:
    await desk.run(sweep)
    await desk.run(many, number, "answer")
    clock.move(hours=3)
    await sweep_all(desk)
    await sweep_all(desk)
    assert await store.told(ALERTS) == ["alert.digest"]
    (digest,) = await store.facts(None, "caught_up")
    assert len(digest["overdue"]) == number
    assert digest["down"] == 3 * 3600
    assert await count_fired(store, "deadline_missed") == number
    await desk.run(sweep)
    await opens(desk)
    clock.move(seconds=5)
    await desk.run(sweep)
    assert len(await store.outbox(ALERTS)) == 1


async def test_a_few_are_told_with_a_line_each_even_then(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await desk.run(sweep)
    await desk.run(many, 3, "answer")
    clock.move(hours=3)
    await desk.run(sweep)
    (row,) = await store.outbox(ALERTS)
    assert (row.key, len(unpack(row.facts)["lines"])) == ("alert.digest", 3)
    (digest,) = await store.facts(None, "caught_up")
    assert digest["down"] == 0 and [kind for _, kind in digest["deadlines"]] == ["answer"] * 3


async def test_what_falls_due_at_one_moment_is_one_message(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await desk.run(many, 10, "answer")
    for _ in range(61):
        clock.move(minutes=1)
        await desk.run(sweep)
    assert await store.told(ALERTS) == ["alert.digest"]
    (letter,) = await store.outbox("staff@example.org")
    assert letter.key == "mail.digest_now"
    assert len(unpack(letter.facts)["listed"].split("\n")) == 10
    assert await count_fired(store, "deadline_missed") == 10


async def test_each_chat_has_its_own_moment(desk: Desk, store: Store, clock: Clock) -> None:
    """One overdue and one near are an alert and a reminder, as they always were."""
    await opens(desk)
    clock.move(hours=4)
    await opens(desk, BORIS)
    clock.move(days=2, hours=19, minutes=59)
    await desk.run(sweep)
    clock.move(minutes=1)
    await desk.run(sweep)
    assert await store.told(ALERTS) == ["alert.overdue"]
    assert (await store.told(OPERATORS)).count("group.reminder") == 2


async def test_an_idle_sweep_asks_once_and_changes_nothing(desk: Desk, clock: Clock) -> None:
    await opens(desk)
    await desk.run(sweep)
    clock.move(seconds=20)
    with measured(desk) as cost:
        assert await desk.run(sweep) == 0
    assert len(cost.statements) == 1, f"\n{cost}"
    clock.move(days=3)
    assert await desk.run(sweep) > 0


async def test_a_clock_that_is_set_back_takes_the_time_of_the_last_sweep_along(
    desk: Desk, clock: Clock
) -> None:
    """Otherwise a downtime would be taken for none until the clock is where it was."""
    await opens(desk)
    await desk.run(sweep)
    clock.move(hours=-1)
    await desk.run(sweep)

    async def last(tx: ReadTx) -> object:
        row = await tx.find(SystemState, sweep_job.HEARTBEAT)
        return row and row.at

    assert await desk.read(last) == clock.now


async def test_one_that_cannot_wake_steps_aside_and_holds_up_nobody(
    desk: Desk, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had changed already is taken back, and nobody trips over it."""
    await agrees(desk)
    one, other = [(await opens(desk, who)).id for who in (ALICE, BORIS)]
    for number in (one, other):
        until = clock.now + timedelta(hours=1)
        await desk.run_as(await operator(desk), move, number, "freeze", until=until)

    async def fails(tx: Tx, ticket: Ticket, verb: str, **more: Any) -> State:
        state = await enter(tx, ticket, verb, **more)
        await tx.session.flush()
        if ticket.id == one:
            raise ValueError(verb)
        return state

    monkeypatch.setattr(sweep_job, "enter", fails)
    clock.move(hours=1)
    await desk.run(sweep)
    assert [(await store.ticket(number)).state for number in (one, other)] == ["frozen", "reopened"]
    monkeypatch.undo()
    clock.now += sweep_job.STEP_ASIDE
    await desk.run(sweep)
    assert (await store.ticket(one)).state == "reopened"
