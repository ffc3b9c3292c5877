"""What leaves while the disk is slow, and when it is not known whether a claim was committed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core.delivery import courier as courier_module
from core.delivery import due_rows, outbox_store
from core.desk import Desk
from core.tx import Tx
from tests.delivery.courier_fixture import CourierHarness
from tests.delivery.one_look import ALICE, BORIS, GROUP, after_its_look
from tests.slow_disk import SlowDisk

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
