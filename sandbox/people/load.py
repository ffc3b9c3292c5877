"""Load: thousands of people who write to the bot, with end-to-end measurements."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.people.chat import Chat
from sandbox.people.person import Person
from sandbox.people.world import World
from sandbox.server.message import Message
from sandbox.server.stats import percentile


@dataclass
class LoadReport:
    """Result of a load run; times in seconds."""

    sent: int = 0
    answered: int = 0
    replies: int = 0
    seconds_sending: float = 0.0
    seconds_total: float = 0.0
    latencies: list[float] = field(default_factory=list)
    calls: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    pending: int = 0

    @property
    def unanswered(self) -> int:
        """Messages without an answer in time."""
        return self.sent - self.answered

    @property
    def throughput(self) -> float:
        """Answered messages per second, from the first message to the last answer."""
        return self.answered / self.seconds_total if self.seconds_total else 0.0

    def percentile(self, share: float) -> float:
        """Latency (message written → first answer in its chat)."""
        return percentile(self.latencies, share)

    def __str__(self) -> str:
        return (
            f"{self.sent} sent in {self.seconds_sending:.2f} s, {self.answered} answered in "
            f"{self.seconds_total:.2f} s ({self.throughput:.0f}/s), {self.replies} messages back, "
            f"{self.calls} calls; latency p50 {self.percentile(0.5) * 1000:.0f} ms, "
            f"p95 {self.percentile(0.95) * 1000:.0f} ms, "
            f"p99 {self.percentile(0.99) * 1000:.0f} ms; "
            f"errors {self.errors or 'none'}; pending {self.pending}"
        )


async def run_load(
    world: World,
    *,
    messages: int = 1000,
    people: int = 200,
    rate: float | None = None,
    text: Callable[[int], str] = lambda number: f"message {number}",
    act: Callable[[Person, int], object] | None = None,
    timeout: float = 60.0,
    prefix: str = "Load",
) -> LoadReport:
    """Let ``people`` write ``messages`` messages (``rate`` per second; ``None``: all at once).

    A message counts as answered at the bot's first new message in its private chat; if a person
    writes again before the answer, one answer is counted for one message. ``act`` replaces the
    plain text message. Use it with ``World.start(lean=True)``.
    """
    crowd = [
        world.user(f"{prefix}{number}", language="ru", started=True) for number in range(people)
    ]
    report = LoadReport()
    stopwatch = _Stopwatch(report, {person.id: [] for person in crowd})
    calls_before = world.stats.total_calls
    errors_before = dict(world.stats.errors)
    world.observers.append(stopwatch.answered)
    try:
        for number in range(messages):
            await _keep_pace(number, stopwatch.began, rate)
            person = crowd[number % people]
            stopwatch.sent(person)
            _ = act(person, number) if act is not None else person.say(text(number))
        report.seconds_sending = time.monotonic() - stopwatch.began
        await world.signal.until(lambda: report.answered >= report.sent, timeout)
    finally:
        world.observers.remove(stopwatch.answered)
    report.seconds_total = stopwatch.last - stopwatch.began
    report.calls = world.stats.total_calls - calls_before
    report.errors = {
        code: count - errors_before.get(code, 0)
        for code, count in world.stats.errors.items()
        if count != errors_before.get(code, 0)
    }
    report.pending = world.updates.pending
    return report


async def _keep_pace(number: int, began: float, rate: float | None) -> None:
    if rate is not None:
        ahead = began + number / rate - time.monotonic()
        if ahead > 0.002:
            await asyncio.sleep(ahead)
    elif number % 50 == 49:
        await asyncio.sleep(0)


class _Stopwatch:
    """Measures from what a person wrote to the first message back."""

    def __init__(self, report: LoadReport, waiting: dict[int, list[float]]) -> None:
        self.report = report
        self.waiting = waiting  # by chat, the moments of writing that have no answer yet
        self.began = self.last = time.monotonic()

    def sent(self, person: Person) -> None:
        self.waiting[person.id].append(time.monotonic())
        self.report.sent += 1

    def answered(self, chat: Chat, _message: Message) -> None:
        queue = self.waiting.get(chat.id)
        if queue is None:
            return
        self.report.replies += 1
        self.last = time.monotonic()
        if queue:
            self.report.latencies.append(self.last - queue.pop(0))
            self.report.answered += 1
