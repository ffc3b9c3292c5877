"""A phone is somebody's when they have shared their own contact, and not before."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core.address_holders import holder_of, letter_address
from core.addresses import Address
from core.errors import NothingToDo
from core.events import ContactMade, ContactPointAdded, ContactPointRemoved, PhoneVerified
from core.models import ContactPoint, Person
from core.people.identity import Sender, arrive, enter_dialogue, mark_reachable
from core.tx import ReadTx, Tx
from core.words.contact_values import DETAILS, EMAIL, PHONE, read_email, typed_phone
from core.words.names import clean_name


async def zone_at(tx: ReadTx, address: str) -> ZoneInfo:
    """The zone of whoever proved that the address is theirs, or else was said last to have it;
    the company's where nobody is known, or has said none.
    """
    value = read_email(address)
    holders = [] if value is None else await holders_of(tx, Point(EMAIL, value))
    zones = [person.zone for person in holders if person.zone is not None]
    return ZoneInfo(zones[0]) if zones else tx.company.zone


@dataclass(frozen=True, slots=True)
class Point:
    """A ``phone`` or an ``email``, in the form the desk keeps."""

    kind: str
    value: str
    verified: bool = False


def read_point(words: str) -> Point | None:
    """The phone or the address that somebody has typed; ``None`` for anything else. Pure."""
    phone = typed_phone(words)
    if phone is not None:
        return Point(PHONE, phone)
    email = read_email(words)
    return None if email is None else Point(EMAIL, email)


async def points_of(tx: ReadTx, person_id: int) -> tuple[Point, ...]:
    """Where the person can be reached: what they proved first, phones before addresses."""
    query = select(ContactPoint).where(
        ContactPoint.person_id == person_id, ContactPoint.kind.in_(DETAILS)
    )
    rows = await tx.session.scalars(query)
    points = [Point(row.kind, row.value, row.verified_at is not None) for row in rows]
    return tuple(sorted(points, key=lambda one: (not one.verified, one.kind != PHONE, one.value)))


async def handles_of(tx: ReadTx, people: Sequence[int]) -> dict[int, str]:
    """The public names by which channels find these people, of those who have one."""
    query = select(ContactPoint.person_id, ContactPoint.handle).where(
        ContactPoint.person_id.in_(people), ContactPoint.handle.is_not(None)
    )
    return {number: handle for number, handle in await tx.session.execute(query) if handle}


async def holders_of(tx: ReadTx, point: Point) -> Sequence[Person]:
    """Everybody who is said to be reached there, who proved it first, then the latest."""
    query = (
        select(Person)
        .join(ContactPoint, ContactPoint.person_id == Person.id)
        .where(ContactPoint.kind == point.kind, ContactPoint.value == point.value)
        .order_by(ContactPoint.verified_at.is_(None), Person.id.desc())
    )
    return (await tx.session.scalars(query)).all()


async def prove_noted(tx: Tx, there: Address, reader: int | None = None) -> Person | None:
    """Return somebody of whom an operator noted this address; by writing from it they prove it
    (A7). ``None``: it was noted of nobody. ``reader``: the person to whom was sent there what they
    answer: it is them rather than another one.
    """
    point = await tx.first(
        select(ContactPoint)
        .join(Person, Person.id == ContactPoint.person_id)
        .where(ContactPoint.kind == there.channel, ContactPoint.value == there.chat)
        .order_by(Person.id != (reader or 0), Person.id.desc())
        .limit(1)
    )
    if point is None:
        return None
    point.verified_at = tx.now
    await tx.write()
    return await tx.get(Person, point.person_id, hold=True)


async def make_contact(tx: Tx, name: str, points: Sequence[Point]) -> Person:
    """Somebody new, whom an operator tells of; they have not written from anywhere yet."""
    person = Person(name=clean_name(name), language=tx.company.language, created_at=tx.now)
    await tx.insert(person)
    tx.emit(ContactMade(ticket_id=None, person_id=person.id, name=person.name))
    for point in points:
        await add_point(tx, person, point)
    return person


async def add_point(tx: Tx, person: Person, point: Point) -> None:
    """The person can be reached there, too. Raises :class:`NothingToDo` when that is known."""
    if await tx.session.get(ContactPoint, (person.id, point.kind, point.value)) is not None:
        raise NothingToDo("refusal.point_known", value=point.value)
    await tx.insert(ContactPoint(person_id=person.id, kind=point.kind, value=point.value))
    tx.emit(
        ContactPointAdded(ticket_id=None, person_id=person.id, kind=point.kind, value=point.value)
    )


async def answer_by_letter(tx: Tx, person: Person, *, proved: bool = False) -> Address | None:
    """Answer the person by mail from now on, until they write from elsewhere; return the address.
    ``None`` if they have none that may be used; ``proved``: one that was only noted may not (F8).
    """
    there = person.address
    if there is not None and there.channel in tx.company.letter_channels:
        return there
    address = await letter_address(tx, person.id, proved=proved)
    if address is not None:
        person.address, person.unreachable_since = address, None
    return address


async def remove_point(tx: Tx, person: Person, point: Point) -> None:
    """The person cannot be reached there. Raises :class:`NothingToDo` when nobody said so."""
    row = await tx.session.get(ContactPoint, (person.id, point.kind, point.value))
    if row is None:
        raise NothingToDo("refusal.point_unknown", value=point.value)
    await tx.session.delete(row)
    await tx.session.flush()
    tx.emit(
        ContactPointRemoved(ticket_id=None, person_id=person.id, kind=point.kind, value=point.value)
    )


async def verify_phone(tx: Tx, sender: Sender, phone: str) -> Person:
    """The person has shared their own contact with this phone, in international form.

    The channel vouches for the latest holder of a number, so whoever had it verified before keeps
    it only as something that was said of them.
    """
    person = await arrive(tx, sender, "customer")
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
    return (await tx.session.scalars(query.with_for_update(key_share=True))).one_or_none()


async def _hold(tx: Tx, person: Person, phone: str) -> None:
    point = await tx.session.get(ContactPoint, (person.id, PHONE, phone))
    if point is None:
        await tx.insert(
            ContactPoint(person_id=person.id, kind=PHONE, value=phone, verified_at=tx.now)
        )
    else:
        point.verified_at = tx.now


async def verified_phones(tx: ReadTx, address: Address) -> list[str]:
    """The phones that the person has proved to be theirs, the latest first."""
    query = (
        select(ContactPoint.value)
        .where(
            ContactPoint.person_id == holder_of(address),
            ContactPoint.kind == PHONE,
            ContactPoint.verified_at.is_not(None),
        )
        .order_by(ContactPoint.verified_at.desc(), ContactPoint.value)
    )
    return list(await tx.session.scalars(query))
