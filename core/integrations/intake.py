"""Tickets and messages that other systems bring in the name of a customer (A9)."""

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from core.address_holders import reads_page
from core.addresses import API, WEB, Address, MessageRef
from core.contacts.consents import OF_FORM, record_consent
from core.errors import NoSuchTicket, Unreadable
from core.events import FormSent, KeyUsed
from core.integrations.keys import Key
from core.integrations.particulars import Particulars, put_particulars, read_particulars
from core.links.ticket_links import link_object
from core.models import ApiKey, ContactPoint, Message, Person, Ticket
from core.people.contact_points import Point, add_point, holders_of, make_contact
from core.people.identity import Sender, find_by_address, recognise
from core.tickets.catalog import topics_of
from core.tickets.customer_message import TITLE_LENGTH, open_ticket
from core.tickets.incoming import IncomingMessage, file_messages
from core.tickets.intake import add_to
from core.tickets.lifecycle import access
from core.tickets.merges import said_in
from core.tickets.ticket_page import page_of, page_ref
from core.tx import Actor, ReadTx, Tx
from core.words.names import clean_name, is_blank


@dataclass(frozen=True, slots=True)
class Customer:
    """Whose ticket it is: somebody with an address, or with contact points.

    Who has no address yet reads the answers on a page, or has the caller read them. ``vouched``:
    the caller knows who they are. Of others the contact points are a mere claim: whoever was known
    by them in a chat does not become the one who writes.
    """

    name: str
    address: Address | None = None
    points: tuple[Point, ...] = ()
    language: str | None = None
    vouched: bool = True


@dataclass(frozen=True, slots=True)
class NewTicket:
    """``origin``: the channel that the customer came by, in the caller's words. ``external_id``:
    what the caller calls the ticket; the same again is the same ticket. ``files``: stored ones, see
    `file_messages`.
    """

    customer: Customer
    subject: str
    text: str
    topic: str | None = None
    origin: str = API
    external_id: str | None = None
    particulars: Particulars = field(default_factory=Particulars)
    files: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Brought:
    """The ticket, the message, and whether both were there already. ``ticket_id`` is another than
    was named where that one has ended.
    """

    ticket_id: int
    message_id: int
    known: bool = False


async def open_from_outside(tx: Tx, key: Key, new: NewTicket) -> Brought:
    """Open a ticket in the customer's name.

    Raises :class:`Unreadable` for an unknown topic, :class:`Unfit` for other particulars.
    """
    await _in_turn(tx, key)
    ref = _ref(f"key-{key.id}-ticket", new.external_id)
    brought = await _open(tx, ref, new, Actor("operator", name=key.name))
    if not brought.known:
        _note_key(tx, key, brought, new.external_id)
    return brought


async def open_by_form(tx: Tx, new: NewTicket, consent: str) -> Brought:
    """Open a ticket by the web form; ``external_id`` is the form's own, sent once. ``consent`` is
    the version of what its sender has agreed to.

    Raises :class:`Unfit` for an answer that does not fit its field, or is missing.
    """
    brought = await _open(tx, _ref("form", new.external_id), new, tx.actor)
    if not brought.known:
        tx.emit(FormSent(ticket_id=brought.ticket_id, consent=consent))
        ticket = await tx.get(Ticket, brought.ticket_id)
        version = consent if tx.company.consent else f"{OF_FORM}{consent}"
        await record_consent(tx, ticket.customer_id, version, WEB)
    return brought


async def _open(tx: Tx, ref: MessageRef, new: NewTicket, by: Actor) -> Brought:
    if known := await _known(tx, ref):
        # merged or not, it is this ticket that has the name, and the page
        return replace(known, ticket_id=await said_in(tx, known.message_id, known.ticket_id))
    topic = None if new.topic is None else (await topics_of(tx)).get(new.topic)
    if new.topic is not None and (topic is None or not topic.active):
        codes = ", ".join(code for code, one in (await topics_of(tx)).items() if one.active)
        raise Unreadable("refusal.no_such_topic", words=new.topic, topics=codes)
    fitting = await read_particulars(tx, new.topic, new.particulars)
    person = await _customer(tx, new.customer)
    tx.actor = Actor("customer", person.id, person.name)
    said = [_said(ref, new.text), *file_messages(ref, new.files)]
    title = clean_name(new.subject, TITLE_LENGTH)
    ticket = await open_ticket(tx, person, said, topic=new.topic, origin=new.origin, title=title)
    await put_particulars(tx, ticket, fitting, by)
    return await _brought(tx, ticket, ref)


async def add_message(
    tx: Tx, key: Key, ticket_id: int, text: str, external_id: str | None = None
) -> Brought:
    """Add words of the customer to their ticket; one that has ended is followed by a new one (B6).

    Raises :class:`NoSuchTicket`.
    """
    await _in_turn(tx, key)
    ref = _ref(f"key-{key.id}-message-{ticket_id}", external_id)
    brought = await _add(tx, ref, ticket_id, [_said(ref, text)])
    if not brought.known:
        _note_key(tx, key, brought, external_id)
    return brought


async def add_file(
    tx: Tx, key: Key, ticket_id: int, file: Mapping[str, Any], external_id: str | None = None
) -> Brought:
    """Add a stored file of the customer to their ticket; see :func:`add_message`."""
    await _in_turn(tx, key)
    ref = _ref(f"key-{key.id}-file-{ticket_id}", external_id)
    brought = await _add(tx, ref, ticket_id, file_messages(ref, [file]))
    if not brought.known:
        _note_key(tx, key, brought, external_id)
    return brought


async def add_by_page(
    tx: Tx, ticket_id: int, text: str, external_id: str, files: Sequence[Mapping[str, Any]] = ()
) -> Brought:
    """Add words, files or both that the customer sent from the ticket's page.

    ``ticket_id`` of what is returned is the ticket whose page shows them: another than this one
    only where they have opened it. Raises :class:`NoSuchTicket`.
    """
    ref = page_ref(ticket_id, external_id)
    words = [] if is_blank(text) else [_said(ref, text)]
    brought = await _add(tx, ref, ticket_id, [*words, *file_messages(ref, files)])
    there = await said_in(tx, brought.message_id, brought.ticket_id)
    shown = await page_of(tx, brought.message_id, there, ticket_id)
    return replace(brought, ticket_id=shown)


async def _add(tx: Tx, ref: MessageRef, ticket_id: int, said: Sequence[IncomingMessage]) -> Brought:
    if known := await _known(tx, ref):
        return known
    ticket = await tx.find(Ticket, ticket_id)
    if ticket is None:
        raise NoSuchTicket(ticket_id)
    person = await tx.get(Person, ticket.customer_id, hold=True)
    tx.actor = Actor("customer", person.id, person.name)
    ticket = await access(tx, ticket_id, "hear")
    heard = await add_to(tx, person, ticket, said)
    return await _brought(tx, heard.ticket or ticket, ref)


async def note_object(
    tx: Tx, key: Key, ticket_id: int, url: str, title: str | None, state: str | None
) -> None:
    """Note how an object elsewhere fares that the ticket is linked to, or link it (B19).

    Raises what :func:`link_object` does.
    """
    tx.actor = Actor("operator", name=key.name)
    named = None if title is None else clean_name(title, TITLE_LENGTH)
    await link_object(tx, ticket_id, url, named, None if state is None else clean_name(state, 64))
    tx.emit(KeyUsed(ticket_id=ticket_id, key=key.name))


async def _in_turn(tx: Tx, key: Key) -> None:
    """Let a key's calls wait for each other: the same one twice at once has its effects once."""
    await tx.find(ApiKey, key.id, hold=True)


def _ref(place: str, external_id: str | None) -> MessageRef:
    """Where the words stand with the caller; a name of ours where they gave none."""
    return MessageRef(API, place, external_id or f"~{uuid.uuid4().hex}")


def _said(ref: MessageRef, text: str) -> IncomingMessage:
    return IncomingMessage(ref, "text", text, {"kind": "text", "text": text})


async def _known(tx: ReadTx, ref: MessageRef) -> Brought | None:
    query = select(Message.ticket_id, Message.id).where(Message.source == ref)
    row = await tx.row(query.order_by(Message.id).limit(1))
    return None if row is None else Brought(row.ticket_id or 0, row.id, known=True)


def _note_key(tx: Tx, key: Key, brought: Brought, external_id: str | None) -> None:
    tx.emit(KeyUsed(ticket_id=brought.ticket_id, key=key.name, external_id=external_id))


async def _brought(tx: Tx, ticket: Ticket, ref: MessageRef) -> Brought:
    found = await _known(tx, ref)
    return Brought(ticket.id, 0 if found is None else found.message_id)


async def _customer(tx: Tx, customer: Customer) -> Person:
    """Find or make the customer. What is known of them is not replaced by what a caller says."""
    person = await _at_address(tx, customer) or await _at_points(tx, customer)
    if person is None:
        person = await make_contact(tx, customer.name, customer.points)
        person.language = customer.language or person.language
    if person.address is None:
        await _give_page(tx, person)
    for point in customer.points:
        if await tx.find(ContactPoint, (person.id, point.kind, point.value)) is None:
            await add_point(tx, person, point)
    return person


async def _give_page(tx: Tx, person: Person) -> None:
    """Let the person be answered on a page: that is where they read."""
    person.address = Address(WEB, secrets.token_hex(8))
    chat = person.address.chat
    await tx.insert(ContactPoint(person_id=person.id, kind=WEB, value=chat, verified_at=tx.now))


async def _at_address(tx: Tx, customer: Customer) -> Person | None:
    if customer.address is None:
        return None
    known = await find_by_address(tx, customer.address)
    return known or await recognise(tx, Sender(customer.address, customer.name))


async def _at_points(tx: Tx, customer: Customer) -> Person | None:
    for point in customer.points:
        for person in await holders_of(tx, point):
            if customer.vouched or reads_page(person):
                return await tx.get(Person, person.id, hold=True)
    return None
