"""Answers on their way for long are acknowledged by 👀 (X2), each of them once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from core.delivery import outbox_store
from core.desk import Desk
from core.tx import Tx

# What is on its way for longer is slow.
SLOW: Final = timedelta(seconds=2)
# Seconds between two looks.
LOOK_EVERY: Final = 1.0
# So long may it take until what was written is seen: it is looked at again meanwhile.
_SEEN_LATE: Final = timedelta(seconds=10)


@dataclass(slots=True)
class SlowAnswers:
    """Looks for them, and has them acknowledged by ``acknowledge``: at first at all that wait, then
    at what has become slow since the look before, however much waits.
    """

    desk: Desk
    acknowledge: Callable[[Tx, list[int]], Awaitable[None]]
    look_at: float = 0.0
    _seen: set[int] = field(default_factory=set)
    _looked_up_to: datetime | None = None

    async def look(self, now: float) -> None:
        """Look once, and not before ``look_at`` again, by the monotonic clock."""
        self.look_at = now + LOOK_EVERY
        up_to, last = self.desk.clock() - SLOW, self._looked_up_to
        since = None if last is None else min(last, up_to) - _SEEN_LATE
        slow = await self.desk.read(outbox_store.find_slow_answers, up_to, since)
        self._looked_up_to = up_to
        news = [message for row, message in slow if row not in self._seen]
        self._seen = {row for row, _ in slow}
        if news:
            await self.desk.run(self.acknowledge, news)
