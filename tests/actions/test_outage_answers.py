"""What is answered to an outage reaches all its reporters, and so does its end (X9)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.equipment import outage_commands
from core.errors import NothingToDo, Refusal
from core.models import Outage
from core.tickets.conversation import answer_delivered, reply, undo
from core.tickets.lifecycle import confirm, move
from tests.actions.equipment_factories import brings, camera, tells
from tests.actions.journal_replay import present, replayed
from tests.actions.outage_factories import LATER, ROUND, opened, reported
from tests.actions.people import customer, operator, writes
from tests.actions.store import Store
from tests.clock import Clock

# ------------------------------------------------------------------ talking to all of them


async def test_an_answer_to_the_outage_reaches_everybody(desk: Desk, store: Store) -> None:
    numbers = await reported(desk, ROUND)
    parent = await opened(desk, numbers[0])
    olga = await operator(desk)
    said = writes("The power is back, cameras are starting")
    await desk.run_as(olga, reply, parent.id, said)
    copies = [row for row in await store.outbox(kind="content") if row.person_id is not None]
    assert [row.ticket_id for row in copies] == numbers
    assert {row.message_id for row in copies} == {(await store.messages(parent.id))[0].id}
    message_id = copies[0].message_id
    assert message_id is not None
    await desk.run(answer_delivered, [message_id])
    assert "answer_delivered" in await store.journal(parent.id)
    await desk.run_as(olga, undo, said.ref)
    gone = await store.outbox(kind="delete")
    assert [row.address for row in gone] == [each.address.chat for each in ROUND]


async def test_whose_own_ticket_is_solved_or_over_hears_no_more_of_the_outage(
    desk: Desk, store: Store
) -> None:
    numbers = await reported(desk, ROUND)
    parent, olga = await opened(desk, numbers[0]), await operator(desk)
    await desk.run_as(olga, move, numbers[0], "resolve")
    await desk.run_as(olga, move, numbers[1], "close")
    await desk.run_as(olga, reply, parent.id, writes("The cable is on its way"))
    copies = [row for row in await store.outbox(kind="content") if row.person_id is not None]
    assert [row.ticket_id for row in copies] == numbers[2:] != []


async def test_what_operators_learn_is_told_to_all(desk: Desk, store: Store, clock: Clock) -> None:
    numbers = await reported(desk, ROUND)
    parent = await opened(desk, numbers[0])
    olga, until = await operator(desk), clock.now + timedelta(hours=5)
    await desk.run_as(
        olga, outage_commands.restate_outage, parent.id, until=until, words="a cut cable"
    )
    for each in ROUND:
        assert (await store.told(each.address.chat))[-1] == "ticket.outage_news"
    assert (await store.ticket(parent.id)).answer_due == until
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, outage_commands.restate_outage, parent.id, until=until, words=None)
    with pytest.raises(Refusal, match="no_outage"):
        await desk.run_as(olga, outage_commands.restate_outage, numbers[0], until=until, words="x")


async def test_a_broadcast_needs_somebody_to_hear_it(desk: Desk, store: Store) -> None:
    numbers = await reported(desk, ROUND[:2])
    with pytest.raises(Refusal, match="nobody_to_tell"):
        await desk.run_as(await operator(desk), reply, numbers[0], writes(), to_all=True)


async def test_a_broadcast_goes_from_any_parent_to_its_parts(desk: Desk, store: Store) -> None:
    await brings(desk, camera("1", *ROUND))
    heard = [await tells(desk, each, "1") for each in ROUND]
    first = heard[0].ticket
    assert first is not None
    olga = await operator(desk)
    await desk.run_as(olga, reply, first.id, writes("To you alone"))
    assert [r.address for r in await store.outbox(kind="content") if r.person_id] == [
        ROUND[0].address.chat
    ]
    await desk.run_as(olga, reply, first.id, writes("To all of you"), to_all=True)
    told = [r.address for r in await store.outbox(kind="content") if r.person_id]
    assert sorted(told[1:]) == sorted(each.address.chat for each in ROUND)


# ------------------------------------------------------------------ the end


async def test_its_solution_is_everybodys_and_its_close_nobodys(desk: Desk, store: Store) -> None:
    numbers = await reported(desk, ROUND)
    parent = await opened(desk, numbers[0])
    olga = await operator(desk)
    await desk.run_as(olga, move, parent.id, "resolve", reason="a new power supply")
    for number, each in zip(numbers, ROUND, strict=True):
        assert (await store.ticket(number)).state == "resolved"
        assert (await store.told(each.address.chat))[-1] == "ticket.resolved_reason"
    await desk.run_as(olga, move, parent.id, "close")
    assert {(await store.ticket(number)).state for number in numbers} == {"resolved"}
    (outage,) = await store.rows(select(Outage))
    assert outage.closed_at is not None


async def test_whoever_is_not_content_comes_back_alone(desk: Desk, store: Store) -> None:
    numbers = await reported(desk, ROUND)
    parent = await opened(desk, numbers[0])
    await desk.run_as(await operator(desk), move, parent.id, "resolve")
    who = await customer(desk, ROUND[0])
    await desk.run_as(who, confirm, numbers[0], content=False)
    assert (await store.ticket(numbers[0])).waiting_since is not None
    assert (await store.ticket(numbers[1])).state == "resolved"
    assert (await store.ticket(parent.id)).state == "resolved"


@pytest.mark.parametrize("verb", ["cancel", "close"])
async def test_an_end_without_a_solution_owes_everybody_an_answer(
    desk: Desk, store: Store, verb: str
) -> None:
    numbers = await reported(desk, ROUND)
    parent = await opened(desk, numbers[0])
    await desk.run_as(await operator(desk), move, parent.id, verb)
    for number in numbers:
        row = await store.ticket(number)
        assert (row.state, row.waiting_since is not None) == ("new", True)
        assert "answer" in await store.timers(number)
        assert (await store.journal(number))[-1] == "fault_alone"
    await reported(desk, LATER[:1])
    assert await store.told(LATER[0].address.chat) == ["ticket.opened"]


async def test_an_outage_that_is_back_takes_reporters_in_again(desk: Desk, store: Store) -> None:
    numbers = await reported(desk, ROUND)
    parent = await opened(desk, numbers[0])
    olga = await operator(desk)
    await desk.run_as(olga, move, parent.id, "resolve")
    await desk.run_as(olga, move, parent.id, "reopen")
    await reported(desk, LATER[:1])
    assert await store.told(LATER[0].address.chat) == ["ticket.known_area"]


@pytest.mark.parametrize("verb", ["resolve", "cancel"])
async def test_the_journal_gives_the_same_tickets_again(
    desk: Desk, store: Store, clock: Clock, verb: str
) -> None:
    numbers = await reported(desk, ROUND)
    parent = await opened(desk, numbers[0], clock.now + timedelta(hours=1), "no power")
    clock.move(minutes=5)
    numbers += await reported(desk, LATER)
    olga, later = await operator(desk), clock.now + timedelta(hours=2)
    await desk.run_as(olga, outage_commands.restate_outage, parent.id, until=later, words=None)
    await desk.run_as(olga, move, parent.id, verb)
    for number in (parent.id, *numbers):
        assert await replayed(store, number) == await present(store, number)
