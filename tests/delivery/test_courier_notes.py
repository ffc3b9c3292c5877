"""What the courier writes down: once, whatever happens to it or to the store."""

import asyncio

import pytest

from core.delivery import outbox_store, settlement
from core.tx import Tx
from tests.delivery.courier_fixture import ALICE, CourierHarness


async def test_what_arrived_is_not_sent_again_because_it_was_not_noted(
    harness: CourierHarness,
) -> None:
    harness.crashes = 2
    row = await harness.put(ALICE)
    async with harness.at_work():
        await harness.until_state(row, "sent")
    assert harness.channel.tried == [row] == harness.arrived


async def test_a_mistake_in_what_follows_does_not_hold_up_the_chat(harness: CourierHarness) -> None:
    row, behind = await harness.put(ALICE), await harness.put(ALICE)
    harness.cursed[row] = RuntimeError("a mistake in what follows")
    async with harness.at_work():
        await harness.until_over()
    assert harness.channel.tried == [row, behind]
    assert (await harness.row(row)).error == "unnoted"
    assert harness.arrived == [behind]


async def test_a_courier_that_dies_before_noting_leaves_it_to_be_found_out(
    harness: CourierHarness,
) -> None:
    harness.crashes = 1000
    row = await harness.put(ALICE)
    async with harness.at_work():
        await harness.until(lambda: harness.crashes < 1000)
        # stopped before its patience ends: the row stays as it is
    assert (await harness.row(row)).state == "sending"
    harness.crashes = 0
    await harness.hire().recover()
    async with harness.at_work():
        await harness.until_state(row, "sent")
    assert harness.channel.tried == [row] == harness.arrived


async def test_trouble_of_the_store_is_waited_out(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [await harness.put(ALICE) for _ in range(3)]
    run, failures = harness.desk.run, [0]

    async def shaky(action: object, *args: object, **options: object) -> object:
        failures[0] += 1
        if failures[0] % 2:
            raise OSError("database or disk is full")
        return await run(action, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(harness.desk, "run", shaky)
    async with harness.at_work():
        await harness.until_over()
    assert harness.channel.tried == rows == harness.arrived


async def test_a_database_that_is_away_is_a_line_of_the_log_and_no_traceback(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    row = await harness.put(ALICE)
    run, troubles = harness.desk.run, [KeyError("a mistake"), ConnectionError("no server")]

    async def away(action: object, *args: object, **options: object) -> object:
        if troubles:
            raise troubles.pop()
        return await run(action, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(harness.desk, "run", away)
    async with harness.at_work():
        await harness.until_state(row, "sent")
    told = [each for each in caplog.records if "the courier stumbled" in each.getMessage()]
    assert [(each.levelname, bool(each.exc_info)) for each in told] == [
        ("WARNING", False),
        ("ERROR", True),
    ]
    assert "no server" in told[0].getMessage()


async def test_a_claim_whose_answer_was_lost_is_not_forgotten(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await harness.put(ALICE)
    run, cut = harness.desk.run, [True]

    async def deaf(action: object, *args: object, **options: object) -> object:
        result: object = await run(action, *args, **options)  # type: ignore[arg-type]
        if cut and cut.pop():
            raise ConnectionError("committed, but who knows")
        return result

    monkeypatch.setattr(harness.desk, "run", deaf)
    async with harness.at_work():
        await harness.until_state(row, "sent")
    assert harness.channel.asked == [row] == harness.channel.tried


async def test_trouble_of_the_store_is_no_reason_to_forget_what_follows(
    harness: CourierHarness,
) -> None:
    row = await harness.put(ALICE)
    harness.cursed[row] = ConnectionError("the store is away")
    async with harness.at_work():
        await harness.until(lambda: harness.failures > settlement.PATIENCE + 2)
        harness.cursed.clear()
        await harness.until_over()
    assert harness.arrived == harness.channel.tried == [row]
    assert (await harness.row(row)).error is None


async def test_an_end_and_the_next_beginning_are_one_transaction(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [await harness.put(ALICE) for _ in range(20)]
    run, rounds = harness.desk.run, 0

    async def counted(action: object, *args: object, **options: object) -> object:
        nonlocal rounds
        rounds += 1
        return await run(action, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(harness.desk, "run", counted)
    async with harness.at_work():
        await harness.until_over()
    assert harness.arrived == rows
    assert rounds <= len(rows) + 5  # twenty ends and twenty beginnings


async def test_one_note_that_cannot_be_written_harms_no_other(harness: CourierHarness) -> None:
    gate = asyncio.Event()
    rows = [await harness.put(person) for person in range(5)]
    for person in range(5):
        harness.channel.plan(str(person), gate)
    harness.cursed[rows[2]] = KeyError("a mistake in what follows")
    async with harness.at_work():
        await harness.until(lambda: len(harness.channel.under_way) == 5)
        gate.set()
        await harness.until_over()
    # what follows may be begun again where another in the same round has failed
    assert sorted(set(harness.arrived)) == [row for row in rows if row != rows[2]]
    assert (await harness.row(rows[2])).error == "unnoted"
    assert sorted(harness.channel.tried) == rows


async def test_a_round_whose_answer_was_lost_is_not_forgotten(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await harness.put(ALICE), await harness.put(ALICE)
    gate = asyncio.Event()
    harness.channel.plan(str(ALICE), gate)
    run = harness.desk.run
    cut: list[Exception] = []

    async def deaf(action: object, *args: object, **options: object) -> object:
        result: object = await run(action, *args, **options)  # type: ignore[arg-type]
        if cut:
            raise cut.pop()
        return result

    monkeypatch.setattr(harness.desk, "run", deaf)
    async with harness.at_work():
        await harness.until(lambda: harness.channel.under_way)
        cut.append(ConnectionError("the first noted, the second claimed, but who knows"))
        gate.set()
        await harness.until_over()
    assert harness.arrived == [first, second] == harness.channel.tried
    assert harness.channel.asked == [second]


async def test_what_arrived_is_noted_by_a_courier_that_is_cancelled(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await harness.put(ALICE)
    run, noting, gate = harness.desk.run, asyncio.Event(), asyncio.Event()

    async def slow(action: object, *args: object, **options: object) -> object:
        if harness.channel.stands:
            noting.set()
            await gate.wait()
        return await run(action, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(harness.desk, "run", slow)
    task = asyncio.create_task(harness.courier.run())
    await noting.wait()
    task.cancel()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    await harness.until_state(row, "sent")
    await harness.until(lambda: not harness.courier._under_way)
    assert harness.arrived == [row] == harness.channel.tried


async def test_a_row_that_becomes_ready_without_a_bell_is_seen_all_the_same(
    harness: CourierHarness,
) -> None:
    first, second = await harness.put(ALICE, wait=1000), await harness.put(ALICE)
    async with harness.at_work():
        await asyncio.sleep(0.05)
        assert not harness.channel.tried

        async def drop(tx: Tx) -> None:
            await outbox_store.end(tx, first, "dropped")

        await harness.desk.run(drop)
        assert not harness.desk.outbox_wakeup.is_set()
        await harness.until_state(second, "sent")


async def test_an_idle_courier_writes_nothing(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await harness.put(ALICE, wait=1000)
    written: list[object] = []
    async with harness.at_work():
        await asyncio.sleep(0.05)
        monkeypatch.setattr(harness.desk, "run", written.append)
        await asyncio.sleep(0.1)
        monkeypatch.undo()
    assert not written
