"""The machine's clock is set back or forward while the desk runs (R15)."""

import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.e2e.stage import Stage
from tests.e2e.wall_clock import WallClock, preloaded
from tests.e2e.warm import WarmProcesses, warm_processes

HOUR = 3600


@pytest.fixture(scope="module")
async def shifted(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[WarmProcesses]:
    """What bots are forked from whose clock is set."""
    async with warm_processes(**preloaded(tmp_path_factory.mktemp("clock"))) as made:
        yield made


@pytest.mark.parametrize("step", [-24 * HOUR, -HOUR, -10, HOUR, 24 * HOUR])
async def test_every_job_goes_on_when_the_clock_is_set(
    stage: Stage, shifted: WarmProcesses, tmp_path: Path, step: int
) -> None:
    clock = WallClock(tmp_path)
    async with stage.warm_process(shifted, **clock.environment):
        anna = stage.customer("Анна")
        number, card = await stage.open_ticket(anna, "Калитка скрипит")
        await stage.settle()
        clock.set(step)
        # its deadline is counted by the clock as it is now
        await stage.olga.reply(card, "/freeze 3s ждём поставку")
        await stage.group.expect(f"#{number} проснулось", timeout=30)
        # words are indexed by another job
        await anna.say("Теперь ещё и шлагбаум")
        await stage.world.until(
            lambda: bool(stage.query("SELECT 1 FROM search_word WHERE word LIKE 'шлагбаум%'")),
            30,
            "the index goes on",
        )
        said = time.time()
        await stage.olga.reply(card, "Едем")
        await anna.expect("Едем", timeout=30)
        await stage.settle()
        assert may_be_ahead(stage, step, since=said), "the desk's clock was set"


def may_be_ahead(stage: Stage, seconds: int, *, since: float) -> bool:
    """Whether the desk's clock is so many seconds ahead of ours, by its newest note of an arrival,
    which came after ``since``: it shows whole seconds more than ours.
    """
    ((at,),) = stage.query("SELECT received_at FROM inbox ORDER BY id DESC LIMIT 1")
    came = datetime.fromisoformat(f"{at}+00:00").timestamp() - seconds
    return since - 1 < came < time.time() + 1


async def test_what_waits_for_an_instant_does_not_wait_for_the_step_too(
    stage: Stage, shifted: WarmProcesses, tmp_path: Path
) -> None:
    clock = WallClock(tmp_path)
    async with stage.warm_process(shifted, **clock.environment):
        anna = stage.customer("Анна")
        _, card = await stage.open_ticket(anna, "Калитка скрипит")
        await stage.settle()
        stage.world.faults.flood(20, method="sendMessage", chat=anna)
        await stage.olga.reply(card, "Едем")
        queued = "SELECT 1 FROM outbox WHERE state='queued' AND error='flood'"
        await stage.world.until(lambda: bool(stage.query(queued)), 20, "it waits for another try")
        clock.set(-HOUR)
        stage.world.faults.clear()
        await anna.expect("Едем", timeout=60)
        await stage.settle()
        said = time.time()
        await anna.say("Ждём")
        await stage.settle()
        assert may_be_ahead(stage, -HOUR, since=said), "the desk's clock was set"
