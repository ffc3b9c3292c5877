"""What the bot did wrong, and the callback queries that it leaves unanswered."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

from sandbox.server.clock import Clock
from sandbox.server.errors import Severity

Json = dict[str, Any]

_MAX_VIOLATIONS: Final = 2000


@dataclass(slots=True)
class Violation:
    """One thing that the bot did wrong (or, as a warning, questionably)."""

    kind: str
    text: str
    method: str | None = None
    chat_id: int | None = None
    severity: Severity = "error"
    time: float = 0.0

    def __str__(self) -> str:
        where = f" [{self.method}]" if self.method else ""
        chat = f" chat {self.chat_id}" if self.chat_id is not None else ""
        return f"{self.severity}: {self.kind}{where}{chat}: {self.text}"


class Violations:
    """The record of what the bot did wrong."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.found: list[Violation] = []
        self.refused: dict[int, tuple[int, float, str]] = {}  # by chat: attempts, last, reason

    def add(
        self,
        kind: str,
        text: str,
        method: str | None = None,
        chat_id: int | None = None,
        severity: Severity = "error",
    ) -> None:
        """Record a violation."""
        if len(self.found) < _MAX_VIOLATIONS:
            self.found.append(Violation(kind, text, method, chat_id, severity, self.clock.now()))

    def refuse(self, chat_id: int, title: str, method: str, reason: str) -> None:
        """The bot writes to a chat that it can't use; repeated attempts are violations."""
        count, last, before = self.refused.get(chat_id, (0, 0.0, ""))
        now = time.monotonic()
        if before != reason:
            count = 0
        if count and now - last > 0.5:  # not in flight together with the first attempt
            self.add(
                "writes_to_refusing_chat",
                f"attempt {count + 1} to write to {title!r} ({reason})",
                method,
                chat_id,
                "warning" if count == 1 else "error",
            )
        if not count or now - last > 0.5:
            self.refused[chat_id] = (count + 1, now, reason)
