"""What this process writes is claimed as it is written, and is not looked for."""

import asyncio
from typing import Any

import pytest

from core.delivery import outbox_store
from core.delivery.channel import Delivery, SendError, Sent
from core.desk import READING_PLACES
from core.tx import Tx
from tests.delivery.courier_fixture import CourierHarness
from tests.delivery.one_look import ALICE, BORIS, after_its_look, fill


async def test_what_this_process_has_written_is_not_looked_for(
    harness: CourierHarness, never_looks: list[str]
) -> None:
    async with after_its_look(harness, never_looks):
        rows = [await harness.put(ALICE) for _ in range(5)]
        rows += [await harness.put(person) for person in range(20)]
        await harness.until_over()
    assert sorted(harness.arrived) == rows and never_looks == ["look"]


async def test_it_is_claimed_in_the_transaction_that_writes_it(
    harness: CourierHarness, never_looks: list[str]
) -> None:
    gate = asyncio.Event()
    harness.channel.plan(str(ALICE), gate)
    async with after_its_look(harness, never_looks):
        row, behind = await harness.put(ALICE), await harness.put(ALICE)
        states = await harness.states()
        assert (states[row], states[behind]) == ("sending", "queued")
        assert harness.courier.is_busy(str(ALICE))
        gate.set()
        await harness.until_over()
    assert harness.channel.to(str(ALICE)) == [row, behind]


async def test_nothing_is_asked_for_where_all_that_was_written_has_left(
    harness: CourierHarness, never_looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    claim_next, asked = outbox_store.claim_next, list[str]()

    async def noted(tx: Tx, address: str, *given: Any) -> Any:
        asked.append(address)
        return await claim_next(tx, address, *given)

    monkeypatch.setattr(outbox_store, "claim_next", noted)
    async with after_its_look(harness, never_looks):
        for person in (ALICE, BORIS, ALICE):
            await harness.until_state(await harness.put(person), "sent")
            await harness.until(lambda: not harness.courier._under_way)
        assert asked == [str(ALICE), str(BORIS), str(ALICE)]


async def test_what_others_write_for_an_address_that_is_busy_leaves_when_it_is_free(
    harness: CourierHarness, never_looks: list[str]
) -> None:
    gate = asyncio.Event()
    harness.channel.plan(str(ALICE), gate)
    async with after_its_look(harness, never_looks):
        await harness.put(ALICE)
        fill(harness, 1, [ALICE])
        harness.desk.outbox_wakeup.set()  # they say so
        await harness.until(lambda: len(never_looks) == 2)
        gate.set()
        await harness.until(lambda: len(harness.channel.to(str(ALICE))) == 2)


async def test_others_rows_are_found_at_the_next_look(harness: CourierHarness) -> None:
    async with harness.at_work():
        own = await harness.put(ALICE)
        await harness.until_state(own, "sent")
        fill(harness, 3, [BORIS])
        await harness.until(lambda: len(harness.channel.to(str(BORIS))) == 3)


async def test_what_is_written_behind_a_row_in_trouble_does_not_overtake_it(
    harness: CourierHarness, never_looks: list[str]
) -> None:
    harness.channel.plan(str(ALICE), SendError("unknown", "409"))
    async with after_its_look(harness, never_looks):
        first = await harness.put(ALICE)
        await harness.until(lambda: harness.channel.tried == [first])
        await harness.until_state(first, "queued")
        second = await harness.put(ALICE)
        other = await harness.put(ALICE, ordering_key="another")
        await harness.until_state(other, "sent")
        assert (await harness.states())[second] == "queued"
        harness.pass_time(2)
        await harness.until_over()
    assert harness.channel.to(str(ALICE)) == [other, first, second]


async def test_who_waits_already_goes_before_what_is_written_now(
    harness: CourierHarness, never_looks: list[str]
) -> None:
    async with after_its_look(harness, never_looks):
        harness.pacer.blocked(None, asyncio.get_running_loop().time() + 0.1)
        harness.pacer.held[str(ALICE)] = harness.pacer.held[str(BORIS)] = 0.0
        waiting = await harness.put(ALICE)
        assert (await harness.states())[waiting] == "queued"
        await harness.until_over()
    assert harness.arrived == [waiting]


async def test_what_leaves_at_once_is_not_bound_by_what_its_writer_is_bound_by(
    harness: CourierHarness, never_looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request has few readers of the database; what it has sent needs none of them."""
    send, places = harness.channel.send, []

    async def noted(delivery: Delivery) -> Sent:
        places.append(READING_PLACES.get())
        return await send(delivery)

    monkeypatch.setattr(harness.channel, "send", noted)
    async with after_its_look(harness, never_looks):
        token = READING_PLACES.set(asyncio.Semaphore(1))
        await harness.put(ALICE)
        READING_PLACES.reset(token)
        await harness.until_over()
    assert places == [None]


async def test_who_does_not_lead_claims_nothing_along(harness: CourierHarness) -> None:
    harness.courier.leads = lambda: False
    async with harness.at_work():
        row = await harness.put(ALICE)
        assert (await harness.states())[row] == "queued"
    assert not harness.channel.tried


async def test_a_row_of_another_order_waits_for_the_one_under_way(harness: CourierHarness) -> None:
    """Side by side at different addresses, one after the other at one."""

    async def both(tx: Tx) -> None:
        for address in (ALICE, BORIS, ALICE):
            await harness.write(tx, address)

    gate = asyncio.Event()
    harness.channel.plan(str(ALICE), gate)
    harness.channel.plan(str(BORIS), gate)
    async with harness.at_work():
        await harness.desk.run(both)
        await harness.until(lambda: len(harness.channel.under_way) == 2)
        gate.set()
        await harness.until_over()
    assert len(harness.arrived) == 3
