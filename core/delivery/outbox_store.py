"""What a channel has to know to find out about a lost delivery: what was noted with rows before
they left, and what stands where already.
"""

import json
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    String,
    bindparam,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from core.db import PreparedStatement, constant
from core.db.statements import one_of
from core.delivery.channel import Delivery
from core.models import OutboxRow, Ticket
from core.tx import ReadTx, Tx

log = logging.getLogger(__name__)

PENDING: Final = (constant("queued"), constant("sending"))
PAGE: Final = 50
# Reasons of a `SendError`, and that of a lost answer, that the whole channel may have in common.
UNREACHED: Final = frozenset({"network", "busy", "lost"})

# The error of a row that came of an update that stood in the backup's inbox, until it is released.
OF_BACKUP: Final = "backup"

_TABLE: Final[Any] = OutboxRow.__table__
_ROWS: Final = _TABLE.c
_TICKETS: Final[Any] = Ticket.__table__
_EARLIER: Final = _TABLE.alias("earlier").c
_DELIVERY: Final = (  # in the order of the fields of Delivery
    *(_ROWS.id, _ROWS.channel, _ROWS.address, _ROWS.locale, _ROWS.kind, _ROWS.key, _ROWS.facts),
    *(_ROWS.ticket_id, _ROWS.created_at, _ROWS.attempts, _ROWS.message_id, _ROWS.person_id),
    *(_ROWS.priority, _ROWS.probe_context),
)
_READY: Final = (
    select(_ROWS.id, _ROWS.address, _ROWS.priority, _ROWS.created_at, _TICKETS.c.customer_id)
    .select_from(_TABLE.outerjoin(_TICKETS, _TICKETS.c.id == _ROWS.ticket_id))
    .where(
        _ROWS.state == constant("queued"),
        _ROWS.not_before <= bindparam("now"),
        ~exists().where(
            _EARLIER.ordering_key == _ROWS.ordering_key,
            _EARLIER.id < _ROWS.id,
            _EARLIER.state.in_(PENDING),
        ),
    )
    .order_by(_ROWS.order_at, _ROWS.id)
    .limit(bindparam("most"))
)
_READY_ELSEWHERE: Final = {
    database: _READY.where(~is_busy) for database, is_busy in one_of(_ROWS.address, "busy").items()
}
_FIND_READY: Final = PreparedStatement(
    lambda session: _READY_ELSEWHERE[session.get_bind().dialect.name]
)
_CLAIM: Final = PreparedStatement(
    update(_TABLE)
    .where(_ROWS.id == bindparam("row"), _ROWS.state == constant("queued"))
    .values(state="sending", attempts=_ROWS.attempts + 1, probe_context=bindparam("noted"))
    .returning(*_DELIVERY)
)
_INTERRUPTED: Final = (
    select(*_DELIVERY).where(_ROWS.state == constant("sending")).order_by(_ROWS.id)
)
_END: Final = PreparedStatement(
    update(_TABLE)
    .where(_ROWS.id == bindparam("row"), _ROWS.state.in_(PENDING))
    .values(state=bindparam("how"), done_at=bindparam("now"), error=bindparam("because"))
)
_SLOW: Final = select(_ROWS.id, _ROWS.message_id).where(
    _ROWS.state.in_(PENDING),
    _ROWS.kind == "content",
    _ROWS.person_id.is_not(None),
    _ROWS.message_id.is_not(None),
    _ROWS.created_at <= bindparam("before"),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that may leave as far as order and time go; the pacer has the last word.

    ``customer_id``: whose ticket it is about.
    """

    id: int
    address: str
    priority: int
    created_at: datetime
    customer_id: int | None


async def find_ready(tx: ReadTx, busy: Collection[str], limit: int = PAGE) -> Sequence[Candidate]:
    """The first unfinished row of each ordering key that is due, the one whose turn it is first.

    ``busy`` are addresses that cannot take anything now.
    """
    given = {"now": tx.now, "most": limit, "busy": json.dumps(list(busy))}
    return [Candidate(*row) for row in await _FIND_READY.rows(tx.session, given)]


async def claim(tx: Tx, ids: Sequence[int], probe_context: dict[str, Any]) -> list[Delivery]:
    """Mark rows as being sent; the channel needs ``probe_context`` if the answer is lost."""
    claimed: list[Delivery] = []
    for row in sorted(ids):
        try:
            found = await _CLAIM.rows(tx.session, {"row": row, "noted": probe_context})
        except ValueError:  # its JSON is broken: it must not hold up the others
            log.exception("a row of the outbox cannot be read", extra={"outbox": row})
            await end(tx, row, "failed", error="unreadable")
        else:
            claimed += map(_delivery, found)
    return claimed


def _delivery(row: Sequence[Any]) -> Delivery:
    """A row as its channel sees it."""
    fields = [*row[:-1], row[-1] or {}]
    return Delivery(*fields)


async def find_interrupted(tx: ReadTx) -> list[Delivery]:
    """Rows that a process was sending when it died."""
    return [_delivery(row) for row in await tx.rows(_INTERRUPTED)]


async def is_being_sent(tx: ReadTx, address: str) -> bool:
    """Return whether something is on its way there, from whichever process."""
    query = select(_ROWS.id).where(_ROWS.state == constant("sending"), _ROWS.address == address)
    return await tx.first(query.limit(1)) is not None


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


async def drop_of_backup(tx: Tx, up_to: int, *, error: str) -> int:
    """Drop those of the backup that wait. Returns how many."""
    return await tx.change(
        update(OutboxRow)
        .where(OutboxRow.state == constant("queued"), is_of_backup(up_to))
        .values(state="dropped", error=error, done_at=tx.now)
        .execution_options(synchronize_session=False)
    )


async def give_back(tx: Tx, row_id: int, *, after: float, error: str, count: bool = True) -> None:
    """The row waits for another try, ``after`` seconds from now at the earliest.

    ``count=False``: the try was not the row's fault and does not count as one.
    """
    values: dict[str, Any] = {
        "state": "queued",
        "not_before": tx.now + timedelta(seconds=after),
        "error": error,
    }
    if not count:
        values["attempts"] = OutboxRow.attempts - 1
    row = await tx.find(OutboxRow, row_id)
    if row is not None and (newer := await _superseded_by(tx, row)) is not None:
        # of an album, the newer row carries only later pieces: it carries all of them now
        newer.message_id = row.message_id
        values = {"state": "dropped", "done_at": tx.now, "error": "superseded"}
    await tx.change(
        update(OutboxRow)
        .where(OutboxRow.id == row_id, OutboxRow.state == constant("sending"))
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def _superseded_by(tx: Tx, row: OutboxRow) -> OutboxRow | None:
    """A newer row of the same name that waits already: it says the same, later."""
    if row.dedup_key is None:
        return None
    query = select(OutboxRow).where(
        OutboxRow.dedup_key == row.dedup_key, OutboxRow.state == constant("queued")
    )
    return await tx.first(query)


async def is_under_way(tx: ReadTx, message_id: int, kind: str) -> bool:
    """A row that carries the message waits, or is being sent."""
    query = select(OutboxRow.id).where(
        OutboxRow.message_id == message_id,
        OutboxRow.kind == kind,
        OutboxRow.state.in_(PENDING),
    )
    return await tx.first(query.limit(1)) is not None


async def end(tx: Tx, row_id: int, state: str, *, error: str | None = None) -> int | None:
    """The row's story is over: ``sent``, ``failed`` or ``dropped``. ``None`` if it was already."""
    given = {"row": row_id, "how": state, "now": tx.now, "because": error}
    return row_id if await _END.change(tx.session, given) == 1 else None


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


async def hurry(tx: Tx, address: str) -> None:
    """What rests for an address, because it was closed to us, may leave at once."""
    await tx.change(
        update(OutboxRow)
        .where(
            OutboxRow.address == address,
            OutboxRow.state == "queued",
            OutboxRow.error.in_(("blocked", "configuration")),
        )
        .values(not_before=tx.now)
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
        .values(not_before=tx.now)
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


async def find_slow_answers(tx: ReadTx, older_than: timedelta) -> Sequence[tuple[int, int]]:
    """Answers that are on their way for longer: ids of row and message (X2)."""
    slow = await tx.rows(_SLOW, {"before": tx.now - older_than})
    return [(row, message) for row, message in slow]


async def count_pending(tx: ReadTx) -> int:
    """How many rows wait."""
    query = select(func.count()).select_from(OutboxRow).where(OutboxRow.state.in_(PENDING))
    return int(await tx.first(query) or 0)


async def erase_deliveries(
    tx: Tx, tickets: Collection[int], people: Collection[int], chats: Collection[str]
) -> None:
    """Drop what waits for these people and about these tickets, and forget what was said in it."""
    mine = or_(OutboxRow.ticket_id.in_(tickets), OutboxRow.person_id.in_(people))
    waits = OutboxRow.state.in_(("queued", "failed"))
    await tx.change(update(OutboxRow).where(mine, waits).values(state="dropped", done_at=tx.now))
    there = OutboxRow.address.in_(chats) & _ENDED
    await tx.change(update(OutboxRow).where(or_(mine, there)).values(**_FORGOTTEN))
    await tx.change(update(OutboxRow).where(there).values(address="", ordering_key=""))


_ENDED: Final = OutboxRow.state.in_(("sent", "dropped"))
_FORGOTTEN: Final[dict[str, Any]] = {"facts": {}, "probe_context": None, "error": None}


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


# A fact of a row that stopped half-way: how far it came.
STOPPED: Final = "stopped"
ENOUGH: Final = 50


async def find_probe_contexts(tx: ReadTx, before: int) -> list[dict[str, Any]]:
    """The probe contexts of the rows just before this one, the newest first."""
    query = (
        select(OutboxRow.probe_context)
        .where(OutboxRow.id < before, OutboxRow.probe_context.is_not(None))
        .order_by(OutboxRow.id.desc())
        .limit(ENOUGH)
    )
    return [probe_context for probe_context in await tx.all(query) if probe_context]


async def probe_context_of(tx: ReadTx, row_id: int) -> dict[str, Any]:
    """What is noted with a row by now."""
    found = await tx.first(select(OutboxRow.probe_context).where(OutboxRow.id == row_id))
    return found or {}


async def add_to_probe_context(tx: Tx, row_id: int, what: dict[str, Any]) -> None:
    """Note more with a row, before the call that must be recognised by it."""
    row = await tx.find(OutboxRow, row_id)
    if row is not None:
        row.probe_context = (row.probe_context or {}) | what


async def note_stopped(tx: Tx, row_id: int, came: dict[str, Any]) -> None:
    """Note how far a row came before it stopped, beyond the mark that each try makes anew."""
    row = await tx.find(OutboxRow, row_id)
    if row is not None:
        row.facts = row.facts | {STOPPED: came}
