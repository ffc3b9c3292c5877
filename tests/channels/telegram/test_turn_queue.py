"""Turns: one call at a time in a chat, at the pace of all, the urgent first, at a constant cost."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf

import pytest

from channels.telegram.client.api_errors import NoRoom
from channels.telegram.client.turn_queue import TurnQueue
from core.delivery.pacing import GROUP_BUDGET, RESERVE, Pacer, Priority

GROUP, ALICE, BORIS = "-100", "1", "2"
NEWS, ANSWER, DIGEST = Priority.GROUP_NEWS, Priority.HUMAN_ANSWER, Priority.DIGEST


class Counted(Pacer):
    """Lets go what the test says, and counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.capacity = inf

    def delay(self, address: str, priority: Priority, now: float, count: int = 1) -> float:
        self.asked += 1
        return 0.0 if self.capacity >= count else self.delay_of_all(now)

    def delay_of_all(self, now: float) -> float:
        del now
        return 0.0 if self.capacity > 0 else 60.0

    def take(self, address: str, now: float, count: int = 1) -> None:
        self.capacity -= count


@asynccontextmanager
async def turn(
    queue: TurnQueue, address: str, priority: Priority, count: int, until: float = inf
) -> AsyncIterator[None]:
    await queue.come(address, priority, count, until)
    try:
        yield
    finally:
        queue.leave(address)


async def held(queue: TurnQueue, address: str, free: asyncio.Event, done: list[str]) -> None:
    async with turn(queue, address, NEWS, 1):
        done.append(address)
        await free.wait()


async def goes(queue: TurnQueue, address: str, priority: Priority, done: list[str]) -> None:
    async with turn(queue, address, priority, 1):
        done.append(priority.name)


async def test_a_chat_is_held_by_one_call_and_others_are_not() -> None:
    queue, free, done = TurnQueue(Counted()), asyncio.Event(), list[str]()
    calls = [
        asyncio.create_task(held(queue, address, free, done)) for address in (ALICE, ALICE, BORIS)
    ]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert sorted(done) == [ALICE, BORIS]
    free.set()
    await asyncio.gather(*calls)
    assert sorted(done) == [ALICE, ALICE, BORIS] and queue.is_idle


async def test_the_urgent_overtake_what_waits_in_the_same_chat() -> None:
    queue, free, done = TurnQueue(Counted()), asyncio.Event(), list[str]()
    first = asyncio.create_task(held(queue, GROUP, free, []))
    await asyncio.sleep(0)
    order = (DIGEST, NEWS, ANSWER, NEWS)
    rest = [asyncio.create_task(goes(queue, GROUP, priority, done)) for priority in order]
    await asyncio.sleep(0)
    free.set()
    await asyncio.gather(first, *rest)
    assert done == ["HUMAN_ANSWER", "GROUP_NEWS", "GROUP_NEWS", "DIGEST"]


async def test_what_waits_for_room_in_a_group_does_not_hold_back_an_answer() -> None:
    pacer = Pacer()
    pacer.take(GROUP, time.monotonic(), GROUP_BUDGET - RESERVE[DIGEST])
    queue, done = TurnQueue(pacer), list[str]()
    digest = asyncio.create_task(goes(queue, GROUP, DIGEST, done))
    await asyncio.sleep(0)
    await goes(queue, GROUP, ANSWER, done)
    assert done == ["HUMAN_ANSWER"] and not digest.done()
    digest.cancel()
    await asyncio.gather(digest, return_exceptions=True)
    assert queue.is_idle


async def test_in_a_minute_a_group_gets_what_its_budget_holds() -> None:
    queue, done = TurnQueue(Pacer()), list[str]()
    news = GROUP_BUDGET - RESERVE[NEWS] - 5
    wanted = [ANSWER] * 5 + [NEWS] * 30 + [DIGEST] * 10
    calls = [asyncio.create_task(goes(queue, GROUP, priority, done)) for priority in wanted]
    await asyncio.wait(calls[: 5 + news])
    # answers first, then news as far as they leave the reserve; the rest waits for a minute
    assert done == ["HUMAN_ANSWER"] * 5 + ["GROUP_NEWS"] * news
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert queue.is_idle


async def test_who_comes_when_there_is_room_again_does_not_go_before_who_waits() -> None:
    pacer = Counted()
    pacer.capacity = 0
    queue, done = TurnQueue(pacer), list[str]()
    waits = asyncio.create_task(goes(queue, ALICE, NEWS, done))
    await asyncio.sleep(0)
    pacer.capacity = 1
    comes = asyncio.create_task(goes(queue, BORIS, DIGEST, done))
    await waits
    assert done == ["GROUP_NEWS"] and not comes.done()
    comes.cancel()
    await asyncio.gather(comes, return_exceptions=True)
    assert queue.is_idle


async def test_a_call_that_need_not_wait_does_not_let_the_loop_go_round() -> None:
    queue, others = TurnQueue(Pacer()), list[str]()
    asyncio.get_running_loop().call_soon(others.append, "a round")
    async with turn(queue, ALICE, NEWS, 1):
        assert not others
    async with turn(queue, ALICE, NEWS, 1):
        assert not others
    assert queue.is_idle


async def test_who_would_wait_too_long_is_told_at_once() -> None:
    pacer = Pacer()
    pacer.blocked(ALICE, time.monotonic() + 300)
    queue = TurnQueue(pacer)
    with pytest.raises(NoRoom):
        async with turn(queue, ALICE, Priority.ANSWER_TO_ACTOR, 1, time.monotonic() + 10):
            pass
    assert queue.is_idle


async def test_who_waited_in_vain_leaves_the_chat_to_the_next() -> None:
    queue, free, done = TurnQueue(Counted()), asyncio.Event(), list[str]()
    first = asyncio.create_task(held(queue, ALICE, free, []))
    await asyncio.sleep(0)
    with pytest.raises(NoRoom):
        async with turn(queue, ALICE, ANSWER, 1, time.monotonic() + 0.01):
            pass
    gone = asyncio.create_task(goes(queue, ALICE, ANSWER, done))
    await asyncio.sleep(0)
    gone.cancel()
    last = asyncio.create_task(goes(queue, ALICE, NEWS, done))
    await asyncio.sleep(0)
    free.set()
    await asyncio.gather(first, last)
    assert done == ["GROUP_NEWS"] and queue.is_idle


async def test_a_probe_goes_at_no_pace_but_in_turn() -> None:
    pacer = Counted()
    pacer.capacity = 0
    queue = TurnQueue(pacer)
    async with turn(queue, GROUP, NEWS, 0):
        assert not queue.is_idle
    assert pacer.capacity == 0


@pytest.mark.parametrize("waiting", [100, 3000])
async def test_a_step_costs_the_same_however_many_wait(waiting: int) -> None:
    pacer = Counted()
    pacer.capacity = 0
    queue, done = TurnQueue(pacer), list[str]()
    calls = [asyncio.create_task(goes(queue, str(person), NEWS, done)) for person in range(waiting)]
    await asyncio.sleep(0)
    pacer.asked, pacer.capacity = 0, 10
    queue._advance()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(done) == 10
    assert pacer.asked < 60, "who cannot go yet is not asked about at every step"
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
