"""What somebody may not do for a while: an operator has muted or blocked them (S10).

Who is muted writes as before, and the group sees nothing of it; who is blocked adds and opens
nothing, and is told so once. Both end by themselves, and an operator can end them before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import aliased

from core.errors import NotAllowed, NothingToDo, Refusal
from core.events import PersonRestricted, PersonTurnedAway, RestrictionLifted
from core.models import Person, PersonMerge, Restriction, Ticket
from core.people.identity import is_colleague
from core.people.permissions import may
from core.tx import ReadTx, Tx

MUTE: Final = "mute"
BLOCK: Final = "block"
KINDS: Final = (MUTE, BLOCK)
# An end farther away is no end.
LONGEST: Final = timedelta(days=366)
MOST: Final = 30


@dataclass(frozen=True, slots=True)
class Restricted:
    """Somebody who is muted or blocked: until when, why, and by whom."""

    person_id: int
    name: str
    kind: str
    until: datetime
    reason: str | None
    by: str | None


async def restrict(tx: Tx, person_id: int, kind: str, until: datetime, reason: str) -> Restricted:
    """Mute or block somebody; what was before is replaced. Raises :class:`NotAllowed`,
    :class:`Refusal` for colleagues and for an end that is none.
    """
    person = await _held(tx, person_id)
    if is_colleague(person):
        raise Refusal("refusal.restrict_colleague", name=person.name)
    if not tx.now < until <= tx.now + LONGEST:
        raise Refusal("refusal.restrict_end")
    await _delete(tx, person.id)
    await tx.insert(
        Restriction(
            person_id=person.id,
            kind=kind,
            reason=reason,
            by_id=tx.actor.person_id,
            since=tx.now,
            until=until,
        )
    )
    person.restricted_until = until
    for ticket_id in await _open_tickets(tx, person.id):
        tx.emit(
            PersonRestricted(
                ticket_id=ticket_id, person_id=person.id, kind=kind, until=until, reason=reason
            )
        )
    return Restricted(person.id, person.name, kind, until, reason, tx.actor.name)


async def lift(tx: Tx, person_id: int) -> Person:
    """End it before its time. Raises :class:`NotAllowed`, :class:`NothingToDo`."""
    person = await _held(tx, person_id)
    found = await restriction_of(tx, person)
    if found is None:
        raise NothingToDo("refusal.not_restricted", name=person.name)
    await _delete(tx, person.id)
    person.restricted_until = None
    for ticket_id in await _open_tickets(tx, person.id):
        tx.emit(RestrictionLifted(ticket_id=ticket_id, person_id=person.id, kind=found.kind))
    return person


async def _open_tickets(tx: Tx, person_id: int) -> Sequence[int | None]:
    """Return in whose journals it stands: the open tickets', or else the desk's own."""
    query = select(Ticket.id).where(Ticket.customer_id == person_id, Ticket.closed_at.is_(None))
    return await tx.all(query.order_by(Ticket.id)) or [None]


async def _held(tx: Tx, person_id: int) -> Person:
    if not may(tx.actor.role, "restrict"):
        raise NotAllowed("restrict")
    post = await tx.find(PersonMerge, person_id)
    person = await tx.find(Person, person_id if post is None else post.into_id, hold=True)
    if person is None:
        raise Refusal("refusal.outdated")
    return person


async def _delete(tx: Tx, person_id: int) -> None:
    await tx.change(
        delete(Restriction).where(Restriction.person_id == person_id, Restriction.kind.in_(KINDS))
    )


def is_restricted(tx: ReadTx, person: Person) -> bool:
    """True if the person is muted or blocked now; needs no query."""
    return person.restricted_until is not None and person.restricted_until > tx.now


async def restriction_of(tx: ReadTx, person: Person) -> Restriction | None:
    """Return what the person is under now."""
    if not is_restricted(tx, person):
        return None
    query = select(Restriction).where(
        Restriction.person_id == person.id, Restriction.kind.in_(KINDS)
    )
    return await tx.first(query)


async def is_blocked(tx: ReadTx, person: Person) -> bool:
    """True if what the person writes is not taken now."""
    found = await restriction_of(tx, person)
    return found is not None and found.kind == BLOCK


def blocked_now(tx: ReadTx) -> Select[int]:
    """The ids of all who are blocked, for another query."""
    return select(Restriction.person_id).where(
        Restriction.kind == BLOCK, Restriction.until > tx.now
    )


async def demand_unblocked(tx: ReadTx, person: Person) -> None:
    """Raise :class:`Refusal` for somebody who is blocked."""
    if await is_blocked(tx, person):
        raise Refusal("refusal.blocked")


async def turn_away(tx: Tx, person: Person) -> bool:
    """True if the person is blocked; the first time they are told so."""
    found = await restriction_of(tx, person)
    if found is None or found.kind != BLOCK:
        return False
    if found.told_at is None:
        found.told_at = tx.now
        tx.emit(PersonTurnedAway(ticket_id=None, person_id=person.id))
    return True


async def move_restriction(tx: Tx, stays: Person, goes: Person) -> None:
    """Somebody who was restricted stays so as the person they turn out to be."""
    found = await restriction_of(tx, goes)
    if found is None or is_restricted(tx, stays):
        return
    kept = {"reason": found.reason, "by_id": found.by_id, "since": found.since}
    kind, until, told_at = found.kind, found.until, found.told_at
    await _delete(tx, goes.id)
    goes.restricted_until, stays.restricted_until = None, until
    await tx.insert(
        Restriction(person_id=stays.id, kind=kind, until=until, told_at=told_at, **kept)
    )


async def list_restricted(tx: ReadTx, person_id: int | None = None) -> Sequence[Restricted]:
    """Return who is muted or blocked now, the first to end first; of one person, if given."""
    by = aliased(Person)
    query = (
        select(
            *(Person.id, Person.name, Restriction.kind, Restriction.until),
            *(Restriction.reason, by.name),
        )
        .join(Person, Person.id == Restriction.person_id)
        .outerjoin(by, by.id == Restriction.by_id)
        .where(Restriction.kind.in_(KINDS), Restriction.until > tx.now)
        .order_by(Restriction.until, Person.id, Restriction.kind)
        .limit(MOST)
    )
    if person_id is not None:
        query = query.where(Restriction.person_id == person_id)
    found: list[Any] = await tx.rows(query)
    return [Restricted(*row) for row in found]
