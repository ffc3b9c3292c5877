"""Whose an address is, as queries ask it."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, select, tuple_
from sqlalchemy.orm import aliased

from core.addresses import WEB, Address
from core.models import ContactPoint, Person
from core.tx import ReadTx
from core.words.contact_values import DETAILS

_PROVED: Final = ContactPoint.verified_at.is_not(None)


def holder_of(address: Address) -> ScalarSelect[int]:
    """The id of the person who writes from there, as part of a query."""
    return (
        select(ContactPoint.person_id)
        .where(ContactPoint.kind == address.channel, ContactPoint.value == address.chat, _PROVED)
        .scalar_subquery()
    )


def address_of(person: Person) -> Address:
    """Where somebody who has written to us is answered. Raises ``ValueError`` for all others."""
    if person.address is None:
        raise ValueError(f"person {person.id} has not written to us")
    return person.address


def is_at(addresses: Iterable[Address]) -> ColumnElement[bool]:
    """The condition that a person writes from one of these addresses."""
    places = [(each.channel, each.chat) for each in addresses]
    theirs = tuple_(ContactPoint.kind, ContactPoint.value).in_(places)
    return Person.id.in_(select(ContactPoint.person_id).where(theirs, _PROVED))


def addresses_where(*conditions: ColumnElement[bool]) -> Any:
    """The query for channel and chat of all addresses that such persons write from."""
    return (
        select(ContactPoint.kind, ContactPoint.value)
        .join(Person, Person.id == ContactPoint.person_id)
        .where(*conditions, ContactPoint.kind.not_in(DETAILS), _PROVED)
    )


def reads_page(person: Person) -> bool:
    """Return whether the person has no address but the page of their ticket (A9)."""
    return person.address is not None and person.address.channel == WEB


async def letter_address(tx: ReadTx, person_id: int, *, proved: bool = False) -> Address | None:
    """Return where the person is reached by mail: the address that they proved last, or else one
    that was noted of them (not if it must be ``proved``), unless somebody else has proved that it
    is theirs.
    """
    other = aliased(ContactPoint)
    proved_by_other = select(other.person_id).where(
        other.kind == ContactPoint.kind,
        other.value == ContactPoint.value,
        other.verified_at.is_not(None),
        other.person_id != person_id,
    )
    query = (
        select(ContactPoint.kind, ContactPoint.value)
        .where(
            ContactPoint.person_id == person_id,
            ContactPoint.kind.in_(tx.company.letter_channels),
            _PROVED if proved else ~proved_by_other.exists(),
        )
        .order_by(
            ContactPoint.verified_at.is_(None),
            ContactPoint.verified_at.desc(),
            ContactPoint.value,
        )
        .limit(1)
    )
    rows = await tx.rows(query)
    return next((Address(kind, value) for kind, value in rows), None)


async def addresses_of(tx: ReadTx, person_id: int) -> frozenset[Address]:
    """All addresses that the person writes from."""
    rows = await tx.rows(addresses_where(Person.id == person_id))
    return frozenset(Address(*row) for row in rows)
