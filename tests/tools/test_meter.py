"""The meter counts CPU for the stage that spends it, and changes nothing of what it wraps."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tools.bench.meter import REST, STAGES, Meter, read

SPENT_MS = 20
Spent = Callable[[str], float]


def spend() -> None:
    """Use the thread's CPU for a while."""
    until = time.thread_time() + SPENT_MS / 1000
    while time.thread_time() < until:
        pass


@pytest.fixture
def meter(tmp_path: Path) -> Meter:
    return Meter(tmp_path / "sums")


@pytest.fixture
def spent(tmp_path: Path) -> Spent:
    """Milliseconds of a stage."""
    return lambda stage: read(tmp_path / "sums")[STAGES.index(stage)] / 1e6


async def test_a_stage_within_another_stops_the_outer_clock(meter: Meter, spent: Spent) -> None:
    async def action() -> None:
        spend()
        await asyncio.sleep(0)
        spend()

    async def dispatch() -> str:
        await meter.of_coroutine("action", action)()
        spend()
        return "done"

    assert await meter.of_coroutine("dispatch", dispatch)() == "done"
    assert 2 * SPENT_MS <= spent("action") < 3 * SPENT_MS
    assert SPENT_MS <= spent("dispatch") < 2 * SPENT_MS


async def test_what_others_do_while_a_stage_waits_is_not_its_own(
    meter: Meter, spent: Spent
) -> None:
    async def call() -> None:
        await asyncio.sleep(0.001)

    async def other() -> None:
        spend()

    await asyncio.gather(meter.of_coroutine("call", call)(), other())
    assert spent("call") < SPENT_MS / 2


async def test_a_task_counts_for_the_stage_that_made_it(meter: Meter, spent: Spent) -> None:
    async def work() -> None:
        assert meter.stage == "action"
        spend()

    async def action() -> None:
        await asyncio.create_task(work())

    loop = asyncio.get_running_loop()
    loop.set_task_factory(meter.make_task)
    try:
        await meter.of_coroutine("action", action)()
        assert meter.stage == REST
    finally:
        loop.set_task_factory(None)
    assert spent("action") >= SPENT_MS


async def test_a_seam_counts_only_within_its_stages(meter: Meter, spent: Spent) -> None:
    async def call() -> None:
        spend()

    counted = meter.of_coroutine("call", call, ("dispatch",))
    await meter.of_coroutine("store", counted)()
    assert spent("call") == 0 and spent("store") >= SPENT_MS
    await meter.of_coroutine("dispatch", counted)()
    assert spent("call") >= SPENT_MS


async def test_the_two_ends_of_a_transaction_count_and_not_what_is_within(
    meter: Meter, spent: Spent
) -> None:
    @asynccontextmanager
    async def write() -> AsyncIterator[str]:
        spend()
        yield "session"
        spend()

    async with meter.of_context("commit", write)() as session:
        assert session == "session"
        spend()
    assert 2 * SPENT_MS <= spent("commit") < 3 * SPENT_MS


async def test_errors_and_cancellation_go_through(meter: Meter) -> None:
    ended = []

    async def waits() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(meter.stage)

    async def fails() -> None:
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 0.001)
        except TimeoutError:
            raise ValueError("its own") from None

    task = asyncio.create_task(meter.of_coroutine("call", waits)())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ValueError, match="its own"):
        await meter.of_coroutine("call", fails)()
    assert ended == ["call"] and meter.stage == REST


def test_a_function_counts_and_gives_what_it_gave(meter: Meter, spent: Spent) -> None:
    def parse(text: str) -> int:
        spend()
        return int(text)

    assert meter.of_function("parse", parse)("7") == 7
    assert spent("parse") >= SPENT_MS
