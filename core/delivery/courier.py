"""The courier: writes down what came of deliveries, claims what may leave next, and has it sent.

One delivery per address at a time, so that order is kept and a lost answer can be looked for. An
address that must wait (its pace, a 429, a call under way) does not hold up the others. A round is
one transaction: the end of some deliveries and the beginning of the next ones.

What came of a delivery is written down however long the database is in trouble: what has arrived is
never sent again because we could not write that down.
"""

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final

from core.db import is_transient, log_failure
from core.delivery import outbox_store
from core.delivery.channel import Channel, Delivery
from core.delivery.pacing import Pacer, Priority, Turns, aged
from core.delivery.sender import QUIET, STORE_PAUSE, DeliveryResult, DeliverySender, Outcome, ids_of
from core.delivery.settlement import FollowUps, follow_chat, settle, settle_barely
from core.desk import Desk
from core.fault_points import pass_point
from core.tx import Tx

log = logging.getLogger(__name__)

# An answer on its way for longer than this is acknowledged by 👀 (X2).
SLOW: Final = timedelta(seconds=2)
LOOK_EVERY: Final = 1.0
AT_ONCE: Final = 32
# How often what waits for a channel may be woken, in seconds: a row in trouble of its own must not
# be tried after every success of the others.
WAKE_EVERY: Final = 60.0
# What came of a delivery and cannot change any more.
_FINAL: Final = frozenset({Outcome.DELIVERED, Outcome.REFUSED})
# So often all that follows from a delivery is tried before its bare end is written down.
PATIENCE: Final = 3


@dataclass(slots=True)
class InFlight:
    """Deliveries to one address, one after the other. ``left`` counts those not settled yet; the
    address is free again when there is none, and ``over`` is set.
    """

    address: str
    left: int
    over: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] = field(init=False)


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

    async def write(self, tx: Tx, follow_ups: FollowUps) -> None:
        """Write it down; what follows from it is left out when it goes on failing."""
        if self.failures < PATIENCE:
            await settle(tx, self.delivery, self.result, follow_ups)
        else:
            await settle_barely(tx, self.delivery, self.result)


Batch = Sequence[Settlement]


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
    _turns: Turns = field(default_factory=Turns)
    _under_way: dict[str, InFlight] = field(default_factory=dict)
    _in_hand: set[int] = field(default_factory=set)
    _results: list[Settlement] = field(default_factory=list)
    _resting: dict[str, float] = field(default_factory=dict)
    _seen_slow: set[int] = field(default_factory=set)
    _looked_at: float = 0.0
    _serving: bool = False
    _last_write: asyncio.Task[None] | None = None
    _forgetful: list[Channel] = field(default_factory=list)
    _noting: list[Channel] = field(init=False)
    # channels that were not reached lately; those that are again; when they may be woken
    _unreached: set[str] = field(default_factory=set)
    _reached: set[str] = field(default_factory=set)
    _wake_at: dict[str, float] = field(default_factory=dict)
    _at_rest: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._noting = [each for each in self.channels.values() if each.probe_context()]
        self._sender = DeliverySender(self.desk, self.channels, self.pacer)
        self._forgetful = list(self.channels.values())
        self._unreached = set(self.channels)  # an earlier process may have left something waiting
        self._at_rest.set()

    @property
    def _stopping(self) -> bool:
        return self._sender.stop.is_set()

    async def run(self) -> None:
        """Send until :meth:`stop`; then finish what is under way."""
        self._at_rest.clear()
        self._serving, stumbled, news = True, False, True
        try:
            while not self._stopping or (self._serving and self._under_way):
                self.desk.outbox_wakeup.clear()
                try:
                    if stumbled:
                        await self.recover()  # a claim may have been made, and not heard of
                    pause = await self._round(news=news)
                    stumbled = False
                except Exception as error:  # noqa: BLE001 whatever it is, the courier goes on
                    log_failure(log, "the courier stumbled and goes on", error)
                    pause, stumbled = LOOK_EVERY, True
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self.desk.outbox_wakeup.wait()
                news = stumbled or self.desk.outbox_wakeup.is_set()
        finally:
            self._serving = False
            self._leave()
            self._at_rest.set()

    def _leave(self) -> None:
        """No round comes any more. After a stop the next process finds out about what is not
        written down; otherwise it is still written.
        """
        if self._stopping:
            results, self._results = self._results, []
            for each in results:
                self._close(each)
        elif self._results:
            self._last_write = asyncio.create_task(self._write_now())

    async def stop(self, patience: float = 4.0) -> None:
        """Claim nothing more; wait for calls under way, but not for ever (R16)."""
        self._sender.stop.set()
        self.desk.outbox_wakeup.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._at_rest.wait()
                for in_flight in list(self._under_way.values()):
                    await in_flight.over.wait()
        self._serving = False
        self.desk.outbox_wakeup.set()

    def abandon(self) -> None:
        """Another process has delivered meanwhile: it has found out about what was under way here.

        What is known to have come of a delivery is still written down.
        """
        self._results = [each for each in self._results if each.result.outcome in _FINAL]
        for in_flight in self._under_way.values():
            in_flight.task.cancel()
            in_flight.over.set()
        self._under_way.clear()
        self._in_hand = {each.delivery.id for each in self._results}
        self._forgetful = list(self.channels.values())

    async def recover(self, quiet: float = QUIET) -> None:
        """Begin to find out about deliveries that were being sent and are in nobody's hands, not
        before ``quiet`` seconds have passed: a call of the process before may be under way still.

        A new process calls it before :meth:`run`; its channels learn then what stands where.

        Their addresses get nothing else until it is known; the others need not wait for it. At an
        address where something is under way it begins after that.
        """
        while self._forgetful:
            await self._forgetful[-1].recall()
            self._forgetful.pop()
        interrupted = defaultdict(list)
        for delivery in await self.desk.read(outbox_store.find_interrupted):
            if delivery.id not in self._in_hand:
                interrupted[delivery.address].append(delivery)
        find_out = partial(self._sender.find_out, quiet_until=time.monotonic() + quiet)
        for deliveries in interrupted.values():
            self._begin(deliveries, find_out)

    # ---------------------------------------------------------------- a round

    async def _round(self, *, news: bool = True) -> float:
        """Write down what is known and start what may leave now. Returns how long to wait for
        news, in seconds. Without ``news`` it is only time to look.
        """
        now = time.monotonic()
        self._resting = {a: at for a, at in self._resting.items() if at > now}
        pause = self.pacer.delay_of_all(now)
        batch = await self._follow_moves(self._take_results(now))
        may_deliver = self.leads is None or self.leads()
        may_claim = (
            pause <= 0
            and not self._stopping
            and may_deliver
            and not self.desk.company.on_hold
            and (news or bool(self._reached and self._to_wake(now)) or await self._is_any_ready())
        )
        if batch or may_claim:
            for delivery in await self._turn(batch, now, claim=may_claim):
                self._begin([delivery], self._sender.send)
        if may_deliver:
            await self._look_for_slow_answers(now)
        rests = [at - now for at in self._resting.values()]
        tries = [each.retry_at - now for each in self._results if each.retry_at > now]
        return min([pause or LOOK_EVERY, LOOK_EVERY, *rests, *tries])

    def _to_wake(self, now: float) -> list[str]:
        """The channels that are reached again, and whose waiting rows were not woken just now."""
        return [name for name in self._reached if now >= self._wake_at.get(name, now)]

    def _woken(self, channels: Sequence[str], now: float) -> None:
        for channel in channels:
            self._reached.discard(channel)
            self._wake_at[channel] = now + WAKE_EVERY
            self._sender.wake()

    def _take_results(self, now: float) -> list[Settlement]:
        due = [each for each in self._results if each.retry_at <= now]
        self._results = [each for each in self._results if each.retry_at > now]
        return due

    async def _is_any_ready(self) -> bool:
        busy = (*self._resting, *self._under_way)
        return bool(await self.desk.read(outbox_store.find_ready, busy, 1))

    async def _follow_moves(self, batch: Batch) -> list[Settlement]:
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

    async def _turn(self, batch: Batch, now: float, *, claim: bool) -> list[Delivery]:
        """Write the batch down and claim what may leave then, all in one transaction."""
        awake = self._to_wake(now) if self._reached else []

        async def turn(tx: Tx) -> list[Delivery]:
            for each in batch:
                await each.write(tx, self.follow_ups)
            for channel in awake:
                await outbox_store.wake_channel(tx, channel)
            return await self._claim(tx, now, self._freed_by(batch)) if claim else []

        try:
            deliveries = await self.desk.run(turn)
        except Exception as error:
            if not batch:
                raise
            log.warning("a round of the courier was not written down: %s", error)
            await self._write_singly(batch, error)
            await self.recover()  # a claim may have been made, and not heard of
            return []
        except asyncio.CancelledError:
            self._results += batch
            raise
        if deliveries:
            pass_point("courier.after_claim")
        for each in batch:
            self._written(each)
        if awake:
            self._woken(awake, now)
        return deliveries

    def _freed_by(self, batch: Batch) -> set[str]:
        """The addresses that are free once the batch is written down."""
        settled: dict[str, int] = defaultdict(int)
        for each in batch:
            if self._under_way.get(each.in_flight.address) is each.in_flight:
                settled[each.in_flight.address] += 1
        return {address for address, n in settled.items() if self._under_way[address].left == n}

    async def _claim(self, tx: Tx, now: float, freed: set[str]) -> list[Delivery]:
        chosen = await self._choose(tx, now, self._under_way.keys() - freed)
        if not chosen:
            return []
        pass_point("courier.before_claim")
        for row in chosen:
            self._turns.take(row.address, row.customer_id, now)
        context: dict[str, object] = {}
        for channel in self._noting:
            context |= channel.probe_context()
        return await outbox_store.claim(tx, [row.id for row in chosen], context)

    # ---------------------------------------------------------------- writing down

    async def _write_singly(self, batch: Batch, error: Exception) -> None:
        """Something is wrong with one of them, or with the claim: the others need not suffer.

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
            self._results.append(each)
            raise
        else:
            self._written(each)
            self.desk.outbox_wakeup.set()

    async def _write_now(self) -> None:
        """Write down what is known without waiting for a round: none is coming."""
        try:
            batch = await self._follow_moves(self._take_results(time.monotonic()))
            if batch:
                await self._turn(batch, time.monotonic(), claim=False)
        except Exception as error:  # noqa: BLE001 whatever it is, the next process finds out
            log_failure(log, "what came of deliveries was not written down", error)
        self.desk.outbox_wakeup.set()

    def _postpone(self, each: Settlement, error: Exception) -> None:
        """It is tried again before long; after a stop it is left to the next process."""
        ids = ids_of(each.delivery)
        if is_transient(error):
            log.warning("what came of a delivery waits for the database: %s", error, extra=ids)
        else:
            each.failures += 1
            log.error("what came of a delivery is not written down yet", exc_info=error, extra=ids)
        if self._stopping:
            self._close(each)
            return
        each.retry_at = time.monotonic() + STORE_PAUSE
        self._results.append(each)

    def _written(self, each: Settlement) -> None:
        if each.result.outcome is Outcome.DELIVERED:
            pass_point("courier.after_settle")
        self._close(each)

    def _close(self, each: Settlement) -> None:
        """Nothing more is done about it here; its address may be free for the next."""
        in_flight = each.in_flight
        self._in_hand.discard(each.delivery.id)
        in_flight.left -= 1
        if in_flight.left > 0:
            return
        in_flight.over.set()
        if self._under_way.get(in_flight.address) is in_flight:
            del self._under_way[in_flight.address]
        if self._stopping:  # whoever waits for the last one need not wait longer
            self.desk.outbox_wakeup.set()

    # ---------------------------------------------------------------- sending

    def _begin(
        self,
        deliveries: list[Delivery],
        send: Callable[[Delivery], Awaitable[DeliveryResult]],
    ) -> None:
        """Send deliveries to one address, one after the other."""
        address = deliveries[0].address
        # an address may have moved between choosing and claiming, to one that is under way
        earlier = self._under_way.get(address)
        in_flight = self._under_way[address] = InFlight(address, len(deliveries))
        self._in_hand |= {delivery.id for delivery in deliveries}
        in_flight.task = asyncio.create_task(
            self._send_in_order(in_flight, earlier, deliveries, send)
        )

    async def _send_in_order(
        self,
        in_flight: InFlight,
        earlier: InFlight | None,
        deliveries: list[Delivery],
        send: Callable[[Delivery], Awaitable[DeliveryResult]],
    ) -> None:
        if earlier is not None:
            await earlier.over.wait()
        for delivery in deliveries:
            await self._hand_over(Settlement(in_flight, delivery, await send(delivery)))

    async def _hand_over(self, each: Settlement) -> None:
        """It is written down by the next round, or at once when none will come."""
        if each.result.trouble:
            self.trouble_seen.set()
        if each.result.outcome not in _FINAL and self._is_left_to_others(each):
            self._close(each)
            return
        if each.result.outcome is Outcome.DELIVERED:
            pass_point("courier.before_settle")
        if self._unreached or each.result.outcome is Outcome.RETRY:
            self._note_reach(each)
        self._results.append(each)
        if self._serving:
            self.desk.outbox_wakeup.set()
        else:
            await self._write_now()

    def _is_left_to_others(self, each: Settlement) -> bool:
        """Return whether nothing is written down of it here: whoever delivers next finds out."""
        leads = self.leads is None or self.leads()
        return each.result.outcome is Outcome.UNCERTAIN or not leads

    def _note_reach(self, each: Settlement) -> None:
        """Notice a channel that is out of reach, and its first success after that."""
        channel = each.delivery.channel
        if each.result.outcome is Outcome.RETRY and each.result.reason in outbox_store.UNREACHED:
            self._unreached.add(channel)
        elif each.result.outcome is Outcome.DELIVERED and channel in self._unreached:
            self.reached(channel)

    def reached(self, channel: str) -> None:
        """The channel can be reached again: what waits for that need not wait longer."""
        self._unreached.discard(channel)
        self._reached.add(channel)
        self.desk.outbox_wakeup.set()

    async def settled(self, address: str) -> bool:
        """Wait until it is written down what came of what is under way to the address.

        False if it may not have been, because the courier is told to stop.
        """
        in_flight = self._under_way.get(address)
        if in_flight is not None:
            await in_flight.over.wait()
        return in_flight is None or not self._stopping

    def is_busy(self, address: str) -> bool:
        """Whether a delivery is under way to the address."""
        return address in self._under_way

    def resume(self, address: str) -> None:
        """Whatever kept us from the address is over: what waits for it need not wait longer."""
        self.pacer.release(address)
        self._resting.pop(address, None)
        self.desk.outbox_wakeup.set()

    # ---------------------------------------------------------------- choosing

    async def _choose(self, tx: Tx, now: float, taken: set[str]) -> list[outbox_store.Candidate]:
        """The rows whose turn it is, one per address, none for an address that is taken.

        Where a page is full of addresses that must wait, the next one is looked at without them:
        a long queue for one chat must not hide the others.
        """
        chosen: dict[str, outbox_store.Candidate] = {}
        while True:
            page = await outbox_store.find_ready(
                tx, (*self._resting, *taken, *chosen), outbox_store.PAGE
            )
            if self._turns.crowded:
                page = sorted(page, key=partial(self._gives_way, now))
            for row in page:
                if len(taken) + len(chosen) >= AT_ONCE:
                    return list(chosen.values())
                if row.address not in chosen and row.address not in self._resting:
                    self._consider(row, now, chosen)
            if len(page) < outbox_store.PAGE:
                return list(chosen.values())

    def _gives_way(self, now: float, row: outbox_store.Candidate) -> bool:
        """Whether the others of the group go first, because its customer had their share."""
        had_enough = self._turns.has_had_enough(row.address, row.customer_id, now)
        return had_enough and row.priority >= Priority.GROUP_NEWS

    def _consider(
        self, row: outbox_store.Candidate, now: float, chosen: dict[str, outbox_store.Candidate]
    ) -> None:
        """Choose the row, or let its address rest: its less urgent rows would wait longer still."""
        waited = (self.desk.clock() - row.created_at).total_seconds()
        delay = self.pacer.delay(row.address, aged(Priority(row.priority), waited), now)
        if delay <= 0:
            chosen[row.address] = row
        else:
            self._resting[row.address] = now + min(delay, LOOK_EVERY)

    async def _look_for_slow_answers(self, now: float) -> None:
        if now < self._looked_at + LOOK_EVERY:
            return
        self._looked_at = now
        slow = await self.desk.read(outbox_store.find_slow_answers, SLOW)
        news = [message for row, message in slow if row not in self._seen_slow]
        self._seen_slow = {row for row, _ in slow}
        if news:
            await self.desk.run(self.follow_ups.slow, news)
