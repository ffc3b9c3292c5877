"""The courier: writes down what came of parcels, claims what may leave next, and has it carried.

One parcel per address at a time, so that order is kept and a lost answer can be looked for. An
address that must wait (its pace, a 429, a call under way) does not hold up the others. A round is
one transaction: the end of some parcels and the beginning of the next ones.
"""

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from core.company import Company
from core.db import is_transient
from core.delivery import outbox_store
from core.delivery.channel import Channel, Delivery
from core.delivery.pacing import Pacer, Priority, aged
from core.delivery.sender import DeliveryHooks, DeliverySender
from core.desk import Desk
from core.fault_points import pass_point
from core.tx import Tx


class Interrupted(Exception):
    """The courier went away before it had written a note down."""


@dataclass(slots=True)
class Note:
    """What came of one parcel; ``written`` is done when it is, or when it cannot be."""

    delivery: Delivery
    deed: Callable[[Tx], Awaitable[None]]
    written: asyncio.Future[None]

    def end(self, error: Exception | None = None) -> None:
        """It is written down, or it is not because of the error; the first word counts."""
        if self.written.done():
            return
        if error is None:
            self.written.set_result(None)
        else:
            self.written.set_exception(error)


def end(notes: Sequence[Note], error: Exception | None = None) -> None:
    """The same for several."""
    for note in notes:
        note.end(error)


__all__ = ["Courier", "DeliveryHooks"]

log = logging.getLogger(__name__)

# An answer on its way for longer than this is acknowledged by 👀 (X2).
SLOW: Final = timedelta(seconds=2)
LOOK_EVERY: Final = 1.0
AT_ONCE: Final = 32


@dataclass(slots=True)
class Courier:
    """Runs until it is told to stop; ``moved`` is called with the company after a migration.

    ``trouble_seen`` is set when a chat of the desk's own may need somebody's hand.
    """

    desk: Desk
    channels: Mapping[str, Channel]
    pacer: Pacer
    reactions: DeliveryHooks
    moved: Callable[[Company], None]
    trouble_seen: asyncio.Event = field(default_factory=asyncio.Event)
    _carrier: DeliverySender = field(init=False)
    _under_way: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _carried: set[int] = field(default_factory=set)
    _notes: list[Note] = field(default_factory=list)
    _resting: dict[str, float] = field(default_factory=dict)
    _seen_slow: set[int] = field(default_factory=set)
    _looked_at: float = 0.0
    _serving: bool = False
    _forgetful: list[Channel] = field(default_factory=list)
    _at_rest: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._carrier = DeliverySender(
            *(self.desk, self.channels, self.pacer, self.reactions),
            *(self.moved, self._settle, self.trouble_seen.set),
        )
        self._forgetful = list(self.channels.values())
        self._at_rest.set()

    @property
    def _stopping(self) -> bool:
        return self._carrier.stop.is_set()

    async def run(self) -> None:
        """Send until :meth:`stop`; then finish what is under way."""
        self._at_rest.clear()
        self._serving, stumbled, rung = True, False, True
        try:
            while not self._stopping or (self._serving and self._under_way):
                self.desk.outbox_wakeup.clear()
                try:
                    if stumbled:
                        await self.recover()  # a claim may have been made, and not heard of
                    pause = await self._round(rung=rung)
                    stumbled = False
                except Exception:
                    log.exception("the courier stumbled and goes on")
                    pause, stumbled = LOOK_EVERY, True
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self.desk.outbox_wakeup.wait()
                rung = stumbled or self.desk.outbox_wakeup.is_set()
        finally:
            self._serving = False
            end(self._notes, Interrupted())
            self._at_rest.set()

    async def stop(self, patience: float = 4.0) -> None:
        """Claim nothing more; wait for calls under way, but not for ever (R16)."""
        self._carrier.stop.set()
        self.desk.outbox_wakeup.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._at_rest.wait()
                if self._under_way:
                    await asyncio.wait(self._under_way.values())
        self._serving = False
        self.desk.outbox_wakeup.set()

    async def recover(self) -> None:
        """Begin to find out about parcels that were being sent and that nobody carries any more.

        A new process calls it before :meth:`run`; its channels learn then what stands where.

        Their addresses get nothing else until it is known; the others need not wait for it. At an
        address where something is under way it begins after that.
        """
        while self._forgetful:
            await self._forgetful[-1].recall()
            self._forgetful.pop()
        interrupted = defaultdict(list)
        for delivery in await self.desk.read(outbox_store.find_interrupted):
            if delivery.id not in self._carried:
                interrupted[delivery.address].append(delivery)
        for address, deliveries in interrupted.items():
            self._begin(address, deliveries, self._find_out(deliveries))

    async def _find_out(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            await self._carrier.find_out(delivery)

    async def _round(self, *, rung: bool = True) -> float:
        """Start what may leave now. Returns how long to wait for news, in seconds.

        ``rung``: there is news; otherwise it is only time to look.
        """
        now = time.monotonic()
        self._resting = {a: at for a, at in self._resting.items() if at > now}
        pause = self.pacer.delay_of_all(now)
        notes, self._notes = self._notes, []
        may_claim = pause <= 0 and not self._stopping and (rung or await self._is_any_ready())
        if notes or may_claim:
            for delivery in await self._turn(notes, now, claim=may_claim):
                self._begin(delivery.address, [delivery], self._carrier.carry(delivery))
        await self._look_for_slow_answers(now)
        rests = [at - now for at in self._resting.values()]
        return min([pause or LOOK_EVERY, LOOK_EVERY, *rests])

    async def _is_any_ready(self) -> bool:
        busy = (*self._resting, *self._under_way)
        return bool(await self.desk.read(outbox_store.find_ready, busy, 1))

    async def _turn(self, notes: Sequence[Note], now: float, *, claim: bool) -> list[Delivery]:
        """Write the notes down and claim what may leave then, all in one transaction."""

        async def turn(tx: Tx) -> list[Delivery]:
            for note in notes:
                await note.deed(tx)
            return await self._claim(tx, now, {n.delivery.address for n in notes}) if claim else []

        try:
            deliveries = await self.desk.run(turn)
        except Exception as error:
            if not notes:
                raise
            log.warning("a round of the courier was not written down: %s", error)
            await self._write_singly(notes, error)
            await self.recover()  # a claim may have been made, and not heard of
            return []
        else:
            if deliveries:
                pass_point("courier.after_claim")
            self._carried -= {note.delivery.id for note in notes}
            end(notes)
            return deliveries
        finally:
            end(notes, Interrupted())  # does nothing to those that have their end

    async def _claim(self, tx: Tx, now: float, freed: set[str]) -> list[Delivery]:
        chosen = await self._choose(tx, now, self._under_way.keys() - freed)
        if not chosen:
            return []
        pass_point("courier.before_claim")
        return await outbox_store.claim(tx, [row.id for row in chosen], self._mark())

    async def _write_singly(self, notes: Sequence[Note], error: Exception) -> None:
        """Something is wrong with one of them, or with the claim: the others need not suffer.

        While the store is in trouble none is tried: whoever waits for a note tries it again.
        """
        if is_transient(error):
            end(notes, error)
            return
        for note in notes:
            try:
                await self.desk.run(note.deed)
            except Exception as own:  # noqa: BLE001 whoever waits for the note takes care of it
                note.end(own)
            else:
                note.end()

    async def _settle(self, delivery: Delivery, deed: Callable[[Tx], Awaitable[None]]) -> None:
        """Have a deed written down: with the next round, or at once when none will come."""
        if not self._serving:
            await self.desk.run(deed)
            return
        note = Note(delivery, deed, asyncio.get_running_loop().create_future())
        self._notes.append(note)
        self.desk.outbox_wakeup.set()
        await note.written

    async def settled(self, address: str) -> bool:
        """Wait until it is written down what came of the parcel that is under way to the address.

        False if it may not have been, because the courier is told to stop.
        """
        under_way = self._under_way.get(address)
        if under_way is not None:
            await asyncio.wait([under_way])
        return under_way is None or not self._stopping

    def is_busy(self, address: str) -> bool:
        """Whether a parcel is under way to the address."""
        return address in self._under_way

    def resume(self, address: str) -> None:
        """Whatever kept us from the address is over: what waits for it need not wait longer."""
        self.pacer.release(address)
        self._resting.pop(address, None)
        self.desk.outbox_wakeup.set()

    def _mark(self) -> dict[str, object]:
        contexts: dict[str, object] = {}
        for channel in self.channels.values():
            contexts |= channel.probe_context()
        return contexts

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
            for row in page:
                if len(taken) + len(chosen) >= AT_ONCE:
                    return list(chosen.values())
                if row.address not in chosen and row.address not in self._resting:
                    self._consider(row, now, chosen)
            if len(page) < outbox_store.PAGE:
                return list(chosen.values())

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

    def _begin(
        self, address: str, deliveries: list[Delivery], work: Coroutine[Any, Any, None]
    ) -> None:
        ids = {delivery.id for delivery in deliveries}
        # an address may have moved between choosing and claiming, to one that is under way
        task = asyncio.create_task(_after(self._under_way.get(address), work))
        self._under_way[address] = task
        self._carried |= ids
        task.add_done_callback(lambda _: self._finished(address, task, ids))

    def _finished(self, address: str, task: asyncio.Task[None], ids: set[int]) -> None:
        if self._under_way.get(address) is task:
            del self._under_way[address]
        if self._stopping or ids & self._carried:  # otherwise its round has looked what is next
            self.desk.outbox_wakeup.set()
        self._carried -= ids

    async def _look_for_slow_answers(self, now: float) -> None:
        if now < self._looked_at + LOOK_EVERY:
            return
        self._looked_at = now
        slow = await self.desk.read(outbox_store.find_slow_answers, SLOW)
        news = [message for row, message in slow if row not in self._seen_slow]
        self._seen_slow = {row for row, _ in slow}
        if news:
            await self.desk.run(self.reactions.ack_slow_answers, news)


async def _after(earlier: asyncio.Task[None] | None, work: Coroutine[Any, Any, None]) -> None:
    if earlier is not None:
        await asyncio.wait([earlier])
    await work
