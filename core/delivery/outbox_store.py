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
    Integer,
    String,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    false,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    update,
)

from core.db import PreparedStatement, constant
from core.db.statements import for_each_database, one_of
from core.delivery.channel import Delivery
from core.delivery.pacing import PATIENCE, Priority
from core.models import OutboxRow, Ticket
from core.tx import ReadTx, Tx

log = logging.getLogger(__name__)

PENDING: Final = (constant("queued"), constant("sending"))
PAGE: Final = 50
# How many addresses a walk over them visits.
ADDRESSES: Final = 100
# How much later than its instant the turn of the least urgent row is.
_LONGEST_TURN: Final = timedelta(seconds=PATIENCE * max(Priority))
# Reasons of a `SendError`, and that of a lost answer, that the whole channel may have in common.
UNREACHED: Final = frozenset({"network", "busy", "lost"})

# The error of a row that came of an update that stood in the backup's inbox, until it is released.
OF_BACKUP: Final = "backup"

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
_CANDIDATE: Final = (
    *(_ROWS.id, _ROWS.address, _ROWS.priority, _ROWS.created_at, _TICKETS.c.customer_id),
    _ROWS.order_at,
)
_ONE: Final[Any] = literal_column("1", Integer())


def _waits(row: Any, earlier: Any) -> tuple[ColumnElement[bool], ...]:
    """The conditions that a row may leave: it is due, and the first of its ordering key.

    The last one keeps what is due much later out of an index's range.
    """
    before = exists().where(
        earlier.ordering_key == row.ordering_key, earlier.id < row.id, earlier.state.in_(PENDING)
    )
    return (
        row.state == constant("queued"),
        row.not_before <= bindparam("now"),
        row.order_at <= bindparam("horizon"),
        ~before,
    )


_READY: Final = PreparedStatement(
    select(*_CANDIDATE)
    .select_from(_TABLE.outerjoin(_TICKETS, _TICKETS.c.id == _ROWS.ticket_id))
    .where(_ROWS.address == bindparam("there"), *_waits(_ROWS, _EARLIER))
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
        .where(row.address == place.c.address, *_waits(row, _EARLIER))
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
    select(_FIRST.c.address, _FIRST.c.order_at).where(*_waits(_FIRST.c, _EARLIER))
)
_NEXT: Final = _TABLE.alias("next").c
_WHOSE_TURN: Final = (
    select(_NEXT.id)
    .where(_NEXT.address == bindparam("there"), *_waits(_NEXT, _EARLIER))
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
_IS_ANSWER: Final = (
    _ROWS.kind == constant("content"),
    _ROWS.person_id.is_not(None),
    _ROWS.message_id.is_not(None),
    _ROWS.created_at <= bindparam("up_to"),
)
_SLOW: Final = PreparedStatement(
    select(_ROWS.id, _ROWS.message_id).where(_ROWS.state.in_(PENDING), *_IS_ANSWER)
)
# Its state is asked in other words, for the index of what waits would be read to its end.
_SLOW_SINCE: Final = PreparedStatement(
    select(_ROWS.id, _ROWS.message_id).where(
        _ROWS.created_at > bindparam("since"), *_IS_ANSWER, func.lower(_ROWS.state).in_(PENDING)
    )
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
    given = _when(tx) | {"there": address, "most": most}
    return [Candidate(*row) for row in await _READY.rows(tx.session, given)]


async def find_waiting(tx: ReadTx, after: str, busy: Collection[str]) -> Walk:
    """At which addresses behind ``after`` something may leave, however much waits at each of them.

    ``busy`` are addresses that cannot take anything now.
    """
    given = _when(tx) | {"after": after, "most": ADDRESSES, "busy": json.dumps(list(busy))}
    rows = sorted(map(tuple, await _WALK.rows(tx.session, given)))
    found = [(address, turn) for _, address, turn in rows if turn is not None]
    came_to_end = len(rows) < ADDRESSES
    return Walk(found, "" if came_to_end else rows[-1][1], came_to_end and not after)


async def find_urgent(tx: ReadTx) -> list[tuple[str, datetime]]:
    """The same of the rows whose turn is the first of all."""
    rows = await _URGENT.rows(tx.session, _when(tx) | {"most": PAGE})
    return [(address, turn) for address, turn in rows]


def _when(tx: ReadTx) -> dict[str, Any]:
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
    given = _when(tx) | {"there": address, "since": since, "noted": probe_context}
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


async def find_slow_answers(
    tx: ReadTx, up_to: datetime, since: datetime | None = None
) -> Sequence[tuple[int, int]]:
    """Answers that are on their way and were written ``up_to`` then, and after ``since``: ids of
    row and message (X2), in the order of the rows.
    """
    given = {"up_to": up_to}
    if since is None:
        slow = await _SLOW.rows(tx.session, given)
    else:
        slow = await _SLOW_SINCE.rows(tx.session, given | {"since": since})
    return sorted((row, message) for row, message in slow)


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


async def find_probe_contexts(tx: ReadTx) -> list[dict[str, Any]]:
    """The probe contexts of the last rows, as far as they have any."""
    query = select(OutboxRow.probe_context).order_by(OutboxRow.id.desc()).limit(ENOUGH)
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
