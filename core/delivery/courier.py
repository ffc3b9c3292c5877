"""The courier: writes down what came of deliveries, claims what may leave next, and has it sent.

An address that must wait (its pace, a 429, a call under way) does not hold up the others. A round
is one transaction: the end of some deliveries (`core.delivery.settlement`) and the beginning of the
next ones (`core.delivery.claiming`), which are then carried out (`core.delivery.under_way`).
"""

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from core.db import log_failure
from core.delivery import outbox_store, waiting_rows
from core.delivery.channel import Channel, Delivery
from core.delivery.claiming import AT_ONCE, Claimed, Claims
from core.delivery.next_rows import Chooser
from core.delivery.pacing import Pacer
from core.delivery.sender import NOT_TRIED, QUIET, DeliveryResult, DeliverySender, Outcome, Reach
from core.delivery.settlement import FINAL, Batch, FollowUps, Results, Settlement
from core.delivery.slow_answers import SlowAnswers
from core.delivery.strays import Strays
from core.delivery.under_way import InFlight, UnderWay
from core.desk import Desk
from core.fault_points import pass_point
from core.tx import Tx

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 1.0


@dataclass(slots=True)
class _Turn:
    """What a round does in its transaction. Without ``claim_at`` nothing is claimed."""

    claims: Claims
    results: Results
    batch: Batch
    awake: Sequence[str]
    claim_at: float | None
    claimed: Claimed | None = None

    async def write(self, tx: Tx) -> None:
        if self.claimed is not None:
            self.take_back()  # it is run again
        for each in self.batch:
            await each.write(tx, self.results.follow_ups)
        for channel in self.awake:
            await waiting_rows.wake_channel(tx, channel)
        if self.claim_at is not None:
            freed = self.claims.under_way.freed_by(each.in_flight for each in self.batch)
            self.claimed = await self.claims.claim(tx, self.claim_at, freed)
        # of what is only written down the next process would find out, as after a death
        tx.waits_for_disk = self.claimed is not None

    def take_back(self) -> None:
        if self.claimed is not None:
            self.claimed.stay()
            self.claimed = None


@dataclass(slots=True)
class Courier:
    """Runs until it is told to stop.

    ``trouble_seen`` is set when a chat of the desk's own may need somebody's hand. ``leads``:
    whether this process is the one of several that delivers; only then something is claimed.
    """

    desk: Desk
    channels: Mapping[str, Channel]
    pacer: Pacer
    follow_ups: FollowUps
    leads: Callable[[], bool] | None = None
    trouble_seen: asyncio.Event = field(default_factory=asyncio.Event)
    _sender: DeliverySender = field(init=False)
    _chooser: Chooser = field(init=False)
    _under_way: UnderWay = field(init=False)
    _claims: Claims = field(init=False)
    _results: Results = field(init=False)
    _reach: Reach = field(init=False)
    _slow_answers: SlowAnswers = field(init=False)
    _look_at: float = 0.0  # when to look next for what others have written
    _quiet_until: float = 0.0  # nobody is asked before about what was lost
    _strays: Strays = field(default_factory=Strays)
    _serving: bool = False
    _last_write: asyncio.Task[None] | None = None
    _forgetful: list[Channel] = field(default_factory=list)
    _at_rest: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._sender = DeliverySender(self.desk, self.channels, self.pacer)
        self._chooser = Chooser(self.desk, self.pacer, LOOK_EVERY)
        self._under_way = UnderWay(self._hand_over, self._sender.stop)
        self._claims = Claims(
            self.channels,
            self._chooser,
            self._under_way,
            self._may_deliver,
            self._leads,
            partial(self._under_way.begin, self._sender.send, left_out=NOT_TRIED),
        )
        self._results = Results(
            self.desk,
            self._under_way,
            self.follow_ups,
            self._sender.stop.is_set,
            self._claims.note_any,
        )
        self._reach = Reach(self.channels)
        self._slow_answers = SlowAnswers(self.desk, self.follow_ups.slow)
        self._forgetful = list(self.channels.values())
        self._at_rest.set()

    @property
    def _stopping(self) -> bool:
        return self._sender.stop.is_set()

    async def run(self) -> None:
        """Send until :meth:`stop`; then finish what is under way."""
        self._at_rest.clear()
        self._serving, self._claims.doubts, self._look_at = True, 0, 0.0
        self.desk.departures = self._claims
        try:
            while not self._stopping or (self._serving and self._under_way):
                self.desk.outbox_wakeup.clear()
                try:
                    if self._claims.doubts:
                        await self._clear_up()
                    pause = await self._round()
                except Exception as error:  # noqa: BLE001 whatever it is, the courier goes on
                    log_failure(log, "the courier stumbled and goes on", error)
                    self._claims.doubts += 1
                    pause, self._look_at = LOOK_EVERY, 0.0
                await self._await_news(pause)
        finally:
            self._serving = False
            if self.desk.departures is self._claims:
                self.desk.departures = None
            self._leave()
            self._at_rest.set()

    async def _await_news(self, pause: float) -> None:
        if self.desk.outbox_wakeup.is_set():
            return  # as mostly while there is much to do
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self.desk.outbox_wakeup.wait()

    def _leave(self) -> None:
        """No round comes any more. After a stop the next process finds out about what is not
        written down; otherwise it is still written.
        """
        if self._stopping:
            self._results.leave()
        elif self._results.waiting:
            self._last_write = asyncio.create_task(self._write_now())

    async def stop(self, patience: float = 4.0) -> None:
        """Claim nothing more; wait for calls under way, but not for ever (R16)."""
        self._sender.stop.set()
        self.desk.outbox_wakeup.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._at_rest.wait()
                await self._under_way.all_ended()
        self._serving = False
        self.desk.outbox_wakeup.set()

    def abandon(self) -> None:
        """Another process has delivered meanwhile: it has found out about what was under way here.

        What is known to have come of a delivery is still written down.
        """
        self._results.forget_others()
        self._under_way.abandon(each.delivery.id for each in self._results.waiting)
        self._look_at = 0.0
        self._strays = Strays()  # what was seen before may be in another process's hands
        self._forgetful = list(self.channels.values())

    async def recover(self, quiet: float = QUIET) -> None:
        """Begin to find out about deliveries that were being sent and are in nobody's hands, not
        before ``quiet`` seconds have passed: a call of the process before may be under way still.

        A new process calls it before :meth:`run`; its channels learn then what stands where.

        Their addresses get nothing else until it is known; the others need not wait for it. At an
        address where something is under way it begins after that.
        """
        self._quiet_until = max(self._quiet_until, time.monotonic() + quiet)
        while self._forgetful:
            await self._forgetful[-1].recall()
            self._forgetful.pop()
        found, held = await self._being_sent()
        self._find_out(each for each in found if each.id not in held)

    async def _being_sent(self) -> tuple[list[Delivery], frozenset[int]]:
        """The rows that are being sent, and those in somebody's hands here: also one that has come
        out of them since it was asked, or into them.
        """
        before = self._under_way.in_hand
        found = await self.desk.read(outbox_store.find_interrupted)
        return found, before | self._under_way.in_hand

    def _find_out(self, lost: Iterable[Delivery]) -> None:
        """Begin to find out what came of them, address by address."""
        there = defaultdict(list)
        for delivery in lost:
            there[delivery.address].append(delivery)
        find_out = partial(self._sender.find_out, quiet_until=self._quiet_until)
        for deliveries in there.values():
            self._under_way.begin(find_out, deliveries)

    async def _look_for_strays(self, now: float) -> None:
        """Find out about rows that a commit has claimed which came to be seen after it was asked
        about.
        """
        found, held = await self._being_sent()
        self._find_out(self._strays.lasting(found, held, now))

    async def _clear_up(self) -> None:
        """Find out what was claimed unheard. A doubt that comes meanwhile may have come too late
        for that, and is cleared up by the next round.
        """
        known = self._claims.doubts
        await self.recover()
        self._claims.doubts -= known

    # ---------------------------------------------------------------- a round

    async def _round(self) -> float:
        """Write down what is known and start what may leave now. Returns how long to wait for
        news, in seconds.
        """
        now = time.monotonic()
        if self._chooser.resting:
            self._chooser.end_rests(now)
        pause = self.pacer.delay_of_all(now)
        may_claim = pause <= 0 and self._may_deliver()
        if may_claim:
            await self._look_if_due(now)
        # what is taken here is written down next: nothing that may fail comes between
        batch = await self._results.follow_moves(self._results.take_due(now))
        self._claims.note_any(each.in_flight.address for each in batch if not each.has_arrived)
        claim = may_claim and self._has_work(batch, now)
        if batch or claim:
            claimed = await self._turn(batch, now, claim=claim)
            if claimed is not None:
                claimed.leave()
        if now >= self._slow_answers.look_at and self._leads():
            await self._slow_answers.look(now)
        if now >= self._strays.look_at and self._leads():
            await self._look_for_strays(now)
        rests = [at - now for at in self._chooser.resting.values()]
        tries = [each.retry_at - now for each in self._results.waiting if each.retry_at > now]
        return min([pause or LOOK_EVERY, LOOK_EVERY, *rests, *tries])

    def _leads(self) -> bool:
        return self.leads is None or self.leads()

    def _may_deliver(self) -> bool:
        return not self._stopping and self._leads() and not self.desk.company.on_hold

    async def _look_if_due(self, now: float) -> None:
        """Look for what others have written: when told of it, and at intervals. While too much
        waits to be known, also when what is known runs out.
        """
        if self.desk.outbox_wakeup.must_look():
            self._look_at = 0.0
        waiting = self._chooser.waiting
        runs_out = not waiting.complete and len(waiting) < AT_ONCE
        if now >= self._look_at or runs_out:
            await self._chooser.look(self._under_way.addresses)
            self._look_at = now + LOOK_EVERY

    def _has_work(self, batch: Batch, now: float) -> bool:
        """Whether something may be claimed, as far as this process knows."""
        freed = self._under_way.freed_by(each.in_flight for each in batch)
        is_free = partial(self._claims.is_free, freed=freed)
        return self._chooser.waiting.any_where(is_free) or bool(
            self._reach.back and self._reach.to_wake(now)
        )

    async def _turn(self, batch: Batch, now: float, *, claim: bool) -> Claimed | None:
        """Write the batch down and claim what may leave then, all in one transaction."""
        awake = self._reach.to_wake(now) if self._reach.back else []
        work = _Turn(self._claims, self._results, batch, awake, now if claim else None)
        try:
            await self.desk.run(work.write)
        except Exception as error:
            work.take_back()
            if not batch:
                raise
            log.warning("a round of the courier was not written down: %s", error)
            self._claims.doubts += 1
            await self._results.write_singly(batch, error)
            self.desk.outbox_wakeup.set()
            return None
        except asyncio.CancelledError:
            work.take_back()
            self._results.waiting += batch
            raise
        freed = self._under_way.freed_by(each.in_flight for each in batch)
        for each in batch:
            self._results.written(each)
        self._claims.wake_for(freed)
        if awake:
            self._woken(awake, now)
        return work.claimed

    def _woken(self, channels: Sequence[str], now: float) -> None:
        self._reach.woken(channels, now)
        self._sender.wake()
        self.desk.outbox_wakeup.set()  # what was made to wait may leave

    async def _write_now(self) -> None:
        """Write down what is known without waiting for a round: none is coming."""
        try:
            now = time.monotonic()
            batch = await self._results.follow_moves(self._results.take_due(now))
            if batch:
                await self._turn(batch, time.monotonic(), claim=False)
        except Exception as error:  # noqa: BLE001 whatever it is, the next process finds out
            log_failure(log, "what came of deliveries was not written down", error)
        self.desk.outbox_wakeup.set()

    # ---------------------------------------------------------------- what comes of a delivery

    async def _hand_over(
        self, in_flight: InFlight, delivery: Delivery, result: DeliveryResult
    ) -> None:
        """It is written down by the next round, or at once when none will come."""
        each = Settlement(in_flight, delivery, result)
        if result.trouble:
            self.trouble_seen.set()
        if result.outcome not in FINAL and self._is_left_to_others(result):
            self._results.close(each)
            return
        if result.outcome is Outcome.DELIVERED:
            pass_point("courier.before_settle")
        if self._reach.unreached or result.outcome is Outcome.RETRY:
            self._note_reach(delivery.channel, result)
        self._results.waiting.append(each)
        if self._serving:
            self.desk.outbox_wakeup.stir()
        else:
            await self._write_now()

    def _is_left_to_others(self, result: DeliveryResult) -> bool:
        """Return whether nothing is written down of it here: whoever delivers next finds out."""
        return result.outcome is Outcome.UNCERTAIN or not self._leads()

    def _note_reach(self, channel: str, result: DeliveryResult) -> None:
        if self._reach.is_back(channel, result):
            self.reached(channel)

    def reached(self, channel: str) -> None:
        """The channel can be reached again: what waits for that need not wait longer."""
        self._reach.note(channel)
        self.desk.outbox_wakeup.set()

    # ---------------------------------------------------------------- what others ask and tell

    async def settled(self, address: str) -> bool:
        """Wait until it is written down what came of what is under way to the address.

        False if it may not have been, because the courier is told to stop.
        """
        if not self.is_busy(address):
            return True
        await self._under_way.ended(address)
        return not self._stopping

    def is_busy(self, address: str) -> bool:
        """Whether a delivery is under way to the address."""
        return address in self._under_way.busy

    def resume(self, address: str) -> None:
        """Whatever kept us from the address is over: what waits for it need not wait longer."""
        self.pacer.release(address)
        self._chooser.resting.pop(address, None)
        self.desk.outbox_wakeup.set()
