"""Clocks of agreements with their tickets: set, moved, told of, and the same from the journal."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.models import Classification
from core.sla.clock_recorder import recompute
from core.sla.clock_store import stored
from core.sla.explanation import why
from core.tickets.card import card_of
from core.tickets.intake import hear
from core.tickets.lifecycle import move, take
from core.tickets.sweep import sweep
from tests.actions.agreement_factories import HOUR, agrees
from tests.actions.clock_readings import answers, at, due
from tests.actions.people import ALERTS, ALICE, OPERATORS, opens, operator, says
from tests.actions.store import Store
from tests.clock import Clock


async def test_without_an_agreement_a_ticket_has_no_clocks(desk: Desk, store: Store) -> None:
    ticket = await opens(desk)
    assert await due(desk, ticket.id) == {}
    assert await store.rows(select(Classification)) == []
    assert "clocks_set" not in await store.journal(ticket.id)


async def test_clocks_are_set_when_the_ticket_is_opened(desk: Desk, store: Store) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    assert await due(desk, ticket.id) == {"reaction": at(23, 11, 30), "resolution": at(25, 9, 30)}
    timers = await store.timers(ticket.id)
    assert timers["reaction"] == at(23, 11, 30) and timers["resolution"] == at(25, 9, 30)
    assert timers["reaction_near"] == at(23, 11)  # a quarter of two hours
    assert timers["resolution_near"] == at(24, 14, 30)  # four working hours ahead
    (facts,) = await store.facts(ticket.id, "clocks_set")
    assert (facts["agreement"], facts["reaction"]) == ("plain", 2 * HOUR)


@pytest.mark.parametrize("by_answer", [True, False])
async def test_the_first_to_take_or_answer_ends_the_reaction_for_good(
    desk: Desk, store: Store, clock: Clock, by_answer: bool
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    clock.move(hours=1)
    if by_answer:
        await answers(desk, store, ticket.id)
    else:
        await desk.run_as(await operator(desk), take, ticket.id)
    assert (await due(desk, ticket.id))["reaction"] == 1.0
    timers = await store.timers(ticket.id)
    assert "reaction" not in timers and "reaction_near" not in timers and "resolution" in timers
    await desk.run_as(await operator(desk), move, ticket.id, "resolve")
    await desk.run_as(await operator(desk), move, ticket.id, "reopen")
    assert (await due(desk, ticket.id))["reaction"] == 1.0


async def test_a_pause_keeps_what_is_left_and_the_customers_answer_ends_it(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    who = await operator(desk)
    await desk.run_as(who, take, ticket.id)
    clock.now = at(23, 12)
    await answers(desk, store, ticket.id)
    await desk.run_as(who, move, ticket.id, "wait")
    assert (await due(desk, ticket.id))["resolution"] == 13.5
    assert "resolution" not in await store.timers(ticket.id)
    clock.now = at(25, 9)
    await desk.run(hear, ALICE, says(ALICE, "Here it is"))
    assert (await due(desk, ticket.id))["resolution"] == at(26, 15, 30)
    assert (await store.timers(ticket.id))["resolution"] == at(26, 15, 30)


async def test_a_resolution_stops_the_clock_and_a_reopening_lets_it_go_on(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    who = await operator(desk)
    clock.now = at(23, 11, 30)
    await desk.run_as(who, move, ticket.id, "resolve")
    assert await due(desk, ticket.id) == {"reaction": at(23, 11, 30), "resolution": 14.0}
    assert set(await store.timers(ticket.id)) >= {"reaction"}  # late by nothing: still to be told
    clock.now = at(24, 9)
    await desk.run_as(who, move, ticket.id, "close")
    clock.now = at(26, 9)
    await desk.run_as(who, move, ticket.id, "reopen")
    assert (await due(desk, ticket.id))["resolution"] == at(27, 16)


async def test_what_is_overdue_stays_overdue(desk: Desk, store: Store, clock: Clock) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    who = await operator(desk)
    clock.now = at(25, 10)
    await desk.run_as(who, move, ticket.id, "freeze")
    assert (await due(desk, ticket.id))["resolution"] == at(25, 9, 30)
    clock.now = at(27, 10)
    await desk.run_as(who, move, ticket.id, "unfreeze")
    assert (await due(desk, ticket.id))["resolution"] == at(25, 9, 30)


async def test_each_deadline_is_told_ahead_and_when_it_has_passed_each_once(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    for moment in (at(23, 11), at(23, 11, 30), at(24, 14, 30), at(25, 9, 30), at(27, 9)):
        clock.now = moment
        await desk.run(sweep)
        await desk.run(sweep)
    told = await store.told(ALERTS)
    assert told.count("alert.clock.reaction") == told.count("alert.clock.resolution") == 1
    group = await store.told(OPERATORS)
    assert group.count("group.clock_near.reaction") == 1
    assert group.count("group.clock_near.resolution") == 1
    mail = await store.told("staff@example.org")
    assert {"mail.clock.reaction", "mail.clock.resolution"} <= set(mail)
    _, readings = await desk.read(stored, ticket.id)
    assert {clock.missed_at for clock in readings.values()} == {at(23, 11, 30), at(25, 9, 30)}
    assert await due(desk, ticket.id)
    card = await desk.read(card_of, ticket.id)
    assert card is not None and str(card.marker) == "⭕"  # the answer is late too, by now


async def test_the_marker_knows_deadlines_of_the_agreement_too(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    clock.now = at(25, 10)
    await desk.run(sweep)
    card = await desk.read(card_of, ticket.id)
    assert card is not None and str(card.marker) == "⭕"
    assert [one.kind for one in card.promised.clocks] == ["reaction", "resolution"]


async def test_after_a_downtime_what_is_late_is_one_digest(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    await desk.run(sweep)
    numbers = [(await opens(desk)).id for _ in range(4)]
    clock.now = at(25, 10)
    await desk.run(sweep)
    assert await store.told(ALERTS) == ["alert.digest"]
    (row,) = await store.outbox(ALERTS)
    assert row.facts["overdue"]["$key"] == "digest.late"
    assert row.facts["overdue"]["facts"]["n"] == 4
    for number in numbers:
        assert (await store.journal(number)).count("clock_missed") == 2
        assert (await desk.read(recompute, number)) == (await desk.read(stored, number))[1]


async def test_late_and_ended_before_the_sweep_came_is_told_all_the_same(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    clock.now = at(23, 11, 31)
    await desk.run_as(await operator(desk), take, ticket.id)
    await desk.run(sweep)
    await desk.run(sweep)
    assert (await store.told(ALERTS)).count("alert.clock.reaction") == 1
    assert await due(desk, ticket.id)


async def test_why_a_deadline_is_what_it_is(desk: Desk, clock: Clock) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    assert await desk.read(why, (await opens(desk)).id)
    clock.now = at(23, 12)
    await desk.run_as(await operator(desk), move, ticket.id, "freeze")
    reaction, resolution = await desk.read(why, ticket.id)
    assert (reaction.agreement, reaction.calendar, reaction.zone.key) == ("Plain", "Office", "UTC")
    assert reaction.told.reading.due_at == at(23, 11, 30)
    assert resolution.told.counted == timedelta(hours=2.5)
    assert resolution.told.reading.left == 13.5 * HOUR
