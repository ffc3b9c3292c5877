"""How much waits and how long, as a monitoring system asks for it (X14)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, func, select

from core.db import constant
from core.models import InboxRow, OutboxRow, Timer, Webhook
from core.tickets.lateness import late, soon_due
from core.tx import ReadTx

_UNHANDLED: Final = select(func.count(), func.min(InboxRow.received_at)).where(
    InboxRow.state == constant("new")
)
_UNSENT: Final = select(func.count(), func.min(OutboxRow.order_at)).where(
    OutboxRow.state == constant("queued")
)
_QUARANTINED: Final = select(func.count()).where(InboxRow.state == constant("quarantined"))
_FAILED: Final = select(func.count()).where(OutboxRow.state == constant("failed"))
_STOPPED: Final = select(func.count()).where(Webhook.stopped_at.is_not(None))


@dataclass(frozen=True, slots=True)
class DeskFigures:
    """Counts, and ages in seconds of the oldest of each; 0 where nothing waits.

    ``timer_late``: since when a timer should have fired; ``overdue``: tickets that are late;
    ``webhooks_stopped``: other systems that are called no more.
    """

    inbox: int
    inbox_age: float
    quarantined: int
    outbox: int
    outbox_age: float
    failed: int
    overdue: int
    timer_late: float
    webhooks_stopped: int


async def find_figures(tx: ReadTx) -> DeskFigures:
    """Count what waits now. Outbox rows that are not to leave yet have an age of 0."""
    unhandled, received = await _pair(tx, _UNHANDLED)
    unsent, ready = await _pair(tx, _UNSENT.where(OutboxRow.not_before <= tx.now))
    due = await tx.first(select(func.min(Timer.due_at)).where(Timer.due_at.is_not(None)))
    overdue = select(func.count()).where(*soon_due(tx), late(tx))
    return DeskFigures(
        unhandled,
        _age(tx, received),
        await tx.first(_QUARANTINED) or 0,
        unsent,
        _age(tx, ready),
        await tx.first(_FAILED) or 0,
        await tx.first(overdue) or 0,
        _age(tx, due),
        await tx.first(_STOPPED) or 0,
    )


async def _pair(tx: ReadTx, query: Select[int, datetime]) -> tuple[int, datetime | None]:
    ((count, oldest),) = await tx.rows(query)
    return count, oldest


def _age(tx: ReadTx, since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (tx.now - since).total_seconds())
