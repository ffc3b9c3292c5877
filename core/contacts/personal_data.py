"""What is known of a customer, as a document for them (S31). Notes of the staff are not theirs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from core.addresses import Address
from core.contacts.consents import consents_of
from core.contacts.personal_cells import find_cells, told
from core.errors import Refusal, Unreadable
from core.models import ContactPoint, Message, Person, Ticket
from core.people.identity import find_by_address
from core.tickets.catalog import workflow_of
from core.tx import ReadTx
from core.words.contact_values import DETAILS
from core.words.names import signature


@dataclass(frozen=True, slots=True)
class Known:
    """What a customer sees at first: their name, where they are reached, how many tickets, and for
    how long it is kept, and what they have agreed to, the latest first: version and instant.
    """

    name: str
    points: tuple[str, ...]
    tickets: int
    keep_words: timedelta | None
    keep_people: timedelta | None
    consents: tuple[tuple[str, datetime], ...] = ()


async def known_at(tx: ReadTx, address: Address) -> Known | None:
    """Return what is known of whoever writes from this address; ``None`` if nothing is."""
    person = await find_by_address(tx, address)
    if person is None:
        return None
    points = await tx.all(
        select(ContactPoint.value)
        .where(ContactPoint.person_id == person.id, ContactPoint.kind.in_(DETAILS))
        .order_by(ContactPoint.kind, ContactPoint.value)
    )
    tickets = await tx.first(select(func.count()).where(Ticket.customer_id == person.id))
    keeps = (tx.company.keep_words, tx.company.keep_people)
    agreed = await consents_of(tx, person.id)
    return Known(person.name, tuple(points), tickets or 0, *keeps, tuple(agreed))


async def data_at(tx: ReadTx, address: Address) -> dict[str, Any]:
    """Return what :func:`data_of` does. Raises :class:`Refusal` if nothing is known."""
    person = await find_by_address(tx, address)
    if person is None:
        raise Refusal("mydata.nothing")
    return await data_of(tx, person.id)


async def data_of(tx: ReadTx, person_id: int) -> dict[str, Any]:
    """Return the person, how they are reached, what is known of them in technical data, their
    tickets with the public words, and the names of files that the desk keeps. Raises
    :class:`Unreadable`.
    """
    person = await tx.find(Person, person_id)
    if person is None:
        raise Unreadable("refusal.no_such_person", number=person_id)
    reached = select(ContactPoint).where(ContactPoint.person_id == person_id)
    points = await tx.all(reached.order_by(ContactPoint.kind, ContactPoint.value))
    query = select(Ticket).where(Ticket.customer_id == person_id).order_by(Ticket.id)
    tickets = [await _ticket(tx, ticket) for ticket in await tx.all(query)]
    said = [message for ticket in tickets for message in ticket["messages"]]
    return {
        "person": {
            "number": person.id,
            "name": person.name,
            "language": person.language,
            "zone": person.zone,
            "known_since": _when(person.created_at),
        },
        "reached_at": [
            {"kind": one.kind, "value": one.value, "proved_at": _when(one.verified_at)}
            for one in points
        ],
        "consents": [
            {"version": version, "at": _when(at)}
            for version, at in await consents_of(tx, person_id)
        ],
        "belongs_to": [*told(await find_cells(tx, [person_id]))],
        "tickets": tickets,
        "files": sorted({one["file"]["name"] for one in said if one["file"]}),
    }


async def _ticket(tx: ReadTx, ticket: Ticket) -> dict[str, Any]:
    query = select(Message, Person.name).join(Person, Message.author_id == Person.id)
    rows = await tx.rows(query.where(Message.ticket_id == ticket.id).order_by(Message.id))
    return {
        "number": ticket.id,
        "topic": ticket.topic,
        "state": (await workflow_of(tx)).state(ticket.state).category,
        "channel": ticket.origin,
        "opened_at": _when(ticket.opened_at),
        "closed_at": _when(ticket.closed_at),
        "messages": [
            {
                "at": _when(one.created_at),
                "author": author if one.from_customer else _signed(tx, author),
                "from_customer": one.from_customer,
                "kind": str(one.content.get("kind", "text")),
                "text": one.text,
                "file": one.content.get("file"),
            }
            for one, author in rows
            if one.withdrawn_at is None
        ],
    }


def _signed(tx: ReadTx, author: str) -> str | None:
    """A colleague's name as the customer saw it above the answer, if they did."""
    return signature(author) if tx.company.sign_answers else None


def _when(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
