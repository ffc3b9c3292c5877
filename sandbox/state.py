"""State of a world and look-ups in it."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, cast

from sandbox.clock import Clock
from sandbox.errors import Violation
from sandbox.faults import Faults
from sandbox.limits import RateLimiter, RateLimits
from sandbox.media import FileStore
from sandbox.membership import Membership
from sandbox.server import Server
from sandbox.stats import CallRecord, Stats
from sandbox.topics import Topics
from sandbox.updates import Updates
from sandbox.watch import Signal

if TYPE_CHECKING:
    from sandbox.chat import Chat
    from sandbox.message import Message
    from sandbox.person import Person, Press
    from sandbox.process import BotProcess
    from sandbox.world import World

Json = dict[str, Any]

ANONYMOUS_ADMIN: Final = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}


class WorldState:
    """First layer of :class:`World`: everything that it holds."""

    def __init__(
        self,
        *,
        token: str = "42:TEST",  # noqa: S107 - made up
        bot_username: str = "help_bot",
        bot_name: str = "Help Bot",
        port: int = 0,
        privacy: bool = True,
        private_topics: bool = False,
        rate_limits: bool | RateLimits = False,
        clock_speed: float = 1.0,
        lean: bool = False,
        selfcheck: bool | None = None,
        strict_polling: bool = True,
        webhook_timeout: float = 20.0,
        webhook_retry_scale: float = 1.0,
        callback_timeout: float = 15.0,
        history_limit: int | None = None,
        patience: float | None = None,
        latency: float = 0.0,
        seed: int = 1,
    ) -> None:
        world = cast("World", self)
        self.token = token
        self.bot_id = int(token.split(":", 1)[0])
        self.privacy = privacy
        self.private_topics = private_topics
        self.lean = lean
        self.selfcheck = (not lean) if selfcheck is None else selfcheck
        self.strict_polling = strict_polling
        self.webhook_timeout = webhook_timeout
        self.webhook_retry_scale = webhook_retry_scale
        self.callback_timeout = callback_timeout
        self.latency = latency
        self.history_limit = history_limit if history_limit is not None else (20 if lean else None)
        self.patience = (
            patience if patience is not None else float(os.environ.get("SANDBOX_PATIENCE", "1"))
        )
        self.random = random.Random(seed)
        self.clock = Clock(clock_speed)
        self.signal = Signal()
        self.stats = Stats()
        self.anonymous_admin: Json = dict(ANONYMOUS_ADMIN)
        limits = rate_limits if isinstance(rate_limits, RateLimits) else RateLimits()
        if isinstance(rate_limits, bool):
            limits.enabled = rate_limits
        self.limits = limits
        self.limiter = RateLimiter(self.clock, limits)
        self.files = FileStore()
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.membership = Membership(world)
        self.topics = Topics(world)
        self.faults = Faults(world)
        self.updates = Updates(world, first_id=self.random.randrange(10**8, 5 * 10**8))
        self.server = Server(world, port)
        self.bot_user: Json = {
            "id": self.bot_id,
            "is_bot": True,
            "first_name": bot_name,
            "username": bot_username,
        }
        self._open_books()

    def _open_books(self) -> None:
        """Everything that fills while the world runs."""
        self.seq = 0
        self.ages = 0  # how often everything was forgotten
        self.media_counter = 0
        self.calls: list[CallRecord] = []
        self.internal_errors: list[BaseException] = []
        self.unsupported: list[str] = []
        self.presses: dict[str, Press] = {}
        self.polls: dict[str, Message] = {}
        self.votes: dict[str, dict[int, list[int]]] = {}
        self.inline_queries: dict[str, Json] = {}
        self.drafts: dict[int, list[Json]] = {}
        self.commands: dict[tuple[Any, ...], list[Json]] = {}
        self.profile: dict[tuple[str, str], str] = {}
        self.default_rights: dict[bool, Json] = {}
        self.default_menu_button: Json = {"type": "commands"}
        self.refused: dict[int, tuple[int, float, str]] = {}
        self.join_grace: dict[int, float] = {}
        self.flooded: dict[int | None, tuple[float, float]] = {}
        self.processes: list[BotProcess] = []
        self.observers: list[Callable[[Chat, Message], None]] = []
        self.logged_out = False
        self.in_flight = 0
        self.closed = False
        self._violations: list[Violation] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._common_id = self.random.randrange(100, 900)
        self._next_user = 100_000_000 + self.random.randrange(10**8)
        self._next_chat = 1_000_000_000 + self.random.randrange(10**8)
        self._next_query = 10**17 + self.random.randrange(10**16)
        self._activity = time.monotonic()

    @property
    def api_url(self) -> str:
        """Base URL of the Bot API (``<api_url>/bot<token>/<method>``)."""
        return self.server.url

    @property
    def bot_username(self) -> str:
        """Username of the bot without @."""
        return str(self.bot_user["username"])

    def bot_log_tail(self, lines: int = 30) -> str:
        """End of the log of the bot's process."""
        return self.processes[-1].tail(lines) if self.processes else ""

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a background task of the world."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ------------------------------------------------------------------ identifiers

    def next_common_id(self) -> int:
        """Message identifier in private chats and basic groups (they share one sequence)."""
        self._common_id += 1
        return self._common_id

    def new_query_id(self) -> str:
        """Identifier of a callback or inline query."""
        self._next_query += self.random.randrange(1, 10**6)
        return str(self._next_query)

    def new_media_group(self) -> str:
        """Identifier of an album."""
        return str(13_000_000_000_000_000 + self.random.randrange(10**15))

    def touched(self) -> None:
        """Something visible has changed."""
        self.signal.notify()

    # ------------------------------------------------------------------ look-ups

    def find_chat(self, value: Any) -> Chat | None:
        """Chat by identifier or @username."""
        if isinstance(value, str):
            text = value.strip()
            if text.startswith("@"):
                name = text[1:].lower()
                for chat in self.chats.values():
                    if chat.username and chat.username.lower() == name:
                        return chat
                return None
            try:
                value = int(text)
            except ValueError:
                return None
        if not isinstance(value, int):
            return None
        return self.chats.get(value)
