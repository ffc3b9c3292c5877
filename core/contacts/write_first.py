"""Writes first: to an address, or to a customer found by phone, @handle or name (A12)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from core.addresses import WEB, Address
from core.contacts.lookup import Known, find_people
from core.contacts.merge import merged_into
from core.errors import NotAllowed, NothingToDo, Refusal, Unreadable
from core.models import ContactPoint, Person, Ticket
from core.people.contact_points import Point, answer_by_letter, make_contact, read_point
from core.people.identity import find_by_address
from core.people.permissions import may
from core.texts import Key
from core.tickets.conversation import reply
from core.tickets.customer_message import TITLE_LENGTH, open_ticket
from core.tickets.incoming import CONTINUE, IncomingMessage, find_location
from core.tickets.intake import follow_up
from core.tx import ReadTx, Tx
from core.words.contact_values import EMAIL
from core.words.names import clean_name
from core.words.stems import stems_of

# The origin of a ticket that operators opened themselves.
BY_HAND: Final = "operator"
EXAMPLE: Final = Key("operators.example.write")
# A phone is written in so many groups of digits, a name in fewer words.
_GROUPS: Final = 6
_WORD: Final = re.compile(r"\S+\s*")
_BEFORE_COLON: Final = re.compile(r"[^\n:]{1,80}:(?=\s)")
_AROUND: Final = " \t\n\xa0,:;"


@dataclass(frozen=True, slots=True)
class Addressees:
    """Whom the beginning of the words means, and where in them what is said to them begins."""

    people: tuple[Known, ...]
    at: int


async def find_addressees(tx: ReadTx, words: str) -> Addressees:
    """Return the customers whom the words begin with: by phone, @handle, or name; a colon ends it.

    The longest beginning that means anybody counts. Only those who can be written to are returned.
    Raises :class:`Unreadable` when nobody is meant, :class:`Refusal` when nobody can be written to.
    """
    for at in _ends(words):
        named = words[:at].strip(_AROUND)
        found = [one for one in await find_people(tx, named) if _is_meant(named, one)]
        if not found:
            continue
        reached = tuple([one for one in found if await _can_be_reached(tx, one)])
        if reached:
            return Addressees(reached, at)
        raise Refusal("refusal.cannot_write", name=found[0].name)
    raise Unreadable("refusal.nobody_to_write", words=words.strip()[:40], example=EXAMPLE)


def _ends(words: str) -> Iterator[int]:
    """Where what names somebody may end, the surest first."""
    colon = _BEFORE_COLON.match(words)
    if colon is not None:
        yield colon.end()
    ends = [found.end() for found in _WORD.finditer(words)]
    yield from reversed(ends[:_GROUPS])


def _is_meant(named: str, one: Known) -> bool:
    """A phone, an address and a handle mean whoever has it; a name only if each word is in it."""
    if read_point(named) is not None or named.startswith("@"):
        return True
    name = stems_of(one.name)
    words = named.split()
    return bool(words) and all(bool(stems_of(word)) and stems_of(word) <= name for word in words)


async def _can_be_reached(tx: ReadTx, known: Known) -> bool:
    person = await tx.get(Person, known.id)
    if person.operator_since is not None and person.operator_left is None:
        return False  # colleagues are no customers
    return _is_reached(person) or (
        EMAIL in tx.company.letter_channels and any(point.kind == EMAIL for point in known.points)
    )


def _is_reached(person: Person) -> bool:
    """They write from somewhere, and nothing says that they do not hear us there. A page on the web
    is looked at by who has its link: nobody would learn of a new one.
    """
    there = person.address
    return there is not None and there.channel != WEB and person.unreachable_since is None


async def write_to(tx: Tx, person_id: int, incoming: IncomingMessage) -> Ticket:
    """Open a ticket of this customer with an operator's words as its first; they get them where
    they wrote from last, or else by mail.

    Raises :class:`NotAllowed`, :class:`Refusal` when there is no way to them.
    """
    if not may(tx.actor.role, "open"):
        raise NotAllowed("open")
    person = await tx.get(Person, await merged_into(tx, person_id), hold=True)
    if not _is_reached(person) and await answer_by_letter(tx, person) is None:
        raise Refusal("refusal.cannot_write", name=person.name)
    return await _open(tx, person, incoming)


async def write_first(tx: Tx, address: Address, incoming: IncomingMessage) -> Ticket:
    """Open a ticket by writing to somebody, known or not, at their address (A12).

    Raises :class:`NotAllowed`, :class:`Refusal`.
    """
    if not may(tx.actor.role, "open"):
        raise NotAllowed("open")
    if address.channel not in tx.company.letter_channels:
        raise Refusal("refusal.no_letters")
    person = await find_by_address(tx, address) or await _noted_at(tx, address)
    if person is None:
        name = address.chat.partition("@")[0]
        person = await make_contact(tx, name, [Point(address.channel, address.chat)])
    person.address = address
    return await _open(tx, person, incoming)


async def _open(tx: Tx, person: Person, incoming: IncomingMessage) -> Ticket:
    """Open a ticket with an operator's words as its first; nothing else is said to the customer.

    Raises :class:`NothingToDo` for words that were sent already.
    """
    if await find_location(tx, incoming.ref) is not None:
        raise NothingToDo("refusal.outdated")
    channel = "" if person.address is None else person.address.channel
    origin = channel if channel in tx.company.letter_channels else BY_HAND
    title = clean_name(incoming.text, TITLE_LENGTH)
    ticket = await open_ticket(tx, person, [], topic=None, origin=origin, title=title, silent=True)
    if (person.dialogue or {}).get("step") == CONTINUE:
        follow_up(tx, person, ticket.id)  # what they say next answers this, not an earlier ticket
    return await reply(tx, ticket.id, incoming)


async def _noted_at(tx: Tx, address: Address) -> Person | None:
    """Whoever was last said to have this address."""
    query = (
        select(Person)
        .join(ContactPoint, Person.id == ContactPoint.person_id)
        .where(ContactPoint.kind == address.channel, ContactPoint.value == address.chat)
    )
    return await tx.first(query.order_by(Person.id.desc()).limit(1))
