"""What came of deliveries is written down here, whatever it was: one function per outcome. Until it
is, it waits, however long the database is in trouble: what has arrived is never sent again because
we could not write that down.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from core.addresses import Address
from core.company import Company
from core.db import is_transient
from core.delivery import outbox_store
from core.delivery.channel import Delivery, Sent
from core.delivery.linked_chats import move_chat
from core.delivery.pacing import backoff
from core.delivery.sender import STORE_PAUSE, DeliveryResult, Outcome, ids_of
from core.delivery.under_way import InFlight, UnderWay
from core.desk import Desk
from core.fault_points import pass_point
from core.tx import Tx

log = logging.getLogger(__name__)

# What came of a delivery and cannot change any more.
FINAL: Final = frozenset({Outcome.DELIVERED, Outcome.REFUSED})
# So often all that follows from a delivery is tried before its bare end is written down.
PATIENCE: Final = 3


@dataclass(frozen=True, slots=True)
class FollowUps:
    """What the rest of the desk does when a delivery has arrived or never will, and about answers
    that take long; delivery itself knows no tickets.
    """

    delivered: Callable[[Tx, Delivery, Sent], Awaitable[None]]
    refused: Callable[[Tx, Delivery, str], Awaitable[None]]
    slow: Callable[[Tx, list[int]], Awaitable[None]]


async def settle_barely(tx: Tx, delivery: Delivery, result: DeliveryResult) -> None:
    """Write down what came of a delivery without what follows from it, which failed for reasons of
    its own.
    """
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


# Writes down what came of a delivery, with all that follows from it. Of a chat that has moved see
# `follow_chat`; what is uncertain stays as it is, for the next process.
_SETTLE: Final[
    Mapping[Outcome, Callable[[Tx, Delivery, DeliveryResult, FollowUps], Awaitable[None]]]
] = {
    Outcome.DELIVERED: _delivered,
    Outcome.REFUSED: _refused,
    Outcome.RETRY: _later,
}


# ---------------------------------------------------------------- until it is written down


@dataclass(slots=True)
class Settlement:
    """What came of one delivery, to be written down: not before ``retry_at`` if that has failed
    already, ``failures`` times for reasons of its own.
    """

    in_flight: InFlight
    delivery: Delivery
    result: DeliveryResult
    failures: int = 0
    retry_at: float = 0.0

    @property
    def has_arrived(self) -> bool:
        """Otherwise it, or what was claimed behind it, may have to be sent again."""
        return self.result.outcome is Outcome.DELIVERED

    async def write(self, tx: Tx, follow_ups: FollowUps) -> None:
        """Write it down; what follows from it is left out when it goes on failing."""
        if self.failures < PATIENCE:
            write = _SETTLE[self.result.outcome]
            await write(tx, self.delivery, self.result, follow_ups)
        else:
            await settle_barely(tx, self.delivery, self.result)


Batch = Sequence[Settlement]


@dataclass(slots=True)
class Results:
    """Those that are ``waiting`` to be written down.

    ``is_stopping``: what fails now is left to the next process. ``note_any`` hears of addresses at
    which something may wait now.
    """

    desk: Desk
    under_way: UnderWay
    follow_ups: FollowUps
    is_stopping: Callable[[], bool]
    note_any: Callable[[Iterable[str]], None]
    waiting: list[Settlement] = field(default_factory=list)

    def take_due(self, now: float) -> list[Settlement]:
        """Those that may be written down now."""
        due = [each for each in self.waiting if each.retry_at <= now]
        self.waiting = [each for each in self.waiting if each.retry_at > now]
        return due

    # ---------------------------------------------------------------- each in its own transaction

    async def follow_moves(self, batch: Batch) -> list[Settlement]:
        """Chats with a new id, each in a transaction of its own: whatever comes after it sees the
        company as it is then. Returns the others.
        """
        others = []
        for each in batch:
            if each.result.outcome is Outcome.MOVED and each.failures < PATIENCE:
                await self._write_alone(each, self._follow_chat)
            else:
                others.append(each)
        return others

    async def _follow_chat(self, each: Settlement) -> None:
        self.desk.company = await self.desk.run(follow_chat, each.delivery, each.result)

    async def write_singly(self, batch: Batch, error: Exception) -> None:
        """Something is wrong with one of them, or with a claim: the others need not suffer.

        While the database is in trouble none is tried before the next round.
        """
        for each in batch:
            if is_transient(error):
                self._postpone(each, error)
            else:
                await self._write_alone(each, self._write_one)

    async def _write_one(self, each: Settlement) -> None:
        await self.desk.run(each.write, self.follow_ups)

    async def _write_alone(
        self, each: Settlement, write: Callable[[Settlement], Awaitable[None]]
    ) -> None:
        try:
            await write(each)
        except Exception as error:  # noqa: BLE001 whatever it is, it is tried again
            self._postpone(each, error)
        except asyncio.CancelledError:
            self.waiting.append(each)
            raise
        else:
            freed = self.under_way.freed_by([each.in_flight])
            self.written(each)
            self.note_any(freed)
            self.desk.outbox_wakeup.set()

    def _postpone(self, each: Settlement, error: Exception) -> None:
        """It is tried again before long; after a stop it is left to the next process."""
        ids = ids_of(each.delivery)
        if is_transient(error):
            log.warning("what came of a delivery waits for the database: %s", error, extra=ids)
        else:
            each.failures += 1
            log.error("what came of a delivery is not written down yet", exc_info=error, extra=ids)
        if self.is_stopping():
            self.close(each)
            return
        each.retry_at = time.monotonic() + STORE_PAUSE
        self.waiting.append(each)

    # ---------------------------------------------------------------- their end

    def written(self, each: Settlement) -> None:
        """It is written down."""
        if each.has_arrived:
            pass_point("courier.after_settle")
        self.close(each)

    def close(self, each: Settlement) -> None:
        """Nothing more is done about it here."""
        self.under_way.close(each.in_flight, each.delivery.id)
        if each.in_flight.over.is_set() and self.is_stopping():
            self.desk.outbox_wakeup.set()  # whoever waits for the last one need not wait longer

    def leave(self) -> None:
        """The next process finds out about those that wait."""
        left, self.waiting = self.waiting, []
        for each in left:
            self.close(each)

    def forget_others(self) -> None:
        """Only what cannot change any more is still to be written down."""
        self.waiting = [each for each in self.waiting if each.result.outcome in FINAL]
