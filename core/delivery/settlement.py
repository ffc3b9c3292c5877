"""What came of a delivery is written down here, whatever it was: one function per outcome."""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from core.addresses import Address
from core.company import Company
from core.delivery import outbox_store
from core.delivery.channel import Delivery, Sent
from core.delivery.linked_chats import move_chat
from core.delivery.pacing import backoff
from core.delivery.sender import DeliveryResult, Outcome
from core.tx import Tx


@dataclass(frozen=True, slots=True)
class FollowUps:
    """What the rest of the desk does when a delivery has arrived or never will, and about answers
    that take long; delivery itself knows no tickets.
    """

    delivered: Callable[[Tx, Delivery, Sent], Awaitable[None]]
    refused: Callable[[Tx, Delivery, str], Awaitable[None]]
    slow: Callable[[Tx, list[int]], Awaitable[None]]


async def settle(tx: Tx, delivery: Delivery, result: DeliveryResult, follow_ups: FollowUps) -> None:
    """Write down what came of a delivery, with all that follows from it. Of a chat that has moved
    see :func:`follow_chat`; what is uncertain stays as it is, for the next process.
    """
    await _SETTLE[result.outcome](tx, delivery, result, follow_ups)


async def settle_barely(tx: Tx, delivery: Delivery, result: DeliveryResult) -> None:
    """The same without what follows from it, which failed for reasons of its own."""
    if result.outcome is Outcome.DELIVERED:
        await outbox_store.end(tx, delivery.id, "sent", error="unnoted")
    elif result.outcome is Outcome.REFUSED:
        await outbox_store.end(tx, delivery.id, "failed", error=result.reason)
    else:
        after = result.after or backoff(delivery.attempts, random.random())
        await outbox_store.give_back(tx, delivery.id, after=after, error=result.reason)


async def follow_chat(tx: Tx, delivery: Delivery, result: DeliveryResult) -> Company:
    """The chat has another id now: everything that waits for it goes there. Returns the company as
    it is from then on.

    At once where that is news to us; what is sent to and fro between two ids gets a pause.
    """
    company = await move_chat(tx, delivery.to, Address(delivery.channel, str(result.moved_to)))
    news = company is not tx.company
    after = 0.0 if news else backoff(delivery.attempts, random.random())
    await outbox_store.give_back(tx, delivery.id, after=after, error=result.reason, count=not news)
    return company


async def _delivered(
    tx: Tx, delivery: Delivery, result: DeliveryResult, follow_ups: FollowUps
) -> None:
    if await outbox_store.end(tx, delivery.id, "sent") is not None:
        await follow_ups.delivered(tx, delivery, result.sent)


async def _refused(
    tx: Tx, delivery: Delivery, result: DeliveryResult, follow_ups: FollowUps
) -> None:
    if await outbox_store.end(tx, delivery.id, "failed", error=result.reason) is not None:
        await follow_ups.refused(tx, delivery, result.reason)


async def _later(
    tx: Tx, delivery: Delivery, result: DeliveryResult, _follow_ups: FollowUps
) -> None:
    await outbox_store.give_back(
        tx, delivery.id, after=result.after, error=result.reason, count=result.counts
    )


_SETTLE: Final[
    Mapping[Outcome, Callable[[Tx, Delivery, DeliveryResult, FollowUps], Awaitable[None]]]
] = {
    Outcome.DELIVERED: _delivered,
    Outcome.REFUSED: _refused,
    Outcome.RETRY: _later,
}
