"""Erases what is older than the company wants to keep it: each night, in small steps (S31).

``keep_words``: what was said in a ticket, counted from its end; its numbers stay. ``keep_people``:
customers, counted from the end of their newest ticket. Who belongs to an account, or looks after a
camera, is known by a contract and stays; so do those who work here.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, func, or_, select

from core.address_holders import is_at
from core.contacts.erasure import erase_again, erase_tickets
from core.contacts.erasure_remains import note_remains
from core.events import RetentionApplied
from core.models import (
    AccountMember,
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
# The hour of the company's day after which a night's round begins.
HOUR: Final = 3
_STATE: Final = "retention"


async def apply_retention(tx: Tx) -> int:
    """Do one step of the night's round. Returns 1 while there is more, 0 when it is over."""
    company = tx.company
    if company.keep_words is None and company.keep_people is None:
        return 0
    row = await tx.find(SystemState, _STATE, hold=True)
    going = None if row is None else row.value.get("going")
    if going is None:
        if row is not None and row.at >= _night(tx):
            return 0
        going = {"step": 0, "after": 0, "words": 0, "people": 0}
    going = await _step(tx, going)
    if going["step"] == len(_STEPS):
        if going["words"] or going["people"]:
            tx.emit(
                RetentionApplied(ticket_id=None, tickets=going["words"], people=going["people"])
            )
        going = None
    await tx.put(SystemState(name=_STATE, value={"going": going}, at=tx.now))
    return 0 if going is None else 1


def _night(tx: ReadTx) -> datetime:
    """Return the latest beginning of a round that has passed."""
    here = tx.now.astimezone(tx.company.zone)
    night = here.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return night if night <= here else night - timedelta(days=1)


async def _step(tx: Tx, going: dict[str, Any]) -> dict[str, Any]:
    name, ids, find, erase = _STEPS[going["step"]]
    keep = tx.company.keep_words if name == "words" else tx.company.keep_people
    last = await tx.first(select(func.max(ids))) or 0
    after = going["after"]
    if keep is None or after >= last:
        return going | {"step": going["step"] + 1, "after": 0}
    until = min(after + LOOKED_AT, last)
    query = select(ids).where(ids > after, ids <= until, find(tx, tx.now - keep))
    found = await tx.all(query.order_by(ids).limit(BATCH))
    if found:
        await erase(tx, found)
    after = found[-1] if len(found) == BATCH else until
    return going | {"after": after, name: going[name] + len(found)}


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


_Erase = Callable[[Tx, list[int]], Awaitable[None]]
_Find = Callable[[ReadTx, datetime], ColumnElement[bool]]
_STEPS: Final[tuple[tuple[str, Any, _Find, _Erase], ...]] = (
    ("words", Ticket.id, _old_words, erase_tickets),
    ("people", Person.id, _old_people, _erase_people),
)
