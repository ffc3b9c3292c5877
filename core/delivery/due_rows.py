"""Which rows of the outbox may leave by now, and at which addresses, however much waits there."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    bindparam,
    case,
    literal_column,
    null,
    select,
)

from core.db import PreparedStatement, constant
from core.db.statements import for_each_database, one_of
from core.delivery.outbox_store import instants, may_leave
from core.models import OutboxRow, Ticket
from core.tx import ReadTx

PAGE: Final = 50
# How many addresses a walk over them visits.
ADDRESSES: Final = 100

_TABLE: Final[Any] = OutboxRow.__table__
_ROWS: Final = _TABLE.c
_TICKETS: Final[Any] = Ticket.__table__
_CANDIDATE: Final = (
    *(_ROWS.id, _ROWS.address, _ROWS.priority, _ROWS.created_at, _TICKETS.c.customer_id),
    _ROWS.order_at,
)
_ONE: Final[Any] = literal_column("1", Integer())

_READY: Final = PreparedStatement(
    select(*_CANDIDATE)
    .select_from(_TABLE.outerjoin(_TICKETS, _TICKETS.c.id == _ROWS.ticket_id))
    .where(_ROWS.address == bindparam("there"), *may_leave(_ROWS))
    .order_by(_ROWS.order_at, _ROWS.id)
    .limit(bindparam("most"))
)


def _next_address(after: ColumnElement[str]) -> Any:
    """The first address behind this one at which something is queued."""
    row = _TABLE.alias("next_row").c
    found = select(row.address).where(row.state == constant("queued"), row.address > after)
    return found.order_by(row.address).limit(_ONE)


def _walk(database: str) -> Any:
    """Address by address along the index, and the turn of the first row there that may leave."""
    first = _next_address(bindparam("after", type_=String())).scalar_subquery()
    place = select(first.label("address"), _ONE.label("number")).cte("place", recursive=True)
    behind = _next_address(place.c.address).correlate(place).scalar_subquery()
    place = place.union_all(
        select(behind, place.c.number + _ONE).where(
            place.c.address.is_not(None), place.c.number < bindparam("most", type_=Integer())
        )
    )
    row = _TABLE.alias("waiting").c
    turn = (
        select(row.order_at)
        .where(row.address == place.c.address, *may_leave(row))
        .order_by(row.order_at, row.id)
        .limit(_ONE)
        .correlate(place)
        .scalar_subquery()
    )
    busy = one_of(place.c.address, "busy")[database]
    return select(place.c.number, place.c.address, case((busy, null()), else_=turn)).where(
        place.c.address.is_not(None)
    )


_WALK: Final = PreparedStatement(for_each_database(_walk))
_FIRST: Final = (
    select(
        *(_ROWS.id, _ROWS.address, _ROWS.ordering_key, _ROWS.state),
        *(_ROWS.order_at, _ROWS.not_before),
    )
    .where(_ROWS.state == constant("queued"), _ROWS.order_at <= bindparam("horizon"))
    .order_by(_ROWS.order_at, _ROWS.id)
    .limit(bindparam("most"))
    .subquery("first")
)
_URGENT: Final = PreparedStatement(
    select(_FIRST.c.address, _FIRST.c.order_at).where(*may_leave(_FIRST.c))
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
    order_at: datetime


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk over the addresses has found: where something may leave, and its turn.

    The next one begins behind ``up_to``; ``is_whole``: it was all of them.
    """

    turns: list[tuple[str, datetime]]
    up_to: str
    is_whole: bool


async def find_ready(tx: ReadTx, address: str, most: int = 1) -> list[Candidate]:
    """The first unfinished row of each ordering key at an address that is due, the one whose turn
    it is first.
    """
    given = instants(tx) | {"there": address, "most": most}
    return [Candidate(*row) for row in await _READY.rows(tx.session, given)]


async def find_waiting(tx: ReadTx, after: str, busy: Collection[str]) -> Walk:
    """At which addresses behind ``after`` something may leave, however much waits at each of them.

    ``busy`` are addresses that cannot take anything now.
    """
    given = instants(tx) | {"after": after, "most": ADDRESSES, "busy": json.dumps(list(busy))}
    rows = sorted(map(tuple, await _WALK.rows(tx.session, given)))
    found = [(address, turn) for _, address, turn in rows if turn is not None]
    came_to_end = len(rows) < ADDRESSES
    return Walk(found, "" if came_to_end else rows[-1][1], came_to_end and not after)


async def find_urgent(tx: ReadTx) -> list[tuple[str, datetime]]:
    """The same of the rows whose turn is the first of all."""
    rows = await _URGENT.rows(tx.session, instants(tx) | {"most": PAGE})
    return [(address, turn) for address, turn in rows]
