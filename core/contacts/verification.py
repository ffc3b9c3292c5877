"""A phone is somebody's when they have shared their own contact, and not before."""

from typing import Final

from sqlalchemy import select

from core.events import PhoneVerified
from core.models import ContactPoint, Person
from core.people.directory import Caller, arrive, enter_dialogue, mark_reachable
from core.tx import Look, Tx

PHONE: Final = "phone"


async def verify_phone(tx: Tx, caller: Caller, phone: str) -> Person:
    """The person has shared their own contact with this phone, in international form.

    Telegram vouches for the latest holder of a number, so whoever had it verified before keeps it
    only as something that was said of them.
    """
    person = await arrive(tx, caller, "customer")
    mark_reachable(tx, person)
    enter_dialogue(person, None)
    before = await _holder(tx, phone)
    if before is not None and before.person_id == person.id:
        return person
    if before is not None:
        before.verified_at = None
        await tx.session.flush()
    await _hold(tx, person, phone)
    tx.emit(
        PhoneVerified(
            ticket_id=None,
            person_id=person.id,
            phone=phone,
            before=None if before is None else before.person_id,
        )
    )
    return person


async def _holder(tx: Tx, phone: str) -> ContactPoint | None:
    query = select(ContactPoint).where(
        ContactPoint.kind == PHONE,
        ContactPoint.value == phone,
        ContactPoint.verified_at.is_not(None),
    )
    return (await tx.session.scalars(query.with_for_update())).one_or_none()


async def _hold(tx: Tx, person: Person, phone: str) -> None:
    point = await tx.session.get(ContactPoint, (person.id, PHONE, phone))
    if point is None:
        await tx.put(ContactPoint(person_id=person.id, kind=PHONE, value=phone, verified_at=tx.now))
    else:
        point.verified_at = tx.now


async def verified_phones(look: Look, telegram_id: int) -> list[str]:
    """The phones that the person has proved to be theirs, the latest first."""
    query = (
        select(ContactPoint.value)
        .join(Person, ContactPoint.person_id == Person.id)
        .where(
            Person.telegram_id == telegram_id,
            ContactPoint.kind == PHONE,
            ContactPoint.verified_at.is_not(None),
        )
        .order_by(ContactPoint.verified_at.desc())
    )
    return list(await look.session.scalars(query))
