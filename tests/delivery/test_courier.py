"""The courier: order, turns, and that what stands there is never sent again."""

import asyncio
import sqlite3
import time
from dataclasses import replace

import pytest

from channels.telegram.addresses import chat_address
from channels.telegram.messages.message_parser import message_ref
from core.delivery import courier, outbox_store, sender
from core.delivery.channel import SendError
from core.delivery.pacing import Priority
from core.models import LinkedChat, Message, Person
from core.tx import Tx
from tests.delivery.courier_fixture import Depot, Script

GROUP = -1001
ALICE, BORIS = 101, 102


def busy(**more: object) -> SendError:
    return SendError("busy", "502", **more)  # type: ignore[arg-type]


# ---------------------------------------------------------------------- order and turns


async def test_a_lane_keeps_its_order(depot: Depot) -> None:
    rows = [await depot.put(ALICE) for _ in range(20)]
    async with depot.at_work():
        await depot.until_over()
    assert depot.channel.to("101") == rows == depot.arrived


async def test_a_row_in_trouble_holds_up_its_lane_and_no_other(depot: Depot) -> None:
    first = await depot.put(GROUP, ordering_key="a")
    second = await depot.put(GROUP, ordering_key="a")
    other = await depot.put(GROUP, ordering_key="b")
    # not that the channel is out of reach: what arrives elsewhere would wake it
    depot.channel.plan(str(GROUP), SendError("unknown", "409"))
    async with depot.at_work():
        await depot.until_state(other, "sent")
        assert (await depot.states())[second] == "queued"
        depot.pass_time(2)
        await depot.until_over()
    assert depot.channel.to(str(GROUP)) == [other, first, second]


async def test_one_at_a_time_to_an_address_and_all_addresses_side_by_side(depot: Depot) -> None:
    gate = asyncio.Event()
    for person in range(20):
        depot.channel.plan(str(person), gate)
        for ordering_key in range(3):
            await depot.put(person, ordering_key=f"{person}:{ordering_key}")
    async with depot.at_work():
        await depot.until(lambda: len(depot.channel.under_way) == 20)
        gate.set()
        await depot.until_over()
    assert len(depot.arrived) == 60


async def test_not_more_than_some_are_under_way_at_once(depot: Depot) -> None:
    gate = asyncio.Event()
    for person in range(courier.AT_ONCE + 10):
        depot.channel.plan(str(person), gate)
        await depot.put(person)
    async with depot.at_work():
        await depot.until(lambda: len(depot.channel.under_way) == courier.AT_ONCE)
        await asyncio.sleep(0.05)
        gate.set()
        await depot.until_over()
    assert depot.channel.most_at_once == courier.AT_ONCE


async def test_a_slow_address_and_a_flooded_one_hold_up_nobody(depot: Depot) -> None:
    gate = asyncio.Event()
    slow = await depot.put(ALICE)
    depot.channel.plan(str(ALICE), gate)
    flooded = await depot.put(GROUP)
    behind = await depot.put(GROUP, ordering_key="another")
    depot.channel.plan(str(GROUP), SendError("flood", retry_after=300))
    others = [await depot.put(person) for person in range(30)]
    async with depot.at_work():
        await depot.until(lambda: set(others) <= set(depot.arrived))
        await depot.until_state(flooded, "queued")  # tried, and given back
        states = await depot.states()
        assert (states[slow], states[behind]) == ("sending", "queued")
        assert depot.channel.tried.count(flooded) == 1
        assert behind not in depot.channel.tried
        gate.set()
        await depot.until_state(slow, "sent")
    assert (await depot.row(flooded)).attempts == 0


async def test_the_urgent_go_first_and_nobody_waits_for_ever(depot: Depot) -> None:
    digest = await depot.put(GROUP, ordering_key="digest", priority=int(Priority.DIGEST))
    news = await depot.put(GROUP, ordering_key="news")
    depot.clock.move(100)
    answer = await depot.put(GROUP, ordering_key="answer", priority=int(Priority.HUMAN_ANSWER))
    fresh = await depot.put(GROUP, ordering_key="fresh")
    async with depot.at_work():
        await depot.until_over()
    # a digest is worth 180 seconds of waiting, news 90, an answer 30
    assert depot.channel.to(str(GROUP)) == [news, answer, digest, fresh]


async def test_the_pacer_is_asked_with_the_priority_that_age_has_given(depot: Depot) -> None:
    await depot.put(GROUP, priority=int(Priority.DIGEST))
    depot.clock.move(95)
    async with depot.at_work():
        await depot.until_over()
    assert depot.pacer.asked == [(str(GROUP), Priority.GROUP_NEWS)]


async def test_a_long_queue_for_one_chat_does_not_hide_the_others(depot: Depot) -> None:
    depot.pacer.held[str(GROUP)] = 60.0
    for ticket in range(130):
        await depot.put(GROUP, ordering_key=f"{GROUP}:{ticket}")
    depot.clock.move(300)
    private = [await depot.put(person, priority=int(Priority.RECEIPT)) for person in range(70)]
    async with depot.at_work():
        await depot.until(lambda: len(depot.arrived) == len(private))
    assert sorted(depot.arrived) == private


async def test_where_all_must_wait_nobody_is_asked_one_by_one(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in range(100):
        await depot.put(person)
    over, delay, early = time.monotonic() + 0.1, depot.pacer.delay, list[str]()

    def watched(address: str, priority: Priority, now: float, count: int = 1) -> float:
        if now < over:
            early.append(address)
        return delay(address, priority, now, count)

    monkeypatch.setattr(depot.pacer, "delay", watched)
    depot.pacer.blocked(None, over)
    async with depot.at_work():
        await depot.until_over()
    assert not early
    assert len(depot.arrived) == 100


async def test_a_row_waits_for_its_time(depot: Depot) -> None:
    row = await depot.put(ALICE, wait=2.0)
    async with depot.at_work():
        await asyncio.sleep(0.05)
        assert not depot.channel.tried
        depot.pass_time(2)
        await depot.until_state(row, "sent")


async def test_many_changes_that_wait_are_one_message(depot: Depot) -> None:
    rows = {await depot.put(GROUP, dedup_key="card:1", wait=2, facts={"n": n}) for n in range(10)}
    depot.clock.move(2)
    async with depot.at_work():
        await depot.until_over()
    assert len(rows) == 1
    assert depot.channel.to(str(GROUP)) == [*rows]
    assert (await depot.row(rows.pop())).facts == {"n": 9}


async def test_a_row_that_fails_gives_way_to_a_newer_one_that_says_the_same(depot: Depot) -> None:
    gate = asyncio.Event()
    depot.channel.plan(str(GROUP), (gate, busy()))
    old = await depot.put(GROUP, dedup_key="card:1")
    async with depot.at_work():
        await depot.until(lambda: depot.channel.under_way)
        new = await depot.put(GROUP, dedup_key="card:1")
        gate.set()
        await depot.until_over()
    assert new != old
    assert await depot.states() == {old: "dropped", new: "sent"}
    assert depot.channel.to(str(GROUP)) == [new]


# ---------------------------------------------------------------------- failures


async def test_passing_trouble_is_waited_out_longer_each_time(depot: Depot) -> None:
    row = await depot.put(ALICE)
    depot.channel.plan(str(ALICE), *[busy()] * 4)
    waits = []
    async with depot.at_work():
        for attempt in range(1, 5):
            await depot.until(lambda n=attempt: len(depot.channel.tried) == n)  # type: ignore[misc]
            found = await depot.until_state(row, "queued")
            waits.append((found.not_before - depot.clock.now).total_seconds())
            depot.pass_time(waits[-1])
        await depot.until_state(row, "sent")
    steps = zip((1, 2, 5, 15), waits, strict=True)
    assert all(least <= wait <= 1.5 * least for least, wait in steps)
    assert (await depot.row(row)).attempts == 5


async def test_the_first_success_wakes_what_a_cut_has_made_wait(depot: Depot) -> None:
    rows = [await depot.put(person) for person in range(20)]
    mail = await depot.put("anna@example.org", channel="email", error="network", wait=3000)
    for person in range(20):
        depot.channel.plan(str(person), *[SendError("network")] * 6)
    async with depot.at_work():
        for attempt in range(1, 7):
            await depot.until(lambda n=attempt: len(depot.channel.tried) == 20 * n)  # type: ignore[misc]
            for row in rows:
                await depot.until_state(row, "queued")
            if attempt < 6:
                depot.pass_time(60)  # all of them are due: the fifth pause is of 45 s at most
        later = await depot.put(ALICE)
        await depot.until(lambda: {later, *rows} <= set(depot.arrived))
    assert (await depot.row(mail)).not_before > depot.clock.now  # another channel's success


async def test_a_channel_that_is_reached_again_is_asked_at_once_for_what_was_lost(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "backoff", lambda *_: 3600.0)
    row, waiting = await depot.put(ALICE), await depot.put(BORIS, error="busy", wait=600)
    depot.channel.plan(str(ALICE), "cut")
    depot.channel.answers.append(SendError("network"))
    async with depot.at_work():
        await depot.until(lambda: depot.channel.asked == [row] and not depot.channel.answers)
        depot.courier.reached("telegram")
        await depot.until_over()
    assert (depot.channel.tried, depot.channel.asked) == ([row, waiting], [row, row])


async def test_one_row_in_trouble_is_woken_by_others_once_a_minute(depot: Depot) -> None:
    bad = await depot.put(GROUP, attempts=8)
    depot.channel.plan(str(GROUP), *[busy()] * 9)
    async with depot.at_work():
        for count in range(1, 30):
            await depot.put(ALICE)
            await depot.until(lambda n=count: len(depot.arrived) == n)  # type: ignore[misc]
            await depot.until_state(bad, "queued")
    assert depot.channel.tried.count(bad) == 2


async def test_what_is_refused_for_good_is_told_once_and_lets_the_next_pass(depot: Depot) -> None:
    first, second = await depot.put(ALICE), await depot.put(ALICE)
    depot.channel.plan(str(ALICE), SendError("blocked", permanent=True))
    async with depot.at_work():
        await depot.until_over()
    assert depot.refused == [(first, "blocked")]
    assert depot.channel.to(str(ALICE)) == [second]
    assert (await depot.row(first)).state == "failed"


async def test_after_a_hundred_tries_and_a_day_it_has_failed(depot: Depot) -> None:
    row = await depot.put(ALICE, attempts=sender.TRIES - 1)
    depot.clock.move(sender.GIVEN_UP_AFTER.total_seconds())
    depot.channel.plan(str(ALICE), busy())
    async with depot.at_work():
        await depot.until_over()
    assert depot.refused == [(row, "busy")]


async def test_wrong_settings_rest_and_count_no_try(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "REST", 0.05)
    row, behind = await depot.put(ALICE), await depot.put(ALICE, ordering_key="another")
    depot.channel.plan(str(ALICE), SendError("configuration", configuration=True))
    other = await depot.put(BORIS)
    async with depot.at_work():
        found = await depot.until_state(row, "queued")
        await depot.until_state(other, "sent")
        assert found.attempts == 0
        await depot.until_state(behind, "sent")
        depot.pass_time(1)
        await depot.until_state(row, "sent")
    assert not depot.refused


async def test_a_channel_that_is_not_set_up_keeps_its_rows(depot: Depot) -> None:
    row = await depot.put("a@example.org", channel="email")
    other = await depot.put(ALICE)
    async with depot.at_work():
        await depot.until_state(other, "sent")
        found = await depot.until_state(row, "queued")
    assert found.attempts == 0
    mail = Script("email")
    depot.pacer = type(depot.pacer)()
    depot.hire(telegram=depot.channel, email=mail)
    depot.clock.move(sender.REST)
    async with depot.at_work():
        await depot.until_state(row, "sent")
    assert mail.to("a@example.org") == [row]


async def test_a_mistake_of_ours_ends_its_row_and_holds_up_nothing(depot: Depot) -> None:
    row, next_one, other = (
        await depot.put(ALICE),
        await depot.put(ALICE),
        await depot.put(BORIS),
    )
    depot.channel.plan(str(ALICE), KeyError("no such text"))
    async with depot.at_work():
        await depot.until_state(other, "sent")
        await depot.until_state(next_one, "sent")
        await depot.until_state(row, "failed")
    assert depot.channel.tried.count(row) == 1


async def test_a_chat_that_moved_takes_its_rows_along(depot: Depot) -> None:
    async def place(tx: Tx) -> None:
        tx.session.add(
            LinkedChat(role="operators", configured=chat_address(-7), chat=chat_address(-7))
        )

    await depot.desk.run(place)
    rows = [await depot.put(-7, ordering_key="-7:1"), await depot.put(-7, ordering_key="-7:2")]
    depot.channel.plan("-7", SendError("moved", moved_to="-1007"))
    async with depot.at_work():
        await depot.until_over()
    assert depot.channel.to("-1007") == rows
    assert depot.desk.company.operators_chat == chat_address(-1007)


async def test_a_chat_without_a_role_that_moved_takes_its_rows_along(depot: Depot) -> None:
    rows = [await depot.put(-7), await depot.put(-7)]
    depot.channel.plan("-7", SendError("moved", moved_to="-1007"))
    async with depot.at_work():
        while (await depot.row(rows[0])).address != "-1007":
            await asyncio.sleep(0.002)
        depot.pass_time(2)
        await depot.until_over()
    assert depot.channel.to("-1007") == rows
    assert len(depot.channel.tried) == 3


async def test_a_chat_that_is_sent_to_and_fro_is_not_asked_without_pause(depot: Depot) -> None:
    row = await depot.put(-7)
    depot.channel.plan("-7", *[SendError("moved", moved_to="-8")] * 50)
    depot.channel.plan("-8", *[SendError("moved", moved_to="-7")] * 50)
    async with depot.at_work():
        await depot.until(lambda: depot.channel.tried)
        await asyncio.sleep(0.1)
        assert depot.channel.tried == [row]
        depot.pass_time(60)
        await depot.until(lambda: len(depot.channel.tried) > 1)
    assert depot.channel.tried == [row] * 2


# ---------------------------------------------------------------------- lost answers


async def test_what_arrived_without_an_answer_is_found_and_not_sent_again(depot: Depot) -> None:
    row, behind = await depot.put(ALICE), await depot.put(ALICE)
    depot.channel.plan(str(ALICE), "cut")
    async with depot.at_work():
        await depot.until_over()
    assert depot.channel.asked == [row]
    assert depot.channel.tried == [row, behind] == depot.arrived


async def test_what_did_not_arrive_is_sent_again(depot: Depot) -> None:
    row, behind = await depot.put(ALICE), await depot.put(ALICE)
    depot.channel.plan(str(ALICE), "lost")
    async with depot.at_work():
        await depot.until_over()
    assert depot.channel.asked == [row]
    assert depot.channel.tried == [row, row, behind]
    assert depot.arrived == [row, behind]


async def test_what_is_lost_again_and_again_waits_longer_and_longer(depot: Depot) -> None:
    row = await depot.put(ALICE)
    depot.channel.plan(str(ALICE), "lost", "lost", "lost")
    async with depot.at_work():
        await depot.until(lambda: len(depot.channel.asked) == 2)
        second = await depot.until_state(row, "queued")
        assert second.not_before > depot.clock.now
        depot.pass_time(10)
        await depot.until(lambda: len(depot.channel.asked) == 3)
        await depot.until_state(row, "queued")
        depot.pass_time(10)
        await depot.until_state(row, "sent")


async def test_it_is_asked_until_there_is_an_answer(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "backoff", lambda *_: 0.01)
    row = await depot.put(ALICE)
    depot.channel.plan(str(ALICE), "cut")
    depot.channel.answers.extend([busy(), SendError("flood", retry_after=0.01), busy()])
    async with depot.at_work():
        await depot.until_over()
    assert depot.channel.asked == [row] * 4
    assert depot.channel.tried == [row]


async def test_rows_of_a_killed_process_are_found_out_about_first(depot: Depot) -> None:
    arrived, lost = await depot.put(ALICE), await depot.put(BORIS)
    behind = await depot.put(ALICE, ordering_key="another")
    for row in (arrived, lost):
        await depot.interrupt(row)
    depot.channel.stands.append((str(ALICE), arrived))
    await depot.courier.recover()
    async with depot.at_work():
        await depot.until_over()
    assert sorted(depot.channel.asked) == [arrived, lost]
    assert depot.channel.to(str(ALICE)) == [arrived, behind]
    assert depot.channel.to(str(BORIS)) == [lost]


async def test_finding_out_holds_up_nobody_else(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "backoff", lambda *_: 60.0)
    row = await depot.put(GROUP)
    await depot.interrupt(row)
    behind = await depot.put(GROUP, ordering_key="another")
    depot.channel.answers.append(SendError("flood", retry_after=300))
    other = await depot.put(ALICE)
    await depot.courier.recover()
    async with depot.at_work():
        await depot.until_state(other, "sent")
        await depot.until(lambda: depot.channel.asked == [row])
        assert (await depot.states())[behind] == "queued"


async def test_recovering_twice_finds_out_once(depot: Depot) -> None:
    row = await depot.put(ALICE)
    await depot.interrupt(row)
    await depot.courier.recover()
    await depot.courier.recover()
    async with depot.at_work():
        await depot.until_over()
    assert depot.channel.asked == [row] == depot.channel.tried


# ---------------------------------------------------------------------- writing it down


async def test_what_arrived_is_not_sent_again_because_it_was_not_noted(depot: Depot) -> None:
    depot.crashes = 2
    row = await depot.put(ALICE)
    async with depot.at_work():
        await depot.until_state(row, "sent")
    assert depot.channel.tried == [row] == depot.arrived


async def test_a_mistake_in_what_follows_does_not_hold_up_the_chat(depot: Depot) -> None:
    row, behind = await depot.put(ALICE), await depot.put(ALICE)
    depot.cursed[row] = RuntimeError("a mistake in what follows")
    async with depot.at_work():
        await depot.until_over()
    assert depot.channel.tried == [row, behind]
    assert (await depot.row(row)).error == "unnoted"
    assert depot.arrived == [behind]


async def test_a_courier_that_dies_before_noting_leaves_it_to_be_found_out(depot: Depot) -> None:
    depot.crashes = 1000
    row = await depot.put(ALICE)
    async with depot.at_work():
        await depot.until(lambda: depot.crashes < 1000)
        # stopped before its patience ends: the row stays as it is
    assert (await depot.row(row)).state == "sending"
    depot.crashes = 0
    await depot.hire().recover()
    async with depot.at_work():
        await depot.until_state(row, "sent")
    assert depot.channel.tried == [row] == depot.arrived


async def test_trouble_of_the_store_is_waited_out(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [await depot.put(ALICE) for _ in range(3)]
    run, failures = depot.desk.run, [0]

    async def shaky(action: object, *args: object, **options: object) -> object:
        failures[0] += 1
        if failures[0] % 2:
            raise OSError("database or disk is full")
        return await run(action, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(depot.desk, "run", shaky)
    async with depot.at_work():
        await depot.until_over()
    assert depot.channel.tried == rows == depot.arrived


async def test_a_database_that_is_away_is_a_line_of_the_log_and_no_traceback(
    depot: Depot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    row = await depot.put(ALICE)
    run, troubles = depot.desk.run, [KeyError("a mistake"), ConnectionError("no server")]

    async def away(action: object, *args: object, **options: object) -> object:
        if troubles:
            raise troubles.pop()
        return await run(action, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(depot.desk, "run", away)
    async with depot.at_work():
        await depot.until_state(row, "sent")
    told = [each for each in caplog.records if "the courier stumbled" in each.getMessage()]
    assert [(each.levelname, bool(each.exc_info)) for each in told] == [
        ("WARNING", False),
        ("ERROR", True),
    ]
    assert "no server" in told[0].getMessage()


async def test_a_claim_whose_answer_was_lost_is_not_forgotten(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await depot.put(ALICE)
    run, cut = depot.desk.run, [True]

    async def deaf(action: object, *args: object, **options: object) -> object:
        result: object = await run(action, *args, **options)  # type: ignore[arg-type]
        if cut and cut.pop():
            raise ConnectionError("committed, but who knows")
        return result

    monkeypatch.setattr(depot.desk, "run", deaf)
    async with depot.at_work():
        await depot.until_state(row, "sent")
    assert depot.channel.asked == [row] == depot.channel.tried


async def test_trouble_of_the_store_is_no_reason_to_forget_what_follows(depot: Depot) -> None:
    row = await depot.put(ALICE)
    depot.cursed[row] = ConnectionError("the store is away")
    async with depot.at_work():
        await depot.until(lambda: depot.failures > courier.PATIENCE + 2)
        depot.cursed.clear()
        await depot.until_over()
    assert depot.arrived == depot.channel.tried == [row]
    assert (await depot.row(row)).error is None


async def test_an_end_and_the_next_beginning_are_one_transaction(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [await depot.put(ALICE) for _ in range(20)]
    run, rounds = depot.desk.run, 0

    async def counted(action: object, *args: object, **options: object) -> object:
        nonlocal rounds
        rounds += 1
        return await run(action, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(depot.desk, "run", counted)
    async with depot.at_work():
        await depot.until_over()
    assert depot.arrived == rows
    assert rounds <= len(rows) + 5  # twenty ends and twenty beginnings


async def test_one_note_that_cannot_be_written_harms_no_other(depot: Depot) -> None:
    gate = asyncio.Event()
    rows = [await depot.put(person) for person in range(5)]
    for person in range(5):
        depot.channel.plan(str(person), gate)
    depot.cursed[rows[2]] = KeyError("a mistake in what follows")
    async with depot.at_work():
        await depot.until(lambda: len(depot.channel.under_way) == 5)
        gate.set()
        await depot.until_over()
    assert sorted(depot.arrived) == [row for row in rows if row != rows[2]]
    assert (await depot.row(rows[2])).error == "unnoted"
    assert sorted(depot.channel.tried) == rows


async def test_a_round_whose_answer_was_lost_is_not_forgotten(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await depot.put(ALICE), await depot.put(ALICE)
    gate = asyncio.Event()
    depot.channel.plan(str(ALICE), gate)
    run = depot.desk.run
    cut: list[Exception] = []

    async def deaf(action: object, *args: object, **options: object) -> object:
        result: object = await run(action, *args, **options)  # type: ignore[arg-type]
        if cut:
            raise cut.pop()
        return result

    monkeypatch.setattr(depot.desk, "run", deaf)
    async with depot.at_work():
        await depot.until(lambda: depot.channel.under_way)
        cut.append(ConnectionError("the first noted, the second claimed, but who knows"))
        gate.set()
        await depot.until_over()
    assert depot.arrived == [first, second] == depot.channel.tried
    assert depot.channel.asked == [second]


async def test_what_arrived_is_noted_by_a_courier_that_is_cancelled(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await depot.put(ALICE)
    run, noting, gate = depot.desk.run, asyncio.Event(), asyncio.Event()

    async def slow(action: object, *args: object, **options: object) -> object:
        if depot.channel.stands:
            noting.set()
            await gate.wait()
        return await run(action, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(depot.desk, "run", slow)
    task = asyncio.create_task(depot.courier.run())
    await noting.wait()
    task.cancel()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    await depot.until_state(row, "sent")
    await depot.until(lambda: not depot.courier._under_way)
    assert depot.arrived == [row] == depot.channel.tried


async def test_a_row_that_becomes_ready_without_a_bell_is_seen_all_the_same(depot: Depot) -> None:
    first, second = await depot.put(ALICE, wait=1000), await depot.put(ALICE)
    async with depot.at_work():
        await asyncio.sleep(0.05)
        assert not depot.channel.tried

        async def drop(tx: Tx) -> None:
            await outbox_store.end(tx, first, "dropped")

        await depot.desk.run(drop)
        assert not depot.desk.outbox_wakeup.is_set()
        await depot.until_state(second, "sent")


async def test_an_idle_courier_writes_nothing(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    await depot.put(ALICE, wait=1000)
    written: list[object] = []
    async with depot.at_work():
        await asyncio.sleep(0.05)
        monkeypatch.setattr(depot.desk, "run", written.append)
        await asyncio.sleep(0.1)
        monkeypatch.undo()
    assert not written


# ---------------------------------------------------------------------- the end, and slowness


async def test_stop_finishes_what_is_under_way_and_begins_nothing(depot: Depot) -> None:
    gate = asyncio.Event()
    depot.channel.plan(str(ALICE), gate)
    first, second = await depot.put(ALICE), await depot.put(ALICE)
    task = asyncio.create_task(depot.courier.run())
    await depot.until(lambda: depot.channel.under_way)
    stopping = asyncio.create_task(depot.courier.stop())
    await asyncio.sleep(0.02)
    assert not stopping.done()
    gate.set()
    await asyncio.wait_for(asyncio.gather(stopping, task), 1)
    assert await depot.states() == {first: "sent", second: "queued"}


async def test_stop_does_not_wait_for_ever(depot: Depot) -> None:
    depot.channel.plan(str(ALICE), asyncio.Event())
    row = await depot.put(ALICE)
    task = asyncio.create_task(depot.courier.run())
    await depot.until(lambda: depot.channel.under_way)
    await asyncio.wait_for(depot.courier.stop(patience=0.05), 1)
    await task
    assert (await depot.row(row)).state == "sending"
    for left in depot.courier._under_way.values():
        left.task.cancel()


async def test_stop_ends_the_wait_for_a_lost_answer(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "QUIET", 60.0)
    depot.channel.plan(str(ALICE), "cut")
    row = await depot.put(ALICE)
    task = asyncio.create_task(depot.courier.run())
    await depot.until(lambda: depot.channel.stands)
    await asyncio.wait_for(depot.courier.stop(), 1)
    await task
    assert (await depot.row(row)).state == "sending"
    monkeypatch.setattr(sender, "QUIET", 0.01)
    await depot.hire().recover()
    async with depot.at_work():
        await depot.until_state(row, "sent")
    assert depot.channel.tried == [row]


async def test_stop_during_a_claim_still_sees_the_delivery_through(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await depot.put(ALICE)
    run, claiming = depot.desk.run, asyncio.Event()

    async def slow(action: object, *args: object, **options: object) -> object:
        result: object = await run(action, *args, **options)  # type: ignore[arg-type]
        claiming.set()
        await asyncio.sleep(0.03)
        return result

    monkeypatch.setattr(depot.desk, "run", slow)
    task = asyncio.create_task(depot.courier.run())
    await claiming.wait()
    await depot.courier.stop()
    await task
    assert (await depot.row(row)).state == "sent"


async def test_a_slow_answer_is_looked_at_once(depot: Depot) -> None:
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

    person, message = await depot.desk.run(people)
    gate = asyncio.Event()
    depot.channel.plan(str(ALICE), gate)
    row = await depot.put(ALICE, kind="content", person_id=person, message_id=message)
    news = await depot.put(BORIS, kind="content", message_id=message)
    depot.channel.plan(str(BORIS), gate)
    async with depot.at_work():
        await depot.until(lambda: len(depot.channel.under_way) == 2)
        depot.pass_time(1.9)
        await asyncio.sleep(0.06)
        assert depot.slow == []
        depot.pass_time(0.2)
        await depot.until(lambda: depot.slow)
        await asyncio.sleep(0.1)
        assert depot.slow == [message]
        gate.set()
        await depot.until_over()
    assert sorted(depot.arrived) == [row, news]


# ---------------------------------------------------------------------- what is not known yet


async def test_it_can_be_waited_for_until_it_is_known_what_stands_at_an_address(
    depot: Depot,
) -> None:
    gate = asyncio.Event()
    depot.channel.plan(str(GROUP), gate)
    row = await depot.put(GROUP)
    async with depot.at_work() as courier:
        await depot.until(lambda: depot.channel.under_way)
        assert courier.is_busy(str(GROUP)) and not courier.is_busy(str(ALICE))
        waiting = asyncio.create_task(courier.settled(str(GROUP)))
        await asyncio.sleep(0)
        gate.set()
        assert await waiting
        assert (await depot.row(row)).state == "sent" and depot.arrived == [row]
        assert await courier.settled(str(ALICE))


async def test_after_a_stop_nobody_claims_to_know(depot: Depot) -> None:
    row = await depot.put(GROUP)
    await depot.interrupt(row)
    depot.channel.answers.extend(busy() for _ in range(1000))
    async with depot.at_work() as courier:
        await courier.recover()
        assert courier.is_busy(str(GROUP))
        waiting = asyncio.create_task(courier.settled(str(GROUP)))
        await asyncio.sleep(0)
        await courier.stop()
        assert not await waiting
    assert (await depot.row(row)).state == "sending"


async def test_after_a_restore_nothing_leaves_before_it_is_released(depot: Depot) -> None:
    company = depot.desk.company
    depot.desk.company = replace(company, on_hold=True)
    row = await depot.put(ALICE)
    async with depot.at_work():
        for _ in range(5):
            depot.pass_time(60)
            await asyncio.sleep(3 * courier.LOOK_EVERY)
        assert not depot.channel.tried
        depot.desk.company = company
        depot.desk.outbox_wakeup.set()
        await depot.until_over()
    assert depot.channel.to(str(ALICE)) == [row]


# ---------------------------------------------------------------------- chats of the desk's own


def shut_out() -> SendError:
    return SendError("blocked", "bot was kicked from the supergroup chat", permanent=True)


async def test_what_the_desks_own_chat_refuses_rests_and_leaves_when_the_bot_is_back(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "REST", 0.05)
    card, other = await depot.put(GROUP, ordering_key="a"), await depot.put(GROUP, ordering_key="b")
    depot.channel.plan(str(GROUP), shut_out())
    async with depot.at_work():
        await depot.until(lambda: depot.channel.tried)
        resting = await depot.until_state(card, "queued")
        assert (resting.error, resting.attempts) == ("blocked", 0)
        depot.pass_time(1)
        await depot.until_over()
    assert sorted(depot.channel.to(str(GROUP))) == [card, other] and not depot.refused
    assert depot.courier.trouble_seen.is_set()


async def test_a_customer_who_is_gone_is_not_waited_for(depot: Depot) -> None:
    row = await depot.put(ALICE)
    depot.channel.plan(str(ALICE), shut_out())
    async with depot.at_work():
        await depot.until_over()
    assert depot.refused == [(row, "blocked")]


async def test_what_was_lost_in_a_chat_that_has_shut_us_out_is_looked_for_again(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "REST", 0.05)
    row = await depot.put(GROUP)
    depot.channel.plan(str(GROUP), "cut")
    depot.channel.answers.append(shut_out())
    async with depot.at_work():
        await depot.until_over()
    assert depot.channel.asked == [row, row] and depot.channel.to(str(GROUP)) == [row]


async def test_a_row_whose_json_is_broken_holds_up_nobody(depot: Depot) -> None:
    broken, other = await depot.put(ALICE), await depot.put(BORIS)
    path = depot.desk.database.path
    assert path is not None
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE outbox SET facts='{' WHERE id=?", (broken,))
    async with depot.at_work():
        await depot.until(lambda: depot.channel.to(str(BORIS)) == [other])
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT state, error FROM outbox WHERE id=?", (broken,))
        assert found.fetchall() == [("failed", "unreadable")]
