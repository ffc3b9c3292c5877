"""The courier: order, turns, and that what stands there is never sent again."""

import asyncio
import time

import pytest

from core.delivery import claiming
from core.delivery.channel import SendError
from core.delivery.pacing import Priority
from tests.delivery.courier_fixture import ALICE, GROUP, CourierHarness, busy


async def test_a_lane_keeps_its_order(harness: CourierHarness) -> None:
    rows = [await harness.put(ALICE) for _ in range(20)]
    async with harness.at_work():
        await harness.until_over()
    assert harness.channel.to("101") == rows == harness.arrived


async def test_a_row_in_trouble_holds_up_its_lane_and_no_other(harness: CourierHarness) -> None:
    first = await harness.put(GROUP, ordering_key="a")
    second = await harness.put(GROUP, ordering_key="a")
    other = await harness.put(GROUP, ordering_key="b")
    # not that the channel is out of reach: what arrives elsewhere would wake it
    harness.channel.plan(str(GROUP), SendError("unknown", "409"))
    async with harness.at_work():
        await harness.until_state(other, "sent")
        assert (await harness.states())[second] == "queued"
        harness.pass_time(2)
        await harness.until_over()
    assert harness.channel.to(str(GROUP)) == [other, first, second]


async def test_one_at_a_time_to_an_address_and_all_addresses_side_by_side(
    harness: CourierHarness,
) -> None:
    gate = asyncio.Event()
    for person in range(20):
        harness.channel.plan(str(person), gate)
        for ordering_key in range(3):
            await harness.put(person, ordering_key=f"{person}:{ordering_key}")
    async with harness.at_work():
        await harness.until(lambda: len(harness.channel.under_way) == 20)
        gate.set()
        await harness.until_over()
    assert len(harness.arrived) == 60


async def test_not_more_than_some_are_under_way_at_once(harness: CourierHarness) -> None:
    gate = asyncio.Event()
    for person in range(claiming.AT_ONCE + 10):
        harness.channel.plan(str(person), gate)
        await harness.put(person)
    async with harness.at_work():
        await harness.until(lambda: len(harness.channel.under_way) == claiming.AT_ONCE)
        await asyncio.sleep(0.05)
        gate.set()
        await harness.until_over()
    assert harness.channel.most_at_once == claiming.AT_ONCE


async def test_a_slow_address_and_a_flooded_one_hold_up_nobody(harness: CourierHarness) -> None:
    gate = asyncio.Event()
    slow = await harness.put(ALICE)
    harness.channel.plan(str(ALICE), gate)
    flooded = await harness.put(GROUP)
    behind = await harness.put(GROUP, ordering_key="another")
    harness.channel.plan(str(GROUP), SendError("flood", retry_after=300))
    others = [await harness.put(person) for person in range(30)]
    async with harness.at_work():
        await harness.until(lambda: set(others) <= set(harness.arrived))
        await harness.until_state(flooded, "queued")  # tried, and given back
        states = await harness.states()
        assert (states[slow], states[behind]) == ("sending", "queued")
        assert harness.channel.tried.count(flooded) == 1
        assert behind not in harness.channel.tried
        gate.set()
        await harness.until_state(slow, "sent")
    assert (await harness.row(flooded)).attempts == 0


async def test_the_urgent_go_first_and_nobody_waits_for_ever(harness: CourierHarness) -> None:
    digest = await harness.put(GROUP, ordering_key="digest", priority=int(Priority.DIGEST))
    news = await harness.put(GROUP, ordering_key="news")
    harness.clock.move(100)
    answer = await harness.put(GROUP, ordering_key="answer", priority=int(Priority.HUMAN_ANSWER))
    fresh = await harness.put(GROUP, ordering_key="fresh")
    async with harness.at_work():
        await harness.until_over()
    # a digest is worth 180 seconds of waiting, news 90, an answer 30
    assert harness.channel.to(str(GROUP)) == [news, answer, digest, fresh]


async def test_the_pacer_is_asked_with_the_priority_that_age_has_given(
    harness: CourierHarness,
) -> None:
    await harness.put(GROUP, priority=int(Priority.DIGEST))
    harness.clock.move(95)
    harness.pacer.held[str(GROUP)] = 60.0  # otherwise it is only asked whether anything may leave
    async with harness.at_work():
        await harness.until(lambda: len(harness.pacer.asked) > 1)
        harness.pacer.held.clear()
        harness.courier.resume(str(GROUP))
        await harness.until_over()
    assert harness.pacer.asked[1] == (str(GROUP), Priority.GROUP_NEWS)


async def test_a_long_queue_for_one_chat_does_not_hide_the_others(harness: CourierHarness) -> None:
    harness.pacer.held[str(GROUP)] = 60.0
    for ticket in range(130):
        await harness.put(GROUP, ordering_key=f"{GROUP}:{ticket}")
    harness.clock.move(300)
    private = [await harness.put(person, priority=int(Priority.RECEIPT)) for person in range(70)]
    async with harness.at_work():
        await harness.until(lambda: len(harness.arrived) == len(private))
    assert sorted(harness.arrived) == private


async def test_where_all_must_wait_nobody_is_asked_one_by_one(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in range(100):
        await harness.put(person)
    over, delay, early = time.monotonic() + 0.1, harness.pacer.delay, list[str]()

    def watched(address: str, priority: Priority, now: float, count: int = 1) -> float:
        if now < over:
            early.append(address)
        return delay(address, priority, now, count)

    monkeypatch.setattr(harness.pacer, "delay", watched)
    harness.pacer.blocked(None, over)
    async with harness.at_work():
        await harness.until_over()
    assert not early
    assert len(harness.arrived) == 100


async def test_a_row_waits_for_its_time(harness: CourierHarness) -> None:
    row = await harness.put(ALICE, wait=2.0)
    async with harness.at_work():
        await asyncio.sleep(0.05)
        assert not harness.channel.tried
        harness.pass_time(2)
        await harness.until_state(row, "sent")


async def test_many_changes_that_wait_are_one_message(harness: CourierHarness) -> None:
    rows = {await harness.put(GROUP, dedup_key="card:1", wait=2, facts={"n": n}) for n in range(10)}
    harness.clock.move(2)
    async with harness.at_work():
        await harness.until_over()
    assert len(rows) == 1
    assert harness.channel.to(str(GROUP)) == [*rows]
    assert (await harness.row(rows.pop())).facts == {"n": 9}


async def test_a_row_that_fails_gives_way_to_a_newer_one_that_says_the_same(
    harness: CourierHarness,
) -> None:
    gate = asyncio.Event()
    harness.channel.plan(str(GROUP), (gate, busy()))
    old = await harness.put(GROUP, dedup_key="card:1")
    async with harness.at_work():
        await harness.until(lambda: harness.channel.under_way)
        new = await harness.put(GROUP, dedup_key="card:1")
        gate.set()
        await harness.until_over()
    assert new != old
    assert await harness.states() == {old: "dropped", new: "sent"}
    assert harness.channel.to(str(GROUP)) == [new]
