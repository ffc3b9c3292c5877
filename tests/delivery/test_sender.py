"""What comes of one try to send: a plain result, whatever the channel does."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.db import StoreUnreachable
from core.delivery import sender
from core.delivery.channel import Delivery, SendError, Sent
from core.delivery.own_notices import UNLESS
from core.delivery.sender import DeliveryResult, DeliverySender, Outcome
from core.texts import pack
from tests.delivery.courier_fixture import CourierHarness
from tests.harness import logged

GROUP, ALICE = -1001, 101
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MOVED = SendError("moved", moved_to="-1007")


def delivery(address: int = ALICE, **more: Any) -> Delivery:
    facts: dict[str, Any] = {"id": 1, "channel": "telegram", "address": str(address)}
    facts |= {"locale": "ru", "kind": "text", "key": "x", "facts": {}, "ticket_id": None}
    return Delivery(**(facts | {"created_at": datetime(2026, 11, 23, tzinfo=UTC)} | more))


@pytest.fixture
def sends(harness: CourierHarness) -> DeliverySender:
    return DeliverySender(harness.desk, {"telegram": harness.channel}, harness.pacer)


@pytest.mark.parametrize(
    ("step", "outcome", "reason"),
    [
        ("arrives", Outcome.DELIVERED, ""),
        ("cut", Outcome.DELIVERED, ""),
        ("lost", Outcome.RETRY, "lost"),
        (SendError("busy"), Outcome.RETRY, "busy"),
        (SendError("flood", retry_after=9), Outcome.RETRY, "flood"),
        (SendError("bad_request", permanent=True), Outcome.REFUSED, "bad_request"),
        (SendError("blocked", permanent=True), Outcome.REFUSED, "blocked"),
        (MOVED, Outcome.MOVED, "moved"),
        (KeyError("a mistake of ours"), Outcome.REFUSED, "internal"),
        (StoreUnreachable("while a card was drawn"), Outcome.RETRY, "lost"),
    ],
)
async def test_whatever_the_channel_does_there_is_a_result(
    harness: CourierHarness, sends: DeliverySender, step: Any, outcome: Outcome, reason: str
) -> None:
    harness.channel.plan(str(ALICE), step)
    result = await sends.send(delivery())
    assert (result.outcome, result.reason) == (outcome, reason)


async def test_a_delayed_notice_whose_reason_has_passed_is_not_sent(
    harness: CourierHarness, sends: DeliverySender
) -> None:
    noted = {UNLESS: pack({"state": "new", "assignee": None, "since": NOON, "key": "ticket.taken"})}
    result = await sends.send(delivery(facts=noted, ticket_id=404))
    assert (result.outcome, result.sent.message_refs) == (Outcome.DELIVERED, ())
    assert harness.channel.tried == []


async def test_what_stands_on_the_other_side_is_part_of_the_result(
    harness: CourierHarness, sends: DeliverySender
) -> None:
    assert (await sends.send(delivery())).sent.message_refs == ("1",)
    harness.channel.plan(str(ALICE), MOVED)
    assert (await sends.send(delivery())).moved_to == "-1007"


async def test_a_flood_counts_no_try_and_lets_the_address_rest(
    harness: CourierHarness, sends: DeliverySender
) -> None:
    harness.channel.plan(str(ALICE), SendError("flood", retry_after=9))
    result = await sends.send(delivery())
    assert result == DeliveryResult(Outcome.RETRY, reason="flood", after=9, counts=False)
    assert str(ALICE) in harness.pacer._blocked_until


async def test_a_group_of_the_desk_that_shuts_us_out_is_trouble_and_not_given_up(
    harness: CourierHarness, sends: DeliverySender
) -> None:
    harness.channel.plan(str(GROUP), SendError("blocked", permanent=True))
    result = await sends.send(delivery(GROUP))
    assert (result.outcome, result.trouble, result.counts) == (Outcome.RETRY, True, False)


async def test_the_hundredth_passing_failure_is_the_last_after_a_day(
    harness: CourierHarness, sends: DeliverySender
) -> None:
    harness.channel.plan(str(ALICE), SendError("busy"), SendError("busy"))
    hundredth = delivery(attempts=sender.TRIES)
    assert (await sends.send(hundredth)).outcome is Outcome.RETRY  # a success woke it often
    harness.clock.move(sender.GIVEN_UP_AFTER.total_seconds())
    assert (await sends.send(hundredth)).outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    "failure",
    [SendError("network"), SendError("busy", lasting=True), "lost"],
    ids=["network", "a mail server says later", "lost"],
)
async def test_what_may_last_is_tried_for_days(
    harness: CourierHarness, sends: DeliverySender, failure: SendError | str
) -> None:
    harness.channel.plan(str(ALICE), *[failure] * 2)
    harness.clock.move(timedelta(days=3).total_seconds())
    hundredth = delivery(attempts=2 * sender.TRIES)
    assert (await sends.send(hundredth)).outcome is Outcome.RETRY
    harness.clock.move(timedelta(days=3).total_seconds())
    assert (await sends.send(hundredth)).outcome is Outcome.REFUSED


async def test_whoever_cannot_find_out_asks_again_within_half_a_minute_however_often(
    harness: CourierHarness, sends: DeliverySender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else goes to the address before it is known; a search goes on where it ended."""
    pauses: list[float] = []

    async def passes(_sends: DeliverySender, seconds: float, **_how: Any) -> bool:
        pauses.append(seconds)
        return False

    async def cut_off(_delivery: Delivery) -> Sent | None:
        if len(pauses) <= 20:
            raise SendError("network", uncertain=True)
        return Sent()

    monkeypatch.setattr(DeliverySender, "_stopped_within", passes)
    monkeypatch.setattr(harness.channel, "was_delivered", cut_off)
    harness.channel.plan(str(ALICE), "cut")
    assert (await sends.send(delivery())).outcome is Outcome.DELIVERED
    assert len(pauses) == 21 and max(pauses) <= sender.ASKS_EVERY <= 30
    assert pauses[1] < pauses[3], "a moment first"


async def test_after_a_stop_what_is_uncertain_stays_so(
    harness: CourierHarness, sends: DeliverySender
) -> None:
    sends.stop.set()
    harness.channel.plan(str(ALICE), "cut")
    assert await sends.send(delivery()) == sender.UNKNOWN
    assert harness.channel.asked == []


async def test_the_log_names_the_delivery_and_its_ticket(
    harness: CourierHarness, sends: DeliverySender
) -> None:
    harness.channel.plan(str(ALICE), SendError("blocked", permanent=True), ValueError("ours"))
    with logged("json") as stream:
        for _ in range(2):
            await sends.send(delivery(id=12, ticket_id=5))
    entries = [json.loads(line) for line in stream.getvalue().splitlines()]
    told = [
        (entry["outbox"], entry["ticket"]) for entry in entries if "deliver" in entry["message"]
    ]
    assert len(told) >= 2 and set(told) == {(12, 5)}
