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
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from core.db import is_transient, log_failure
from core.delivery import outbox_store
from core.delivery.channel import Channel, Delivery, ReadsAhead
from core.delivery.next_rows import Chooser
from core.delivery.outbox_store import Candidate
from core.delivery.pacing import Pacer
from core.delivery.sender import QUIET, STORE_PAUSE, DeliveryResult, DeliverySender, Outcome, ids_of
from core.delivery.settlement import FollowUps, follow_chat, settle, settle_barely
from core.delivery.strays import Strays
from core.desk import Desk
from core.fault_points import pass_point
from core.outgoing import Written
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
class Claimed:
    """Rows claimed in a transaction that is not committed yet; their addresses are reserved.

    ``leave`` has them sent once it is; ``stay``: it was not, or nobody knows.
    """

    courier: "Courier"
    rows: Sequence[Candidate]
    deliveries: list[Delivery] = field(default_factory=list)

    def leave(self) -> None:
        """Send them."""
        self.courier.send_claimed(self)

    def stay(self) -> None:
        """Give the addresses back, and find out what is claimed all the same."""
        self.courier.give_back_claimed(self)


@dataclass(slots=True)
class _Turn:
    """What a round does in its transaction. Without ``claim_at`` nothing is claimed."""

    courier: "Courier"
    batch: Batch
    awake: Sequence[str]
    claim_at: float | None
    claimed: Claimed | None = None

    async def write(self, tx: Tx) -> None:
        self.take_back()  # it is run again
        for each in self.batch:
            await each.write(tx, self.courier.follow_ups)
        for channel in self.awake:
            await outbox_store.wake_channel(tx, channel)
        if self.claim_at is not None:
            self.claimed = await self.courier.claim(tx, self.claim_at, self.batch)

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
    _context: Context = field(default_factory=copy_context)
    _sender: DeliverySender = field(init=False)
    _chooser: Chooser = field(init=False)
    _under_way: dict[str, InFlight] = field(default_factory=dict)
    _reserved: set[str] = field(default_factory=set)  # something there is being claimed
    _in_hand: set[int] = field(default_factory=set)
    _results: list[Settlement] = field(default_factory=list)
    _seen_slow: set[int] = field(default_factory=set)
    _looked_at: float = 0.0  # for slow answers
    _look_at: float = 0.0  # when to look next for what others have written
    _strays: Strays = field(default_factory=Strays)
    _doubts: int = 0  # so often a claim may have been made, and was not heard of
    _serving: bool = False
    _last_write: asyncio.Task[None] | None = None
    _forgetful: list[Channel] = field(default_factory=list)
    _noting: list[Channel] = field(init=False)
    _reading: dict[str, ReadsAhead] = field(init=False)
    # channels that were not reached lately; those that are again; when they may be woken
    _unreached: set[str] = field(default_factory=set)
    _reached: set[str] = field(default_factory=set)
    _wake_at: dict[str, float] = field(default_factory=dict)
    _at_rest: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._noting = [each for each in self.channels.values() if each.probe_context()]
        self._reading = {
            name: each for name, each in self.channels.items() if isinstance(each, ReadsAhead)
        }
        self._sender = DeliverySender(self.desk, self.channels, self.pacer)
        self._chooser = Chooser(self.desk, self.pacer, LOOK_EVERY)
        self._forgetful = list(self.channels.values())
        self._unreached = set(self.channels)  # an earlier process may have left something waiting
        self._at_rest.set()

    @property
    def _stopping(self) -> bool:
        return self._sender.stop.is_set()

    async def run(self) -> None:
        """Send until :meth:`stop`; then finish what is under way."""
        self._at_rest.clear()
        self._serving, self._doubts, self._look_at = True, 0, 0.0
        self.desk.departures = self
        try:
            while not self._stopping or (self._serving and (self._under_way or self._reserved)):
                self.desk.outbox_wakeup.clear()
                try:
                    if self._doubts:
                        await self._clear_up()
                    pause = await self._round()
                except Exception as error:  # noqa: BLE001 whatever it is, the courier goes on
                    log_failure(log, "the courier stumbled and goes on", error)
                    pause, self._doubts, self._look_at = LOOK_EVERY, self._doubts + 1, 0.0
                await self._await_news(pause)
        finally:
            self._serving = False
            if self.desk.departures is self:
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
        self._look_at = 0.0
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
        found = await self.desk.read(outbox_store.find_interrupted)
        lost = [each for each in found if each.id not in self._in_hand]
        self._find_out(lost, quiet_until=time.monotonic() + quiet)

    def _find_out(self, lost: Iterable[Delivery], quiet_until: float) -> None:
        """Begin to find out what came of them, address by address."""
        there = defaultdict(list)
        for delivery in lost:
            there[delivery.address].append(delivery)
        for deliveries in there.values():
            self._begin(deliveries, partial(self._sender.find_out, quiet_until=quiet_until))

    async def _look_for_strays(self, now: float) -> None:
        """Find out about rows that a commit has claimed which came to be seen after it was asked
        about.
        """
        if now >= self._strays.look_at:
            before = set(self._in_hand)
            found = await self.desk.read(outbox_store.find_interrupted)
            self._find_out(self._strays.lasting(found, before | self._in_hand, now), now)

    async def _clear_up(self) -> None:
        """Find out what was claimed unheard. A doubt that comes meanwhile may have come too late
        for that, and is cleared up by the next round.
        """
        known = self._doubts
        await self.recover()
        self._doubts -= known

    # ---------------------------------------------------------------- a round

    async def _round(self) -> float:
        """Write down what is known and start what may leave now. Returns how long to wait for
        news, in seconds.
        """
        now = time.monotonic()
        self._chooser.end_rests(now)
        pause = self.pacer.delay_of_all(now)
        batch = await self._follow_moves(self._take_results(now))
        may_claim = pause <= 0 and self._may_deliver()
        if may_claim:
            await self._look_if_due(now)
        claim = may_claim and self._has_work(batch, now)
        if batch or claim:
            claimed = await self._turn(batch, now, claim=claim)
            if claimed is not None:
                self.send_claimed(claimed)
        if self._leads():
            await self._look_for_slow_answers(now)
            await self._look_for_strays(now)
        rests = [at - now for at in self._chooser.resting.values()]
        tries = [each.retry_at - now for each in self._results if each.retry_at > now]
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
            await self._chooser.look(self._under_way.keys() | self._reserved)
            self._look_at = now + LOOK_EVERY

    def _has_work(self, batch: Batch, now: float) -> bool:
        """Whether something may be claimed, as far as this process knows."""
        return bool(
            self._freed_by(batch)
            or self._chooser.waiting.any_where(self._is_free)
            or (self._reached and self._to_wake(now))
        )

    def _is_free(self, address: str) -> bool:
        taken = address in self._under_way or address in self._reserved
        return not taken and address not in self._chooser.resting

    def _to_wake(self, now: float) -> list[str]:
        """The channels that are reached again, and whose waiting rows were not woken just now."""
        return [name for name in self._reached if now >= self._wake_at.get(name, now)]

    def _woken(self, channels: Sequence[str], now: float) -> None:
        for channel in channels:
            self._reached.discard(channel)
            self._wake_at[channel] = now + WAKE_EVERY
            self._sender.wake()
        self.desk.outbox_wakeup.set()  # what was made to wait may leave

    def _take_results(self, now: float) -> list[Settlement]:
        due = [each for each in self._results if each.retry_at <= now]
        self._results = [each for each in self._results if each.retry_at > now]
        return due

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

    async def _turn(self, batch: Batch, now: float, *, claim: bool) -> Claimed | None:
        """Write the batch down and claim what may leave then, all in one transaction."""
        awake = self._to_wake(now) if self._reached else []
        work = _Turn(self, batch, awake, now if claim else None)
        try:
            await self.desk.run(work.write)
        except Exception as error:
            work.take_back()
            if not batch:
                raise
            log.warning("a round of the courier was not written down: %s", error)
            self._doubts += 1
            await self._write_singly(batch, error)
            self.desk.outbox_wakeup.set()
            return None
        except asyncio.CancelledError:
            work.take_back()
            self._results += batch
            raise
        freed = self._freed_by(batch)
        for each in batch:
            self._written(each)
        if not claim:
            self._note_free(freed)
        if awake:
            self._woken(awake, now)
        return work.claimed

    def _freed_by(self, batch: Batch) -> set[str]:
        """The addresses that are free once the batch is written down."""
        settled: dict[str, int] = defaultdict(int)
        for each in batch:
            if self._under_way.get(each.in_flight.address) is each.in_flight:
                settled[each.in_flight.address] += 1
        return {address for address, n in settled.items() if self._under_way[address].left == n}

    def _note_free(self, addresses: Iterable[str]) -> None:
        """Something may wait at addresses that are free again."""
        for address in addresses:
            self._chooser.waiting.note(address)

    # ---------------------------------------------------------------- claiming

    async def claim(self, tx: Tx, now: float, batch: Batch) -> Claimed | None:
        """Claim what may leave once the batch is written down."""
        freed = self._freed_by(batch)

        def is_free(address: str) -> bool:
            return self._is_free(address) or (
                address in freed and address not in self._chooser.resting
            )

        self._note_free(freed)
        room = AT_ONCE - len(self._under_way) - len(self._reserved) + len(freed)
        return await self._take(tx, now, await self._chooser.choose(tx, now, is_free, room))

    async def claim_along(self, tx: Tx) -> Claimed | None:
        """What a transaction has written leaves at once, where nothing else waits for that: it is
        claimed as its last act.
        """
        now = time.monotonic()
        addresses = {address for address, _ in tx.written if self._is_free(address)}
        room = AT_ONCE - len(self._under_way) - len(self._reserved) - len(addresses)
        may_claim = self._may_deliver() and self.pacer.delay_of_all(now) <= 0
        if not addresses or room < 0 or not may_claim or self._doubts:
            return None
        if self._chooser.waiting.any_where(self._is_free):
            return None  # whoever waits already goes first
        self._reserved |= addresses
        try:
            chosen = await self._chooser.choose_of(tx, now, addresses)
        finally:
            self._reserved -= addresses
        # what is older may be held by another transaction, which waits for this one
        return await self._take(tx, now, [row for row in chosen if row.created_at == tx.now])

    async def _take(self, tx: Tx, now: float, chosen: Sequence[Candidate]) -> Claimed | None:
        if not chosen:
            return None
        pass_point("courier.before_claim")
        claimed = Claimed(self, chosen)
        self._reserved |= {row.address for row in chosen}
        self._in_hand |= {row.id for row in chosen}
        for row in chosen:
            self._chooser.take(row, now)
        context: dict[str, object] = {}
        for channel in self._noting:
            context |= channel.probe_context()
        try:
            marked = await outbox_store.claim(tx, [row.id for row in chosen], context)
            claimed.deliveries = [await self._read_ahead(tx, each) for each in marked]
        except BaseException:
            claimed.stay()
            raise
        return claimed

    async def _read_ahead(self, tx: Tx, delivery: Delivery) -> Delivery:
        """The delivery with what its channel reads for it. A mistake there shows when it is sent,
        and is that delivery's alone.
        """
        channel = self._reading.get(delivery.channel)
        if channel is None:
            return delivery
        try:
            return replace(delivery, found=await channel.read_ahead(tx, delivery))
        except SQLAlchemyError:
            raise
        except Exception as error:
            if is_transient(error):
                raise
            log.exception("a delivery cannot be read ahead", extra=ids_of(delivery))
            return delivery

    def send_claimed(self, claimed: Claimed) -> None:
        """The claim is committed: send what was claimed."""
        pass_point("courier.after_claim")
        self._release(claimed)
        for delivery in claimed.deliveries:
            self._begin([delivery], self._sender.send)

    def give_back_claimed(self, claimed: Claimed) -> None:
        """The claim was not committed, or nobody knows: that is found out."""
        self._release(claimed)
        self._doubts += 1
        self.desk.outbox_wakeup.set()

    def note(self, written: Written) -> None:
        """Rows are committed that this process has written."""
        if not self._leads():
            return  # whoever leads finds them
        for address, turn in written:
            self._chooser.waiting.note(address, turn)
        if any(self._is_free(address) for address, _ in written):
            self.desk.outbox_wakeup.stir()

    def _release(self, claimed: Claimed) -> None:
        self._reserved -= {row.address for row in claimed.rows}
        self._in_hand -= {row.id for row in claimed.rows}

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
            freed = self._freed_by([each])
            self._written(each)
            self._note_free(freed)
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
            self._send_in_order(in_flight, earlier, deliveries, send),
            context=self._context.copy(),  # not that of whoever has written what leaves
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
            self.desk.outbox_wakeup.stir()
        else:
            await self._write_now()

    def _is_left_to_others(self, each: Settlement) -> bool:
        """Return whether nothing is written down of it here: whoever delivers next finds out."""
        return each.result.outcome is Outcome.UNCERTAIN or not self._leads()

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
        self._chooser.resting.pop(address, None)
        self.desk.outbox_wakeup.set()

    async def _look_for_slow_answers(self, now: float) -> None:
        if now < self._looked_at + LOOK_EVERY:
            return
        self._looked_at = now
        slow = await self.desk.read(outbox_store.find_slow_answers, SLOW)
        news = [message for row, message in slow if row not in self._seen_slow]
        self._seen_slow = {row for row, _ in slow}
        if news:
            await self.desk.run(self.follow_ups.slow, news)
