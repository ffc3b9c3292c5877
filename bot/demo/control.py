"""The playground's machine room: the bot's process, its clock, and a look into its database."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.exc import DBAPIError

from bot.demo.clock import shift
from bot.settings import load_settings
from core.company import Company
from core.db import Database
from core.desk import Desk, utc_now
from core.queue_stats import QueueStats, read_queue_stats

if TYPE_CHECKING:
    from sandbox.demo import Demo
    from sandbox.page.bot_control import Progress
    from sandbox.process import BotProcess

# A call takes a fraction of a second; an answer that is out longer may be lost.
LOST_AFTER: Final = 2.0
LOG_LINES: Final = 12
# Deadlines: so many the page shows; a sandbox has no more than these.
SHOWN: Final = 5
_MOST: Final = 1000
DATABASE_FILE: Final = "sandbox.db"
CLOCK_FILE: Final = "clock"
_LOG_BYTES: Final = 16_384


@dataclass(slots=True)
class DemoControl:
    """What the sandbox's page may know and do; ``folder`` holds all that the bot writes."""

    demo: "Demo"
    bot: "BotProcess"
    folder: Path
    _held: bool = False
    _state: tuple[str, float] = ("", 0.0)
    _sending: dict[int, float] = field(default_factory=dict)
    _desk: Desk | None = None

    @property
    def database(self) -> Path:
        """The bot's database."""
        return self.folder / DATABASE_FILE

    @property
    def clock(self) -> Path:
        """Says how far the bot's clock is ahead."""
        return self.folder / CLOCK_FILE

    # ------------------------------------------------------------------ looking

    async def look(self) -> dict[str, Any]:
        """As the page shows it; times are unix seconds."""
        state = self._now()
        seen: dict[str, Any] = {"bot": state, "since": round(self._state[1])}
        if self.bot.running:
            seen["pid"] = self.bot.pid
        gauges = await self._gauges()
        if gauges is not None:
            seen |= self._told(gauges)
        return seen | {"log": self._log()}

    async def due(self, ticket_id: int, kind: str) -> float | None:
        """When the ticket's timer of this kind is due, unix seconds; ``None``: it is not set."""
        gauges = await self._gauges(deadlines=_MOST)
        listed = () if gauges is None else gauges.deadlines
        found = (due.at for due in listed if (due.number, due.kind) == (ticket_id, kind))
        at = next(found, None)
        return None if at is None else at.timestamp()

    def _now(self) -> str:
        state = "stopped"
        if self.bot.running:
            state = "running" if self.bot.ready else "starting"
        elif self.bot.exit_codes and self.bot.exit_codes[-1] < 0:
            state = "killed"
        if state != self._state[0]:
            self._state = (state, utc_now().timestamp())
        return state

    async def _gauges(self, deadlines: int = SHOWN) -> QueueStats | None:
        if not self.database.exists():
            return None
        if self._desk is None:
            self._desk = Desk(Database(f"sqlite+aiosqlite:///{self.database}"), Company())
        try:
            return await self._desk.read(read_queue_stats, deadlines)
        except DBAPIError:  # its tables are still being made
            return None

    def _told(self, gauges: QueueStats) -> dict[str, Any]:
        now = time.monotonic()
        self._sending = {row: self._sending.get(row, now) for row in gauges.sending}
        uncertain = sum(now - since > LOST_AFTER for since in self._sending.values())
        return {
            "updates": {
                "stored": gauges.stored,
                "waiting": gauges.waiting,
                "quarantined": gauges.quarantined,
            },
            "outbox": {
                "waiting": gauges.queued,
                "sending": len(gauges.sending) - uncertain,
                "uncertain": uncertain,
                "failed": gauges.failed,
            },
            "deadlines": [
                {"number": due.number, "kind": due.kind, "at": round(due.at.timestamp())}
                for due in gauges.deadlines
            ],
        }

    def _log(self) -> list[str]:
        if not self.bot.log.exists():
            return []
        with self.bot.log.open("rb") as log:
            log.seek(max(0, self.bot.log.stat().st_size - _LOG_BYTES))
            return log.read().decode(errors="replace").splitlines()[-LOG_LINES:]

    # ------------------------------------------------------------------ doing

    async def seed_company(self) -> None:
        """Make the database, with what the company has before its first customer writes. The bot
        must not run.
        """
        from bot.demo.seed import seed_company

        await seed_company(load_settings(self.bot.env), self.demo)

    def holds(self) -> bool:
        """The bot is dead on purpose: nobody else should start it."""
        return self._held

    async def kill(self) -> None:
        """SIGKILL; it stays dead until it is started."""
        self._held = True
        await self.bot.kill()

    async def start(self) -> None:
        """Start it; raises AssertionError when it does not come up."""
        try:
            _ = await self.bot.start()
        finally:
            self._held = False

    def shift(self, offset: float) -> None:
        """The bot's clock is ``offset`` seconds ahead of the machine's."""
        shift(self.clock, offset)

    async def tell_story(self, progress: "Progress") -> None:
        """The demonstration's company writes, and the operators work."""
        from bot.demo.script import Story

        await Story(self.demo, self).tell(progress)

    async def begin_anew(self) -> None:
        """Nothing that happened has happened: an empty world, a database as new, a fresh bot."""
        await self.kill()
        await self.close()
        for file in self.folder.glob(f"{DATABASE_FILE}*"):
            file.unlink()
        self.demo.begin_anew()
        self.shift(0.0)
        self.bot.env |= self.demo.environment()
        await self.seed_company()
        await self.start()

    async def close(self) -> None:
        """Let go of the database."""
        if self._desk is not None:
            await self._desk.database.close()
            self._desk = None
        self._sending.clear()
