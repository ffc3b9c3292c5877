"""Lanes: order in a chat, nobody waits for another's trouble, nothing is lost or done twice."""

import asyncio

import pytest
from sqlalchemy import insert, select, text

from bot import update_queue as module
from bot.update_queue import UnparsableUpdate, UpdateNotReady, UpdateQueue
from core import inbox
from core.desk import AlreadyHandled, Desk
from core.inbox import Raw, Stored
from core.models import InboxRow, SystemState
from core.tx import Tx
from tests.delivery.update_queue_fixture import BOT, QueueHarness


@pytest.fixture
def harness(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> QueueHarness:
    monkeypatch.setattr(module, "RETRIES", (0.01, 0.02))
    monkeypatch.setattr(module, "DATABASE_PAUSE", 0.01)
    return QueueHarness(desk)


async def test_updates_of_a_chat_are_handled_in_order(harness: QueueHarness) -> None:
    updates = [(number % 7, number) for number in range(210)]
    async with harness.open():
        for begin in range(0, 210, 30):
            await harness.store(*updates[begin : begin + 30])
        await harness.until_handled()
    for ordering_key in range(7):
        mine = [pair for pair in harness.seen if pair[0] == ordering_key]
        assert mine == [pair for pair in updates if pair[0] == ordering_key]


async def test_chats_are_handled_side_by_side(harness: QueueHarness) -> None:
    gate = asyncio.Event()
    waiting: set[int] = set()

    async def wait(stored: Stored) -> None:
        waiting.add(int(stored.ordering_key))
        await gate.wait()

    harness.handle = wait
    async with harness.open():
        await harness.store(*((ordering_key, ordering_key) for ordering_key in range(50)), (1, 100))
        async with asyncio.timeout(30):
            while len(waiting) < 50:
                await asyncio.sleep(0.002)
        assert harness.update_queue.waiting == 51
        gate.set()
        await harness.until_handled()
    assert harness.update_queue.waiting == 0


async def test_what_a_killed_process_left_behind_comes_first(harness: QueueHarness) -> None:
    await harness.store((1, 1), (2, 2), (1, 3))
    async with harness.open():
        await harness.store((1, 4))
        await harness.until_handled()
    assert [number for ordering_key, number in harness.seen if ordering_key == 1] == [1, 3, 4]


async def test_the_effect_of_an_update_happens_once_though_its_handler_fails_after_it(
    harness: QueueHarness,
) -> None:
    tries = []

    async def count(tx: Tx) -> None:
        fact = await tx.session.get(SystemState, "n")
        if fact is None:
            fact = SystemState(name="n", value={"n": 0}, at=tx.now)
            tx.session.add(fact)
        fact.value = {"n": fact.value["n"] + 1}

    async def act(stored: Stored) -> None:
        tries.append(int(stored.external_id))
        await harness.desk.run(count)
        raise RuntimeError("the answer could not be shown")

    harness.handle = act
    async with harness.open():
        await harness.store((1, 1), (1, 2))
        await harness.until_handled()
    assert await harness.states() == {1: "done", 2: "done"}
    assert set(tries) == {1, 2}
    async with harness.desk.database.read() as session:
        assert (await session.scalars(select(SystemState.value))).all() == [{"n": 2}]


async def test_a_redelivered_update_is_not_handled_again(harness: QueueHarness) -> None:
    async with harness.open():
        await harness.store((1, 1))
        await harness.until_handled()
        await harness.store((1, 1), (1, 2))
        await harness.until_handled()
    assert harness.seen == [(1, 1), (1, 2)]


async def test_who_comes_second_with_the_same_row_changes_nothing(harness: QueueHarness) -> None:
    await harness.store((1, 1))
    (stored,) = await harness.desk.read(inbox.list_unfinished, 0, 10)

    tries = []

    async def act(tx: Tx) -> None:
        tries.append(tx.now)

    with harness.desk.handling(stored.id):
        await harness.desk.run(act)
    with harness.desk.handling(stored.id), pytest.raises(AlreadyHandled):
        await harness.desk.run(act)
    assert len(tries) == 1


async def test_stop_ends_after_the_update_each_lane_is_at(harness: QueueHarness) -> None:
    gate, begun = asyncio.Event(), asyncio.Event()

    async def wait(stored: Stored) -> None:
        begun.set()
        await gate.wait()
        await harness.note(stored)

    harness.handle = wait
    async with harness.open():
        await harness.store((1, 1), (1, 2))
        await begun.wait()
        stopping = asyncio.create_task(harness.update_queue.stop())
        await asyncio.sleep(0.01)
        assert not stopping.done()
        gate.set()
        await asyncio.wait_for(stopping, 20)
    assert await harness.states() == {1: "done", 2: "new"}


async def test_stop_does_not_wait_for_ever(harness: QueueHarness) -> None:
    begun = asyncio.Event()

    async def hang(stored: Stored) -> None:
        begun.set()
        await asyncio.Event().wait()

    harness.handle = hang
    task = asyncio.create_task(harness.update_queue.run())
    await harness.store((1, 1))
    await begun.wait()
    await asyncio.wait_for(harness.update_queue.stop(patience=0.05), 20)
    for stuck in [*harness.update_queue._tasks, task]:
        stuck.cancel()
    await asyncio.gather(*harness.update_queue._tasks, task, return_exceptions=True)
    assert await harness.states() == {1: "new"}


async def test_ids_that_began_anew_after_an_idle_week_are_handled(
    harness: QueueHarness, desk: Desk
) -> None:
    async def older(tx: Tx) -> None:
        await inbox.store(tx, BOT, [Raw("7", "1", '{"old":1}')])

    await desk.run(older)
    async with harness.open():
        await harness.until_handled()
        desk.clock.move(7 * 86400)  # type: ignore[attr-defined]
        await desk.run(inbox.purge, 100)
        await harness.store((1, 7), (1, 6))
        await harness.until_handled()
    assert harness.seen == [(1, 7), (1, 7), (1, 6)]


async def test_updates_are_replayed_while_the_desk_runs_and_overtake_nothing(
    harness: QueueHarness, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 0.02)
    gate, begun = asyncio.Event(), asyncio.Event()

    async def refuse(stored: Stored) -> None:
        raise UnparsableUpdate(f"an old version does not know {stored.id}")

    async def wait(stored: Stored) -> None:
        begun.set()
        await gate.wait()
        await harness.note(stored)

    harness.handle = refuse
    async with harness.open():
        await harness.store((1, 1), (2, 2), (1, 3))
        await harness.until_handled()
        numbers = [one.id for one in await desk.read(inbox.list_quarantined)]
        harness.handle = wait
        await harness.store((1, 4), (1, 5))
        await begun.wait()
        assert await desk.run(inbox.replay, numbers) == sorted(numbers)
        assert await desk.run(inbox.replay, numbers) == []
        gate.set()
        await harness.until_handled()
    assert [number for key, number in harness.seen if key == 1] == [4, 5, 1, 3]
    assert await harness.states() == dict.fromkeys((1, 2, 3, 4, 5), "done")


async def test_of_a_long_backlog_no_more_is_read_than_may_wait(
    harness: QueueHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, most = 20, 50
    monkeypatch.setattr(module, "PAGE", page)
    monkeypatch.setattr(module, "MAX_WAITING", most)
    now = harness.desk.clock()
    async with harness.desk.database.write() as session:
        rows = [
            {
                "source": BOT,
                "external_id": str(number),
                "ordering_key": str(number % 100),
                "raw": "{}",
                "state": "new",
                "received_at": now,
            }
            for number in range(6 * most)
        ]
        await session.execute(insert(InboxRow), rows)
    read_so_far, waiting = [], []
    enough = asyncio.Event()

    async def count(stored: Stored) -> None:
        read_so_far.append(harness.update_queue._read_up_to)
        waiting.append(harness.update_queue.waiting)
        if read_so_far[-1] > 2 * most:
            enough.set()

    harness.handle = count
    async with harness.open(), asyncio.timeout(60):
        await enough.wait()
    assert read_so_far[0] <= most + page
    assert max(waiting) <= most + page


async def test_an_update_that_has_to_wait_is_not_at_fault_and_keeps_its_place(
    harness: QueueHarness,
) -> None:
    tries = 0

    async def wait(stored: Stored) -> None:
        nonlocal tries
        tries += 1
        if tries < 10:
            raise UpdateNotReady("something is under way")
        await harness.note(stored)

    harness.handle = wait
    async with harness.open():
        await harness.store((1, 1), (1, 2))
        await harness.until_handled()
    assert harness.seen == [(1, 1), (1, 2)]
    assert await harness.states() == {1: "done", 2: "done"}


async def test_a_long_backlog_does_not_keep_its_first_update_waiting(desk: Desk) -> None:
    """It is read by pages, along an index, however much waits (R17)."""
    backlog = 20_000
    many = [Raw(str(number), str(number % 500), "{}") for number in range(backlog)]
    for begin in range(0, backlog, 1000):
        await desk.run(inbox.store, BOT, many[begin : begin + 1000])
    asked: list[tuple[str, object]] = []
    desk.database.listeners[:] = [lambda statement, given: asked.append((statement, given))]
    begun, goes_on = asyncio.get_running_loop().create_future(), asyncio.Event()

    async def handle(_: Stored) -> None:
        if not begun.done():
            begun.set_result([one for one in asked if "FROM inbox" in one[0]])
        await goes_on.wait()

    queue = UpdateQueue(desk, handle)
    task = asyncio.create_task(queue.run())
    async with asyncio.timeout(30):
        reads = await begun
    assert len(reads) <= module.MAX_WAITING // module.PAGE
    assert all("LIMIT" in statement for statement, _ in reads)
    async with desk.database.read() as session:
        plan = str((await session.execute(text(f"EXPLAIN QUERY PLAN {_filled(*reads[0])}"))).all())
    assert "USING INDEX" in plan and "TEMP B-TREE" not in plan, plan
    goes_on.set()
    await queue.stop()
    await task


def _filled(statement: str, given: object) -> str:
    """The statement with its parameters written into it: all of them are numbers."""
    for value in given if isinstance(given, tuple | list) else ():
        statement = statement.replace("?", str(int(value)), 1)
    return statement
