"""Claims what may leave: marks rows as being sent, in a transaction that does something else as
well, and has them sent when that is committed. The guarded claim decides who sends a row.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from core.db import is_transient
from core.delivery import outbox_store
from core.delivery.channel import Channel, Delivery, ReadsAhead
from core.delivery.next_rows import UNKNOWN, Choice, Chooser
from core.delivery.sender import ids_of
from core.delivery.under_way import UnderWay
from core.fault_points import pass_point
from core.outgoing import Written
from core.tx import Tx

log = logging.getLogger(__name__)

AT_ONCE: Final = 32
# So many of one address are claimed together, where its pace has room for all of them.
IN_A_ROW: Final = 4


@dataclass(slots=True)
class Claimed:
    """Rows claimed in a transaction that is not committed yet; their addresses are reserved.

    ``leave`` has them sent once it is; ``stay``: it was not, or nobody knows. What is abandoned
    meanwhile is not sent: it is found out about.
    """

    claims: "Claims"
    addresses: set[str]
    numbers: set[int]
    era: int
    deliveries: list[Delivery] = field(default_factory=list)

    def leave(self) -> None:
        """Send them."""
        pass_point("courier.after_claim")
        if self.era != self.claims.under_way.era:
            self.stay()
            return
        self.claims.under_way.release(self.addresses, self.numbers)
        there = defaultdict(list)
        for delivery in self.deliveries:
            there[delivery.address].append(delivery)
        for deliveries in there.values():
            self.claims.send(deliveries)
        self.claims.wake_for(self.addresses)

    def stay(self) -> None:
        """Give the addresses back, and find out what is claimed all the same."""
        under_way = self.claims.under_way
        # what was abandoned is in other hands
        under_way.release(self.addresses, self.numbers if self.era == under_way.era else ())
        self.claims.doubts += 1
        self.claims.chooser.desk.outbox_wakeup.set()


@dataclass(slots=True)
class Claims:
    """What this process claims, and what it knows of where something waits.

    ``may_claim``: whether anything is to leave from here now; ``leads``: whether what is written
    here leaves from here at all. ``send`` sends claimed deliveries to one address. ``doubts``: so
    often a claim may have been made that was not heard of; until that is found out nothing is
    claimed along.
    """

    channels: Mapping[str, Channel]
    chooser: Chooser
    under_way: UnderWay
    may_claim: Callable[[], bool]
    leads: Callable[[], bool]
    send: Callable[[Sequence[Delivery]], None]
    doubts: int = 0
    _noting: list[Channel] = field(init=False)
    _reading: dict[str, ReadsAhead] = field(init=False)

    def __post_init__(self) -> None:
        self._noting = [each for each in self.channels.values() if each.probe_context()]
        self._reading = {
            name: each for name, each in self.channels.items() if isinstance(each, ReadsAhead)
        }

    # ---------------------------------------------------------------- where something waits

    def note(self, written: Written) -> None:
        """Rows are committed that this process has written."""
        if not self.leads():
            return  # whoever leads finds them
        for address, turn in written:
            self.chooser.waiting.note(address, turn)
        if any(self.is_free(address) for address, _ in written):
            self.chooser.desk.outbox_wakeup.stir()

    def note_any(self, addresses: Iterable[str]) -> None:
        """Something may wait there that nobody has told of."""
        for address in addresses:
            self.chooser.waiting.note(address)

    def wake_for(self, addresses: Iterable[str]) -> None:
        """They are free again, as far as nothing is under way there. What was written for them
        meanwhile woke nobody.
        """
        waiting = self.chooser.waiting
        if any(address in waiting and self.is_free(address) for address in addresses):
            self.chooser.desk.outbox_wakeup.stir()

    def is_free(self, address: str, freed: Collection[str] = ()) -> bool:
        """Whether something there could leave now; ``freed`` are free in a moment."""
        free = address in freed or self.under_way.is_free(address)
        return free and address not in self.chooser.resting

    # ---------------------------------------------------------------- claiming

    async def claim(self, tx: Tx, now: float, freed: Collection[str]) -> Claimed | None:
        """Claim what may leave now; ``freed``: addresses that are free with this transaction."""
        is_free = partial(self.is_free, freed=freed)
        room = AT_ONCE - len(self.under_way) + len(freed)
        return await self._take(tx, now, await self.chooser.choose(tx, now, is_free, room))

    async def claim_along(self, tx: Tx) -> Claimed | None:
        """What a transaction has written leaves at once, where nothing else waits for that: it is
        claimed as its last act.
        """
        now = time.monotonic()
        addresses = {address for address, _ in tx.written if self.is_free(address)}
        room = AT_ONCE - len(self.under_way) - len(addresses)
        may_claim = self.may_claim() and self.chooser.pacer.delay_of_all(now) <= 0
        if not addresses or room < 0 or not may_claim or self.doubts:
            return None
        if self.chooser.waiting.any_where(self.is_free):
            return None  # whoever waits already goes first
        self.under_way.reserve(addresses)
        try:
            chosen = await self.chooser.choose_of(tx, now, addresses)
        finally:
            self.under_way.release(addresses)
            self.wake_for(addresses)
        # what is older may be held by another transaction, which waits for this one
        claimed = await self._take(tx, now, chosen, since=tx.now, most=1)
        if claimed is not None:
            for delivery in claimed.deliveries:
                _leave_out(tx.written, delivery.address)
        return claimed

    async def _take(
        self, tx: Tx, now: float, chosen: Choice, since: datetime = UNKNOWN, most: int = IN_A_ROW
    ) -> Claimed | None:
        """Claim it, but for what was written before ``since``; at an address that is open ``most``
        in a row.
        """
        addresses = {*chosen.addresses, *(row.address for row in chosen.rows)}
        if not addresses:
            return None
        pass_point("courier.before_claim")
        rows = {row.id for row in chosen.rows if row.created_at >= since}
        claimed = Claimed(self, addresses, rows, self.under_way.era)
        self.under_way.reserve(addresses, rows)
        try:
            marked = await self._mark(tx, now, claimed, chosen, since, most)
            claimed.deliveries = [await self._read_ahead(tx, each) for each in marked]
        except BaseException:
            claimed.stay()
            raise
        if not marked:
            self.under_way.release(addresses, rows)
            self.wake_for(addresses)
            return None
        return claimed

    async def _mark(
        self, tx: Tx, now: float, claimed: Claimed, chosen: Choice, since: datetime, most: int
    ) -> list[Delivery]:
        context: dict[str, object] = {}
        for channel in self._noting:
            context |= channel.probe_context()
        for row in chosen.rows:
            self.chooser.pacer.turns.take(row.address, row.customer_id, now)
        rows = claimed.numbers
        marked = await outbox_store.claim(tx, rows, context) if rows else []
        for address in chosen.addresses:
            # before it is asked: what others note there meanwhile is news
            turn, count = self.chooser.waiting.forget(address), 0
            while count < most and (not count or self.chooser.is_open(address, now, count + 1)):
                delivery, customer = await outbox_store.claim_next(tx, address, since, context)
                if delivery is None:
                    break
                count += 1
                marked.append(delivery)
                self.chooser.pacer.turns.take(address, customer, now)
                claimed.numbers.add(delivery.id)
                if claimed.era == self.under_way.era:  # what was abandoned is in other hands
                    self.under_way.reserve((), [delivery.id])
            if count and turn is not None:  # more may leave when those have arrived
                self.chooser.waiting.note(address, turn)
        return marked

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


def _leave_out(written: list[tuple[str, datetime]], address: str) -> None:
    """The row there whose turn is first does not wait any more: nobody is told of it."""
    first = min((each for each in written if each[0] == address), default=None)
    if first is not None:
        written.remove(first)
