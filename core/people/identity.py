"""Recognising people by the address they write from, and what is known of them."""

from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select, update

from core.addresses import Address
from core.db import PreparedStatement
from core.events import PersonReachable
from core.models import ContactPoint, Person, PersonMerge
from core.people.operator_ids import OperatorIds
from core.tx import Actor, ReadTx, Tx
from core.words.contact_values import DETAILS
from core.words.names import clean_name

_MERGED: Final = (
    select(ContactPoint.kind, ContactPoint.value, Person.address)
    .join(PersonMerge, PersonMerge.person_id == ContactPoint.person_id)
    .join(Person, Person.id == PersonMerge.into_id)
    .where(ContactPoint.kind.not_in(DETAILS), ContactPoint.verified_at.is_not(None))
)


class MergedAccounts(dict[Address, Address]):
    """The address of somebody who was merged into another → the address of that one."""


async def merged_account(tx: ReadTx, address: Address) -> Address:
    """The address of the person behind this one: nearly always itself."""
    return (await tx.cached(MergedAccounts, _read_merged_accounts)).get(address, address)


async def _read_merged_accounts(tx: ReadTx) -> MergedAccounts:
    rows = await tx.rows(_MERGED)
    return MergedAccounts(
        (Address(channel, chat), into) for channel, chat, into in rows if into is not None
    )


LANGUAGES: Final = ("ru", "en")

_THERE: Final = (
    ContactPoint.kind == bindparam("channel"),
    ContactPoint.value == bindparam("chat"),
    ContactPoint.verified_at.is_not(None),
)
_PERSON: Final = (
    select(Person, ContactPoint.handle)
    .join(ContactPoint, ContactPoint.person_id == Person.id)
    .where(*_THERE)
)
_FOUND: Final = PreparedStatement(_PERSON)
_HELD: Final = PreparedStatement(_PERSON.with_for_update(of=Person, key_share=True))
_READER: Final = PreparedStatement(
    select(Person.__table__.c.language, Person.__table__.c.zone)
    .join(ContactPoint, ContactPoint.person_id == Person.id)
    .where(*_THERE)
)


@dataclass(frozen=True, slots=True)
class Sender:
    """Somebody as a channel shows them: the address is theirs, all else is what they chose to show.

    ``handle`` is the public name that their channel finds them by, where it has such names;
    ``thread`` is the topic of their private chat in which they act.
    """

    address: Address
    name: str
    handle: str | None = None
    language: str | None = None
    thread: str | None = None


async def find_by_address(tx: ReadTx, address: Address) -> Person | None:
    """The person who writes from this address; in a transaction the row is held."""
    query = _HELD if isinstance(tx, Tx) else _FOUND
    there = {"channel": address.channel, "chat": address.chat}
    found: Person | None = await query.first(tx.session, there)
    return found


async def recognise(tx: Tx, sender: Sender) -> Person:
    """The person behind an update: found or made, and brought up to date.

    From now on they are answered where they wrote from.
    """
    there = {"channel": sender.address.channel, "chat": sender.address.chat}
    found = await _HELD.rows(tx.session, there)
    handle = sender.handle.lower() if sender.handle else None
    if not found:
        return await _meet(tx, sender, handle)
    person: Person
    ((person, known_as),) = found
    name = clean_name(sender.name)
    if person.name != name:
        person.name = name
    if person.address != sender.address:
        person.address = sender.address
    if known_as != handle:
        await _free_handle(tx, sender.address.channel, handle)
        point = (person.id, sender.address.channel, sender.address.chat)
        (await tx.get(ContactPoint, point)).handle = handle
    return person


async def _meet(tx: Tx, sender: Sender, handle: str | None) -> Person:
    channel, chat = sender.address.channel, sender.address.chat
    await _free_handle(tx, channel, handle)
    person = Person(
        address=sender.address,
        name=clean_name(sender.name),
        language=_language(sender.language, tx.company.language),
        created_at=tx.now,
    )
    await tx.insert(person)
    await tx.insert(
        ContactPoint(
            person_id=person.id, kind=channel, value=chat, verified_at=tx.now, handle=handle
        )
    )
    return person


async def _free_handle(tx: Tx, channel: str, handle: str | None) -> None:
    """A handle belongs to whoever had it last: nobody else has it any more."""
    if handle is not None:
        await tx.change(
            update(ContactPoint)
            .where(ContactPoint.handle == handle, ContactPoint.kind == channel)
            .values(handle=None)
        )


def _language(code: str | None, default: str) -> str:
    """The desk's language for a language code such as ``ru`` or ``en-GB``."""
    if not code:
        return default
    short = code.split("-")[0].lower()
    if short in LANGUAGES:
        return short
    return "en"


async def language_of(tx: ReadTx, address: Address, code: str | None) -> str:
    """The language to speak in: what they chose, else what their app speaks."""
    return (await reader_of(tx, address, code))[0]


async def reader_of(tx: ReadTx, address: Address, code: str | None) -> tuple[str, ZoneInfo | None]:
    """The language to speak in, and the zone to tell times in if they have their own (C9)."""
    there = {"channel": address.channel, "chat": address.chat}
    for language, zone in await _READER.rows(tx.session, there):
        return language, None if zone is None else ZoneInfo(zone)
    return _language(code, tx.company.language), None


def told_in(person: Person) -> tuple[str, ZoneInfo | None]:
    """The same of somebody who is known."""
    return person.language, None if person.zone is None else ZoneInfo(person.zone)


async def arrive(tx: Tx, sender: Sender, role: str) -> Person:
    """Recognise somebody and go on as them. An admin's address makes an admin of an operator."""
    person = await recognise(tx, sender)
    if role == "operator" and sender.address in tx.company.admins:
        role = "admin"
    tx.actor = Actor(role, person.id, person.name, sender.thread)
    return person


async def choose_language(tx: Tx, sender: Sender, language: str) -> None:
    """The person wants to be spoken to in this language from now on."""
    person = await arrive(tx, sender, "customer")
    person.language = language
    person.language_chosen = True


def is_colleague(person: Person) -> bool:
    """Return whether the person is, or was, an operator or an admin."""
    return person.operator_since is not None or person.admin_since is not None


def enter_dialogue(person: Person, dialogue: dict[str, Any] | None) -> None:
    """Remember the step of the dialogue that the person is in; ``None`` leaves it."""
    if person.dialogue != dialogue:
        person.dialogue = dialogue


def lose(tx: Tx, person: Person) -> bool:
    """The person cannot be written to any more (R12). True if this is news."""
    if person.unreachable_since is not None:
        return False
    person.unreachable_since = tx.now
    return True


async def regain(tx: Tx, sender: Sender) -> None:
    """The person can be written to again: they unblocked the bot. Nothing is noted of somebody who
    is not known.
    """
    if await find_by_address(tx, sender.address) is not None:
        mark_reachable(tx, await arrive(tx, sender, "customer"))


def mark_reachable(tx: Tx, person: Person) -> None:
    """Somebody who writes can be written to."""
    if person.unreachable_since is not None:
        person.unreachable_since = None
        tx.emit(PersonReachable(ticket_id=None, person_id=person.id))


async def join_operators(tx: Tx, sender: Sender) -> None:
    """The person is a member of the operator group now."""
    person = await recognise(tx, sender)
    if person.operator_since is None or person.operator_left is not None:
        person.operator_since, person.operator_left = tx.now, None
        tx.invalidate(OperatorIds)


async def leave_operators(tx: Tx, sender: Sender) -> Person:
    """The person has left the operator group; what they could do ends at once (S1)."""
    person = await recognise(tx, sender)
    person.operator_left = tx.now
    tx.invalidate(OperatorIds)
    return person
