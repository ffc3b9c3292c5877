"""Rows of the outbox leave: they are claimed, they end, or they wait for another try."""

import json
import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    bindparam,
    cast,
    exists,
    literal_column,
    select,
    update,
)

from core.db import PreparedStatement, constant
from core.delivery.channel import Delivery
from core.delivery.pacing import PATIENCE, Priority
from core.models import OutboxRow, Ticket
from core.tx import ReadTx, Tx

log = logging.getLogger(__name__)

PENDING: Final = (constant("queued"), constant("sending"))
# How much later than its instant the turn of the least urgent row is.
_LONGEST_TURN: Final = timedelta(seconds=PATIENCE * max(Priority))

_TABLE: Final[Any] = OutboxRow.__table__
_ROWS: Final = _TABLE.c
_TICKETS: Final[Any] = Ticket.__table__
_EARLIER: Final = _TABLE.alias("earlier").c
_BEFORE_FACTS: Final = (_ROWS.id, _ROWS.channel, _ROWS.address, _ROWS.locale, _ROWS.kind, _ROWS.key)
_BEHIND_FACTS: Final = (
    *(_ROWS.ticket_id, _ROWS.created_at, _ROWS.attempts, _ROWS.message_id, _ROWS.person_id),
    _ROWS.priority,
)
# The first fields of Delivery, in their order.
_DELIVERY: Final = (*_BEFORE_FACTS, _ROWS.facts, *_BEHIND_FACTS)
_FACTS_AT: Final = len(_BEFORE_FACTS)
_ONE: Final[Any] = literal_column("1", Integer())


def may_leave(row: Any) -> tuple[ColumnElement[bool], ...]:
    """The conditions that a row may leave: it is due, and the first of its ordering key.

    The last one keeps what is due much later out of an index's range.
    """
    before = exists().where(
        _EARLIER.ordering_key == row.ordering_key,
        *(_EARLIER.id < row.id, _EARLIER.state.in_(PENDING)),
    )
    return (
        row.state == constant("queued"),
        row.not_before <= bindparam("now"),
        row.order_at <= bindparam("horizon"),
        ~before,
    )


_NEXT: Final = _TABLE.alias("next").c
_WHOSE_TURN: Final = (
    select(_NEXT.id)
    .where(_NEXT.address == bindparam("there"), *may_leave(_NEXT))
    .order_by(_NEXT.order_at, _NEXT.id)
    .limit(_ONE)
    .scalar_subquery()
)
_CUSTOMER: Final = (
    select(_TICKETS.c.customer_id)
    .where(_TICKETS.c.id == _ROWS.ticket_id)
    .correlate(_TABLE)
    .scalar_subquery()
)


def _claiming(*which: ColumnElement[bool]) -> PreparedStatement:
    """Its facts are read apart: where they cannot be, it is known of which row they are."""
    taken = {
        "state": "sending",
        "attempts": _ROWS.attempts + 1,
        "probe_context": bindparam("noted"),
    }
    claim = update(_TABLE).where(*which, _ROWS.state == constant("queued")).values(**taken)
    facts = cast(_ROWS.facts, String)
    return PreparedStatement(
        claim.returning(*_BEFORE_FACTS, facts, *_BEHIND_FACTS, _CUSTOMER), apart=True
    )


_CLAIM: Final = _claiming(_ROWS.id == bindparam("row"))
_CLAIM_NEXT: Final = _claiming(_ROWS.id == _WHOSE_TURN, _ROWS.created_at >= bindparam("since"))
# Along the index of what is not over; in the order of ids every row there is would be visited.
_INTERRUPTED: Final = PreparedStatement(
    select(*_DELIVERY, _ROWS.probe_context)
    .where(_ROWS.state.in_(PENDING), _ROWS.state == constant("sending"))
    .order_by(_ROWS.order_at, _ROWS.id)
)
_END: Final = PreparedStatement(
    update(_TABLE)
    .where(_ROWS.id == bindparam("row"), _ROWS.state.in_(PENDING))
    .values(state=bindparam("how"), done_at=bindparam("now"), error=bindparam("because")),
    apart=True,
)


def instants(tx: ReadTx) -> dict[str, Any]:
    """What the conditions of `may_leave` are given."""
    return {"now": tx.now, "horizon": tx.now + _LONGEST_TURN}


async def claim(tx: Tx, ids: Collection[int], probe_context: dict[str, Any]) -> list[Delivery]:
    """Mark rows as being sent; the channel needs ``probe_context`` if the answer is lost."""
    claimed: list[Delivery] = []
    for row in sorted(ids):
        for fields in await _CLAIM.rows(tx.session, {"row": row, "noted": probe_context}):
            delivery = await _delivery(tx, fields, probe_context)
            claimed += [] if delivery is None else [delivery]
    return claimed


async def claim_next(
    tx: Tx, address: str, since: datetime, probe_context: dict[str, Any]
) -> tuple[Delivery | None, int | None]:
    """The same of the row whose turn it is at an address, if it was not written before ``since``;
    and the customer whose ticket it is about.
    """
    given = instants(tx) | {"there": address, "since": since, "noted": probe_context}
    while found := await _CLAIM_NEXT.rows(tx.session, given):
        delivery = await _delivery(tx, found[0], probe_context)
        if delivery is not None:  # otherwise it has ended, and the one behind it is next
            return delivery, found[0][-1]
    return None, None


async def _delivery(
    tx: Tx, fields: Sequence[Any], probe_context: dict[str, Any]
) -> Delivery | None:
    """What was claimed; ``None``: its JSON is broken, and it must not hold up the others."""
    *before, customer = fields
    del customer
    try:
        before[_FACTS_AT] = json.loads(before[_FACTS_AT])
    except ValueError:
        log.exception("a row of the outbox cannot be read", extra={"outbox": before[0]})
        await end(tx, before[0], "failed", error="unreadable")
        return None
    return Delivery(*(*before, probe_context))


async def find_interrupted(tx: ReadTx) -> list[Delivery]:
    """Rows that a process was sending when it died, those of an address in the order in which they
    were to leave.
    """
    rows = await _INTERRUPTED.rows(tx.session, {})
    return [Delivery(*(*fields, noted or {})) for *fields, noted in rows]


async def is_being_sent(tx: ReadTx, address: str) -> bool:
    """Return whether something is on its way there, from whichever process."""
    query = select(_ROWS.id).where(_ROWS.state == constant("sending"), _ROWS.address == address)
    return await tx.first(query.limit(1)) is not None


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


async def end(tx: Tx, row_id: int, state: str, *, error: str | None = None) -> int | None:
    """The row's story is over: ``sent``, ``failed`` or ``dropped``. ``None`` if it was already."""
    given = {"row": row_id, "how": state, "now": tx.now, "because": error}
    return row_id if await _END.change(tx.session, given) == 1 else None
