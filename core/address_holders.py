"""Whose an address is, as queries ask it."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, select, tuple_

from core.addresses import Address
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


async def addresses_of(tx: ReadTx, person_id: int) -> frozenset[Address]:
    """All addresses that the person writes from."""
    rows = await tx.rows(addresses_where(Person.id == person_id))
    return frozenset(Address(*row) for row in rows)
