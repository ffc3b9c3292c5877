"""Killed at every named point: nothing is lost, and nothing happens twice (R1–R7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from core.fault_points import POINTS
from tests.e2e.lives import PATIENCE, Ledger, dying, eventually, opens, overdue_in, standing
from tests.e2e.stage import Stage, staged
from tests.e2e.warm import WarmProcesses
from tools.bench.kills import play

# At which passages of a point the process dies, in its first and in its second life.
PASSAGES = {"inbox": (1, 3), "desk": (4, 17), "courier": (2, 4), "sweep": (1, 2)}
# Lives of the random kills last so many seconds at most: some are too short to find anything out.
RANDOM_KILLS, SHORT = 10, 1.5
# What is random in the suite is so once: other seeds are for `tools.bench.kills`.
SEED = 20_261_130
# So many stories are played side by side: they wait more than they work.
AT_ONCE = 5


async def story(stage: Stage, ledger: Ledger) -> None:
    """A ticket is opened, taken and answered; more words and an album; another becomes overdue."""
    anna, boris = stage.customer("Анна"), stage.customer("Борис")
    _, card = await opens(stage, anna, "Не работает камера")
    ledger.must_stand(anna.chat, "взяли в работу")
    await stage.olga.press("Взять", in_=stage.group, message=card)
    await eventually(stage, lambda: "Ольга" in card.text, "the card names Olga")
    answer = await stage.olga.reply(card, "Перезагрузите её")
    ledger.must_stand(anna.chat, "Перезагрузите её")
    await stage.group.expect_reaction(answer, "👌", timeout=PATIENCE)
    await anna.say("Не помогло")
    ledger.must_stand(stage.group, "Не помогло")
    ledger.must_show(stage.group, await anna.send_album(3, caption="Вот так"))
    second, _ = await opens(stage, boris, "Нет архива")
    await eventually(
        stage,
        lambda: any(second in overdue_in(m) for m in standing(stage.alerts)),
        "Boris's ticket is overdue",
    )
    await anna.say("Ещё раз всё проверил")
    ledger.must_stand(stage.group, "Ещё раз всё проверил")


async def killed_at(point: str, folder: Path, lives: WarmProcesses) -> None:
    """Play the story while the bot dies at the point, in two lives."""
    passages = PASSAGES[point.partition(".")[0]]
    async with staged(folder) as stage:
        stage.settings |= {"ANSWER_DEADLINE": "2s", "REMIND_BEFORE": "1s"}
        ledger = Ledger(stage)
        async with dying(stage, lives, [f"{point}:{n}" for n in passages]):
            await story(stage, ledger)
            await eventually(stage, stage.database.exists, "there is a database")
            await stage.settle(PATIENCE)
            assert not ledger.problems(), stage.world.transcript()


@pytest.fixture(scope="module")
async def stories(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, forking: WarmProcesses
) -> AsyncIterator[Callable[[str], asyncio.Task[None]]]:
    """The stories of all the points that are asked for, played side by side."""
    chosen = [
        str(item.callspec.params["point"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.function is test_a_kill_at_each_point
    ]
    at_once = asyncio.Semaphore(AT_ONCE)

    async def played(point: str) -> None:
        async with at_once:
            await killed_at(point, tmp_path_factory.mktemp(point), forking)

    tasks = {point: asyncio.create_task(played(point)) for point in chosen}
    yield tasks.__getitem__
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


async def test_kills_at_random_moments(forking: WarmProcesses, tmp_path: Path) -> None:
    """… lose nothing and double nothing either. `tools.bench.kills` plays hundreds."""
    outcome = await play(tmp_path, forking, RANDOM_KILLS, SEED, SHORT)
    assert not outcome.problems, f"seed {SEED}: {outcome.problems}"
    assert outcome.kills == RANDOM_KILLS and outcome.words


# those of mail: tests/handlers/mail/test_interruptions.py
@pytest.mark.parametrize("point", [each for each in POINTS if not each.startswith("fetch.")])
async def test_a_kill_at_each_point(
    stories: Callable[[str], asyncio.Task[None]], point: str
) -> None:
    """… loses nothing and doubles nothing."""
    await stories(point)
