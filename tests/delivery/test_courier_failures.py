"""The courier where something fails: waited out, refused, moved, shut out."""

import asyncio
import sqlite3
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from channels.telegram.addresses import chat_address
from core.delivery import due_rows, sender
from core.delivery.channel import Delivery, SendError, Sent
from core.models import LinkedChat
from core.tx import Tx
from tests.delivery.courier_fixture import (
    ALICE,
    BORIS,
    GROUP,
    CourierHarness,
    Script,
    busy,
    shut_out,
)


async def test_passing_trouble_is_waited_out_longer_each_time(harness: CourierHarness) -> None:
    row = await harness.put(ALICE)
    harness.channel.plan(str(ALICE), *[busy()] * 4)
    waits = []
    async with harness.at_work():
        for attempt in range(1, 5):
            await harness.until(lambda n=attempt: len(harness.channel.tried) == n)  # type: ignore[misc]
            found = await harness.until_state(row, "queued")
            waits.append((found.not_before - harness.clock.now).total_seconds())
            harness.pass_time(waits[-1])
        await harness.until_state(row, "sent")
    steps = zip((1, 2, 5, 15), waits, strict=True)
    assert all(least <= wait <= 1.5 * least for least, wait in steps)
    assert (await harness.row(row)).attempts == 5


async def test_the_first_success_wakes_what_a_cut_has_made_wait(harness: CourierHarness) -> None:
    rows = [await harness.put(person) for person in range(20)]
    mail = await harness.put("anna@example.org", channel="email", error="network", wait=3000)
    for person in range(20):
        harness.channel.plan(str(person), *[SendError("network")] * 6)
    async with harness.at_work():
        for attempt in range(1, 7):
            await harness.until(lambda n=attempt: len(harness.channel.tried) == 20 * n)  # type: ignore[misc]
            for row in rows:
                await harness.until_state(row, "queued")
            if attempt < 6:
                harness.pass_time(60)  # all of them are due: the fifth pause is of 45 s at most
        later = await harness.put(ALICE)
        await harness.until(lambda: {later, *rows} <= set(harness.arrived))
    assert (await harness.row(mail)).not_before > harness.clock.now  # another channel's success


async def test_a_channel_that_is_reached_again_is_asked_at_once_for_what_was_lost(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "backoff", lambda *_: 3600.0)
    row, waiting = await harness.put(ALICE), await harness.put(BORIS, error="busy", wait=600)
    harness.channel.plan(str(ALICE), "cut")
    harness.channel.answers.append(SendError("network"))
    async with harness.at_work():
        await harness.until(lambda: harness.channel.asked == [row] and not harness.channel.answers)
        harness.courier.reached("telegram")
        await harness.until_over()
    assert (harness.channel.tried, harness.channel.asked) == ([row, waiting], [row, row])


async def test_one_row_in_trouble_is_woken_by_others_once_a_minute(harness: CourierHarness) -> None:
    bad = await harness.put(GROUP, attempts=8)
    harness.channel.plan(str(GROUP), *[busy()] * 9)
    async with harness.at_work():
        for count in range(1, 30):
            await harness.put(ALICE)
            await harness.until(lambda n=count: len(harness.arrived) == n)  # type: ignore[misc]
            await harness.until_state(bad, "queued")
    assert harness.channel.tried.count(bad) == 2


async def test_what_is_refused_for_good_is_told_once_and_lets_the_next_pass(
    harness: CourierHarness,
) -> None:
    first, second = await harness.put(ALICE), await harness.put(ALICE)
    harness.channel.plan(str(ALICE), SendError("blocked", permanent=True))
    async with harness.at_work():
        await harness.until_over()
    assert harness.refused == [(first, "blocked")]
    assert harness.channel.to(str(ALICE)) == [second]
    assert (await harness.row(first)).state == "failed"


async def test_after_a_hundred_tries_and_a_day_it_has_failed(harness: CourierHarness) -> None:
    row = await harness.put(ALICE, attempts=sender.TRIES - 1)
    harness.clock.move(sender.GIVEN_UP_AFTER.total_seconds())
    young = await harness.put(BORIS, attempts=sender.TRIES - 1)
    harness.channel.plan(str(ALICE), busy())
    harness.channel.plan(str(BORIS), busy())
    async with harness.at_work():
        await harness.until_state(row, "failed")
        await harness.until(lambda: young in harness.channel.tried)
        await harness.until_state(young, "queued")
    assert harness.refused == [(row, "busy")]


async def test_a_day_without_telegram_loses_nothing_and_doubles_nothing(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The desk's clock says a day (R20). What came meanwhile arrives in its order, a card once."""
    arrives, away, chats = harness.channel.send, True, ("101", "102", "103")
    monkeypatch.setattr(sender, "TRIES", 3)  # so that a row's age decides

    async def send(delivery: Delivery) -> Sent:
        if not away:
            return await arrives(delivery)
        harness.channel.tried.append(delivery.id)
        raise SendError("network", lasting=True)

    monkeypatch.setattr(harness.channel, "send", send)
    rows: dict[str, list[int]] = {chat: [] for chat in chats}
    async with harness.at_work():
        for _ in range(24):
            for chat in chats:
                rows[chat].append(await harness.put(chat))
            await harness.put(GROUP, dedup_key="card:1")
            harness.channel.tried.clear()
            harness.pass_time(3600)
            await harness.until(lambda: harness.channel.tried)
        away = False
        harness.pass_time(3600)
        await harness.until_over()
    assert {chat: harness.channel.to(chat) for chat in chats} == rows
    assert len(harness.channel.to(str(GROUP))) == 1
    assert not harness.refused and set((await harness.states()).values()) <= {"sent", "dropped"}


async def test_what_has_arrived_while_a_look_fails_is_written_down(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The round that takes the result looks as well, and the database is away for a moment."""
    gate, find, failed = asyncio.Event(), due_rows.find_waiting, asyncio.Event()

    async def fail_once(*given: Any) -> Any:
        if failed.is_set():
            return await find(*given)
        failed.set()
        raise OperationalError("select", {}, OSError("server closed the connection"))

    harness.channel.plan(str(ALICE), gate)
    first, second = await harness.put(ALICE), await harness.put(ALICE)
    async with harness.at_work():
        await harness.until(lambda: harness.channel.tried)
        monkeypatch.setattr(due_rows, "find_waiting", fail_once)
        monkeypatch.setattr(harness.desk.outbox_wakeup, "must_look", lambda: not failed.is_set())
        gate.set()
        await harness.until_over()
    assert failed.is_set() and harness.channel.tried == harness.arrived == [first, second]


async def test_wrong_settings_rest_and_count_no_try(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "REST", 0.05)
    row, behind = await harness.put(ALICE), await harness.put(ALICE, ordering_key="another")
    harness.channel.plan(str(ALICE), SendError("configuration", configuration=True))
    other = await harness.put(BORIS)
    async with harness.at_work():
        found = await harness.until_state(row, "queued")
        await harness.until_state(other, "sent")
        assert found.attempts == 0
        await harness.until_state(behind, "sent")
        harness.pass_time(1)
        await harness.until_state(row, "sent")
    assert not harness.refused


async def test_a_channel_that_is_not_set_up_keeps_its_rows(harness: CourierHarness) -> None:
    row = await harness.put("a@example.org", channel="email")
    other = await harness.put(ALICE)
    async with harness.at_work():
        await harness.until_state(other, "sent")
        found = await harness.until_state(row, "queued")
    assert found.attempts == 0
    mail = Script("email")
    harness.pacer = type(harness.pacer)()
    harness.hire(telegram=harness.channel, email=mail)
    harness.clock.move(sender.REST)
    async with harness.at_work():
        await harness.until_state(row, "sent")
    assert mail.to("a@example.org") == [row]


async def test_a_mistake_of_ours_ends_its_row_and_holds_up_nothing(harness: CourierHarness) -> None:
    row, next_one, other = (
        await harness.put(ALICE),
        await harness.put(ALICE),
        await harness.put(BORIS),
    )
    harness.channel.plan(str(ALICE), KeyError("no such text"))
    async with harness.at_work():
        await harness.until_state(other, "sent")
        await harness.until_state(next_one, "sent")
        await harness.until_state(row, "failed")
    assert harness.channel.tried.count(row) == 1


async def test_a_chat_that_moved_takes_its_rows_along(harness: CourierHarness) -> None:
    async def place(tx: Tx) -> None:
        tx.session.add(
            LinkedChat(role="operators", configured=chat_address(-7), chat=chat_address(-7))
        )

    await harness.desk.run(place)
    rows = [await harness.put(-7, ordering_key="-7:1"), await harness.put(-7, ordering_key="-7:2")]
    harness.channel.plan("-7", SendError("moved", moved_to="-1007"))
    async with harness.at_work():
        await harness.until_over()
    assert harness.channel.to("-1007") == rows
    assert harness.desk.company.operators_chat == chat_address(-1007)


async def test_a_chat_without_a_role_that_moved_takes_its_rows_along(
    harness: CourierHarness,
) -> None:
    rows = [await harness.put(-7), await harness.put(-7)]
    harness.channel.plan("-7", SendError("moved", moved_to="-1007"))
    async with harness.at_work():
        while (await harness.row(rows[0])).address != "-1007":
            await asyncio.sleep(0.002)
        harness.pass_time(2)
        await harness.until_over()
    assert harness.channel.to("-1007") == rows
    assert len(harness.channel.tried) == 3


async def test_a_chat_that_is_sent_to_and_fro_is_not_asked_without_pause(
    harness: CourierHarness,
) -> None:
    row = await harness.put(-7)
    harness.channel.plan("-7", *[SendError("moved", moved_to="-8")] * 50)
    harness.channel.plan("-8", *[SendError("moved", moved_to="-7")] * 50)
    async with harness.at_work():
        await harness.until(lambda: harness.channel.tried)
        await asyncio.sleep(0.1)
        assert harness.channel.tried == [row]
        harness.pass_time(60)
        await harness.until(lambda: len(harness.channel.tried) > 1)
    assert harness.channel.tried == [row] * 2


async def test_what_the_desks_own_chat_refuses_rests_and_leaves_when_the_bot_is_back(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "REST", 0.05)
    card, other = (
        await harness.put(GROUP, ordering_key="a"),
        await harness.put(GROUP, ordering_key="b"),
    )
    harness.channel.plan(str(GROUP), shut_out())
    async with harness.at_work():
        await harness.until(lambda: harness.channel.tried)
        resting = await harness.until_state(card, "queued")
        assert (resting.error, resting.attempts) == ("blocked", 0)
        harness.pass_time(1)
        await harness.until_over()
    assert sorted(harness.channel.to(str(GROUP))) == [card, other] and not harness.refused
    assert harness.courier.trouble_seen.is_set()


async def test_a_customer_who_is_gone_is_not_waited_for(harness: CourierHarness) -> None:
    row = await harness.put(ALICE)
    harness.channel.plan(str(ALICE), shut_out())
    async with harness.at_work():
        await harness.until_over()
    assert harness.refused == [(row, "blocked")]


async def test_what_was_lost_in_a_chat_that_has_shut_us_out_is_looked_for_again(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "REST", 0.05)
    row = await harness.put(GROUP)
    harness.channel.plan(str(GROUP), "cut")
    harness.channel.answers.append(shut_out())
    async with harness.at_work():
        await harness.until_over()
    assert harness.channel.asked == [row, row] and harness.channel.to(str(GROUP)) == [row]


async def test_a_row_whose_json_is_broken_holds_up_nobody(harness: CourierHarness) -> None:
    broken, other = await harness.put(ALICE), await harness.put(BORIS)
    path = harness.desk.database.path
    assert path is not None
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE outbox SET facts='{' WHERE id=?", (broken,))
    async with harness.at_work():
        await harness.until(lambda: harness.channel.to(str(BORIS)) == [other])
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT state, error FROM outbox WHERE id=?", (broken,))
        assert found.fetchall() == [("failed", "unreadable")]
