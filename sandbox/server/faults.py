"""Deliberate faults: errors, hangs, lost answers, duplicates, disorder, restarts."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from sandbox.server.members import User
from sandbox.server.message import ServerChat
from sandbox.server.updates import Updates

FaultKind = Literal["status", "hang", "drop", "cut", "garbage", "slow", "flood", "crash"]
Moment = Literal["before", "after", "answered"]
Who = ServerChat | User | int | None
REMEMBERED: Final = 10_000  # hits


class Killable(Protocol):
    """The bot's process."""

    def kill_now(self) -> None:
        """SIGKILL without waiting for the end."""


@dataclass(slots=True)
class Fault:
    """One planned fault of API calls."""

    kind: FaultKind
    times: int
    methods: frozenset[str] | None
    chat_id: int | None
    code: int = 500
    description: str = ""
    seconds: float = 0.0
    after: int = 0  # let this many matching calls pass first
    hits: int = 0
    action: Callable[[], object] | None = None
    moment: Moment = "after"
    until: float | None = None  # monotonic: lasts for a time, however many calls

    def suits(self, method: str, chat_id: int | None) -> bool:
        """The fault is meant for this call."""
        if self.methods is None:
            if method == "getupdates":
                return False
        elif method not in self.methods:
            return False
        return self.chat_id is None or self.chat_id == chat_id


@dataclass(frozen=True, slots=True)
class Hit:
    """A fault that has befallen a call. ``at``: Unix time as Telegram sees it."""

    at: float
    kind: FaultKind
    method: str
    chat_id: int | None


def _methods(method: str | tuple[str, ...] | None) -> frozenset[str] | None:
    if method is None:
        return None
    return frozenset(m.lower() for m in ([method] if isinstance(method, str) else method))


class Faults:
    """Plan of faults. Unless ``method`` is given, ``getUpdates`` is spared.

    All plans take ``times`` (how many calls), ``method`` (a name or several), ``chat`` (a chat or
    a person) and ``after`` (how many matching calls pass before).
    """

    def __init__(self, updates: Updates, outage: Callable[[float], Awaitable[None]]) -> None:
        self.updates = updates
        self.outage = outage  # refuses connections for so many seconds
        self.plan: list[Fault] = []
        self.hits: deque[Hit] = deque(maxlen=REMEMBERED)  # the latest

    def _add(
        self,
        kind: FaultKind,
        times: int,
        method: str | tuple[str, ...] | None,
        chat: Who,
        *,
        after: int = 0,
        code: int = 500,
        description: str = "",
        seconds: float = 0.0,
    ) -> Fault:
        chat_id = chat if isinstance(chat, int) or chat is None else chat.id
        fault = Fault(
            kind,
            times,
            _methods(method),
            chat_id,
            code=code,
            description=description,
            seconds=seconds,
            after=after,
        )
        self.plan.append(fault)
        return fault

    def error(
        self,
        code: int = 500,
        *,
        times: int = 1,
        method: str | tuple[str, ...] | None = None,
        chat: Who = None,
        description: str = "",
        after: int = 0,
    ) -> Fault:
        """Answer with an error (500, 502, 400…) and do nothing."""
        return self._add(
            "status", times, method, chat, after=after, code=code, description=description
        )

    def flood(
        self,
        retry_after: int = 2,
        *,
        times: int = 1,
        method: str | tuple[str, ...] | None = None,
        chat: Who = None,
        after: int = 0,
    ) -> Fault:
        """Answer 429 with ``retry_after``."""
        return self._add("flood", times, method, chat, after=after, seconds=retry_after)

    def flood_for(self, seconds: float, *, chat: Who = None) -> Fault:
        """Answer 429 to every call for ``seconds``; ``retry_after`` is what is left of them."""
        fault = self._add("flood", 1, None, chat, seconds=seconds)
        fault.until = time.monotonic() + seconds
        return fault

    def hang(
        self,
        seconds: float = 5.0,
        *,
        times: int = 1,
        method: str | tuple[str, ...] | None = None,
        chat: Who = None,
        after: int = 0,
    ) -> Fault:
        """Do nothing, say nothing for ``seconds``, then drop the connection."""
        return self._add("hang", times, method, chat, after=after, seconds=seconds)

    def timeout(
        self,
        *,
        times: int = 1,
        method: str | tuple[str, ...] | None = None,
        chat: Who = None,
        after: int = 0,
    ) -> Fault:
        """Do nothing and never answer (until the bot gives up)."""
        return self._add("hang", times, method, chat, after=after, seconds=3600.0)

    def drop(
        self,
        *,
        times: int = 1,
        method: str | tuple[str, ...] | None = None,
        chat: Who = None,
        after: int = 0,
    ) -> Fault:
        """Drop the connection at once, doing nothing."""
        return self._add("drop", times, method, chat, after=after)

    def cut(
        self,
        *,
        times: int = 1,
        method: str | tuple[str, ...] | None = None,
        chat: Who = None,
        after: int = 0,
    ) -> Fault:
        """Do what was asked, but drop the connection instead of answering."""
        return self._add("cut", times, method, chat, after=after)

    def garbage(
        self,
        *,
        times: int = 1,
        method: str | tuple[str, ...] | None = None,
        chat: Who = None,
        after: int = 0,
    ) -> Fault:
        """Answer 502 with an HTML page, as a proxy does."""
        return self._add("garbage", times, method, chat, after=after, code=502)

    def slow(
        self,
        seconds: float = 1.0,
        *,
        times: int = 1,
        method: str | tuple[str, ...] | None = None,
        chat: Who = None,
        after: int = 0,
    ) -> Fault:
        """Do what was asked after a delay."""
        return self._add("slow", times, method, chat, after=after, seconds=seconds)

    def crash(
        self,
        bot: Killable,
        moment: Moment = "after",
        *,
        times: int = 1,
        method: str | tuple[str, ...] | None = None,
        chat: Who = None,
        after: int = 0,
        delay: float = 0.0,
    ) -> Fault:
        """Kill the bot (SIGKILL) at a call: before it is done, after that but without an answer,
        or ``delay`` seconds after the answer (``moment="answered"``)."""
        fault = self._add("crash", times, method, chat, after=after, seconds=delay)
        fault.action = bot.kill_now
        fault.moment = moment
        return fault

    def duplicate_updates(self, count: int = 1) -> None:
        """Deliver each of the next ``count`` updates twice (with the same identifier)."""
        self.updates.duplicate_next += count

    def reorder_updates(self, count: int = 2) -> None:
        """Hold the next ``count`` updates back and deliver them in the reverse order."""
        self.updates.hold(count)

    async def restart(self, seconds: float = 1.0) -> None:
        """Refuse connections for some seconds (open ones are dropped); returns when it is over."""
        await self.outage(seconds)

    def clear(self) -> None:
        """Forget all plans."""
        self.plan.clear()
        self.updates.duplicate_next = 0
        self.updates.release()

    def lasting(self) -> list[Fault]:
        """The plans that are not over."""
        now = time.monotonic()
        self.plan = [f for f in self.plan if f.until is None or f.until > now]
        return self.plan

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """The fault for this call, if one is planned."""
        fault = self._next(method, chat_id)
        if fault is not None:
            now = self.updates.context.clock.now()
            self.hits.append(Hit(now, fault.kind, method, chat_id))
        return fault

    def _next(self, method: str, chat_id: int | None) -> Fault | None:
        for fault in self.lasting():
            if not fault.suits(method, chat_id):
                continue
            if fault.until is not None:
                fault.hits += 1
                fault.seconds = math.ceil(fault.until - time.monotonic())
                return fault
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.hits += 1
            fault.times -= 1
            if fault.times <= 0:
                self.plan.remove(fault)
            return fault
        return None
