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
from core.db import is_store_trouble
from core.delivery import claims
from core.delivery.channel import Channel, Outgoing, SendError, Sent
from core.delivery.pacing import Pacer, backoff
from core.delivery.places import is_own, move_chat
from core.desk import Desk
from core.faultpoints import pass_point
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
class Reactions:
    """What the rest of the desk does about parcels; the courier itself knows no tickets."""

    arrived: Callable[[Tx, Outgoing, Sent], Awaitable[None]]
    refused: Callable[[Tx, Outgoing, str], Awaitable[None]]
    look_slow: Callable[[Tx, list[int]], Awaitable[None]]


@dataclass(slots=True)
class Carrier:
    """Sees parcels through. After ``stop`` what is still open is left to be found out about.

    ``settle`` has it written down that a parcel arrived, with what follows from it; ``troubled`` is
    told when settings or rights are wrong.
    """

    desk: Desk
    channels: Mapping[str, Channel]
    pacer: Pacer
    reactions: Reactions
    moved: Callable[[Company], None]
    settle: Callable[[Outgoing, Callable[[Tx], Awaitable[None]]], Awaitable[None]]
    troubled: Callable[[], None]
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def carry(self, parcel: Outgoing) -> None:
        """Send a claimed parcel. Never raises."""
        try:
            pass_point("courier.before_send")
            sent = await self._channel(parcel).send(parcel)
        except SendError as error:
            await self._failed(parcel, error)
        except Exception:
            log.exception("a parcel could not be sent", extra={"outbox": parcel.id})
            await self.find_out(parcel)
        else:
            pass_point("courier.after_send")
            await self._arrived(parcel, sent)

    async def find_out(self, parcel: Outgoing) -> None:
        """The answer was lost: look whether the parcel stands there, rather than send it again."""
        attempt, quiet = 0, QUIET
        while not await self._stopped_within(quiet):
            attempt += 1
            try:
                sent = await self._channel(parcel).was_delivered(parcel)
            except SendError as failure:
                error = await self._judged(parcel, failure)
                if error.permanent or error.moved_to is not None:
                    return await self._failed(parcel, error)
                quiet = error.retry_after or backoff(attempt, random.random())
            except Exception:
                log.exception("a parcel's fate is unknown", extra={"outbox": parcel.id})
                return await self._try_again(parcel, "internal")
            else:
                if sent is not None:
                    return await self._arrived(parcel, sent)
                return await self._try_again(parcel, "lost", at_once=parcel.attempts <= 1)
        return None

    def _channel(self, parcel: Outgoing) -> Channel:
        if parcel.channel not in self.channels:
            raise SendError("configuration", f"{parcel.channel} is not set up", configuration=True)
        return self.channels[parcel.channel]

    async def _arrived(self, parcel: Outgoing, sent: Sent) -> None:
        async def deed(tx: Tx) -> None:
            if await claims.end(tx, parcel.id, "sent") is not None:
                await self.reactions.arrived(tx, parcel, sent)

        async def bare(tx: Tx) -> None:
            await claims.end(tx, parcel.id, "sent", error="unnoted")

        pass_point("courier.before_settle")
        await self._insist(lambda: self.settle(parcel, deed), lambda: self.desk.run(bare))
        pass_point("courier.after_settle")

    async def _judged(self, parcel: Outgoing, error: SendError) -> SendError:
        """A chat of the desk's own is not given up: somebody will let the bot in again (X14)."""
        if error.reason != "blocked" or not await self._insist(
            lambda: self.desk.read(is_own, parcel.address)
        ):
            return error
        return SendError(error.reason, error.detail, configuration=True, retry_after=REST)

    async def _failed(self, parcel: Outgoing, failure: SendError) -> None:
        error = await self._judged(parcel, failure)
        log.info(
            "a parcel did not go",
            extra={"outbox": parcel.id, "reason": error.reason, "attempt": parcel.attempts},
        )
        if error.moved_to is not None and parcel.attempts < TRIES:
            await self._follow(parcel, int(error.moved_to))
        elif error.configuration:
            log.error("settings or rights are wrong: %s", error, extra={"outbox": parcel.id})
            self.troubled()
            await self._rest(parcel, REST, error.reason)
        elif error.permanent or parcel.attempts >= TRIES:
            await self._refused(parcel, error.reason)
        elif error.uncertain:
            await self.find_out(parcel)
        elif error.retry_after is not None:
            await self._rest(parcel, error.retry_after, error.reason)
        else:
            await self._try_again(parcel, error.reason)

    async def _follow(self, parcel: Outgoing, new: int) -> None:
        """The chat has another id now: everything that waits for it goes there.

        At once where that is news to us; what is sent to and fro between two ids gets a pause.
        """

        async def settle(tx: Tx) -> Company:
            company = await move_chat(tx, int(parcel.address), new)
            news = company is not tx.company
            after = 0.0 if news else backoff(parcel.attempts, random.random())
            await claims.give_back(tx, parcel.id, after=after, error="moved", count=not news)
            return company

        company = await self._note(settle)
        if company is not None:
            self.moved(company)

    async def _rest(self, parcel: Outgoing, seconds: float, reason: str) -> None:
        """Not the parcel's fault: nothing goes to this address for a while."""
        self.pacer.blocked(parcel.address, time.monotonic() + seconds)
        await self._note(
            lambda tx: claims.give_back(tx, parcel.id, after=seconds, error=reason, count=False)
        )

    async def _try_again(self, parcel: Outgoing, reason: str, *, at_once: bool = False) -> None:
        if parcel.attempts >= TRIES:
            await self._refused(parcel, reason)
            return
        after = 0.0 if at_once else backoff(parcel.attempts, random.random())
        await self._note(lambda tx: claims.give_back(tx, parcel.id, after=after, error=reason))

    async def _refused(self, parcel: Outgoing, reason: str) -> None:
        async def settle(tx: Tx) -> None:
            if await claims.end(tx, parcel.id, "failed", error=reason) is not None:
                await self.reactions.refused(tx, parcel, reason)

        async def bare(tx: Tx) -> None:
            await claims.end(tx, parcel.id, "failed", error=reason)

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
                if is_store_trouble(error):
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
