"""The courier: order, turns, and that what stands there is never sent again."""

import asyncio
import sqlite3
import time
from dataclasses import replace

import pytest

from channels.telegram.addresses import chat_address
from channels.telegram.messages.message_parser import message_ref
from core.delivery import courier, outbox_store, sender
from core.delivery.channel import Delivery, SendError, Sent
from core.delivery.pacing import Priority
from core.models import LinkedChat, Message, Person
from core.tx import Tx
from tests.delivery.courier_fixture import CourierHarness, Script

GROUP = -1001
ALICE, BORIS = 101, 102


def busy(**more: object) -> SendError:
    return SendError("busy", "502", **more)  # type: ignore[arg-type]


# ---------------------------------------------------------------------- order and turns


async def test_a_lane_keeps_its_order(harness: CourierHarness) -> None:
    rows = [await harness.put(ALICE) for _ in range(20)]
    async with harness.at_work():
        await harness.until_over()
    assert harness.channel.to("101") == rows == harness.arrived


async def test_a_row_in_trouble_holds_up_its_lane_and_no_other(harness: CourierHarness) -> None:
    first = await harness.put(GROUP, ordering_key="a")
    second = await harness.put(GROUP, ordering_key="a")
    other = await harness.put(GROUP, ordering_key="b")
    # not that the channel is out of reach: what arrives elsewhere would wake it
    harness.channel.plan(str(GROUP), SendError("unknown", "409"))
    async with harness.at_work():
        await harness.until_state(other, "sent")
        assert (await harness.states())[second] == "queued"
        harness.pass_time(2)
        await harness.until_over()
    assert harness.channel.to(str(GROUP)) == [other, first, second]


async def test_one_at_a_time_to_an_address_and_all_addresses_side_by_side(
    harness: CourierHarness,
) -> None:
    gate = asyncio.Event()
    for person in range(20):
        harness.channel.plan(str(person), gate)
        for ordering_key in range(3):
            await harness.put(person, ordering_key=f"{person}:{ordering_key}")
    async with harness.at_work():
        await harness.until(lambda: len(harness.channel.under_way) == 20)
        gate.set()
        await harness.until_over()
    assert len(harness.arrived) == 60


async def test_not_more_than_some_are_under_way_at_once(harness: CourierHarness) -> None:
    gate = asyncio.Event()
    for person in range(courier.AT_ONCE + 10):
        harness.channel.plan(str(person), gate)
        await harness.put(person)
    async with harness.at_work():
        await harness.until(lambda: len(harness.channel.under_way) == courier.AT_ONCE)
        await asyncio.sleep(0.05)
        gate.set()
        await harness.until_over()
    assert harness.channel.most_at_once == courier.AT_ONCE


async def test_a_slow_address_and_a_flooded_one_hold_up_nobody(harness: CourierHarness) -> None:
    gate = asyncio.Event()
    slow = await harness.put(ALICE)
    harness.channel.plan(str(ALICE), gate)
    flooded = await harness.put(GROUP)
    behind = await harness.put(GROUP, ordering_key="another")
    harness.channel.plan(str(GROUP), SendError("flood", retry_after=300))
    others = [await harness.put(person) for person in range(30)]
    async with harness.at_work():
        await harness.until(lambda: set(others) <= set(harness.arrived))
        await harness.until_state(flooded, "queued")  # tried, and given back
        states = await harness.states()
        assert (states[slow], states[behind]) == ("sending", "queued")
        assert harness.channel.tried.count(flooded) == 1
        assert behind not in harness.channel.tried
        gate.set()
        await harness.until_state(slow, "sent")
    assert (await harness.row(flooded)).attempts == 0


async def test_the_urgent_go_first_and_nobody_waits_for_ever(harness: CourierHarness) -> None:
    digest = await harness.put(GROUP, ordering_key="digest", priority=int(Priority.DIGEST))
    news = await harness.put(GROUP, ordering_key="news")
    harness.clock.move(100)
    answer = await harness.put(GROUP, ordering_key="answer", priority=int(Priority.HUMAN_ANSWER))
    fresh = await harness.put(GROUP, ordering_key="fresh")
    async with harness.at_work():
        await harness.until_over()
    # a digest is worth 180 seconds of waiting, news 90, an answer 30
    assert harness.channel.to(str(GROUP)) == [news, answer, digest, fresh]


async def test_the_pacer_is_asked_with_the_priority_that_age_has_given(
    harness: CourierHarness,
) -> None:
    await harness.put(GROUP, priority=int(Priority.DIGEST))
    harness.clock.move(95)
    async with harness.at_work():
        await harness.until_over()
    assert harness.pacer.asked == [(str(GROUP), Priority.GROUP_NEWS)]


async def test_a_long_queue_for_one_chat_does_not_hide_the_others(harness: CourierHarness) -> None:
    harness.pacer.held[str(GROUP)] = 60.0
    for ticket in range(130):
        await harness.put(GROUP, ordering_key=f"{GROUP}:{ticket}")
    harness.clock.move(300)
    private = [await harness.put(person, priority=int(Priority.RECEIPT)) for person in range(70)]
    async with harness.at_work():
        await harness.until(lambda: len(harness.arrived) == len(private))
    assert sorted(harness.arrived) == private


async def test_where_all_must_wait_nobody_is_asked_one_by_one(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in range(100):
        await harness.put(person)
    over, delay, early = time.monotonic() + 0.1, harness.pacer.delay, list[str]()

    def watched(address: str, priority: Priority, now: float, count: int = 1) -> float:
        if now < over:
            early.append(address)
        return delay(address, priority, now, count)

    monkeypatch.setattr(harness.pacer, "delay", watched)
    harness.pacer.blocked(None, over)
    async with harness.at_work():
        await harness.until_over()
    assert not early
    assert len(harness.arrived) == 100


async def test_a_row_waits_for_its_time(harness: CourierHarness) -> None:
    row = await harness.put(ALICE, wait=2.0)
    async with harness.at_work():
        await asyncio.sleep(0.05)
        assert not harness.channel.tried
        harness.pass_time(2)
        await harness.until_state(row, "sent")


async def test_many_changes_that_wait_are_one_message(harness: CourierHarness) -> None:
    rows = {await harness.put(GROUP, dedup_key="card:1", wait=2, facts={"n": n}) for n in range(10)}
    harness.clock.move(2)
    async with harness.at_work():
        await harness.until_over()
    assert len(rows) == 1
    assert harness.channel.to(str(GROUP)) == [*rows]
    assert (await harness.row(rows.pop())).facts == {"n": 9}


async def test_a_row_that_fails_gives_way_to_a_newer_one_that_says_the_same(
    harness: CourierHarness,
) -> None:
    gate = asyncio.Event()
    harness.channel.plan(str(GROUP), (gate, busy()))
    old = await harness.put(GROUP, dedup_key="card:1")
    async with harness.at_work():
        await harness.until(lambda: harness.channel.under_way)
        new = await harness.put(GROUP, dedup_key="card:1")
        gate.set()
        await harness.until_over()
    assert new != old
    assert await harness.states() == {old: "dropped", new: "sent"}
    assert harness.channel.to(str(GROUP)) == [new]


# ---------------------------------------------------------------------- failures


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


# ---------------------------------------------------------------------- lost answers


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


async def test_a_dead_process_is_waited_for_once_and_not_for_each_of_its_rows(
    harness: CourierHarness,
) -> None:
    rows = [await harness.put(GROUP) for _ in range(6)]
    for row in rows:
        await harness.interrupt(row)
        harness.channel.stands.append((str(GROUP), row))
    quiet, began = 1.0, time.monotonic()
    await harness.courier.recover(quiet=quiet)
    async with harness.at_work():
        await harness.until_over()
    assert harness.channel.asked == rows
    assert quiet <= time.monotonic() - began < 3 * quiet


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


# ---------------------------------------------------------------------- writing it down


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
        await harness.until(lambda: harness.failures > courier.PATIENCE + 2)
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
    assert sorted(harness.arrived) == [row for row in rows if row != rows[2]]
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


# ---------------------------------------------------------------------- the end, and slowness


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
    await asyncio.wait_for(asyncio.gather(stopping, task), 1)
    assert await harness.states() == {first: "sent", second: "queued"}


async def test_stop_does_not_wait_for_ever(harness: CourierHarness) -> None:
    harness.channel.plan(str(ALICE), asyncio.Event())
    row = await harness.put(ALICE)
    task = asyncio.create_task(harness.courier.run())
    await harness.until(lambda: harness.channel.under_way)
    await asyncio.wait_for(harness.courier.stop(patience=0.05), 1)
    await task
    assert (await harness.row(row)).state == "sending"
    for left in harness.courier._under_way.values():
        left.task.cancel()


async def test_stop_ends_the_wait_for_a_lost_answer(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "QUIET", 60.0)
    harness.channel.plan(str(ALICE), "cut")
    row = await harness.put(ALICE)
    task = asyncio.create_task(harness.courier.run())
    await harness.until(lambda: harness.channel.stands)
    await asyncio.wait_for(harness.courier.stop(), 1)
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


# ---------------------------------------------------------------------- what is not known yet


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


# ---------------------------------------------------------------------- chats of the desk's own


def shut_out() -> SendError:
    return SendError("blocked", "bot was kicked from the supergroup chat", permanent=True)


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
