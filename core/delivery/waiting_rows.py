"""What waits in the outbox is asked for, taken back, hurried or put off."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, false, func, not_, or_, select, update

from core.db import constant
from core.delivery.outbox_store import PENDING
from core.models import OutboxRow
from core.tx import ReadTx, Tx

# Reasons of a `SendError`, and that of a lost answer, that the whole channel may have in common.
UNREACHED: Final = frozenset({"network", "busy", "lost"})

# The error of a row that came of an update that stood in the backup's inbox, until it is released.
OF_BACKUP: Final = "backup"


async def is_under_way(tx: ReadTx, message_id: int, kind: str) -> bool:
    """A row that carries the message waits, or is being sent."""
    query = select(OutboxRow.id).where(
        OutboxRow.message_id == message_id,
        OutboxRow.kind == kind,
        OutboxRow.state.in_(PENDING),
    )
    return await tx.first(query.limit(1)) is not None


async def drop_unsent(tx: Tx, message_ids: Collection[int], kind: str) -> int:
    """Take back what has not left yet. Returns how many rows."""
    return await tx.change(
        update(OutboxRow)
        .where(
            OutboxRow.message_id.in_(message_ids),
            OutboxRow.kind == kind,
            OutboxRow.state == constant("queued"),
        )
        .values(state="dropped", done_at=tx.now)
        .execution_options(synchronize_session=False)
    )


async def drop_rows(tx: Tx, ids: Collection[int], why: str) -> None:
    """These rows, of those that wait, are not to leave any more."""
    await tx.change(
        update(OutboxRow)
        .where(OutboxRow.id.in_(ids), OutboxRow.state == constant("queued"))
        .values(state="dropped", error=why, done_at=tx.now)
        .execution_options(synchronize_session=False)
    )


def _at_once(tx: Tx) -> dict[str, Any]:
    """What has rows leave now: not before now, and not after a turn that comes later."""
    turn = case((OutboxRow.order_at > tx.now, tx.now), else_=OutboxRow.order_at)
    return {"not_before": tx.now, "order_at": turn}


async def hurry(tx: Tx, address: str) -> None:
    """What rests for an address, because it was closed to us, may leave at once."""
    await tx.change(
        update(OutboxRow)
        .where(
            OutboxRow.address == address,
            OutboxRow.state == "queued",
            OutboxRow.error.in_(("blocked", "configuration")),
        )
        .values(**_at_once(tx))
        .execution_options(synchronize_session=False)
    )
    tx.outgoing = True


async def wake_channel(tx: Tx, channel: str) -> None:
    """The channel is reached again: what waits because it was not leaves at once."""
    await tx.change(
        update(OutboxRow)
        .where(
            OutboxRow.channel == channel,
            OutboxRow.state == constant("queued"),
            OutboxRow.error.in_(UNREACHED),
            OutboxRow.not_before > tx.now,
        )
        .values(**_at_once(tx))
        .execution_options(synchronize_session=False)
    )


async def shift_waits(tx: Tx, step: timedelta) -> None:
    """The clock was set back by ``step``: what waits until an instant waits no longer for that."""
    waiting = select(OutboxRow).where(
        OutboxRow.state == constant("queued"), OutboxRow.not_before > tx.now
    )
    for row in await tx.all(waiting):
        row.not_before = max(tx.now, row.not_before - step)
        row.order_at -= step
    tx.outgoing = True


async def requeue_interrupted(tx: Tx) -> None:
    """Rows that were being sent wait again, as if they had not been tried."""
    await tx.change(
        update(OutboxRow)
        .where(OutboxRow.state == constant("sending"))
        .values(state="queued", probe_context=None, dedup_key=None)
        .execution_options(synchronize_session=False)
    )


def is_of_backup(up_to: int) -> ColumnElement[bool]:
    """Return the condition that a row stood in the backup, up to this id, or came of its inbox."""
    return or_(OutboxRow.id <= up_to, OutboxRow.error.is_not_distinct_from(OF_BACKUP))


async def drop_of_backup(tx: Tx, up_to: int, first_number: int, *, error: str) -> int:
    """Drop those of the backup that wait, but for what the desk's own chats are to see of tickets
    from ``first_number`` on: whatever stood there of them has other numbers. Returns how many.
    """
    is_new = and_(OutboxRow.ticket_id >= first_number, OutboxRow.person_id.is_(None))
    return await tx.change(
        update(OutboxRow)
        .where(OutboxRow.state == constant("queued"), is_of_backup(up_to))
        .where(not_(func.coalesce(is_new, false())))
        .values(state="dropped", error=error, done_at=tx.now)
        .execution_options(synchronize_session=False)
    )
