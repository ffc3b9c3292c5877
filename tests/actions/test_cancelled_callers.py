"""Who waits for an action or for a thread is told of its end at once, and who stops waiting leaves
nothing half done.
"""

import asyncio
import gc
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import insert, select

from core.db.sqlite_driver import Threads
from core.desk import Desk
from core.models import SystemState
from core.tx import Tx


async def rounds_of(work: Callable[[], Awaitable[Any]]) -> int:
    """How many rounds of the loop go by until it has an end."""
    loop, rounds, is_over = asyncio.get_running_loop(), 0, False

    def count() -> None:
        nonlocal rounds
        if not is_over:
            rounds += 1
            loop.call_soon(count)

    loop.call_soon(count)
    await work()
    is_over = True
    return rounds


async def names(desk: Desk) -> list[str]:
    async with desk.database.read() as session:
        return sorted(await session.scalars(select(SystemState.name)))


async def test_an_action_that_need_not_wait_takes_two_rounds_of_the_loop(desk: Desk) -> None:
    """One to begin, one to tell; `asyncio.shield` would take two more."""
    if not desk.database.is_sqlite:
        pytest.skip("there every statement waits for a socket")

    async def nothing(tx: Tx) -> None:
        del tx

    await desk.run(nothing)  # what is kept of the directory is read
    assert await rounds_of(lambda: desk.run(nothing)) == 2


async def test_a_cancelled_caller_comes_back_when_the_action_has_ended(desk: Desk) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def act(tx: Tx) -> None:
        begun.set()
        await go_on.wait()
        await tx.session.execute(insert(SystemState), {"name": "a", "value": {}, "at": tx.now})

    caller = asyncio.create_task(desk.run(act))
    await begun.wait()
    caller.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not caller.done(), "it has the connection"
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert await names(desk) == ["a"]


async def test_what_fails_after_its_caller_was_cancelled_is_nobodys_news(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def fail(tx: Tx) -> None:
        del tx
        begun.set()
        await go_on.wait()
        raise ZeroDivisionError

    caller = asyncio.create_task(desk.run(fail))
    await begun.wait()
    caller.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    gc.collect()  # an error that nobody asked for is told of when its future goes
    assert not caplog.records
    assert await names(desk) == []


async def test_an_action_that_is_cancelled_itself_cancels_who_waits(desk: Desk) -> None:
    async def give_up(tx: Tx) -> None:
        del tx
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await desk.run(give_up)
    assert await names(desk) == []


# ------------------------------------------------------------------ threads


class Errand:
    """Work in a thread that lasts until it is let go."""

    def __init__(self, error: Exception | None = None) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.error, self.is_done = error, False

    def work(self) -> str:
        self.begun.set()
        assert self.go_on.wait(30)
        self.is_done = True
        if self.error is not None:
            raise self.error
        return "done"

    async def begins(self) -> None:
        await asyncio.to_thread(self.begun.wait, 30)


async def test_who_waits_for_a_thread_gets_what_it_returned_or_raised() -> None:
    with ThreadPoolExecutor(1) as executor:
        threads, fine, failing = Threads(executor), Errand(), Errand(ZeroDivisionError())
        fine.go_on.set()
        failing.go_on.set()
        assert await threads.run(fine.work) == "done"
        with pytest.raises(ZeroDivisionError):
            await threads.run(failing.work)


@pytest.mark.parametrize("error", [None, ZeroDivisionError()])
async def test_who_is_cancelled_however_often_waits_until_the_thread_has_done(
    error: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    with ThreadPoolExecutor(1) as executor:
        errand = Errand(error)
        waiting = asyncio.create_task(Threads(executor).run(errand.work))
        await errand.begins()
        for _ in range(3):
            waiting.cancel()
            for _ in range(3):
                await asyncio.sleep(0)
            assert not waiting.done(), "the thread has the connection"
        errand.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert errand.is_done
    del waiting
    gc.collect()
    assert not caplog.records
