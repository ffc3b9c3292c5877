"""What a channel reads for a delivery is read where it is claimed, and costs no other delivery."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from core.delivery import outbox_store
from core.delivery.channel import Delivery, Sent
from core.delivery.sender import DeliveryResult, Outcome
from core.delivery.under_way import InFlight, UnderWay
from core.tx import ReadTx
from tests.delivery.courier_fixture import ALICE, CourierHarness, Script


@dataclass
class Reader(Script):
    """A script that reads whether something is being sent to the address; ``mistakes`` come first,
    each at the delivery of this number.
    """

    mistakes: dict[int, Exception] = field(default_factory=dict)
    found: dict[int, Any] = field(default_factory=dict)

    async def read_ahead(self, tx: ReadTx, delivery: Delivery) -> object:
        if mistake := self.mistakes.pop(delivery.id, None):
            raise mistake
        return {"under way": await outbox_store.is_being_sent(tx, delivery.address)}

    async def send(self, delivery: Delivery) -> Sent:
        self.found[delivery.id] = delivery.found
        return await super().send(delivery)


@pytest.fixture
def reader(harness: CourierHarness) -> Reader:
    harness.channel = Reader()
    harness.hire()
    return harness.channel


async def test_it_is_handed_over_with_the_delivery(harness: CourierHarness, reader: Reader) -> None:
    """Whether the courier claims it, or whoever writes it."""
    rows = [await harness.put(ALICE)]
    async with harness.at_work():
        await harness.until_over()
        rows.append(await harness.put(ALICE))
        await harness.until_over()
    assert reader.found == {row: {"under way": True} for row in rows}


async def test_a_mistake_in_reading_is_the_deliverys_own(
    harness: CourierHarness, reader: Reader
) -> None:
    rows = [await harness.put(ALICE) for _ in range(3)]
    reader.mistakes[rows[1]] = KeyError("a mistake of ours")
    async with harness.at_work():
        await harness.until_over()
    assert reader.to(str(ALICE)) == rows
    assert [reader.found[row] is None for row in rows] == [False, True, False]


async def test_trouble_of_the_store_while_reading_takes_the_claim_back(
    harness: CourierHarness, reader: Reader
) -> None:
    rows = [await harness.put(ALICE) for _ in range(3)]
    reader.mistakes[rows[1]] = OperationalError("SELECT", {}, OSError("disk I/O error"))
    async with harness.at_work():
        await harness.until_over()
    assert reader.tried == reader.to(str(ALICE)) == rows and None not in reader.found.values()


async def test_what_waits_behind_another_is_read_when_it_leaves() -> None:
    """However long that takes: what was read before may be old by then."""
    sent: list[object] = []

    async def send(delivery: Delivery) -> DeliveryResult:
        sent.append(delivery.found)
        return DeliveryResult(Outcome.DELIVERED)

    async def close(in_flight: InFlight, delivery: Delivery, _result: DeliveryResult) -> None:
        under_way.close(in_flight, delivery.id)

    under_way, at = UnderWay(close, asyncio.Event()), datetime(2026, 11, 30, tzinfo=UTC)
    for number in (1, 2):
        under_way.begin(
            send,
            [Delivery(number, "telegram", "5", "ru", "content", None, {}, None, at, found="read")],
        )
    await under_way.all_ended()
    assert sent == ["read", None]
