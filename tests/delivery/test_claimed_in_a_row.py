"""Some rows of one address are claimed together, and leave one after the other."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from core.delivery.channel import SendError
from core.delivery.claiming import IN_A_ROW
from tests.delivery.courier_fixture import CourierHarness
from tests.delivery.one_look import ALICE, after_its_look


@asynccontextmanager
async def behind_one(harness: CourierHarness, looks: list[str]) -> AsyncIterator[list[int]]:
    """Six rows of one address wait, each of an order of its own, behind one that ends now."""
    gate = asyncio.Event()
    harness.channel.steps.setdefault(str(ALICE), deque()).appendleft(gate)
    async with after_its_look(harness, looks):
        first = await harness.put(ALICE)
        rows = [await harness.put(ALICE, ordering_key=f"o{number}") for number in range(6)]
        gate.set()
        await harness.until(lambda: len(harness.channel.tried) > 1)
        assert harness.channel.tried == [first, rows[0]]
        yield rows


async def of_state(harness: CourierHarness, rows: Sequence[int], state: str) -> list[int]:
    states = await harness.states()
    return [row for row in rows if states[row] == state]


async def test_some_of_one_address_are_claimed_together_and_leave_in_their_order(
    harness: CourierHarness, never_looks: list[str]
) -> None:
    gate = asyncio.Event()
    harness.channel.plan(str(ALICE), gate)
    async with behind_one(harness, never_looks) as rows:
        assert await of_state(harness, rows, "sending") == rows[:IN_A_ROW]
        gate.set()
        await harness.until_over()
    assert harness.channel.to(str(ALICE))[1:] == rows


async def test_no_more_are_claimed_together_than_the_pace_has_room_for(
    harness: CourierHarness, never_looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness.pacer, "delay", lambda *_given: float(_given[-1] == 3))
    gate = asyncio.Event()
    harness.channel.plan(str(ALICE), gate)
    async with behind_one(harness, never_looks) as rows:
        assert await of_state(harness, rows, "sending") == rows[:2]
        gate.set()
        await harness.until_over()


async def test_behind_one_that_fails_those_claimed_with_it_are_not_tried_and_given_back(
    harness: CourierHarness, never_looks: list[str]
) -> None:
    gate = asyncio.Event()
    harness.channel.plan(str(ALICE), (gate, SendError("flood", retry_after=300)))
    async with behind_one(harness, never_looks) as rows:
        gate.set()
        for row in rows:
            await harness.until_state(row, "queued")
        assert {(await harness.row(row)).attempts for row in rows} == {0}
        assert harness.channel.tried[1:] == rows[:1]


async def test_after_a_stop_those_claimed_with_the_one_under_way_are_given_back(
    harness: CourierHarness, never_looks: list[str]
) -> None:
    gate = asyncio.Event()
    harness.channel.plan(str(ALICE), gate)
    async with behind_one(harness, never_looks) as rows:
        stops = asyncio.create_task(harness.courier.stop())
        await asyncio.sleep(0)
        gate.set()
        await stops
    assert await of_state(harness, rows, "sent") == rows[:1]
    assert await of_state(harness, rows, "queued") == rows[1:]
