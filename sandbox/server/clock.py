"""Time inside the sandboxed Telegram, and waiting for something to change."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable


class Clock:
    """Wall time with an offset, and a scaled time line for the rate limits.

    ``speed`` makes the *limits* run faster: with ``speed=60`` a one minute window lasts one real
    second and ``retry_after`` shrinks accordingly (it is always given in real seconds, because the
    bot sleeps in real time). Message dates follow the machine's clock plus ``offset``.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError("speed must be positive")
        self.speed = speed
        self.offset = 0.0

    def now(self) -> float:
        """Unix time as Telegram sees it."""
        return time.time() + self.offset

    def unix(self) -> int:
        """Unix time in whole seconds, as used in dates."""
        return int(self.now())

    def ticks(self) -> float:
        """Monotonic seconds on the limits' time line."""
        return (time.monotonic() + self.offset) * self.speed

    def real(self, ticks: float) -> float:
        """Real seconds that a span of the limits' time line takes."""
        return ticks / self.speed

    def retry_after(self, ticks: float) -> int:
        """A span as a ``retry_after`` value: whole real seconds, at least one."""
        return max(1, math.ceil(self.real(ticks) - 1e-9))

    def advance(self, seconds: float) -> None:
        """Move Telegram's time forward (dates, limits, time-outs of queries)."""
        self.offset += seconds


class Signal:
    """Wakes up everything that waits for a change."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        """Wake up all waiters."""
        if self._waiting:
            for future in self._waiting:
                if not future.done():
                    future.set_result(None)
            self._waiting.clear()

    async def wait(self, timeout: float) -> None:
        """Wait for the next change, at most ``timeout`` seconds."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            # not wait_for: before Python 3.12 it swallows a cancellation that comes with the result
            async with asyncio.timeout(max(timeout, 0.0)):
                await future
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(future)

    async def until(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Wait until the condition holds; ``False`` when the time is over."""
        deadline = time.monotonic() + timeout
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            await self.wait(min(left, 0.5))
        return True
