"""Whatever happens to tickets, in whatever order: no illegal state, the journal gives the same
tickets and tasks, and the stored clocks are what the journal gives.

`WALK_STEPS` says how many random steps are taken, in `WALK_PARTS` walks that can go beside each
other; another `WALK_SEED` gives other ones:
`WALK_STEPS=100000 WALK_PARTS=20 pytest -n 2 --dist load tests/actions/test_walk.py`.
"""

import asyncio
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from core.models import DayFigures, Resolution, TicketCamera, TicketMetrics
from core.reports.ticket_metrics import BATCH, count_anew, keep_metrics
from core.tickets import parents
from core.tickets.catalog import workflow_of
from core.tx import ReadTx
from tests.actions.random_walk import TABLE, Step, World
from tests.actions.walk_company import Stage, seed_company

STEPS = int(os.environ.get("WALK_STEPS", "400"))
PARTS = int(os.environ.get("WALK_PARTS", "1"))
SEED = os.environ.get("WALK_SEED", "1")
# The steps of a company's life: long ones go far, short ones are soon understood.
LONG, SHORT = 100, 40
# So many of them look for the shortest way.
SHRUNK = 200
# After so many steps what is new in the journal is counted.
COUNTED = 7
ENDED = {"resolved", "closed", "cancelled"}
_OF_TICKET = TicketMetrics.ticket_id == TicketCamera.ticket_id


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def stage(
    runner: asyncio.Runner, migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    monkeypatch.setattr(parents, "BATCH", 1)  # so that a solution takes its time
    path = tmp_path / "walk.db"
    shutil.copyfile(migrated, path)
    stage = runner.run(seed_company(path))
    yield stage
    runner.run(stage.close())


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_happens_in_whatever_order(
    stage: Stage, runner: asyncio.Runner, part: int
) -> None:
    steps = STEPS // PARTS
    for life in range(-(-steps // LONG)):
        runner.run(_live(stage, f"{SEED}.{part}.{life}", min(LONG, steps - life * LONG)))


async def _live(stage: Stage, seed: str, steps: int) -> None:
    dice, world = random.Random(seed), World(stage)
    often = [step.often for step in TABLE.values()]
    try:
        await world.begin(late=dice.random() < 0.3)
        for number, name in enumerate(dice.choices(list(TABLE), often, k=steps)):
            choices = TABLE[name].choices.items()
            await world.step(name, **{key: dice.choice(many) for key, many in choices})
            if number % COUNTED == 0:
                await world.desk.run(keep_metrics)
        await world.eye.look_back()
        await _check_metrics(world)
    except Exception as wrong:
        story = "\n".join(world.done)
        wrong.add_note(f"life {seed!r}, after {len(world.done)} steps:\n{story}")
        raise


async def _check_metrics(world: World) -> None:
    """What was counted on the way is what the whole journal gives, and what the tickets say."""
    await world.desk.run(keep_metrics)
    kept, days = await world.desk.read(_metrics), await world.desk.read(_days)
    await world.desk.run(count_anew)
    while await world.desk.run(keep_metrics) == BATCH:
        pass
    assert kept == await world.desk.read(_metrics)
    assert days == await world.desk.read(_days)
    tied = await world.desk.read(_tied)
    assert {row.ticket_id: row.camera_id for row in kept if row.camera_id is not None} == tied
    rated = await world.desk.read(_rated)
    assert sorted(one[2] for row in kept for one in row.ratings or () if one[2]) == rated
    workflow = await world.desk.read(workflow_of)
    rows = {row.ticket_id: row for row in kept}
    reasons = await world.desk.read(_reasons)
    for number, ticket in world.eye.seen.tickets.items():
        row, ended = rows[number], workflow.state(ticket.state).category in ENDED
        assert (row.ended_day is not None) == ended, number
        assert (row.topic, row.assignee_id) == (ticket.topic, ticket.assignee_id), number
        if ended and workflow.state(ticket.state).category != "cancelled":
            assert row.reason == reasons[number], number
        assert row.reopened >= ticket.reopened, number  # «not solved» is one, too


async def _metrics(tx: ReadTx) -> list[Any]:
    # working time is counted by the calendar of then: a holiday declared later changes nothing
    columns = [one for one in TicketMetrics.__table__.c if not one.name.endswith("_worked")]
    return await tx.rows(select(*columns).order_by(TicketMetrics.ticket_id))


async def _days(tx: ReadTx) -> list[Any]:
    """The sums of all days, without those of working time."""
    rows = await tx.rows(select(DayFigures.__table__).order_by(DayFigures.scope, DayFigures.day))
    return [
        (*row[:4], {k: v for k, v in json.loads(row.figures).items() if not k.endswith("_worked")})
        for row in rows
    ]


async def _tied(tx: ReadTx) -> dict[int, int]:
    rows = await tx.all(select(TicketCamera).join(TicketMetrics, _OF_TICKET))
    return {row.ticket_id: row.camera_id for row in rows}


async def _reasons(tx: ReadTx) -> dict[int, str | None]:
    """Why each ticket ended, the last time that it did."""
    rows = await tx.all(select(Resolution).order_by(Resolution.ticket_id, Resolution.at))
    return {row.ticket_id: row.reason for row in rows}


async def _rated(tx: ReadTx) -> list[int | None]:
    of_ticket = TicketMetrics.ticket_id == Resolution.ticket_id
    given = (Resolution.asked.is_(True), Resolution.rating.is_not(None))
    query = select(Resolution.rating).join(TicketMetrics, of_ticket).where(*given)
    return await tx.all(query.order_by(Resolution.rating))


class Life(RuleBasedStateMachine):
    """The same table; of what is wrong the shortest way to it is found."""

    runner: ClassVar[asyncio.Runner]
    stage: ClassVar[Stage]
    taken: ClassVar[int] = 0

    @initialize(late=st.booleans())
    def begin(self, late: bool) -> None:
        self.world = World(self.stage)
        self.runner.run(self.world.begin(late=late))


def _rule_of(name: str, row: Step) -> Callable[..., None]:
    def step(self: Life, **chosen: Any) -> None:
        Life.taken += 1
        self.runner.run(self.world.step(name, **chosen))

    step.__name__ = name
    drawn = {key: st.sampled_from(list(many)) for key, many in row.choices.items()}
    choices: dict[str, Any] = drawn
    made: Any = rule(**choices)
    marked: Callable[..., None] = made(step)
    return marked


for _name, _step in TABLE.items():
    setattr(Life, _name, _rule_of(_name, _step))


def test_the_shortest_way_to_what_is_wrong(stage: Stage, runner: asyncio.Runner) -> None:
    Life.runner, Life.stage, Life.taken = runner, stage, 0
    chosen = settings(
        max_examples=SHRUNK // SHORT,
        stateful_step_count=SHORT,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Life, settings=chosen)
    assert Life.taken >= SHRUNK // 2
