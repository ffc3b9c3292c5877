"""Sends one delivery and says what came of it, and so whether its channel is reached.

Writes nothing down: that is the courier's part.
"""

import asyncio
import logging
import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from core.addresses import Address
from core.db import is_transient, log_failure
from core.delivery.channel import Channel, Delivery, SendError, Sent
from core.delivery.linked_chats import is_own
from core.delivery.own_notices import UNLESS, has_passed
from core.delivery.pacing import Pacer, backoff
from core.delivery.waiting_rows import UNREACHED
from core.desk import Desk
from core.fault_points import pass_point

log = logging.getLogger(__name__)

# How long to wait before asking whether a delivery with a lost answer arrived: the call may still
# be in a queue on the other side.
QUIET: Final = 2.0
# How often at least it is asked again, in seconds, while no answer comes to that either: nothing
# else goes to the address meanwhile, and a search that was broken off goes on where it ended.
ASKS_EVERY: Final = 30.0
# After so many tries and so long a delivery that fails for passing reasons has failed. Both: what
# a success wakes is tried more often.
TRIES: Final = 100
GIVEN_UP_AFTER: Final = timedelta(days=1)
# The same for what may last: an outage over a weekend loses nothing (RFC 5321, 4.5.4.1).
LASTING_GIVEN_UP_AFTER: Final = timedelta(days=5)
# How long an address rests at which our settings or rights are wrong.
REST: Final = 60.0
# Between tries to reach the database.
STORE_PAUSE: Final = 0.5
# How often what waits for a channel may be woken, in seconds: a row in trouble of its own must not
# be tried after every success of the others.
WAKE_EVERY: Final = 60.0


class Outcome(StrEnum):
    """What can come of a delivery."""

    DELIVERED = "delivered"  # the other side has accepted it
    REFUSED = "refused"  # it will never be accepted
    RETRY = "retry"  # not yet: it is to be sent again later
    MOVED = "moved"  # the chat has another address now
    UNCERTAIN = "uncertain"  # nobody knows, and we had to stop asking


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What came of one try. ``reason`` is the code of the `SendError`, if there was one.

    ``sent``: what stands on the other side, when delivered. ``after``: seconds until the next try;
    ``counts``: whether this one counts as a try of the delivery. ``moved_to``: the new address.
    ``trouble``: our settings or rights are wrong, somebody must see to it.
    """

    outcome: Outcome
    sent: Sent = field(default_factory=Sent)
    reason: str = ""
    after: float = 0.0
    counts: bool = True
    moved_to: str = ""
    trouble: bool = False


UNKNOWN: Final = DeliveryResult(Outcome.UNCERTAIN)
NOT_TRIED: Final = DeliveryResult(Outcome.RETRY, reason="not_tried", counts=False)


def ids_of(delivery: Delivery) -> dict[str, object]:
    """Return what names a delivery in the log."""
    return {"outbox": delivery.id, "ticket": delivery.ticket_id}


@dataclass(slots=True)
class DeliverySender:
    """Sends claimed deliveries. After ``stop`` what is uncertain stays so, for the next process."""

    desk: Desk
    channels: Mapping[str, Channel]
    pacer: Pacer
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    _ask_again: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Whoever waits to ask about a lost answer asks at once: there may be one now."""
        self._ask_again.set()
        self._ask_again = asyncio.Event()

    async def send(self, delivery: Delivery) -> DeliveryResult:
        """Send a claimed delivery; where its answer is lost, find out. Never raises."""
        try:
            pass_point("courier.before_send")
            if UNLESS in delivery.facts and await self.desk.read(has_passed, delivery):
                return DeliveryResult(Outcome.DELIVERED, Sent())
            sent = await self._channel(delivery).send(delivery)
        except SendError as error:
            return await self._failed(delivery, error)
        except Exception as error:  # noqa: BLE001 whatever it is, nothing may be lost
            log_failure(log, "a delivery could not be sent", error, **ids_of(delivery))
            return await self.find_out(delivery, ours=not is_transient(error))
        pass_point("courier.after_send")
        return DeliveryResult(Outcome.DELIVERED, sent)

    async def find_out(
        self, delivery: Delivery, *, ours: bool = False, quiet_until: float | None = None
    ) -> DeliveryResult:
        """The answer was lost: ask whether it arrived, rather than send it again. Never raises.

        ``ours``: a mistake of our own came between. What did not arrive then never will.
        ``quiet_until``: not asked before, by the monotonic clock; a moment from now if not given.
        """
        attempt, may_wake = 0, False
        pause = QUIET if quiet_until is None else max(0.0, quiet_until - time.monotonic())
        while not await self._stopped_within(pause, or_woken=may_wake):
            attempt += 1
            try:
                sent = await self._channel(delivery).was_delivered(delivery)
            except SendError as failure:
                error = await self._judged(delivery, failure)
                if error.permanent or error.moved_to is not None:
                    return await self._failed(delivery, error)
                pause = error.retry_after or min(backoff(attempt, random.random()), ASKS_EVERY)
                may_wake = error.retry_after is None
            except Exception as mistake:  # noqa: BLE001 the same
                what = "it is unknown whether a delivery arrived"
                log_failure(log, what, mistake, **ids_of(delivery))
                if is_transient(mistake):  # nothing is sent again because we could not look
                    pause, may_wake = STORE_PAUSE, False
                    continue
                return _refused_by_us() if ours else self._try_again(delivery, "internal")
            else:
                if sent is not None:
                    return DeliveryResult(Outcome.DELIVERED, sent)
                return _refused_by_us() if ours else self._send_again(delivery)
        return UNKNOWN

    def _channel(self, delivery: Delivery) -> Channel:
        if delivery.channel not in self.channels:
            raise SendError(
                "configuration", f"{delivery.channel} is not set up", configuration=True
            )
        return self.channels[delivery.channel]

    async def _failed(self, delivery: Delivery, failure: SendError) -> DeliveryResult:
        error = await self._judged(delivery, failure)
        log.info(
            "a delivery failed",
            extra=ids_of(delivery) | {"reason": error.reason, "attempt": delivery.attempts},
        )
        given_up = self._is_given_up(delivery, lasting=error.lasting)
        if error.moved_to is not None and not given_up:
            return DeliveryResult(Outcome.MOVED, reason="moved", moved_to=error.moved_to)
        if error.configuration:
            log.error("settings or rights are wrong: %s", error, extra=ids_of(delivery))
            return self._rest(delivery, REST, error.reason, trouble=True)
        if error.permanent or given_up:
            return DeliveryResult(Outcome.REFUSED, reason=error.reason)
        if error.uncertain:
            return await self.find_out(delivery)
        if error.retry_after is not None:
            return self._rest(delivery, error.retry_after, error.reason)
        return self._try_again(delivery, error.reason, lasting=error.lasting)

    async def _judged(self, delivery: Delivery, error: SendError) -> SendError:
        """A chat of the desk's own is not given up: somebody will let the bot in again (X14)."""
        if error.reason != "blocked" or not await self._is_own(delivery.to):
            return error
        return SendError(error.reason, error.detail, configuration=True, retry_after=REST)

    async def _is_own(self, address: Address) -> bool:
        """Asked until the database answers; after a stop, true: then nothing is given up."""
        while True:
            try:
                return await self.desk.read(is_own, address)
            except Exception as error:  # noqa: BLE001 whatever it is, the delivery must not be lost
                log.warning("whose chat this is could not be read yet: %s", error)
            if await self._stopped_within(STORE_PAUSE):
                return True

    def _rest(
        self, delivery: Delivery, seconds: float, reason: str, *, trouble: bool = False
    ) -> DeliveryResult:
        """Not the delivery's fault: nothing goes to this address for a while."""
        self.pacer.blocked(delivery.address, time.monotonic() + seconds)
        return DeliveryResult(
            Outcome.RETRY, reason=reason, after=seconds, counts=False, trouble=trouble
        )

    def _send_again(self, delivery: Delivery) -> DeliveryResult:
        """It did not arrive: once at once, later with pauses."""
        at_once = delivery.attempts <= 1
        return self._try_again(delivery, "lost", at_once=at_once, lasting=True)

    def _try_again(
        self, delivery: Delivery, reason: str, *, at_once: bool = False, lasting: bool = False
    ) -> DeliveryResult:
        if self._is_given_up(delivery, lasting=lasting):
            return DeliveryResult(Outcome.REFUSED, reason=reason)
        after = 0.0 if at_once else backoff(delivery.attempts, random.random())
        return DeliveryResult(Outcome.RETRY, reason=reason, after=after)

    def _is_given_up(self, delivery: Delivery, *, lasting: bool) -> bool:
        longest = LASTING_GIVEN_UP_AFTER if lasting else GIVEN_UP_AFTER
        age = self.desk.clock() - delivery.created_at
        return delivery.attempts >= TRIES and age >= longest

    async def _stopped_within(self, seconds: float, *, or_woken: bool = False) -> bool:
        """Wait, but not longer than until the stop, or until somebody wakes us."""
        waits = [asyncio.ensure_future(self.stop.wait())]
        if or_woken:
            waits.append(asyncio.ensure_future(self._ask_again.wait()))
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        return self.stop.is_set()


def _refused_by_us() -> DeliveryResult:
    """A mistake of our own would come again with every try; people are told like of any end."""
    return DeliveryResult(Outcome.REFUSED, reason="internal")


class Reach:
    """Which channels are reached: what waits because one was not is woken by its first success.

    ``back``: those that are again. ``unreached``: those that were not lately; in the beginning all
    of them, for an earlier process may have left something waiting.
    """

    def __init__(self, channels: Iterable[str]) -> None:
        self.unreached = set(channels)
        self.back: set[str] = set()
        self._wake_at: dict[str, float] = {}

    def is_back(self, channel: str, result: DeliveryResult) -> bool:
        """Whether this is a channel's first success; that one is out of reach is noted."""
        if result.outcome is Outcome.RETRY and result.reason in UNREACHED:
            self.unreached.add(channel)
        return result.outcome is Outcome.DELIVERED and channel in self.unreached

    def note(self, channel: str) -> None:
        """The channel can be reached again."""
        self.unreached.discard(channel)
        self.back.add(channel)

    def to_wake(self, now: float) -> list[str]:
        """The channels that are reached again, and whose waiting rows were not woken just now."""
        return [name for name in self.back if now >= self._wake_at.get(name, now)]

    def woken(self, channels: Sequence[str], now: float) -> None:
        """What waits for them has been woken."""
        for channel in channels:
            self.back.discard(channel)
            self._wake_at[channel] = now + WAKE_EVERY
