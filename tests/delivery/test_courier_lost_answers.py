"""The courier and answers that were lost: found out about, and never sent twice."""

import asyncio
import time
from dataclasses import replace

import pytest

from core.db import StoreUnreachable
from core.delivery import courier, sender
from core.delivery.channel import SendError
from tests.delivery.courier_fixture import ALICE, BORIS, GROUP, CourierHarness, busy


async def test_what_arrived_without_an_answer_is_found_and_not_sent_again(
    harness: CourierHarness,
) -> None:
    row, behind = await harness.put(ALICE), await harness.put(ALICE)
    harness.channel.plan(str(ALICE), "cut")
    async with harness.at_work():
        await harness.until_over()
    assert harness.channel.asked == [row]
    assert harness.channel.tried == [row, behind] == harness.arrived


async def test_what_did_not_arrive_is_sent_again(harness: CourierHarness) -> None:
    row, behind = await harness.put(ALICE), await harness.put(ALICE)
    harness.channel.plan(str(ALICE), "lost")
    async with harness.at_work():
        await harness.until_over()
    assert harness.channel.asked == [row]
    assert harness.channel.tried == [row, row, behind]
    assert harness.arrived == [row, behind]


async def test_what_is_lost_again_and_again_waits_longer_and_longer(
    harness: CourierHarness,
) -> None:
    row = await harness.put(ALICE)
    harness.channel.plan(str(ALICE), "lost", "lost", "lost")
    async with harness.at_work():
        await harness.until(lambda: len(harness.channel.asked) == 2)
        second = await harness.until_state(row, "queued")
        assert second.not_before > harness.clock.now
        harness.pass_time(10)
        await harness.until(lambda: len(harness.channel.asked) == 3)
        await harness.until_state(row, "queued")
        harness.pass_time(10)
        await harness.until_state(row, "sent")


async def test_it_is_asked_until_there_is_an_answer(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "backoff", lambda *_: 0.01)
    row = await harness.put(ALICE)
    harness.channel.plan(str(ALICE), "cut")
    harness.channel.answers.extend([busy(), SendError("flood", retry_after=0.01), busy()])
    async with harness.at_work():
        await harness.until_over()
    assert harness.channel.asked == [row] * 4
    assert harness.channel.tried == [row]


async def test_while_the_database_cannot_be_asked_either_nothing_is_sent_again(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has to be known of a message to look for it is read from there."""
    monkeypatch.setattr(sender, "backoff", lambda *_: 0.01)
    row = await harness.put(ALICE)
    harness.channel.plan(str(ALICE), "cut")
    harness.channel.answers.extend([StoreUnreachable("locked"), StoreUnreachable("locked")])
    async with harness.at_work():
        await harness.until_over()
    assert harness.channel.asked == [row] * 3
    assert harness.channel.tried == [row]


async def test_rows_of_a_killed_process_are_found_out_about_first(harness: CourierHarness) -> None:
    arrived, lost = await harness.put(ALICE), await harness.put(BORIS)
    behind = await harness.put(ALICE, ordering_key="another")
    for row in (arrived, lost):
        await harness.interrupt(row)
    harness.channel.stands.append((str(ALICE), arrived))
    await harness.courier.recover()
    async with harness.at_work():
        await harness.until_over()
    assert sorted(harness.channel.asked) == [arrived, lost]
    assert harness.channel.to(str(ALICE)) == [arrived, behind]
    assert harness.channel.to(str(BORIS)) == [lost]


async def test_of_those_claimed_together_each_is_found_out_about(harness: CourierHarness) -> None:
    """Of a reaction nobody can tell whether it has arrived: what it says of those behind it, which
    have left, is nothing.
    """
    rows = [await harness.put(ALICE, ordering_key=f"o{number}") for number in range(5)]
    for row in rows[:4]:
        await harness.interrupt(row)
    harness.channel.stands.append((str(ALICE), rows[1]))  # the first as well, for all we know
    await harness.courier.recover()
    async with harness.at_work():
        await harness.until_over()
    assert harness.channel.asked == rows[:4]
    assert sorted(harness.channel.tried) == [row for row in rows if row != rows[1]]


async def test_after_a_stop_none_behind_an_uncertain_one_is_given_back(
    harness: CourierHarness,
) -> None:
    rows = [await harness.put(ALICE, ordering_key=f"o{number}") for number in range(2)]
    for row in rows:
        await harness.interrupt(row)
    harness.channel.answers.extend([busy()] * 100)
    await harness.courier.recover()
    async with harness.at_work():
        await harness.until(lambda: harness.channel.asked)
    assert {*(await harness.states()).values()} == {"sending"}


async def test_a_dead_process_is_waited_for_once_and_not_for_each_of_its_rows(
    harness: CourierHarness,
) -> None:
    rows = [await harness.put(GROUP) for _ in range(60)]
    for row in rows:
        await harness.interrupt(row)
        harness.channel.stands.append((str(GROUP), row))
    quiet, began = 1.0, time.monotonic()
    await harness.courier.recover(quiet=quiet)
    async with harness.at_work():
        await harness.until_over()
    assert harness.channel.asked == rows
    # a wait for each would take a minute; a slow machine's own work takes some seconds
    assert quiet <= time.monotonic() - began < len(rows) * quiet / 3


async def test_finding_out_holds_up_nobody_else(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "backoff", lambda *_: 60.0)
    row = await harness.put(GROUP)
    await harness.interrupt(row)
    behind = await harness.put(GROUP, ordering_key="another")
    harness.channel.answers.append(SendError("flood", retry_after=300))
    other = await harness.put(ALICE)
    await harness.courier.recover()
    async with harness.at_work():
        await harness.until_state(other, "sent")
        await harness.until(lambda: harness.channel.asked == [row])
        assert (await harness.states())[behind] == "queued"


async def test_recovering_twice_finds_out_once(harness: CourierHarness) -> None:
    row = await harness.put(ALICE)
    await harness.interrupt(row)
    await harness.courier.recover()
    await harness.courier.recover()
    async with harness.at_work():
        await harness.until_over()
    assert harness.channel.asked == [row] == harness.channel.tried


async def test_it_can_be_waited_for_until_it_is_known_what_stands_at_an_address(
    harness: CourierHarness,
) -> None:
    gate = asyncio.Event()
    harness.channel.plan(str(GROUP), gate)
    row = await harness.put(GROUP)
    async with harness.at_work() as courier:
        await harness.until(lambda: harness.channel.under_way)
        assert courier.is_busy(str(GROUP)) and not courier.is_busy(str(ALICE))
        waiting = asyncio.create_task(courier.settled(str(GROUP)))
        await asyncio.sleep(0)
        gate.set()
        assert await waiting
        assert (await harness.row(row)).state == "sent" and harness.arrived == [row]
        assert await courier.settled(str(ALICE))


async def test_after_a_stop_nobody_claims_to_know(harness: CourierHarness) -> None:
    row = await harness.put(GROUP)
    await harness.interrupt(row)
    harness.channel.answers.extend(busy() for _ in range(1000))
    async with harness.at_work() as courier:
        await courier.recover()
        assert courier.is_busy(str(GROUP))
        waiting = asyncio.create_task(courier.settled(str(GROUP)))
        await asyncio.sleep(0)
        await courier.stop()
        assert not await waiting
    assert (await harness.row(row)).state == "sending"


async def test_after_a_restore_nothing_leaves_before_it_is_released(
    harness: CourierHarness,
) -> None:
    company = harness.desk.company
    harness.desk.company = replace(company, on_hold=True)
    row = await harness.put(ALICE)
    async with harness.at_work():
        for _ in range(5):
            harness.pass_time(60)
            await asyncio.sleep(3 * courier.LOOK_EVERY)
        assert not harness.channel.tried
        harness.desk.company = company
        harness.desk.outbox_wakeup.set()
        await harness.until_over()
    assert harness.channel.to(str(ALICE)) == [row]


async def test_who_does_not_lead_delivers_nothing(harness: CourierHarness) -> None:
    leads = [False]
    harness.courier.leads = lambda: leads[0]
    row = await harness.put(ALICE)
    async with harness.at_work():
        for _ in range(5):
            harness.desk.outbox_wakeup.set()
            await asyncio.sleep(3 * courier.LOOK_EVERY)
        assert not harness.channel.tried
        leads[0] = True
        harness.desk.outbox_wakeup.set()
        await harness.until_over()
    assert harness.channel.to(str(ALICE)) == [row]
