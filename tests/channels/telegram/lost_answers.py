"""A delivery whose answer is lost, and the process that finds out what has become of it."""

from typing import Any

from channels.telegram.channel import TelegramChannel
from core.delivery import outbox_store
from core.delivery.channel import Delivery
from tests.channels.telegram.harness import ChannelHarness

FINE = ("not_modified",)


async def lost(harness: ChannelHarness) -> Any:
    """Send the next delivery, whose answer gets lost."""
    delivery = await harness.next()
    assert delivery is not None
    left = await harness.carry(delivery)
    assert left.error is not None and left.error.uncertain
    return delivery


async def settle_lost(harness: ChannelHarness, delivery: Any) -> None:
    found = await harness.channel.was_delivered(delivery)
    assert found is not None
    await harness.end(delivery, found)
    await harness.pump()


async def next_life(harness: ChannelHarness) -> TelegramChannel:
    """The channel of a new process, which knows only what is stored."""
    harness.restart()
    await harness.channel.recall()
    return harness.channel


async def interrupted(harness: ChannelHarness) -> Delivery:
    """The row that the killed process was sending."""
    (delivery,) = await harness.desk.read(outbox_store.find_interrupted)
    return delivery
