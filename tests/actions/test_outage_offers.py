"""An area's faults are offered as one, and operators decide (X9)."""

from typing import Any

import pytest

from core.desk import Desk
from core.equipment import outage_commands, outage_detection
from core.errors import NotAllowed, NothingToDo
from tests.actions.equipment_factories import AREA, brings, camera, tells
from tests.actions.outage_factories import LATER, ROUND, offered, reported
from tests.actions.people import ALICE, OPERATORS, customer, operator
from tests.actions.store import Store
from tests.clock import Clock


async def test_three_faults_of_an_area_are_offered_as_one_once(desk: Desk, store: Store) -> None:
    numbers = await reported(desk, ROUND[:2])
    assert not await offered(store)
    numbers += await reported(desk, ROUND[2:])
    (row,) = await offered(store)
    assert (row.facts["area"], row.facts["tickets"]) == (AREA, numbers)
    await reported(desk, LATER)
    assert len(await offered(store)) == 1


async def test_the_same_camera_three_times_is_one_fault(desk: Desk, store: Store) -> None:
    await brings(desk, camera("1", *ROUND))
    for each in ROUND:
        await tells(desk, each, "1")
    assert not await offered(store)


@pytest.mark.parametrize("area", ["", "apart"])
async def test_faults_apart_are_no_outage(desk: Desk, store: Store, area: str) -> None:
    for place, each in enumerate(ROUND):
        await reported(desk, [each], f"{area}{place}" if area else "")
    assert not await offered(store)


async def test_faults_long_after_each_other_are_no_outage(
    desk: Desk, store: Store, clock: Clock
) -> None:
    for each in ROUND:
        await reported(desk, [each])
        clock.move(minutes=20)
    assert not await offered(store)


async def test_a_new_window_makes_a_new_offer(desk: Desk, store: Store, clock: Clock) -> None:
    await reported(desk, ROUND)
    clock.move(minutes=31)
    await reported(desk, LATER)
    assert len(await offered(store)) == 2


async def test_a_company_may_want_more_faults_or_no_offers(
    desk: Desk, store: Store, company: Any
) -> None:
    from dataclasses import replace

    desk.company = replace(company, outage_faults=0)
    await reported(desk, ROUND)
    assert not await offered(store)
    desk.company = replace(company, outage_faults=5)
    await reported(desk, LATER)
    assert len(await offered(store)) == 1


async def test_while_operators_decide_faults_wait_without_cards(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await reported(desk, ROUND)
    clock.move(seconds=1)
    held = await reported(desk, LATER)
    cards = [row.ticket_id for row in await store.outbox(OPERATORS, kind="card")]
    assert not set(held) & set(cards)
    for each in LATER:
        assert await store.told(each.address.chat) == ["ticket.opened"]
    actor = await operator(desk)
    assert await desk.run_as(actor, outage_detection.decline, held[0]) == AREA
    cards = [row.ticket_id for row in await store.outbox(OPERATORS, kind="card")]
    assert set(held) <= set(cards)
    with pytest.raises(NothingToDo):
        await desk.run_as(actor, outage_detection.decline, held[0])


async def test_nobody_decides_in_time_and_the_cards_come(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await reported(desk, ROUND)
    clock.move(seconds=1)
    (held,) = await reported(desk, LATER[:1])
    assert await desk.run(outage_detection.settle_offers) == 0
    clock.now += outage_detection.HOLD
    assert await desk.run(outage_detection.settle_offers) == 1
    assert held in [row.ticket_id for row in await store.outbox(OPERATORS, kind="card")]
    assert await desk.run(outage_detection.settle_offers) == 0
    (facts,) = await store.facts(None, "outage_declined")
    assert facts["by_time"] and facts["tickets"] == [held]


async def test_customers_decide_nothing(desk: Desk, store: Store) -> None:
    first, *_ = await reported(desk, ROUND)
    await customer(desk, ALICE)
    before = await store.everything()
    alice = await customer(desk, ALICE)
    with pytest.raises(NotAllowed):
        await desk.run_as(alice, outage_detection.decline, first)
    with pytest.raises(NotAllowed):
        await desk.run_as(alice, outage_commands.open_outage, first, until=None, title=str)
    assert await store.everything() == before
