"""Carries deliveries out, one per address at a time, so that order is kept and a lost answer can be
looked for; and knows which addresses are free for the next. No database here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field, replace

from core.delivery.channel import Delivery
from core.delivery.sender import DeliveryResult, Outcome

Send = Callable[[Delivery], Awaitable[DeliveryResult]]


@dataclass(slots=True)
class InFlight:
    """Deliveries to one address, one after the other. ``left`` counts those not settled yet; the
    address is free again when there is none, and ``over`` is set.
    """

    address: str
    left: int
    over: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] = field(init=False)


HandOver = Callable[[InFlight, Delivery, DeliveryResult], Awaitable[None]]


class UnderWay:
    """The deliveries that this process has in hand, and the addresses that they keep busy. What
    comes of each is handed over.

    ``busy``: what is under way, by address. One is reserved while something there is being claimed.
    ``era``: how often all was abandoned; ``stop``: no other delivery is begun.
    """

    def __init__(self, hand_over: HandOver, stop: asyncio.Event) -> None:
        self._hand_over = hand_over
        self._stop = stop
        self._context = copy_context()
        self.busy: dict[str, InFlight] = {}
        self.era = 0
        self._reserved: set[str] = set()
        self._in_hand: set[int] = set()

    def __len__(self) -> int:
        """How many addresses are busy or reserved."""
        return len(self.busy) + len(self._reserved)

    @property
    def addresses(self) -> Collection[str]:
        """Those that are busy or reserved."""
        return self.busy.keys() | self._reserved

    def is_free(self, address: str) -> bool:
        """Whether nothing is under way there, nor being claimed."""
        return address not in self.busy and address not in self._reserved

    @property
    def in_hand(self) -> frozenset[int]:
        """The rows of which somebody here knows what becomes, as of now."""
        return frozenset(self._in_hand)

    # ---------------------------------------------------------------- being claimed

    def reserve(self, addresses: Iterable[str], numbers: Iterable[int] = ()) -> None:
        """Rows there are being claimed, or looked for."""
        self._reserved.update(addresses)
        self._in_hand.update(numbers)

    def release(self, addresses: Iterable[str], numbers: Iterable[int] = ()) -> None:
        """They are not any more."""
        self._reserved.difference_update(addresses)
        self._in_hand.difference_update(numbers)

    # ---------------------------------------------------------------- being sent

    def begin(
        self, send: Send, deliveries: Sequence[Delivery], left_out: DeliveryResult | None = None
    ) -> None:
        """Send deliveries to one address, or find out about them, one after the other in the order
        of their claim. With ``left_out`` none is begun behind one that has not arrived, nor after a
        stop: that is what comes of them.
        """
        address = deliveries[0].address
        # an address may have moved between choosing and claiming, to one that is under way
        earlier = self.busy.get(address)
        in_flight = self.busy[address] = InFlight(address, len(deliveries))
        self._in_hand.update(delivery.id for delivery in deliveries)
        in_flight.task = asyncio.create_task(
            self._send_in_order(in_flight, earlier, deliveries, send, left_out),
            context=self._context.copy(),  # not that of whoever has written what leaves
        )

    async def _send_in_order(
        self,
        in_flight: InFlight,
        earlier: InFlight | None,
        deliveries: Sequence[Delivery],
        send: Send,
        left_out: DeliveryResult | None,
    ) -> None:
        if earlier is not None:
            await earlier.over.wait()
            deliveries = [replace(each, found=None) for each in deliveries]  # that took a while
        goes_on = True
        for delivery in deliveries:
            result = await send(delivery) if goes_on or left_out is None else left_out
            goes_on = result.outcome is Outcome.DELIVERED and not self._stop.is_set()
            await self._hand_over(in_flight, delivery, result)

    # ---------------------------------------------------------------- their end

    def close(self, in_flight: InFlight, number: int) -> None:
        """Nothing more is done about this row here; its address may be free for the next."""
        self._in_hand.discard(number)
        in_flight.left -= 1
        if in_flight.left > 0:
            return
        in_flight.over.set()
        if self.busy.get(in_flight.address) is in_flight:
            del self.busy[in_flight.address]

    def freed_by(self, ends: Iterable[InFlight]) -> set[str]:
        """The addresses that are free once so many deliveries of these are closed."""
        left: dict[str, int] = {}
        for each in ends:
            if self.busy.get(each.address) is each:
                left[each.address] = left.get(each.address, each.left) - 1
        return {address for address, count in left.items() if count == 0}

    def abandon(self, kept: Iterable[int]) -> None:
        """Nothing is under way here any more. ``kept``: rows that are in hand all the same."""
        for in_flight in self.busy.values():
            in_flight.task.cancel()
            in_flight.over.set()
        self.busy.clear()
        self.era += 1
        self._in_hand = set(kept)

    async def ended(self, address: str) -> None:
        """Wait for what is under way to the address now."""
        in_flight = self.busy.get(address)
        if in_flight is not None:
            await in_flight.over.wait()

    async def all_ended(self) -> None:
        """Wait for all that is under way now."""
        for in_flight in list(self.busy.values()):
            await in_flight.over.wait()
