"""A solution on its way to many children: some at a time, each once, whatever happens (B12)."""

import asyncio
import multiprocessing
import signal

import pytest
from sqlalchemy import select

from core import fault_points
from core.company import Company
from core.db import Database
from core.desk import Desk
from core.models import JournalEntry, SystemState
from core.subscriptions import SUBSCRIBERS
from core.tickets import parents
from core.tickets.lifecycle import confirm, move
from core.tickets.parents import set_parent
from core.tx import Actor
from sandbox.process import end_with_parent
from tests.actions.equipment_factories import crowd
from tests.actions.people import ALICE, BORIS, customer, opens, operator
from tests.actions.store import Store
from tests.clock import Clock

FEW = 3


@pytest.fixture
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parents, "BATCH", FEW)


async def family(desk: Desk, size: int) -> tuple[int, list[int]]:
    """A ticket of Alice, and those of her neighbours, which are part of it."""
    top, olga = (await opens(desk, ALICE)).id, await operator(desk)
    children = [(await opens(desk, each)).id for each in crowd(size)]
    for child in children:
        await desk.run_as(olga, set_parent, child, top)
    return top, children


async def solved(store: Store, children: list[int]) -> list[int]:
    return [number for number in children if (await store.ticket(number)).state == "resolved"]


async def on_its_way(store: Store) -> list[str]:
    return [
        row.name for row in await store.rows(select(SystemState)) if row.name.startswith("solution")
    ]


@pytest.mark.usefixtures("_few")
async def test_many_are_solved_some_at_a_time_and_each_hears_once(
    desk: Desk, store: Store, clock: Clock
) -> None:
    top, children = await family(desk, 2 * FEW + 1)
    olga = await operator(desk)
    await desk.run_as(olga, move, top, "resolve", reason="a new cable")
    assert await solved(store, children) == children[:FEW]
    for done in (FEW, 1, 0, 0):
        clock.move(seconds=2)
        assert await desk.run(parents.resolve_children) == done
    assert await solved(store, children) == children
    for each, number in zip(crowd(len(children)), children, strict=True):
        assert (await store.told(each.address.chat)).count("ticket.resolved_reason") == 1
        (entered,) = await store.facts(number, "state_entered")
        assert (entered["parent"], entered["reason"]) == (top, "a new cable")
        entries = select(JournalEntry).where(
            JournalEntry.ticket_id == number, JournalEntry.event == "state_entered"
        )
        assert [entry.actor_id for entry in await store.rows(entries)] == [olga.person_id]
    assert await on_its_way(store) == []


@pytest.mark.usefixtures("_few")
async def test_whoever_is_not_content_or_joins_meanwhile_is_not_solved_over_their_heads(
    desk: Desk, store: Store, clock: Clock
) -> None:
    top, children = await family(desk, FEW + 2)
    olga, first = await operator(desk), crowd(1)[0]
    await desk.run_as(olga, move, top, "resolve")
    clock.move(seconds=1)
    late = (await opens(desk, BORIS)).id
    await desk.run_as(olga, set_parent, late, top)
    await desk.run_as(await customer(desk, first), confirm, children[0], content=False)
    await desk.run(parents.resolve_children)
    assert await solved(store, [*children, late]) == children[1:]
    assert await on_its_way(store) == []


@pytest.mark.usefixtures("_few")
@pytest.mark.parametrize(
    ("verbs", "reached"),
    [(["close"], 5), (["reopen"], 3), (["cancel"], 3), (["reopen", "resolve"], 5)],
)
async def test_what_becomes_of_the_parent_decides_whether_it_goes_on(
    desk: Desk, store: Store, clock: Clock, verbs: list[str], reached: int
) -> None:
    top, children = await family(desk, FEW + 2)
    olga = await operator(desk)
    await desk.run_as(olga, move, top, "resolve", reason="a new cable")
    for verb in verbs:
        clock.move(seconds=1)
        await desk.run_as(olga, move, top, verb, reason="another one")
    while await desk.run(parents.resolve_children):
        pass
    assert len(await solved(store, children)) == reached
    words = {(await store.ticket(number)).reason for number in await solved(store, children)}
    assert words == {"a new cable"} | ({"another one"} if "resolve" in verbs else set())
    assert await on_its_way(store) == []


# A process that has imported all of this once; those that are killed are forked from it.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


def _die(path: str, actor: Actor, top: int, plan: str) -> None:
    """Another process solves the parent, and is killed on the way."""
    parents.BATCH = FEW  # type: ignore[misc]

    async def solve() -> None:
        desk = Desk(Database(f"sqlite+aiosqlite:///{path}"), Company(), SUBSCRIBERS, clock=Clock())
        await desk.run_as(actor, move, top, "resolve", reason="a new cable")
        while await desk.run(parents.resolve_children):
            pass

    end_with_parent()
    fault_points.arm(plan)
    asyncio.run(solve())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("plan", "reached"),
    [
        ("desk.before_commit:1", 0),
        ("desk.after_commit:1", FEW),
        ("desk.before_commit:3", 2 * FEW),
        ("desk.after_commit:3", 3 * FEW),
    ],
)
async def test_killed_on_the_way_it_goes_on_and_each_hears_once(
    desk: Desk, store: Store, plan: str, reached: int
) -> None:
    top, children = await family(desk, 4 * FEW)
    asked = (str(desk.database.path), await operator(desk), top, plan)
    process = FORKS.Process(target=_die, args=asked)
    process.start()
    await asyncio.to_thread(process.join)
    assert process.exitcode == -signal.SIGKILL
    assert len(await solved(store, children)) == reached
    if not reached:
        await desk.run_as(await operator(desk), move, top, "resolve", reason="a new cable")
    while await desk.run(parents.resolve_children):
        pass
    assert await solved(store, children) == children
    for each in crowd(len(children)):
        assert (await store.told(each.address.chat)).count("ticket.resolved_reason") == 1
