"""What the machine room has before it: work that waits, and what is due next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select

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
        .order_by(Timer.due_at)
        .limit(most)
    )
    found = await tx.session.execute(query)
    return tuple(Deadline(number, kind, at) for number, kind, at in found if at is not None)
