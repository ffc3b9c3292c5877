"""Counters and latencies of a server."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any


def percentile(values: list[float], share: float) -> float:
    """Percentile of a list, 0 if it is empty."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(slots=True)
class CallRecord:
    """One call of the bot."""

    method: str
    params: dict[str, Any]
    time: float
    ok: bool = False
    code: int = 200
    description: str = ""
    duration: float = 0.0
    result: Any = None
    fault: str | None = None
    webhook: bool = False  # came as the answer to a webhook request


@dataclass
class Stats:
    """What happened so far."""

    started: float = field(default_factory=time.monotonic)
    calls: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    updates_created: int = 0
    updates_delivered: int = 0
    updates_redelivered: int = 0
    webhook_requests: int = 0
    webhook_failures: int = 0
    messages_sent: int = 0
    latencies: list[float] = field(default_factory=list)
    queueing: list[float] = field(default_factory=list)
    last_call: float = 0.0
    _pending: dict[int, deque[float]] = field(default_factory=dict)

    def created(self) -> None:
        """An update was put into the queue."""
        self.updates_created += 1

    def delivered(self, chat_id: int | None, created: float, *, again: bool) -> None:
        """An update was handed over to the bot."""
        now = time.monotonic()
        self.updates_delivered += 1
        self.updates_redelivered += again
        self.queueing.append(now - created)
        if chat_id is not None:
            self._pending.setdefault(chat_id, deque(maxlen=1000)).append(now)

    def called(self, method: str, chat_id: int | None) -> None:
        """The bot made a call (getUpdates is counted elsewhere)."""
        self.calls[method] += 1
        self.last_call = time.monotonic()
        if chat_id is not None:
            waiting = self._pending.pop(chat_id, None)
            if waiting:
                self.latencies.extend(self.last_call - moment for moment in waiting)

    @property
    def total_calls(self) -> int:
        """All calls except getUpdates."""
        return sum(self.calls.values()) - self.calls["getUpdates"]

    def report(self) -> dict[str, Any]:
        """Summary; latencies (update delivered → first call for its chat) in milliseconds."""
        seconds = max(time.monotonic() - self.started, 1e-9)
        ms = [value * 1000 for value in self.latencies]
        return {
            "seconds": round(seconds, 3),
            "updates_created": self.updates_created,
            "updates_delivered": self.updates_delivered,
            "updates_redelivered": self.updates_redelivered,
            "calls": dict(self.calls),
            "errors": dict(self.errors),
            "calls_per_second": round(self.total_calls / seconds, 1),
            "latency_ms": {
                "count": len(ms),
                "p50": round(percentile(ms, 0.5), 2),
                "p95": round(percentile(ms, 0.95), 2),
                "p99": round(percentile(ms, 0.99), 2),
                "max": round(max(ms, default=0.0), 2),
            },
        }

    def reset(self) -> None:
        """Start counting anew."""
        fresh = Stats()
        self.__dict__.update(fresh.__dict__)
