"""What the sandbox's page shows of the bot: its process, its queues, its deadlines, its log."""

import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from core.company import Company
from core.db import Database
from core.desk import Desk, utc_now
from core.models import InboxRow, OutboxRow, Timer
from core.tx import ReadTx

_INBOX: Final[Any] = InboxRow.__table__.c
_OUTBOX: Final[Any] = OutboxRow.__table__.c


@dataclass(frozen=True, slots=True)
class Deadline:
    """The next instant of a ticket: its number, the kind of the timer, when."""

    number: int
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class QueueStats:
    """Rows by their state. ``sending``: the outbox rows that are under way, by id."""

    stored: int
    waiting: int
    quarantined: int
    queued: int
    sending: tuple[int, ...]
    failed: int
    deadlines: tuple[Deadline, ...]


async def read_queue_stats(tx: ReadTx, deadlines: int = 5) -> QueueStats:
    """Count what waits; ``deadlines``: how many of those that come next."""
    inbox = await _count(tx, _INBOX.state)
    outbox = await _count(tx, _OUTBOX.state)
    under_way = select(_OUTBOX.id).where(_OUTBOX.state == "sending").order_by(_OUTBOX.id)
    return QueueStats(
        stored=sum(inbox.values()),
        waiting=inbox.get("new", 0),
        quarantined=inbox.get("quarantined", 0),
        queued=outbox.get("queued", 0),
        sending=tuple((await tx.session.scalars(under_way)).all()),
        failed=outbox.get("failed", 0),
        deadlines=await _next(tx, deadlines),
    )


async def _count(tx: ReadTx, state: Any) -> dict[str, int]:
    found = await tx.session.execute(select(state, func.count()).group_by(state))
    return {str(name): int(count) for name, count in found}


async def _next(tx: ReadTx, most: int) -> tuple[Deadline, ...]:
    query = (
        select(Timer.ticket_id, Timer.kind, Timer.due_at)
        .where(Timer.due_at.is_not(None))
        .order_by(Timer.due_at, Timer.ticket_id, Timer.kind)
        .limit(most)
    )
    found = await tx.session.execute(query)
    return tuple(Deadline(number, kind, at) for number, kind, at in found if at is not None)


if TYPE_CHECKING:
    from sandbox.process import BotProcess

# Seconds after which a Bot API call without an answer counts as uncertain.
UNCERTAIN_AFTER: Final = 2.0
LOG_LINES: Final = 12
_LOG_BYTES: Final = 16_384
# How many deadlines the page shows, and how many a sandbox has at most.
DEADLINES_SHOWN: Final = 5
_ALL_DEADLINES: Final = 1000


@dataclass(slots=True)
class BotStatus:
    """Reads the state of the bot's process and its SQLite ``database``; changes nothing."""

    bot: "BotProcess"
    database: Path
    _state: tuple[str, float] = ("", 0.0)
    _sending: dict[int, float] = field(default_factory=dict)
    _desk: Desk | None = None

    async def read(self) -> dict[str, Any]:
        """Return the state as the page shows it (see `BotControl`); times are unix seconds."""
        state = self._process_state()
        shown: dict[str, Any] = {"bot": state, "since": round(self._state[1])}
        if self.bot.running:
            shown["pid"] = self.bot.pid
        stats = await self._queue_stats()
        if stats is not None:
            shown |= self._queues(stats)
        return shown | {"log": self._log()}

    async def due(self, ticket_id: int, kind: str) -> float | None:
        """Return when the ticket's timer of this kind is due (unix seconds), ``None``: not set."""
        stats = await self._queue_stats(deadlines=_ALL_DEADLINES)
        listed = () if stats is None else stats.deadlines
        found = (due.at for due in listed if (due.number, due.kind) == (ticket_id, kind))
        at = next(found, None)
        return None if at is None else at.timestamp()

    async def is_sending(self) -> bool:
        """Return whether a message is on its way to Telegram."""
        stats = await self._queue_stats()
        return stats is not None and bool(stats.sending)

    async def close(self) -> None:
        """Close the database; the next reading opens it again."""
        if self._desk is not None:
            await self._desk.database.close()
            self._desk = None
        self._sending.clear()

    def _process_state(self) -> str:
        state = "stopped"
        if self.bot.running:
            state = "running" if self.bot.ready else "starting"
        elif self.bot.exit_codes and self.bot.exit_codes[-1] < 0:
            state = "killed"
        if state != self._state[0]:
            self._state = (state, utc_now().timestamp())
        return state

    async def _queue_stats(self, deadlines: int = DEADLINES_SHOWN) -> QueueStats | None:
        if not self.database.exists():
            return None
        if self._desk is None:
            self._desk = Desk(Database(f"sqlite+aiosqlite:///{self.database}"), Company())
        try:
            return await self._desk.read(read_queue_stats, deadlines)
        except DBAPIError:  # its tables are still being made
            return None

    def _queues(self, stats: QueueStats) -> dict[str, Any]:
        now = time.monotonic()
        self._sending = {row: self._sending.get(row, now) for row in stats.sending}
        uncertain = sum(now - since > UNCERTAIN_AFTER for since in self._sending.values())
        return {
            "updates": {
                "stored": stats.stored,
                "waiting": stats.waiting,
                "quarantined": stats.quarantined,
            },
            "outbox": {
                "waiting": stats.queued,
                "sending": len(stats.sending) - uncertain,
                "uncertain": uncertain,
                "failed": stats.failed,
            },
            "deadlines": [
                {"number": due.number, "kind": due.kind, "at": round(due.at.timestamp())}
                for due in stats.deadlines
            ],
        }

    def _log(self) -> list[str]:
        if not self.bot.log.exists():
            return []
        with self.bot.log.open("rb") as log:
            log.seek(max(0, self.bot.log.stat().st_size - _LOG_BYTES))
            return log.read().decode(errors="replace").splitlines()[-LOG_LINES:]
