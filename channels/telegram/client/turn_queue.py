"""Whose turn it is to make a call: one at a time in a chat, at the pace of all, the urgent first.

Everybody waits in one queue. Only who can go next is woken: a chat's most urgent call when the chat
is free and has room, and of these the most urgent when there is room at all. So a step costs the
same with ten calls waiting and with ten thousand.
"""

import asyncio
import heapq
import itertools
import time
from dataclasses import dataclass
from math import inf

from channels.telegram.client.api_errors import NoRoom
from core.delivery.pacing import PATIENCE, Pacer, Priority


@dataclass(eq=False, slots=True)
class Turn:
    """A call that waits for its chat. ``number``: the order in which it came."""

    number: int
    since: float
    address: str
    priority: Priority
    count: int
    given: asyncio.Future[None]


class TurnQueue:
    """Gives turns. ``count`` is how many messages a call makes; 0 goes at no pace."""

    def __init__(self, pacer: Pacer) -> None:
        self.pacer = pacer
        self._waiting: dict[str, list[tuple[tuple[int, int], Turn]]] = {}
        self._busy: set[str] = set()
        # chats whose first call may go as far as the chat is concerned; those that must wait for
        # their own room, by the instant. Entries go out of date and are looked at again.
        self._ready: list[tuple[tuple[float, int], Turn]] = []
        self._resting: list[tuple[float, str]] = []
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    async def come(self, address: str, priority: Priority, count: int, until: float = inf) -> None:
        """Hold the chat, as soon as it is free and has room, until `leave`.

        Raises `NoRoom` as soon as it is known that its turn will not come before ``until``, in
        monotonic seconds.
        """
        if not self._take_at_once(address, priority, count):
            await self._await_turn(address, priority, count, until)

    def leave(self, address: str) -> None:
        """The chat is free for the next call."""
        self._busy.discard(address)
        if self._waiting:
            self._offer(address)
            self._advance()

    @property
    def is_idle(self) -> bool:
        """True when nobody waits and no chat is held."""
        return not self._waiting and not self._busy

    def _take_at_once(self, address: str, priority: Priority, count: int) -> bool:
        """Whether the chat is free, nobody is to go before, and there is room, as mostly."""
        now = time.monotonic()
        if self._ready or address in self._busy or address in self._waiting:
            return False
        if self._resting and self._resting[0][0] <= now:
            return False
        if self._delay(address, priority, count, now) > 0:
            return False
        self._hold(address, count, now)
        return True

    async def _await_turn(self, address: str, priority: Priority, count: int, until: float) -> None:
        now = time.monotonic()
        if now + self._delay(address, priority, count, now) > until:
            raise NoRoom("no room in this chat so soon")
        given = asyncio.get_running_loop().create_future()
        turn = Turn(next(self._numbers), now, address, priority, count, given)
        # who goes first in one chat: the urgent, whatever waits there for room
        first = (priority if count else -1, turn.number)
        heapq.heappush(self._waiting.setdefault(address, []), (first, turn))
        self._offer(address)
        self._advance()
        try:
            async with asyncio.timeout(None if until == inf else max(until - now, 0.0)):
                await given
        except TimeoutError:
            self._forget(turn)
            raise NoRoom("no room in this chat before it was too late") from None
        except asyncio.CancelledError:
            self._forget(turn)
            raise

    def _forget(self, turn: Turn) -> None:
        """Its caller has gone: the chat, if it holds it already, is free again."""
        if turn.given.done() and not turn.given.cancelled():
            self._busy.discard(turn.address)
        turn.given.cancel()
        self._offer(turn.address)
        self._advance()

    def _first(self, address: str) -> Turn | None:
        """The chat's next call, if the chat is free; who has gone is taken out."""
        waiting = self._waiting.get(address, [])
        while waiting and waiting[0][1].given.cancelled():
            heapq.heappop(waiting)
        if not waiting:
            self._waiting.pop(address, None)
            return None
        return None if address in self._busy else waiting[0][1]

    def _offer(self, address: str) -> None:
        first = self._first(address)
        if first is not None:
            # of several chats, waiting is worth something, so that nobody starves
            worth = first.since + PATIENCE * first.priority if first.count else -inf
            heapq.heappush(self._ready, ((worth, first.number), first))

    def _advance(self) -> None:
        """Give every turn that can be given now, and come back when the next one can."""
        now = time.monotonic()
        while self._resting and self._resting[0][0] <= now:
            self._offer(heapq.heappop(self._resting)[1])
        later = inf
        while self._ready:
            _, turn = self._ready[0]
            if self._first(turn.address) is not turn:
                heapq.heappop(self._ready)
                continue
            wait = self._delay(turn.address, turn.priority, turn.count, now)
            if wait <= 0:
                heapq.heappop(self._ready)
                self._give(turn, now)
            elif (all_wait := self.pacer.delay_of_all(now)) > 0:
                later = now + all_wait
                break
            else:
                heapq.heappop(self._ready)
                heapq.heappush(self._resting, (now + wait, turn.address))
        self._come_back(min(later, self._resting[0][0] if self._resting else inf))

    def _delay(self, address: str, priority: Priority, count: int, now: float) -> float:
        return self.pacer.delay(address, priority, now, count) if count else 0.0

    def _give(self, turn: Turn, now: float) -> None:
        heapq.heappop(self._waiting[turn.address])
        if not self._waiting[turn.address]:
            del self._waiting[turn.address]
        self._hold(turn.address, turn.count, now)
        turn.given.set_result(None)

    def _hold(self, address: str, count: int, now: float) -> None:
        if count:
            self.pacer.take(address, now, count)
        self._busy.add(address)

    def _come_back(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if at < inf:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(at - time.monotonic(), 0.0), self._advance)
