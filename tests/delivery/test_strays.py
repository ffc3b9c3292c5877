"""Rows that are being sent and are in nobody's hands: found while the desk runs, never doubled."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from math import inf
from typing import Any

import asyncpg
import pytest

from core.company import Company
from core.db import Database
from core.delivery import courier, outbox_store, sender, strays
from core.delivery.channel import Delivery, SendError
from core.delivery.strays import STRAY_FOR, Strays
from core.desk import Desk
from core.tx import ReadTx
from tests.clock import Clock
from tests.delivery.courier_fixture import ALICE, BORIS, CourierHarness
from tests.harness import fill
from tests.postgres import Postgres


def delivery(number: int) -> Delivery:
    at = datetime(2026, 11, 30, tzinfo=UTC)
    return Delivery(number, "telegram", "5", "ru", "text", "x", {}, None, at)


def test_only_what_nobody_has_for_long_is_a_stray() -> None:
    looks = Strays()
    one, two = delivery(1), delivery(2)
    assert looks.lasting([one, two], {2}, 100) == []
    assert looks.lasting([one, two], {2}, 100 + STRAY_FOR - 1) == []
    assert looks.lasting([one, two], (), 100 + STRAY_FOR) == [one]
    # in somebody's hands meanwhile: it begins anew
    assert looks.lasting([one, two], {1}, 200) == [two]
    assert looks.lasting([one, two], (), 201) == [two]
    assert looks.lasting([], (), 202) == []
    assert looks.lasting([two], (), 300) == []


def test_a_call_ends_before_its_row_counts_as_a_stray() -> None:
    from channels.telegram.client.gateway import TIMEOUT

    assert TIMEOUT < STRAY_FOR


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strays, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(strays, "STRAY_FOR", 0.1)
    monkeypatch.setattr(courier, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(sender, "QUIET", 0.01)


@pytest.mark.usefixtures("soon")
async def test_a_claim_that_nobody_has_is_found_while_the_courier_runs(
    harness: CourierHarness,
) -> None:
    arrived, lost = await harness.put(ALICE, wait=3600), await harness.put(BORIS, wait=3600)
    async with harness.at_work():
        await harness.interrupt(arrived)
        harness.channel.stands.append((str(ALICE), arrived))
        await harness.interrupt(lost)
        harness.pass_time(3600)
        await harness.until_state(arrived, "sent")
        await harness.until_state(lost, "sent")
    assert sorted(harness.channel.asked) == [arrived, lost]
    assert harness.channel.tried == [lost]


@pytest.mark.usefixtures("soon")
async def test_what_is_on_its_way_for_long_is_no_stray(harness: CourierHarness) -> None:
    row, answered = await harness.put(ALICE), asyncio.Event()
    harness.channel.plan(str(ALICE), answered)
    looks = 0
    lasting = Strays.lasting

    def count(self: Strays, *given: Any) -> list[Delivery]:
        nonlocal looks
        looks += 1
        return lasting(self, *given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Strays, "lasting", count)
        async with harness.at_work():
            await harness.until_state(row, "sending")
            begun = looks
            await harness.until(lambda: looks > begun + 20)
            assert harness.channel.asked == []
            answered.set()
            await harness.until_state(row, "sent")
    assert harness.channel.tried == [row]


async def test_what_comes_back_while_it_is_asked_about_is_nobodys_loss(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another task asks what is being sent, and is answered after that was written down."""
    monkeypatch.setattr(sender, "QUIET", 0.01)
    refused, asked, told = asyncio.Event(), asyncio.Event(), asyncio.Event()
    row, find = await harness.put(ALICE), outbox_store.find_interrupted

    async def slowly(tx: ReadTx) -> list[Delivery]:
        found = await find(tx)
        asked.set()
        await told.wait()
        return found

    harness.channel.plan(str(ALICE), (refused, SendError("busy", retry_after=3600)))
    harness.courier._strays.look_at = inf  # it does not ask by itself
    async with harness.at_work() as working:
        await harness.until_state(row, "sending")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(outbox_store, "find_interrupted", slowly)
            recovering = asyncio.create_task(working.recover(quiet=0.0))
            await asked.wait()
        refused.set()
        await harness.until_state(row, "queued")
        await harness.until(lambda: not working.is_busy(str(ALICE)))
        told.set()
        await recovering
        assert not working.is_busy(str(ALICE))
    assert harness.channel.asked == []


async def test_what_was_seen_before_another_process_led_does_not_count(
    harness: CourierHarness,
) -> None:
    """It may send the row now; how long that has been so is found out anew."""
    row, first = await harness.put(ALICE), time.monotonic() - 2 * STRAY_FOR
    await harness.interrupt(row)
    await harness.courier._look_for_strays(first)
    harness.courier.abandon()
    await harness.courier._look_for_strays(first + STRAY_FOR)
    assert not harness.courier.is_busy(str(ALICE))
    await harness.courier._look_for_strays(first + 2 * STRAY_FOR)
    assert harness.courier.is_busy(str(ALICE))
    async with harness.at_work():
        await harness.until_over()
    assert harness.channel.asked == harness.channel.tried == [row]


@pytest.fixture(scope="module")
def url(postgres: Postgres) -> Iterator[str]:
    with postgres.database(fill) as url:
        yield url


@pytest.fixture
async def on_postgres(url: str) -> AsyncIterator[CourierHarness]:
    database, clock = Database(url), Clock()
    yield CourierHarness(Desk(database, Company(), clock=clock), clock)
    await database.close()


@pytest.mark.postgres
@pytest.mark.usefixtures("soon")
async def test_a_commit_that_is_seen_after_the_courier_has_asked_leaves_no_row_behind(
    on_postgres: CourierHarness, url: str
) -> None:
    """The claim's connection was cut; the server commits it long after everybody has asked."""
    row = await on_postgres.put(ALICE, wait=3600)
    cut = await asyncpg.connect(url.replace("+asyncpg", ""))
    begun = cut.transaction()
    await begun.start()
    await cut.execute("UPDATE outbox SET state = 'sending', attempts = 1 WHERE id = $1", row)
    async with on_postgres.at_work() as working:
        await working.recover(quiet=0.0)
        assert (await on_postgres.row(row)).state == "queued", "nobody sees it yet"
        await begun.commit()
        await cut.close()
        on_postgres.pass_time(3600)
        await on_postgres.until_state(row, "sent")
    assert on_postgres.channel.asked == [row]
    assert on_postgres.channel.tried == [row]
