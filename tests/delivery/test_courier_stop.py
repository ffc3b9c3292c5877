"""The courier stops, and looks after answers that are slow."""

import asyncio
from typing import Any

import pytest

from channels.telegram.addresses import chat_address
from channels.telegram.messages.message_parser import message_ref
from core.delivery import outbox_store, sender
from core.delivery.channel import Delivery
from core.models import Message, Person
from core.tx import Tx
from tests.delivery.courier_fixture import ALICE, BORIS, GROUP, CourierHarness


async def test_stop_finishes_what_is_under_way_and_begins_nothing(harness: CourierHarness) -> None:
    gate = asyncio.Event()
    harness.channel.plan(str(ALICE), gate)
    first, second = await harness.put(ALICE), await harness.put(ALICE)
    task = asyncio.create_task(harness.courier.run())
    await harness.until(lambda: harness.channel.under_way)
    stopping = asyncio.create_task(harness.courier.stop())
    await asyncio.sleep(0.02)
    assert not stopping.done()
    gate.set()
    await asyncio.wait_for(asyncio.gather(stopping, task), 30)
    assert await harness.states() == {first: "sent", second: "queued"}


async def test_stop_does_not_wait_for_ever(harness: CourierHarness) -> None:
    harness.channel.plan(str(ALICE), asyncio.Event())
    row = await harness.put(ALICE)
    task = asyncio.create_task(harness.courier.run())
    await harness.until(lambda: harness.channel.under_way)
    await asyncio.wait_for(harness.courier.stop(patience=0.05), 30)
    await task
    assert (await harness.row(row)).state == "sending"
    harness.courier.abandon()


async def test_stop_ends_the_wait_for_a_lost_answer(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "QUIET", 3600.0)
    harness.channel.plan(str(ALICE), "cut")
    row = await harness.put(ALICE)
    task = asyncio.create_task(harness.courier.run())
    await harness.until(lambda: harness.channel.stands)
    await asyncio.wait_for(harness.courier.stop(patience=60), 30)
    await task
    assert (await harness.row(row)).state == "sending"
    monkeypatch.setattr(sender, "QUIET", 0.01)
    await harness.hire().recover()
    async with harness.at_work():
        await harness.until_state(row, "sent")
    assert harness.channel.tried == [row]


async def test_stop_during_a_claim_still_sees_the_delivery_through(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await harness.put(ALICE)
    run, claiming = harness.desk.run, asyncio.Event()

    async def slow(action: object, *args: object, **options: object) -> object:
        result: object = await run(action, *args, **options)  # type: ignore[arg-type]
        claiming.set()
        await asyncio.sleep(0.03)
        return result

    monkeypatch.setattr(harness.desk, "run", slow)
    task = asyncio.create_task(harness.courier.run())
    await claiming.wait()
    await harness.courier.stop()
    await task
    assert (await harness.row(row)).state == "sent"


async def test_what_is_abandoned_while_it_is_claimed_is_left_to_whoever_finds_out(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit was slow; meanwhile another process has led, found the row, and sent it."""
    row, run = await harness.put(ALICE), harness.desk.run
    committed, told = asyncio.Event(), asyncio.Event()

    async def slow(action: object, *args: object, **options: object) -> object:
        result: object = await run(action, *args, **options)  # type: ignore[arg-type]
        committed.set()
        await told.wait()
        return result

    monkeypatch.setattr(harness.desk, "run", slow)
    async with harness.at_work() as working:
        await committed.wait()
        harness.channel.stands.append((str(ALICE), row))
        working.abandon()
        await working.recover(quiet=0.0)
        told.set()
        await harness.until_state(row, "sent")
        assert await working.settled(str(ALICE))
    assert harness.channel.tried == [] and harness.channel.asked == [row]


async def test_what_is_claimed_after_all_was_abandoned_is_found_out_soon(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asked what is being sent has not seen it: the claim was not committed yet."""
    row, claim = await harness.put(ALICE), outbox_store.claim_next
    claimed, told = asyncio.Event(), asyncio.Event()

    async def slow(*given: Any) -> tuple[Delivery | None, int | None]:
        found = await claim(*given)
        claimed.set()
        await told.wait()
        return found

    monkeypatch.setattr(outbox_store, "claim_next", slow)
    async with harness.at_work() as working:
        await claimed.wait()
        working.abandon()
        await working.recover(quiet=0.0)
        told.set()
        await harness.until_state(row, "sent")
    assert harness.channel.asked == harness.channel.tried == [row]


async def test_a_slow_answer_is_looked_at_once(harness: CourierHarness) -> None:
    async def people(tx: Tx) -> tuple[int, int]:
        person = Person(address=chat_address(1), name="A", language="ru", created_at=tx.now)
        tx.session.add(person)
        await tx.session.flush()
        message = Message(
            author_id=person.id,
            from_customer=False,
            text="x",
            content={},
            source=message_ref(GROUP, 1),
            created_at=tx.now,
        )
        tx.session.add(message)
        await tx.session.flush()
        return person.id, message.id

    person, message = await harness.desk.run(people)
    gate = asyncio.Event()
    harness.channel.plan(str(ALICE), gate)
    row = await harness.put(ALICE, kind="content", person_id=person, message_id=message)
    news = await harness.put(BORIS, kind="content", message_id=message)
    harness.channel.plan(str(BORIS), gate)
    async with harness.at_work():
        await harness.until(lambda: len(harness.channel.under_way) == 2)
        harness.pass_time(1.9)
        await asyncio.sleep(0.06)
        assert harness.slow == []
        harness.pass_time(0.2)
        await harness.until(lambda: harness.slow)
        await asyncio.sleep(0.1)
        assert harness.slow == [message]
        gate.set()
        await harness.until_over()
    assert sorted(harness.arrived) == [row, news]
