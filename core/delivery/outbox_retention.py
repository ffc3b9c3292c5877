"""What was said in deliveries that are over is forgotten, and their rows are."""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import String, cast, delete, func, or_, select, update

from core.delivery.consent_letters import CONSENT_LETTERS
from core.delivery.outbox_store import PENDING
from core.models import OutboxRow
from core.tx import Tx

_ROWS: Final[Any] = OutboxRow.__table__.c
_ENDED: Final = OutboxRow.state.in_(("sent", "dropped"))
_FORGOTTEN: Final[dict[str, Any]] = {"facts": {}, "probe_context": None, "error": None}


async def erase_deliveries(
    tx: Tx,
    tickets: Collection[int],
    people: Collection[int],
    chats: Collection[str],
    proved: Collection[str],
) -> None:
    """Drop what waits for these people and about these tickets, and forget what was said in it.

    ``chats``: their addresses; ``proved``: of these, those that are theirs for certain. A question
    about consent at another one was asked of whoever writes from there.
    """
    mine = or_(OutboxRow.ticket_id.in_(tickets), OutboxRow.person_id.in_(people))
    waits = OutboxRow.state.in_(("queued", "failed"))
    about_consent = func.coalesce(OutboxRow.key, "").in_(CONSENT_LETTERS)
    asked = OutboxRow.address.in_(proved) & about_consent
    gone = {"state": "dropped", "done_at": tx.now}
    await tx.change(update(OutboxRow).where(or_(mine, asked), waits).values(**gone))
    there = (asked | (OutboxRow.address.in_(chats) & ~about_consent)) & _ENDED
    await tx.change(update(OutboxRow).where(or_(mine, there)).values(**_FORGOTTEN))
    nowhere = {"address": "", "ordering_key": "", "dedup_key": None}
    await tx.change(update(OutboxRow).where(there).values(**nowhere))


async def forget_ended(tx: Tx, after: int, up_to: int, most: int) -> int | None:
    """Forget what was said in deliveries that have ended, to whomever, of ``most`` rows behind
    ``after`` up to ``up_to``. Returns the last row that was looked at; ``None``: there was none.
    """
    rows = select(_ROWS.id).where(_ROWS.id > after, _ROWS.id <= up_to).order_by(_ROWS.id)
    last = await tx.first(select(func.max(rows.limit(most).subquery().c.id)))
    if last is not None:
        says = or_(
            cast(OutboxRow.facts, String) != "{}",
            cast(OutboxRow.probe_context, String) != "null",
            OutboxRow.error.is_not(None),
        )
        here = OutboxRow.id > after, OutboxRow.id <= last
        await tx.change(update(OutboxRow).where(*here, _ENDED, says).values(**_FORGOTTEN))
    return last


async def purge(tx: Tx, most: int) -> int:
    """Forget the oldest rows that ended and that the company keeps no longer, ``most`` of them.
    Returns how many.
    """
    before = tx.now - tx.company.keep_deliveries
    old = select(OutboxRow.id).where(OutboxRow.created_at < before, OutboxRow.state.not_in(PENDING))
    found = old.order_by(OutboxRow.id).limit(most)
    table: Any = OutboxRow.__table__
    return await tx.change(delete(table).where(table.c.id.in_(found)))
