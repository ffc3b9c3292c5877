"""Whose turn it is in the loop that HTTP shares with the chat: the chat's, if it has work to do.

One request at most begins in a round of the loop, and only when nothing else had to be done in the
round before; all together they may use two thirds of the loop's time. What comes meanwhile waits.
A flood of requests takes turns away from requests, and none from people who write (S10, S14).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Final

from handlers.http.precedence import Precedence

# The share of the loop's time that requests may have, and seconds of it that they may take at once.
SHARE: Final = 2 / 3
AT_ONCE: Final = 0.010
# Seconds of work in a round that are somebody's; a round of nothing takes less.
SOMEBODYS: Final = 0.0003
# Seconds after which a request begins though the chat has not stopped working: few, but some do.
LONGEST_YIELD: Final = 0.020
# Seconds that they may be behind: what takes long is not to be made up for by a long rest, in which
# nobody is served.
MOST_OWED: Final = 0.050
# Seconds after which it is worth while to look again.
LEAST_REST: Final = 0.001
# Seconds that reading from a connection costs the loop before anybody is asked about it.
READING: Final = 20e-6

Begin = Callable[[float], None]
"""Begins what has waited; told for how many seconds."""


class Turns:
    """Gives turns. ``spend`` hears of the seconds that were used."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self._left = AT_ONCE
        self._at = self._began = self._looked = clock()
        self._spent = 0.0  # since the last look
        self._waiting: dict[Precedence, deque[tuple[float, Begin]]] = {
            Precedence.QUICK: deque(),
            Precedence.USUAL: deque(),
        }
        self._last = Precedence.USUAL
        self._is_called = False

    def spend(self, seconds: float) -> None:
        """Requests have used so much of the loop's time."""
        self._left = max(self._left - seconds, -MOST_OWED)
        self._spent += seconds

    @property
    def has_time(self) -> bool:
        """Whether requests may go on now."""
        now = self.clock()
        self._left = min(AT_ONCE, self._left + (now - self._at) * SHARE)
        self._at = now
        return self._left > 0

    def take(self, begin: Begin, precedence: Precedence = Precedence.USUAL) -> None:
        """Begin when its turn comes: what people have written at once."""
        if precedence is Precedence.CHAT:
            begin(0.0)
            return
        self._waiting[precedence].append((self.clock(), begin))
        if not self._is_called:
            self._call_soon(self._let_one_begin)

    @property
    def _anybody(self) -> bool:
        return any(self._waiting.values())

    def _call_soon(self, look: Callable[[], None]) -> None:
        self._is_called = True
        self._looked, self._spent = self.clock(), 0.0
        asyncio.get_running_loop().call_soon(look)

    def _look_again(self) -> None:
        """A round of the loop is over: the chat goes on if it was at work in it."""
        now = self.clock()
        is_busy = now - self._looked - self._spent > SOMEBODYS
        if is_busy and self._anybody and now - self._began < LONGEST_YIELD:
            self._call_soon(self._look_again)
        else:
            self._let_one_begin()

    def _let_one_begin(self) -> None:
        self._is_called = False
        if not self._anybody:
            return
        if not self.has_time:
            self._is_called = True
            rest = max(-self._left / SHARE, LEAST_REST)
            asyncio.get_running_loop().call_later(rest, self._let_one_begin)
            return
        came, begin = self._next()
        self._began = self.clock()
        self._call_soon(self._look_again)
        begin(self._began - came)

    def _next(self) -> tuple[float, Begin]:
        """The first of those who waited, of either kind by turns."""
        other = Precedence.QUICK if self._last is Precedence.USUAL else Precedence.USUAL
        self._last = other if self._waiting[other] else self._last
        return self._waiting[self._last].popleft()


class Metered:
    """Awaits what is given, and counts the time for which it has the loop."""

    def __init__(self, work: Awaitable[None], turns: Turns) -> None:
        self._work = work
        self._turns = turns

    def __await__(self) -> Generator[Any, Any, None]:
        """Pass on whatever is waited for, and whoever breaks it off."""
        steps, turns = self._work.__await__(), self._turns
        step: Callable[[], Any] = steps.__next__
        while True:
            began = turns.clock()
            try:
                waits_for = step()
            except StopIteration:
                return
            finally:
                turns.spend(turns.clock() - began)
            try:
                yield waits_for
            except BaseException as error:  # noqa: BLE001 it is for the work
                step = _thrown(steps, error)
            else:
                step = steps.__next__


def _thrown(steps: Generator[Any, Any, None], error: BaseException) -> Callable[[], Any]:
    return lambda: steps.throw(error)
