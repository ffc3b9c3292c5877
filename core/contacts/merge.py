"""Merges duplicate persons; a redirect is kept for the old id.

Whoever has written to us remains, because their address is proved. If both have, only an admin may
merge them, and never an operator or admin: rights must not change hands.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, delete, select, update

from core.address_holders import addresses_of
from core.addresses import Address
from core.errors import NotAllowed, NothingToDo, Refusal
from core.events import CustomerChanged, Event, PeopleMerged, PhoneVerified
from core.models import (
    AccountMember,
    CameraOwner,
    Consent,
    ContactPoint,
    Message,
    Person,
    PersonMerge,
    Ticket,
)
from core.people.identity import MergedAccounts
from core.people.permissions import may
from core.people.restrictions import move_restriction
from core.subscribers import Subscriber
from core.tickets.catalog import workflow_of
from core.tx import Tx
from core.words.contact_values import DETAILS, PHONE


async def merge(tx: Tx, one: int, other: int, *, insist: bool = False) -> Person:
    """Merge two persons on an operator's word; returns the one who remains.

    Raises :class:`NothingToDo` when they are one already, :class:`Refusal` when both have
    written to us and nobody insists, :class:`NotAllowed` when somebody insists who is no admin.
    """
    if not may(tx.actor.role, "merge"):
        raise NotAllowed("merge")
    first, second = await _both(tx, one, other)
    if first.id == second.id:
        raise NothingToDo("refusal.same_person", name=first.name)
    both = first.address is not None and second.address is not None
    if both:
        await _demand_right(tx, first, second, insist=insist)
    stays, goes = (second, first) if first.address is None else (first, second)
    if both or stays.address is None:
        stays, goes = first, second
    await _merge(tx, stays, goes, by="operator", insisted=both)
    return stays


async def _demand_right(tx: Tx, first: Person, second: Person, *, insist: bool) -> None:
    for person in (first, second):
        if await _works_here(tx, person):
            raise Refusal("refusal.merge_staff")
    if not may(tx.actor.role, "merge_any"):
        raise Refusal("refusal.two_accounts", one=first.name, other=second.name)
    if not insist:
        raise Refusal("refusal.two_accounts_admin", one=first.name, other=second.name)


async def _works_here(tx: Tx, person: Person) -> bool:
    known = person.operator_since or person.admin_since
    return known is not None or bool(await addresses_of(tx, person.id) & tx.company.admins)


async def _both(tx: Tx, one: int, other: int) -> tuple[Person, Person]:
    """Return the two, locked in the order of their ids against deadlocks, redirects followed."""
    ids = [await merged_into(tx, one), await merged_into(tx, other)]
    query = (
        select(Person).where(Person.id.in_(ids)).order_by(Person.id).with_for_update(key_share=True)
    )
    found = {person.id: person for person in await tx.all(query)}
    if len(found) < len(set(ids)):
        raise Refusal("refusal.outdated")
    return found[ids[0]], found[ids[1]]


async def merged_into(tx: Tx, person_id: int) -> int:
    """Return who this person is by now: follows redirects."""
    post = await tx.find(PersonMerge, person_id)
    return person_id if post is None else post.into_id


async def record(tx: Tx, events: Sequence[Event]) -> None:
    """Contacts of a phone become the person who has just proved to have it (A7).

    Their tickets are in the person's list from now on.
    """
    for event in [event for event in events if isinstance(event, PhoneVerified)]:
        query = (
            select(Person)
            .join(ContactPoint, ContactPoint.person_id == Person.id)
            .where(
                ContactPoint.kind == PHONE,
                ContactPoint.value == event.phone,
                Person.address.is_(None),
            )
            .order_by(Person.id)
            .with_for_update(of=Person, key_share=True)
        )
        contacts = await tx.all(query)
        if contacts:
            person = await tx.get(Person, event.person_id, hold=True)
            for contact in contacts:
                await _merge(tx, person, contact, by=PHONE)


async def _merge(tx: Tx, stays: Person, goes: Person, *, by: str, insisted: bool = False) -> None:
    await _move_points(tx, stays, goes)
    await _move_account(tx, stays, goes)
    await _move_consents(tx, stays, goes)
    if insisted:
        await _move_cameras(tx, stays, goes)
    await _move_words(tx, stays, goes)
    stays.zone = stays.zone or goes.zone
    await move_restriction(tx, stays, goes)
    goes.dialogue = None
    await tx.change(
        update(PersonMerge).where(PersonMerge.into_id == goes.id).values(into_id=stays.id)
    )
    await tx.insert(PersonMerge(person_id=goes.id, into_id=stays.id, at=tx.now))
    tx.invalidate(MergedAccounts)
    tx.emit(
        PeopleMerged(
            ticket_id=None,
            person_id=stays.id,
            merged_id=goes.id,
            merged_name=goes.name,
            by=by,
            insisted=insisted,
        )
    )


async def _move_points(tx: Tx, stays: Person, goes: Person) -> None:
    """Move phones and e-mail addresses; verified ones stay so. They are removed first, because only
    one person may have a point verified. Where somebody writes from is redirected instead.
    """
    theirs = (ContactPoint.person_id == goes.id, ContactPoint.kind.in_(DETAILS))
    query = select(ContactPoint).where(*theirs)
    moved = [(row.kind, row.value, row.verified_at) for row in await tx.all(query)]
    await tx.change(delete(ContactPoint).where(*theirs))
    for kind, value, verified_at in moved:
        known = await tx.find(ContactPoint, (stays.id, kind, value))
        if known is not None:
            known.verified_at = known.verified_at or verified_at
            continue
        await tx.insert(
            ContactPoint(person_id=stays.id, kind=kind, value=value, verified_at=verified_at)
        )


async def _move_account(tx: Tx, stays: Person, goes: Person) -> None:
    theirs = await tx.find(AccountMember, goes.id)
    if theirs is None:
        return
    account = theirs.account_id
    await tx.delete(theirs)
    await tx.write()
    if await tx.find(AccountMember, stays.id) is None:
        await tx.insert(AccountMember(person_id=stays.id, account_id=account))


async def _move_consents(tx: Tx, stays: Person, goes: Person) -> None:
    """What either has agreed to, both have: they are one."""
    for one in await tx.all(select(Consent).where(Consent.person_id == goes.id)):
        if await tx.find(Consent, (stays.id, one.version)) is None:
            moved = Consent(person_id=stays.id, version=one.version, origin=one.origin, at=one.at)
            await tx.insert(moved)
        await tx.delete(one)


async def _move_cameras(tx: Tx, stays: Person, goes: Person) -> None:
    """Move cameras that the file gave to where somebody writes from; those of a phone or an e-mail
    address move with it.
    """
    if stays.address is None or goes.address is None:
        return
    channel, chat = stays.address.channel, stays.address.chat
    owned = select(CameraOwner.camera_id)
    own = set(await tx.all(owned.where(*_owned_at(stays.address))))
    theirs = set(await tx.all(owned.where(*_owned_at(goes.address))))
    for camera in sorted(theirs - own):
        await tx.insert(CameraOwner(camera_id=camera, kind=channel, value=chat))
    await tx.change(delete(CameraOwner).where(*_owned_at(goes.address)))


def _owned_at(address: Address) -> tuple[ColumnElement[bool], ...]:
    return CameraOwner.kind == address.channel, CameraOwner.value == address.chat


async def _move_words(tx: Tx, stays: Person, goes: Person) -> None:
    """Move tickets, messages, and unassigned messages."""
    codes = (await workflow_of(tx)).open_codes()
    query = select(Ticket).where(Ticket.customer_id == goes.id).order_by(Ticket.id)
    for ticket in await tx.all(query.with_for_update(key_share=True)):
        ticket.customer_id = stays.id
        tx.emit(
            CustomerChanged(
                ticket_id=ticket.id,
                customer_id=stays.id,
                old=goes.name,
                new=stays.name,
                active=ticket.state in codes,
            )
        )
    await tx.change(
        update(Message)
        .where(Message.author_id == goes.id, Message.from_customer.is_(True))
        .values(author_id=stays.id)
    )


SUBSCRIBER: Final = Subscriber("proved phones", (PhoneVerified,), record)
