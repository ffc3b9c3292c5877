"""One parcel, from its claim to what came of it.

What came of it is written down however long the store is in trouble: a parcel that has arrived is
never sent again because we could not note it.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from core.company import Company
from core.db import is_transient
from core.delivery import outbox_store
from core.delivery.channel import Channel, Delivery, SendError, Sent
from core.delivery.linked_chats import is_own, move_chat
from core.delivery.pacing import Pacer, backoff
from core.desk import Desk
from core.fault_points import pass_point
from core.tx import Tx

log = logging.getLogger(__name__)
R = TypeVar("R")

# How long to wait before asking whether a parcel with a lost answer arrived: the call may still be
# in a queue on the other side.
QUIET: Final = 2.0
# After so many tries a parcel that fails for passing reasons has failed: about a day.
TRIES: Final = 100
# How long an address rests at which our settings or rights are wrong.
REST: Final = 60.0
# Between tries to write something down.
STORE_PAUSE: Final = 0.5
# So often all that follows from a parcel is tried before its bare end is noted.
PATIENCE: Final = 3


@dataclass(slots=True)
class DeliveryHooks:
    """What the rest of the desk does about parcels; the courier itself knows no tickets."""

    arrived: Callable[[Tx, Delivery, Sent], Awaitable[None]]
    refused: Callable[[Tx, Delivery, str], Awaitable[None]]
    ack_slow_answers: Callable[[Tx, list[int]], Awaitable[None]]


@dataclass(slots=True)
class DeliverySender:
    """Sends claimed deliveries. After ``stop`` what is uncertain is left to the next process.

    ``settle`` has it written down that a delivery arrived, with what follows from it;
    ``trouble_seen`` is told when settings or rights are wrong.
    """

    desk: Desk
    channels: Mapping[str, Channel]
    pacer: Pacer
    reactions: DeliveryHooks
    moved: Callable[[Company], None]
    settle: Callable[[Delivery, Callable[[Tx], Awaitable[None]]], Awaitable[None]]
    trouble_seen: Callable[[], None]
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def carry(self, delivery: Delivery) -> None:
        """Send a claimed parcel. Never raises."""
        try:
            pass_point("courier.before_send")
            sent = await self._channel(delivery).send(delivery)
        except SendError as error:
            await self._failed(delivery, error)
        except Exception:
            log.exception("a parcel could not be sent", extra={"outbox": delivery.id})
            await self.find_out(delivery)
        else:
            pass_point("courier.after_send")
            await self._arrived(delivery, sent)

    async def find_out(self, delivery: Delivery) -> None:
        """The answer was lost: look whether the parcel stands there, rather than send it again."""
        attempt, quiet = 0, QUIET
        while not await self._stopped_within(quiet):
            attempt += 1
            try:
                sent = await self._channel(delivery).was_delivered(delivery)
            except SendError as failure:
                error = await self._judged(delivery, failure)
                if error.permanent or error.moved_to is not None:
                    return await self._failed(delivery, error)
                quiet = error.retry_after or backoff(attempt, random.random())
            except Exception:
                log.exception("a parcel's fate is unknown", extra={"outbox": delivery.id})
                return await self._try_again(delivery, "internal")
            else:
                if sent is not None:
                    return await self._arrived(delivery, sent)
                return await self._try_again(delivery, "lost", at_once=delivery.attempts <= 1)
        return None

    def _channel(self, delivery: Delivery) -> Channel:
        if delivery.channel not in self.channels:
            raise SendError(
                "configuration", f"{delivery.channel} is not set up", configuration=True
            )
        return self.channels[delivery.channel]

    async def _arrived(self, delivery: Delivery, sent: Sent) -> None:
        async def deed(tx: Tx) -> None:
            if await outbox_store.end(tx, delivery.id, "sent") is not None:
                await self.reactions.arrived(tx, delivery, sent)

        async def bare(tx: Tx) -> None:
            await outbox_store.end(tx, delivery.id, "sent", error="unnoted")

        pass_point("courier.before_settle")
        await self._insist(lambda: self.settle(delivery, deed), lambda: self.desk.run(bare))
        pass_point("courier.after_settle")

    async def _judged(self, delivery: Delivery, error: SendError) -> SendError:
        """A chat of the desk's own is not given up: somebody will let the bot in again (X14)."""
        if error.reason != "blocked" or not await self._insist(
            lambda: self.desk.read(is_own, delivery.address)
        ):
            return error
        return SendError(error.reason, error.detail, configuration=True, retry_after=REST)

    async def _failed(self, delivery: Delivery, failure: SendError) -> None:
        error = await self._judged(delivery, failure)
        log.info(
            "a parcel did not go",
            extra={"outbox": delivery.id, "reason": error.reason, "attempt": delivery.attempts},
        )
        if error.moved_to is not None and delivery.attempts < TRIES:
            await self._follow(delivery, int(error.moved_to))
        elif error.configuration:
            log.error("settings or rights are wrong: %s", error, extra={"outbox": delivery.id})
            self.trouble_seen()
            await self._rest(delivery, REST, error.reason)
        elif error.permanent or delivery.attempts >= TRIES:
            await self._refused(delivery, error.reason)
        elif error.uncertain:
            await self.find_out(delivery)
        elif error.retry_after is not None:
            await self._rest(delivery, error.retry_after, error.reason)
        else:
            await self._try_again(delivery, error.reason)

    async def _follow(self, delivery: Delivery, new: int) -> None:
        """The chat has another id now: everything that waits for it goes there.

        At once where that is news to us; what is sent to and fro between two ids gets a pause.
        """

        async def settle(tx: Tx) -> Company:
            company = await move_chat(tx, int(delivery.address), new)
            news = company is not tx.company
            after = 0.0 if news else backoff(delivery.attempts, random.random())
            await outbox_store.give_back(
                tx, delivery.id, after=after, error="moved", count=not news
            )
            return company

        company = await self._note(settle)
        if company is not None:
            self.moved(company)

    async def _rest(self, delivery: Delivery, seconds: float, reason: str) -> None:
        """Not the parcel's fault: nothing goes to this address for a while."""
        self.pacer.blocked(delivery.address, time.monotonic() + seconds)
        await self._note(
            lambda tx: outbox_store.give_back(
                tx, delivery.id, after=seconds, error=reason, count=False
            )
        )

    async def _try_again(self, delivery: Delivery, reason: str, *, at_once: bool = False) -> None:
        if delivery.attempts >= TRIES:
            await self._refused(delivery, reason)
            return
        after = 0.0 if at_once else backoff(delivery.attempts, random.random())
        await self._note(
            lambda tx: outbox_store.give_back(tx, delivery.id, after=after, error=reason)
        )

    async def _refused(self, delivery: Delivery, reason: str) -> None:
        async def settle(tx: Tx) -> None:
            if await outbox_store.end(tx, delivery.id, "failed", error=reason) is not None:
                await self.reactions.refused(tx, delivery, reason)

        async def bare(tx: Tx) -> None:
            await outbox_store.end(tx, delivery.id, "failed", error=reason)

        await self._insist(lambda: self.desk.run(settle), lambda: self.desk.run(bare))

    async def _note(self, deed: Callable[[Tx], Awaitable[R]]) -> R | None:
        return await self._insist(lambda: self.desk.run(deed))

    async def _insist(
        self,
        write: Callable[[], Awaitable[R]],
        bare: Callable[[], Awaitable[None]] | None = None,
    ) -> R | None:
        """Write down what came of a parcel; while the store is in trouble, again and again.

        ``bare`` is written instead when ``write`` goes on failing for reasons of its own.
        """
        failures = 0
        while True:
            try:
                if bare is None or failures < PATIENCE:
                    return await write()
                await bare()
            except Exception as error:
                if is_transient(error):
                    log.warning("what came of a parcel waits for the store: %s", error)
                else:
                    failures += 1
                    log.exception("what came of a parcel was not written down yet")
            else:
                return None
            if await self._stopped_within(STORE_PAUSE):
                return None

    async def _stopped_within(self, seconds: float) -> bool:
        """Wait, but not longer than until the stop."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), seconds)
        return self.stop.is_set()
