"""What every chat, message and method needs: the options, the clock, identifiers, the records."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sandbox.server.clock import Clock, Signal
from sandbox.server.limits import RateLimiter, RateLimits
from sandbox.server.media import FileStore
from sandbox.server.stats import Stats
from sandbox.server.violations import Violations

Json = dict[str, Any]

ANONYMOUS_ADMIN: Final = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}


@dataclass(slots=True)
class Options:
    """How strict, how fast and for which bot the server plays Telegram."""

    token: str = "42:TEST"  # noqa: S105 - made up
    bot_username: str = "help_bot"
    bot_name: str = "Help Bot"
    port: int = 0
    privacy: bool = True
    private_topics: bool = False
    rate_limits: bool | RateLimits = False
    clock_speed: float = 1.0
    lean: bool = False
    selfcheck: bool | None = None
    strict_polling: bool = True
    webhook_timeout: float = 20.0
    webhook_retry_scale: float = 1.0
    callback_timeout: float = 15.0
    history_limit: int | None = None
    patience: float | None = None
    latency: float = 0.0
    seed: int = 1

    def limits(self) -> RateLimits:
        """The rate limits; switched off unless they were asked for."""
        if isinstance(self.rate_limits, RateLimits):
            return self.rate_limits
        return RateLimits(enabled=self.rate_limits)


class Process(Protocol):
    """The bot's process, as far as the server has to do with it."""

    def tail(self, lines: int = 30) -> str:
        """End of its log."""

    async def stop(self) -> int | None:
        """End it."""


class Context:
    """Shared by all parts of one server."""

    def __init__(self, options: Options) -> None:
        self.options = options
        lean = options.lean
        self.lean = lean
        self.selfcheck = (not lean) if options.selfcheck is None else options.selfcheck
        limit = options.history_limit
        self.history_limit = limit if limit is not None else (20 if lean else None)
        patience = options.patience
        self.patience = (
            patience if patience is not None else float(os.environ.get("SANDBOX_PATIENCE", "1"))
        )
        self.random = random.Random(options.seed)
        self.clock = Clock(options.clock_speed)
        self.signal = Signal()
        self.stats = Stats()
        self.violations = Violations(self.clock)
        self.limits = options.limits()
        self.limiter = RateLimiter(self.clock, self.limits)
        self.files = FileStore()
        self.bot_id = int(options.token.split(":", 1)[0])
        self.bot_user: Json = {
            "id": self.bot_id,
            "is_bot": True,
            "first_name": options.bot_name,
            "username": options.bot_username,
        }
        self.anonymous_admin: Json = dict(ANONYMOUS_ADMIN)
        self.first_update = self.random.randrange(10**8, 5 * 10**8)
        self.seq = 0  # counts the bot's visible actions
        self.active_at = time.monotonic()  # of the latest update or call
        self.internal_errors: list[BaseException] = []
        self.processes: list[Process] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._common_id = self.random.randrange(100, 900)
        self._next_user = 100_000_000 + self.random.randrange(10**8)
        self._next_chat = 1_000_000_000 + self.random.randrange(10**8)
        self._next_query = 10**17 + self.random.randrange(10**16)

    @property
    def bot_username(self) -> str:
        """Username of the bot without @."""
        return str(self.bot_user["username"])

    # ------------------------------------------------------------------ identifiers

    def next_common_id(self) -> int:
        """Message identifier in private chats and basic groups (they share one sequence)."""
        self._common_id += 1
        return self._common_id

    def new_user_id(self) -> int:
        """Identifier of a user, and of the private chat with the bot."""
        self._next_user += self.random.randrange(1, 1000)
        return self._next_user

    def new_chat_id(self, *, basic_group: bool) -> int:
        """Identifier of a group or channel: negative, and with -100 before it if not basic."""
        self._next_chat += self.random.randrange(1, 1000)
        return -self._next_chat if basic_group else int(f"-100{self._next_chat}")

    def new_query_id(self) -> str:
        """Identifier of a callback or inline query."""
        self._next_query += self.random.randrange(1, 10**6)
        return str(self._next_query)

    def new_media_group(self) -> str:
        """Identifier of an album."""
        return str(13_000_000_000_000_000 + self.random.randrange(10**15))

    # ------------------------------------------------------------------ what happens

    def touched(self) -> None:
        """Something visible has changed."""
        self.signal.notify()

    def verify(self, check: Callable[[], None]) -> None:
        """Run a check of the sandbox's own output."""
        try:
            check()
        except Exception as error:  # noqa: BLE001 - whatever it is, the sandbox did it
            self.internal_errors.append(error)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a background task of the server."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel_tasks(self) -> None:
        """End the background tasks."""
        for task in list(self._tasks):
            task.cancel()

    def bot_log_tail(self, lines: int = 30) -> str:
        """End of the log of the bot's process."""
        return self.processes[-1].tail(lines) if self.processes else ""
