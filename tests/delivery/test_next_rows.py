"""What may leave is found at the same cost however much waits, and claimed as it is written."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core.delivery import courier as courier_module
from core.delivery import due_rows, outbox_store
from core.delivery.channel import Delivery, SendError, Sent
from core.delivery.claiming import IN_A_ROW
from core.delivery.pacing import Priority
from core.desk import READING_PLACES, Desk
from core.tx import Tx
from tests.delivery.courier_fixture import CourierHarness
from tests.slow_disk import SlowDisk

GROUP, ALICE, BORIS = -1001, 101, 102
SHORT, LONG = 10, 100_000


def file_of(harness: CourierHarness) -> str:
    path = harness.desk.database.path
    assert path is not None
    return str(path)


def fill(harness: CourierHarness, count: int, addresses: Sequence[int]) -> None:
    """So many rows wait at each of the addresses, as if another process had written them."""
    now = harness.clock.now
    order_at = (now - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S.%f")
    with closing(sqlite3.connect(file_of(harness))) as file, file:
        file.executemany(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "INSERT INTO outbox (channel, address, ordering_key, locale, kind, key, facts,"
            " priority, state, not_before, order_at, attempts, created_at) "
            "SELECT 'telegram', ?, ? || ':' || i, 'ru', 'text', 'x', '{}', 3, 'queued', ?, ?, 0,"
            " ? FROM n",
            [(count, str(one), str(one), order_at, order_at, order_at) for one in addresses],
        )


async def steps_of_a_look(harness: CourierHarness, busy: Sequence[str]) -> int:
    """How many steps SQLite takes to find out where something may leave, and what."""
    heard: list[tuple[str, Any]] = []
    listener = lambda text, given: heard.append((text, given))  # noqa: E731
    harness.desk.database.listeners.append(listener)
    walk = await harness.desk.read(due_rows.find_waiting, "", busy)
    for address, _ in walk.turns:
        await harness.desk.read(due_rows.find_ready, address)
    harness.desk.database.listeners.remove(listener)
    assert walk.is_whole
    return sum(_steps(file_of(harness), text, given) for text, given in heard if "outbox" in text)


def _steps(path: str, text: str, given: Any) -> int:
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    with closing(sqlite3.connect(path)) as file:
        file.set_progress_handler(step, 1)
        file.execute(text, given).fetchall()
    return steps


async def test_a_look_costs_the_same_with_ten_and_with_a_hundred_thousand_waiting_rows(
    harness: CourierHarness,
) -> None:
    """Whether they wait at an address that rests, or at one whose turn it is."""
    await harness.put(ALICE)
    fill(harness, SHORT, [GROUP, BORIS])
    few = await steps_of_a_look(harness, [str(GROUP)])
    fill(harness, LONG // 2, [GROUP, BORIS])
    assert await steps_of_a_look(harness, [str(GROUP)]) == few


async def test_what_waits_until_later_costs_a_look_nothing(harness: CourierHarness) -> None:
    await harness.put(ALICE)
    await harness.put(BORIS, wait=3600)
    few = await steps_of_a_look(harness, [])
    for _ in range(50):
        await harness.put(BORIS, ordering_key="another", wait=7200)
    assert await steps_of_a_look(harness, []) == few


async def test_more_addresses_than_one_look_visits_are_all_served_the_urgent_first(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_rows, "ADDRESSES", 7)
    monkeypatch.setattr(due_rows, "PAGE", 5)
    fill(harness, 1, range(200, 260))
    fill(harness, 30, [GROUP])  # whose turn is as early as theirs, and which rests
    harness.pacer.held[str(GROUP)] = 60.0
    urgent = await harness.put(999, priority=int(Priority.ANSWER_TO_ACTOR))
    async with harness.at_work():
        await harness.until(lambda: len(harness.channel.stands) == 61)
    assert str(GROUP) not in {address for address, _ in harness.channel.stands}
    assert urgent in harness.arrived


# ---------------------------------------------------------------------- written here


@pytest.fixture
def never_looks(harness: CourierHarness, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A courier that has looked once, and does not again: every further look is noted."""
    looks: list[str] = []
    find = due_rows.find_waiting

    async def noted(*given: Any) -> Any:
        looks.append("look")
        return await find(*given)

    monkeypatch.setattr(due_rows, "find_waiting", noted)
    monkeypatch.setattr(courier_module, "LOOK_EVERY", 3600.0)
    harness.hire()._reach.unreached.clear()  # the first success would wake what waits for it
    return looks


@asynccontextmanager
async def after_its_look(harness: CourierHarness, looks: list[str]) -> AsyncIterator[None]:
    async with harness.at_work():
        await harness.until(lambda: looks and harness.courier._chooser.waiting.complete)
        yield


async def test_what_this_process_has_written_is_not_looked_for(
    harness: CourierHarness, never_looks: list[str]
) -> None:
    async with after_its_look(harness, never_looks):
        rows = [await harness.put(ALICE) for _ in range(5)]
        rows += [await harness.put(person) for person in range(20)]
        await harness.until_over()
    assert sorted(harness.arrived) == rows and never_looks == ["look"]


async def test_it_is_claimed_in_the_transaction_that_writes_it(
    harness: CourierHarness, never_looks: list[str]
) -> None:
    gate = asyncio.Event()
    harness.channel.plan(str(ALICE), gate)
    async with after_its_look(harness, never_looks):
        row, behind = await harness.put(ALICE), await harness.put(ALICE)
        states = await harness.states()
        assert (states[row], states[behind]) == ("sending", "queued")
        assert harness.courier.is_busy(str(ALICE))
        gate.set()
        await harness.until_over()
    assert harness.channel.to(str(ALICE)) == [row, behind]


async def test_nothing_is_asked_for_where_all_that_was_written_has_left(
    harness: CourierHarness, never_looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    claim_next, asked = outbox_store.claim_next, list[str]()

    async def noted(tx: Tx, address: str, *given: Any) -> Any:
        asked.append(address)
        return await claim_next(tx, address, *given)

    monkeypatch.setattr(outbox_store, "claim_next", noted)
    async with after_its_look(harness, never_looks):
        for person in (ALICE, BORIS, ALICE):
            await harness.until_state(await harness.put(person), "sent")
            await harness.until(lambda: not harness.courier._under_way)
        assert asked == [str(ALICE), str(BORIS), str(ALICE)]


async def test_what_others_write_for_an_address_that_is_busy_leaves_when_it_is_free(
    harness: CourierHarness, never_looks: list[str]
) -> None:
    gate = asyncio.Event()
    harness.channel.plan(str(ALICE), gate)
    async with after_its_look(harness, never_looks):
        await harness.put(ALICE)
        fill(harness, 1, [ALICE])
        harness.desk.outbox_wakeup.set()  # they say so
        await harness.until(lambda: len(never_looks) == 2)
        gate.set()
        await harness.until(lambda: len(harness.channel.to(str(ALICE))) == 2)


async def test_others_rows_are_found_at_the_next_look(harness: CourierHarness) -> None:
    async with harness.at_work():
        own = await harness.put(ALICE)
        await harness.until_state(own, "sent")
        fill(harness, 3, [BORIS])
        await harness.until(lambda: len(harness.channel.to(str(BORIS))) == 3)


async def test_what_is_written_behind_a_row_in_trouble_does_not_overtake_it(
    harness: CourierHarness, never_looks: list[str]
) -> None:
    harness.channel.plan(str(ALICE), SendError("unknown", "409"))
    async with after_its_look(harness, never_looks):
        first = await harness.put(ALICE)
        await harness.until(lambda: harness.channel.tried == [first])
        await harness.until_state(first, "queued")
        second = await harness.put(ALICE)
        other = await harness.put(ALICE, ordering_key="another")
        await harness.until_state(other, "sent")
        assert (await harness.states())[second] == "queued"
        harness.pass_time(2)
        await harness.until_over()
    assert harness.channel.to(str(ALICE)) == [other, first, second]


async def test_who_waits_already_goes_before_what_is_written_now(
    harness: CourierHarness, never_looks: list[str]
) -> None:
    async with after_its_look(harness, never_looks):
        harness.pacer.blocked(None, asyncio.get_running_loop().time() + 0.1)
        harness.pacer.held[str(ALICE)] = harness.pacer.held[str(BORIS)] = 0.0
        waiting = await harness.put(ALICE)
        assert (await harness.states())[waiting] == "queued"
        await harness.until_over()
    assert harness.arrived == [waiting]


# ---------------------------------------------------------------------- several in a row


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


# ---------------------------------------------------------------------- while the disk is slow


async def test_writing_down_an_end_waits_for_no_disk_where_nothing_else_leaves(
    harness: CourierHarness, never_looks: list[str], slow_disk: SlowDisk
) -> None:
    gate = asyncio.Event()
    harness.channel.plan(str(ALICE), gate)
    async with after_its_look(harness, never_looks):
        await harness.put(ALICE)
        slow_disk.hold()
        gate.set()
        await harness.until(lambda: not harness.courier.is_busy(str(ALICE)))
        slow_disk.let_go()


async def test_what_is_written_while_a_round_waits_for_the_disk_leaves_after_it(
    harness: CourierHarness, never_looks: list[str], slow_disk: SlowDisk
) -> None:
    gate, another = asyncio.Event(), asyncio.Event()
    harness.channel.plan(str(ALICE), gate)
    harness.channel.plan(str(BORIS), gate, another)
    async with after_its_look(harness, never_looks):
        first, _, behind = [await harness.put(person) for person in (ALICE, BORIS, BORIS)]
        slow_disk.hold()
        others = asyncio.create_task(harness.put(GROUP, wait=3600))
        await slow_disk.asked.wait()  # the round and the row are safe in one moment, after it
        gate.set()  # both end in one round, which has the one behind leave
        await harness.until_state(behind, "sending")
        writes = asyncio.create_task(harness.put(ALICE))
        while len(await harness.states()) < 5:
            await asyncio.sleep(0)
        slow_disk.let_go()
        second = await writes
        await others
        await harness.until_state(second, "sent")
        another.set()
        await harness.until_state(behind, "sent")
    assert harness.channel.to(str(ALICE)) == [first, second]


@pytest.mark.parametrize(
    ("asks", "question", "paced"),
    [(outbox_store, "claim_next", False), (due_rows, "find_ready", True)],
)
async def test_what_is_written_while_a_round_finds_nothing_there_leaves_after_it(
    harness: CourierHarness,
    never_looks: list[str],
    monkeypatch: pytest.MonkeyPatch,
    asks: ModuleType,
    question: str,
    paced: bool,
) -> None:
    """As on PostgreSQL, where others commit between the question and the end of the round."""
    courier, ask, again = harness.courier, getattr(asks, question), asyncio.Event()
    asked: list[str] = []

    async def meanwhile(tx: Tx, address: str, *given: Any) -> Any:
        found = await ask(tx, address, *given)
        asked.append(address)
        if len(asked) == 1:
            courier._claims.note([(address, tx.now)])
        else:
            again.set()
        return found

    monkeypatch.setattr(asks, question, meanwhile)
    monkeypatch.setattr(harness.pacer.turns, "may_give_way", lambda *_given: paced)
    async with after_its_look(harness, never_looks):
        courier._claims.note([(str(ALICE), harness.clock.now)])
        async with asyncio.timeout(10):
            await again.wait()
    assert asked == [str(ALICE)] * 2


# ---------------------------------------------------------------------- the claim is not committed


async def test_a_transaction_that_is_taken_back_leaves_its_address_free(
    harness: CourierHarness, never_looks: list[str]
) -> None:
    async def write_and_fail(tx: Tx) -> None:
        await harness.write(tx, ALICE)
        tx.session.info["fails"] = True

    async def fails(tx: Tx) -> None:
        if tx.session.info.pop("fails", False):
            assert tx.departing is not None
            raise RuntimeError("after the claim")

    async with after_its_look(harness, never_looks):
        _fail_at_the_end(harness.desk, fails)
        with pytest.raises(RuntimeError, match="after the claim"):
            await harness.desk.run(write_and_fail)
        assert await harness.states() == {}
        row = await harness.put(ALICE)
        await harness.until_over()
    assert harness.arrived == [row] == harness.channel.tried


def _fail_at_the_end(desk: Desk, fails: Any) -> None:
    end = desk._end

    async def end_or_fail(tx: Tx, session: AsyncSession) -> None:
        await fails(tx)
        await end(tx, session)

    desk._end = end_or_fail  # type: ignore[method-assign]


async def test_a_claim_whose_commit_was_not_heard_of_is_found_out_about(
    harness: CourierHarness, never_looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write, cut = harness.desk.database.write, [True]

    @asynccontextmanager
    async def deaf() -> AsyncIterator[AsyncSession]:
        async with write() as session:
            yield session
        if cut and cut.pop():
            raise ConnectionError("committed, but who knows")

    async with after_its_look(harness, never_looks):
        monkeypatch.setattr(harness.desk.database, "write", deaf)
        with pytest.raises(ConnectionError):
            await harness.put(ALICE)
        await harness.until_over()
    (row,) = await harness.states()
    assert harness.channel.asked == [row] == harness.channel.tried == harness.arrived


async def test_a_doubt_that_comes_while_another_is_cleared_up_is_not_forgotten(
    harness: CourierHarness, never_looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write, recover = harness.desk.database.write, courier_module.Courier.recover
    told = [asyncio.Event(), asyncio.Event()]
    waiting = list(told)

    @asynccontextmanager
    async def deaf() -> AsyncIterator[AsyncSession]:
        async with write() as session:
            yield session
        if waiting:
            await waiting.pop(0).wait()
            raise ConnectionError("committed, but who knows")

    async def meanwhile(courier: courier_module.Courier) -> None:
        await recover(courier)
        told[1].set()
        await asyncio.wait(puts)

    async with after_its_look(harness, never_looks):
        monkeypatch.setattr(harness.desk.database, "write", deaf)
        monkeypatch.setattr(courier_module.Courier, "recover", meanwhile)
        puts = [asyncio.create_task(harness.put(person)) for person in (ALICE, BORIS)]
        await harness.until(lambda: not waiting)
        told[0].set()
        await harness.until_over()
    assert all(isinstance(put.exception(), ConnectionError) for put in puts)
    rows = await harness.states()
    assert sorted(harness.channel.asked) == sorted(rows) == sorted(harness.arrived)


async def test_what_leaves_at_once_is_not_bound_by_what_its_writer_is_bound_by(
    harness: CourierHarness, never_looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request has few readers of the database; what it has sent needs none of them."""
    send, places = harness.channel.send, []

    async def noted(delivery: Delivery) -> Sent:
        places.append(READING_PLACES.get())
        return await send(delivery)

    monkeypatch.setattr(harness.channel, "send", noted)
    async with after_its_look(harness, never_looks):
        token = READING_PLACES.set(asyncio.Semaphore(1))
        await harness.put(ALICE)
        READING_PLACES.reset(token)
        await harness.until_over()
    assert places == [None]


async def test_who_does_not_lead_claims_nothing_along(harness: CourierHarness) -> None:
    harness.courier.leads = lambda: False
    async with harness.at_work():
        row = await harness.put(ALICE)
        assert (await harness.states())[row] == "queued"
    assert not harness.channel.tried


async def test_a_row_of_another_order_waits_for_the_one_under_way(harness: CourierHarness) -> None:
    """Side by side at different addresses, one after the other at one."""

    async def both(tx: Tx) -> None:
        for address in (ALICE, BORIS, ALICE):
            await harness.write(tx, address)

    gate = asyncio.Event()
    harness.channel.plan(str(ALICE), gate)
    harness.channel.plan(str(BORIS), gate)
    async with harness.at_work():
        await harness.desk.run(both)
        await harness.until(lambda: len(harness.channel.under_way) == 2)
        gate.set()
        await harness.until_over()
    assert len(harness.arrived) == 3
