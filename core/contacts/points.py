"""Where people can be reached besides Telegram: phones and e-mail addresses (A5, A7).

What was said of somebody counts for finding them; only what they proved counts for what is theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from core.errors import NothingToDo
from core.events import ContactMade, ContactPointAdded, ContactPointRemoved
from core.models import ContactPoint, Person
from core.tx import Look, Tx
from core.words.emails import read_email
from core.words.names import clean_name
from core.words.phones import typed_phone

PHONE: Final = "phone"
EMAIL: Final = "email"


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


async def points_of(look: Look, person_id: int) -> tuple[Point, ...]:
    """Where the person can be reached: what they proved first, phones before addresses."""
    query = select(ContactPoint).where(ContactPoint.person_id == person_id)
    rows = await look.session.scalars(query)
    points = [Point(row.kind, row.value, row.verified_at is not None) for row in rows]
    return tuple(sorted(points, key=lambda one: (not one.verified, one.kind != PHONE, one.value)))


async def holders_of(look: Look, point: Point) -> Sequence[Person]:
    """Everybody who is said to be reached there, who proved it first, then the latest."""
    query = (
        select(Person)
        .join(ContactPoint, ContactPoint.person_id == Person.id)
        .where(ContactPoint.kind == point.kind, ContactPoint.value == point.value)
        .order_by(ContactPoint.verified_at.is_(None), Person.id.desc())
    )
    return (await look.session.scalars(query)).all()


async def make_contact(tx: Tx, name: str, points: Sequence[Point]) -> Person:
    """Somebody new, whom an operator tells of; Telegram does not know them yet."""
    person = Person(name=clean_name(name), language=tx.company.language, created_at=tx.now)
    await tx.put(person)
    tx.emit(ContactMade(ticket_id=None, person_id=person.id, name=person.name))
    for point in points:
        await add_point(tx, person, point)
    return person


async def add_point(tx: Tx, person: Person, point: Point) -> None:
    """The person can be reached there, too. Raises :class:`NothingToDo` when that is known."""
    if await tx.session.get(ContactPoint, (person.id, point.kind, point.value)) is not None:
        raise NothingToDo("refusal.point_known", value=point.value)
    await tx.put(ContactPoint(person_id=person.id, kind=point.kind, value=point.value))
    tx.emit(
        ContactPointAdded(ticket_id=None, person_id=person.id, kind=point.kind, value=point.value)
    )


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
