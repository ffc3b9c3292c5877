"""Erases what is older than the company wants to keep it: each night, in small steps (S31).

``keep_words``: what was said in a ticket, counted from its end; its numbers stay. ``keep_people``:
customers, counted from the end of their newest ticket. Who belongs to an account, or looks after a
camera, is known by a contract and stays; so do those who work here. ``keep_updates``,
``keep_deliveries``, ``keep_calls``, ``keep_reads``: records of handled updates, of ended
deliveries, of API calls, of who has looked at contact data.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, tuple_

from core import inbox
from core.address_holders import is_at
from core.contacts.erasure import erase_again, erase_tickets
from core.contacts.erasure_remains import note_remains, note_unused
from core.contacts.reads import forget_reads
from core.delivery import outbox_retention
from core.events import RecordsErased, RetentionApplied
from core.models import (
    AccountMember,
    ApiCall,
    CameraOwner,
    ContactPoint,
    Erasure,
    Message,
    Person,
    PersonMerge,
    SystemState,
    Ticket,
)
from core.tx import ReadTx, Tx

# Rows looked at, and at most erased, in one transaction: others wait meanwhile.
LOOKED_AT: Final = 2000
BATCH: Final = 20
# Records that are forgotten in one transaction.
PURGED: Final = 1000
# The hour of the company's day after which a night's round begins.
HOUR: Final = 3
_STATE: Final = "retention"

_Erase = Callable[[Tx, list[int]], Awaitable[None]]
_Find = Callable[[ReadTx, datetime], ColumnElement[bool]]
# Takes where it stopped before, and for how long all is kept; returns how many were erased, and
# where it goes on, None: it is through.
_Step = Callable[[Tx, int, timedelta], Awaitable[tuple[int, int | None]]]


async def apply_retention(tx: Tx) -> int:
    """Do one step of the night's round. Returns 1 while there is more, 0 when it is over."""
    row = await tx.find(SystemState, _STATE, hold=True)
    known = {} if row is None else dict(row.value)
    going = known.get("going")
    if going is None:
        if row is not None and row.at >= _night(tx):
            return 0
        going = {"step": 0, "after": 0}
    going = await _go_on(tx, going)
    value: dict[str, Any] = {"going": going, "last": known.get("last")}
    if going["step"] == len(_STEPS):
        erased = {name: going.get(name, 0) for name in _STEPS}
        _tell(tx, erased)
        value = {"going": None, "last": erased | {"at": tx.now.isoformat()}}
    await tx.put(SystemState(name=_STATE, value=value, at=tx.now))
    return 0 if value["going"] is None else 1


def _tell(tx: Tx, erased: Mapping[str, int]) -> None:
    """Admins hear of what customers said; of the desk's own records the journal is enough."""
    if erased["words"] or erased["people"]:
        tx.emit(RetentionApplied(ticket_id=None, tickets=erased["words"], people=erased["people"]))
    records = {name: erased[name] for name in _RECORDS}
    if any(records.values()):
        tx.emit(RecordsErased(ticket_id=None, **records))


@dataclass(frozen=True, slots=True)
class Round:
    """What the last night's round has erased, and when it was over."""

    at: datetime
    words: int
    people: int
    updates: int
    deliveries: int
    calls: int
    reads: int = 0


async def last_round(tx: ReadTx) -> Round | None:
    """Return what the last round has erased; None: there was none yet."""
    row = await tx.find(SystemState, _STATE)
    last = None if row is None else row.value.get("last")
    if last is None:
        return None
    return Round(**last | {"at": datetime.fromisoformat(last["at"])})


def _night(tx: ReadTx) -> datetime:
    """Return the latest beginning of a round that has passed."""
    here = tx.now.astimezone(tx.company.zone)
    night = here.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return night if night <= here else night - timedelta(days=1)


async def _go_on(tx: Tx, going: dict[str, Any]) -> dict[str, Any]:
    """Take one step further, and over all in which there is nothing to do."""
    while going["step"] < len(_STEPS):
        name = list(_STEPS)[going["step"]]
        keep = getattr(tx.company, f"keep_{name}")
        count, after = (0, None) if keep is None else await _STEPS[name](tx, going["after"], keep)
        going = going | {name: going.get(name, 0) + count}
        if after is not None:
            return going | {"after": after}
        going = going | {"step": going["step"] + 1, "after": 0}
        if count:
            return going
    return going


def _walk(ids: Any, find: _Find, erase: _Erase) -> _Step:
    """Look at all rows by their ids, and erase those that ``find`` finds."""

    async def step(tx: Tx, after: int, keep: timedelta) -> tuple[int, int | None]:
        last = await tx.first(select(func.max(ids))) or 0
        if after >= last:
            return 0, None
        until = min(after + LOOKED_AT, last)
        query = select(ids).where(ids > after, ids <= until, find(tx, tx.now - keep))
        found = await tx.all(query.order_by(ids).limit(BATCH))
        if found:
            await erase(tx, found)
        return len(found), found[-1] if len(found) == BATCH else until

    return step


def _purge(forget: Callable[[Tx, int], Awaitable[int]]) -> _Step:
    """Let records be forgotten, the oldest first, until there are no more."""

    async def step(tx: Tx, after: int, keep: timedelta) -> tuple[int, int | None]:  # noqa: ARG001
        count = await forget(tx, PURGED)
        return count, after + 1 if count == PURGED else None

    return step


def _old_words(_: ReadTx, before: datetime) -> ColumnElement[bool]:
    said = exists().where(Message.ticket_id == Ticket.id, Message.source_chat != "")
    return (Ticket.closed_at <= before) & or_(Ticket.title != "", Ticket.opening != "", said)


def _old_people(tx: ReadTx, before: datetime) -> ColumnElement[bool]:
    """Customers for whom nothing was done since then, and whom nothing else keeps known."""
    newer = or_(Ticket.closed_at.is_(None), Ticket.closed_at > before)
    looks_after = exists().where(
        ContactPoint.person_id == Person.id, CameraOwner.value == ContactPoint.value
    )
    kept = or_(
        exists().where(Ticket.customer_id == Person.id, newer),
        exists().where(Message.author_id == Person.id, Message.ticket_id.is_(None)),
        exists().where(AccountMember.person_id == Person.id),
        exists().where(PersonMerge.person_id == Person.id),
        exists().where(Erasure.person_id == Person.id),
        looks_after,
    )
    staff = or_(
        Person.operator_since.is_not(None),
        Person.admin_since.is_not(None),
        is_at(tx.company.admins),
    )
    return (Person.created_at <= before) & ~staff & ~kept


async def _erase_people(tx: Tx, people: list[int]) -> None:
    for person_id in people:
        erased = await erase_again(tx, person_id)
        await note_remains(tx, erased.files)


async def _forget_updates(tx: Tx, most: int) -> int:
    gone = await inbox.purge(tx, most)
    await note_unused(tx, gone.files)
    return gone.count


async def _forget_calls(tx: Tx, most: int) -> int:
    old = select(ApiCall.key_id, ApiCall.name).where(ApiCall.at < tx.now - tx.company.keep_calls)
    found = old.order_by(ApiCall.at).limit(most)
    table: Any = ApiCall.__table__
    named = tuple_(table.c.key_id, table.c.name)
    return await tx.change(delete(table).where(named.in_(found)))


# By what the company keeps for how long, in this order; a setting keep_… goes with each.
_STEPS: Final[Mapping[str, _Step]] = {
    "words": _walk(Ticket.id, _old_words, erase_tickets),
    "people": _walk(Person.id, _old_people, _erase_people),
    "updates": _purge(_forget_updates),
    "deliveries": _purge(outbox_retention.purge),
    "calls": _purge(_forget_calls),
    "reads": _purge(forget_reads),
}
# The desk's own records.
_RECORDS: Final = ("updates", "deliveries", "calls", "reads")
