"""Telegram's rate limits (the exact values are not published; see the comments)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from sandbox.server.clock import Clock


@dataclass(slots=True)
class RateLimits:
    """Limits in the clock's seconds.

    https://core.telegram.org/bots/faq: about one message per second in a particular chat with
    short bursts, 20 messages per minute in a group, about 30 messages per second overall. The
    burst, the growth of ``retry_after`` and the counting of edits are approximations.
    """

    enabled: bool = True
    overall_per_second: float = 30.0
    overall_burst: float = 30.0
    private_per_second: float = 1.0
    private_burst: float = 5.0
    group_per_minute: int = 20
    group_window: float = 60.0
    count_edits: bool = True
    min_retry: float = 3.0
    in_flight_grace: float = 0.25  # real seconds: calls sent before the bot could see the 429


@dataclass(slots=True)
class _Bucket:
    tokens: float
    updated: float
    blocked_until: float = 0.0
    refused_at: float = 0.0  # real monotonic time of the last 429
    strikes: int = 0


@dataclass(slots=True)
class _Window:
    sent: deque[float] = field(default_factory=deque)
    blocked_until: float = 0.0
    refused_at: float = 0.0
    strikes: int = 0


@dataclass(slots=True)
class Refusal:
    """A refused call."""

    retry_after: int
    reason: str
    ignored: bool  # the bot called again before the previous retry_after was over


class RateLimiter:
    """Decides which calls are too many."""

    def __init__(self, clock: Clock, limits: RateLimits) -> None:
        self.clock = clock
        self.limits = limits
        self.refusals = 0
        self._overall = _Bucket(limits.overall_burst, clock.ticks())
        self._private: dict[int, _Bucket] = {}
        self._groups: dict[int, _Window] = {}

    def reset(self) -> None:
        """Forget the past."""
        self._overall = _Bucket(self.limits.overall_burst, self.clock.ticks())
        self._private.clear()
        self._groups.clear()

    def _refuse(self, state: Any, wait: float, now: float, real_now: float, reason: str) -> Refusal:
        limits = self.limits
        pending = state.blocked_until > now
        grace = real_now - state.refused_at <= limits.in_flight_grace
        ignored = pending and not grace
        if ignored:
            state.strikes += 1
            # the penalty grows when the bot does not wait
            wait = state.blocked_until - now + limits.min_retry * state.strikes
        elif not pending:
            wait = max(wait, limits.min_retry)
            state.refused_at = real_now
        else:
            wait = state.blocked_until - now
        state.blocked_until = max(state.blocked_until, now + wait)
        self.refusals += 1
        return Refusal(self.clock.retry_after(state.blocked_until - now), reason, ignored)

    def check(
        self, chat_id: int, real_now: float, *, count: int = 1, edit: bool = False
    ) -> Refusal | None:
        """Count a call that sends ``count`` messages, or refuse it."""
        limits = self.limits
        if not limits.enabled or (edit and not limits.count_edits):
            return None
        now = self.clock.ticks()
        overall = self._overall
        self._refill(overall, now, limits.overall_per_second, limits.overall_burst)
        if overall.blocked_until > now or overall.tokens < count:
            wait = (count - overall.tokens) / limits.overall_per_second
            return self._refuse(overall, wait, now, real_now, "overall limit")
        refusal = (
            self._check_private(chat_id, now, real_now, count)
            if chat_id > 0
            else self._check_group(chat_id, now, real_now, count)
        )
        if refusal is None:
            overall.tokens -= count
            overall.strikes = 0
        return refusal

    @staticmethod
    def _refill(bucket: _Bucket, now: float, rate: float, burst: float) -> None:
        bucket.tokens = min(burst, bucket.tokens + (now - bucket.updated) * rate)
        bucket.updated = now

    def _check_private(
        self, chat_id: int, now: float, real_now: float, count: int
    ) -> Refusal | None:
        limits = self.limits
        bucket = self._private.get(chat_id)
        if bucket is None:
            bucket = self._private[chat_id] = _Bucket(limits.private_burst, now)
        self._refill(bucket, now, limits.private_per_second, limits.private_burst)
        # an album may be bigger than the burst: it needs a full bucket only
        need = min(count, limits.private_burst)
        if bucket.blocked_until > now or bucket.tokens < need:
            wait = (need - bucket.tokens) / limits.private_per_second
            return self._refuse(bucket, wait, now, real_now, "limit of the private chat")
        bucket.tokens -= count
        bucket.strikes = 0
        return None

    def _check_group(self, chat_id: int, now: float, real_now: float, count: int) -> Refusal | None:
        limits = self.limits
        window = self._groups.setdefault(chat_id, _Window())
        while window.sent and window.sent[0] <= now - limits.group_window:
            window.sent.popleft()
        if window.blocked_until > now or len(window.sent) + count > limits.group_per_minute:
            excess = max(0, len(window.sent) + count - limits.group_per_minute)
            index = min(max(excess - 1, 0), len(window.sent) - 1)
            wait = window.sent[index] + limits.group_window - now if window.sent else 0.0
            return self._refuse(window, wait, now, real_now, "limit of the group")
        window.sent.extend([now] * count)
        window.strikes = 0
        return None
