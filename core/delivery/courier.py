"""The courier: claims what may leave, hands it to its channel, and writes down what came of it.

One parcel per address at a time, so that order is kept and a lost answer can be looked for. An
address that must wait (its pace, a 429, a call under way) does not hold up the others.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from core.company import Company
from core.delivery import claims
from core.delivery.channel import Channel, Outgoing, SendError, Sent
from core.delivery.pacing import Pacer, Priority, aged, backoff
from core.delivery.places import move_chat
from core.desk import Desk
from core.faultpoints import pass_point
from core.tx import Tx

log = logging.getLogger(__name__)

# How long to wait before asking whether a parcel with a lost answer arrived: the call may still be
# in a queue on the other side.
QUIET: Final = 2.0
# An answer on its way for longer than this is acknowledged by 👀 (X2).
SLOW: Final = timedelta(seconds=2)
LOOK_EVERY: Final = 1.0
AT_ONCE: Final = 32
# After so many tries a parcel that fails for passing reasons has failed: about a day.
TRIES: Final = 100
# How long a channel rests whose settings are wrong.
REST: Final = 60.0


@dataclass(slots=True)
class Reactions:
    """What the rest of the desk does about parcels; the courier itself knows no tickets."""

    arrived: Callable[[Tx, Outgoing, Sent], Awaitable[None]]
    refused: Callable[[Tx, Outgoing, str], Awaitable[None]]
    look_slow: Callable[[Tx, list[int]], Awaitable[None]]


@dataclass(slots=True)
class Courier:
    """Runs until it is told to stop; ``moved`` is called with the company after a migration."""

    desk: Desk
    channels: Mapping[str, Channel]
    pacer: Pacer
    reactions: Reactions
    moved: Callable[[Company], None]
    _under_way: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _resting: dict[str, float] = field(default_factory=dict)
    _seen_slow: set[int] = field(default_factory=set)
    _stopping: bool = False

    async def run(self) -> None:
        """Send until :meth:`stop`; then finish what is under way."""
        while not self._stopping:
            self.desk.bell.clear()
            try:
                pause = await self._round()
            except Exception:
                log.exception("the courier stumbled and goes on")
                pause = LOOK_EVERY
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.desk.bell.wait(), pause)

    async def stop(self, patience: float = 4.0) -> None:
        """Claim nothing more; wait for calls under way, but not for ever (R16)."""
        self._stopping = True
        self.desk.bell.set()
        if self._under_way:
            await asyncio.wait(self._under_way.values(), timeout=patience)

    async def recover(self) -> None:
        """Find out about parcels that a killed process was sending, before anything else leaves."""
        for parcel in await self.desk.read(claims.find_interrupted):
            await self._settle_uncertain(parcel, quiet=0.0)

    async def _round(self) -> float:
        """Start what may leave now. Returns how long to wait for news, in seconds."""
        now = time.monotonic()
        busy = self._busy(now)
        ready = await self.desk.read(claims.find_ready, tuple(busy))
        chosen, pause = self._choose(ready, now)
        if chosen:
            pass_point("courier.before_claim")
            mark = self._mark(chosen)
            parcels = await self.desk.run(claims.claim, [row.id for row in chosen], mark)
            pass_point("courier.after_claim")
            for parcel in parcels:
                self._start(parcel)
        await self._look_for_slow_answers()
        return min([pause, LOOK_EVERY, *(at - now for at in busy.values() if at > now)])

    def _mark(self, chosen: list[claims.Candidate]) -> dict[str, object]:
        marks: dict[str, object] = {}
        for channel in self.channels.values():
            marks |= channel.mark(chosen[0].address)
        return marks

    def _busy(self, now: float) -> dict[str, float]:
        """Addresses that cannot take anything, and until when."""
        resting = {a: at for a, at in self._resting.items() if at > now}
        self._resting = resting
        return resting | dict.fromkeys(self._under_way, 0.0)

    def _choose(
        self, ready: Sequence[claims.Candidate], now: float
    ) -> tuple[list[claims.Candidate], float]:
        """The rows whose turn it is, one per address; and when the next could go."""
        chosen: dict[str, claims.Candidate] = {}
        pause = LOOK_EVERY
        for row in ready:
            if len(self._under_way) + len(chosen) >= AT_ONCE:
                return list(chosen.values()), pause
            if row.address in chosen or row.address in self._under_way:
                continue
            waited = (self.desk.clock() - row.created_at).total_seconds()
            delay = self.pacer.delay(row.address, aged(Priority(row.priority), waited), now)
            if delay <= 0:
                chosen[row.address] = row
            else:
                # its less urgent rows would wait longer still; let the query pass over them
                pause = min(pause, delay)
                self._resting[row.address] = now + min(delay, LOOK_EVERY)
        return list(chosen.values()), pause

    def _start(self, parcel: Outgoing) -> None:
        task = asyncio.create_task(self._carry(parcel))
        self._under_way[parcel.address] = task
        task.add_done_callback(lambda _: self._finished(parcel.address))

    def _finished(self, address: str) -> None:
        self._under_way.pop(address, None)
        self.desk.bell.set()

    async def _carry(self, parcel: Outgoing) -> None:
        """One parcel from the claim to whatever came of it. Never raises."""
        try:
            pass_point("courier.before_send")
            sent = await self.channels[parcel.channel].send(parcel)
            pass_point("courier.after_send")
            await self._arrived(parcel, sent)
        except SendError as error:
            await self._failed(parcel, error)
        except Exception:
            log.exception("a parcel could not be sent", extra={"outbox": parcel.id})
            await self._give_back(parcel, backoff(parcel.attempts, random.random()), "internal")

    async def _arrived(self, parcel: Outgoing, sent: Sent) -> None:
        async def settle(tx: Tx) -> None:
            if await claims.end(tx, parcel.id, "sent") is not None:
                await self.reactions.arrived(tx, parcel, sent)

        pass_point("courier.before_settle")
        await self.desk.run(settle)
        pass_point("courier.after_settle")

    async def _failed(self, parcel: Outgoing, error: SendError) -> None:
        log.info(
            "a parcel did not go",
            extra={"outbox": parcel.id, "reason": error.reason, "attempt": parcel.attempts},
        )
        try:
            await self._react(parcel, error)
        except Exception:
            log.exception("what came of a parcel was not written down; it will be found out")
            await self._settle_uncertain(parcel, QUIET)

    async def _react(self, parcel: Outgoing, error: SendError) -> None:
        if error.moved_to is not None:
            await self._follow(parcel, int(error.moved_to))
        elif error.configuration:
            log.error("the channel's settings are wrong: %s", error, extra={"outbox": parcel.id})
            self._resting[parcel.address] = time.monotonic() + REST
            await self._give_back(parcel, REST, error.reason, count=False)
        elif error.permanent or parcel.attempts >= TRIES:
            await self._refused(parcel, error.reason)
        elif error.uncertain:
            await self._settle_uncertain(parcel, QUIET)
        elif error.retry_after is not None:
            self.pacer.blocked(parcel.address, time.monotonic() + error.retry_after)
            await self._give_back(parcel, error.retry_after, error.reason, count=False)
        else:
            await self._give_back(parcel, backoff(parcel.attempts, random.random()), error.reason)

    async def _refused(self, parcel: Outgoing, reason: str) -> None:
        async def settle(tx: Tx) -> None:
            if await claims.end(tx, parcel.id, "failed", error=reason) is not None:
                await self.reactions.refused(tx, parcel, reason)

        await self.desk.run(settle)

    async def _give_back(
        self, parcel: Outgoing, after: float, error: str, *, count: bool = True
    ) -> None:
        await self.desk.run(claims.give_back, parcel.id, after=after, error=error, count=count)

    async def _follow(self, parcel: Outgoing, new: int) -> None:
        """The chat has another id now: everything that waits for it goes there."""
        old = int(parcel.address)

        async def settle(tx: Tx) -> Company:
            company = await move_chat(tx, old, new)
            await claims.give_back(tx, parcel.id, after=0.0, error="moved", count=False)
            return company

        self.moved(await self.desk.run(settle))

    async def _settle_uncertain(self, parcel: Outgoing, quiet: float) -> None:
        """The answer was lost: look whether the parcel stands there, rather than send it again."""
        attempt = 0
        while not self._stopping:
            attempt += 1
            await asyncio.sleep(quiet)
            try:
                sent = await self.channels[parcel.channel].was_delivered(parcel)
            except SendError as error:
                if error.permanent or error.moved_to is not None:
                    await self._react(parcel, error)
                    return
                quiet = error.retry_after or backoff(attempt, random.random())
                continue
            if sent is not None:
                await self._arrived(parcel, sent)
            else:
                await self._give_back(parcel, 0.0, "lost")
            return

    async def _look_for_slow_answers(self) -> None:
        slow = await self.desk.read(claims.find_slow_answers, SLOW)
        news = [message for row, message in slow if row not in self._seen_slow]
        self._seen_slow = {row for row, _ in slow}
        if news:
            await self.desk.run(self.reactions.look_slow, news)
