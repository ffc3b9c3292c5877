"""Rows that are being sent and are in nobody's hands: a commit that was cut off may come to be seen
long after it was asked about.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from core.delivery.channel import Delivery

# Seconds between two looks, each of which reads all that waits; and for which a row must have been
# seen so. A process that has just lost the lead may still have a call under way: they end sooner.
LOOK_EVERY: Final = 60.0
STRAY_FOR: Final = 30.0


@dataclass(slots=True)
class Strays:
    """When to look next, by the monotonic clock, and since when each row is seen so."""

    look_at: float = 0.0
    _since: dict[int, float] = field(default_factory=dict)

    def lasting(
        self, sending: Iterable[Delivery], held: Collection[int], now: float
    ) -> list[Delivery]:
        """Note what a look has seen; ``held``: rows that were in somebody's hands before it or are
        after it. Returns those that nobody has had for long.
        """
        strays = [each for each in sending if each.id not in held]
        self._since = {each.id: self._since.get(each.id, now) for each in strays}
        self.look_at = now + LOOK_EVERY
        return [each for each in strays if now - self._since[each.id] >= STRAY_FOR]
