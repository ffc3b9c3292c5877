"""How often somebody may ask: a bucket for each of them, in memory."""

from dataclasses import dataclass, field

_SWEPT_AT = 10_000


@dataclass(slots=True)
class Buckets:
    """``rate`` requests a second for each, ``burst`` at once. ``now``: monotonic seconds."""

    rate: float
    burst: float
    _full_at: dict[str, float] = field(default_factory=dict)

    def take(self, who: str, now: float) -> float:
        """Count a request and return 0, or return the seconds to wait and count nothing."""
        if len(self._full_at) > _SWEPT_AT:  # who is not in here has a full bucket
            self._full_at = {one: at for one, at in self._full_at.items() if at > now}
        full_at = max(self._full_at.get(who, now), now) + 1 / self.rate
        wait = full_at - now - self.burst / self.rate
        if wait > 0:
            return wait
        self._full_at[who] = full_at
        return 0.0
