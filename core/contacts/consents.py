"""Consent to the use of personal data, where the company asks for it (S31).

Who writes by mail is asked by `written_consents`.

Before it nothing of a customer is stored but the updates as they came: they are held in the inbox,
unread, and handled once the customer agrees. After a refusal, or a week of silence, they are
forgotten.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from core.addresses import Address
from core.contacts.erasure_remains import note_remains, note_unused
from core.delivery.consent_question import ask_consent, end_question, is_asked
from core.errors import Refusal
from core.events import ConsentGiven, ConsentRefused, MailsUnasked
from core.held_updates import count_unasked, find_held, forget_held, hold, release_held
from core.inbox import HELD
from core.models import Consent, ContactPoint, InboxRow, SystemState
from core.people.identity import Sender, arrive, find_by_address, mark_reachable
from core.tickets.customer_dialogue import expect_words
from core.tickets.intake import open_tickets
from core.tx import ReadTx, Tx

HELD_FOR: Final = timedelta(days=7)
"""What nobody has agreed to by then is forgotten."""
# More of one person is not held: nobody writes so much before they read what is asked.
MOST_HELD: Final = 100
# Who goes on writing is asked again after a pause of so long.
PAUSE: Final = timedelta(minutes=10)
# Why somebody is not asked: the mail server does not say that they are who they claim to be.
UNPROVED: Final = "unproved"
# Admins hear of mails about which nobody is asked this often, each while it is here: a week.
UNASKED_TOLD_EVERY: Final = timedelta(days=5)
UNASKED_TOLD: Final = "unasked_mails"
# How a version is called of what the web form says where the company has no text of its own.
OF_FORM: Final = "form-"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who has not agreed: where they are asked, in which language, and the conversation
    under which their updates stand in the inbox.
    """

    address: Address
    language: str
    ordering_key: str


async def is_consent_missing(tx: ReadTx, address: Address) -> bool:
    """Return whether whoever writes from here has yet to agree to what the company asks now."""
    if not tx.company.consent:
        return False
    person = await find_by_address(tx, address)
    if person is None:
        return True
    return not await has_agreed(tx, person.id)


async def has_agreed(tx: ReadTx, person_id: int) -> bool:
    """Return whether somebody has agreed to what the company asks now."""
    return await tx.find(Consent, (person_id, tx.company.consent_version)) is not None


async def hold_words(tx: Tx, visitor: Visitor) -> None:
    """Hold the update that is being handled, and ask; once for words that come together, and for
    those that follow a question that waits.
    """
    held, lately = await find_held(tx, visitor.ordering_key), tx.now - PAUSE
    if held.count < MOST_HELD:
        await hold(tx)
    if held.newest is not None and held.newest >= lately:
        return
    if not await is_asked(tx, visitor.address, lately):
        await ask_consent(tx, visitor.address, visitor.language)


async def ask(tx: Tx, visitor: Visitor) -> None:
    """Ask without holding anything."""
    await ask_consent(tx, visitor.address, visitor.language)


async def agree(tx: Tx, sender: Sender, visitor: Visitor, version: str) -> int | None:
    """Record the consent, and let what is held be handled. Returns how much that is; ``None``: the
    text is another by now, and is asked about anew. Raises :class:`Refusal` for a second press.

    Words that were held open a ticket without another question, where none goes on.
    """
    if not tx.company.consent or not await is_consent_missing(tx, sender.address):
        raise Refusal("refusal.outdated")
    if version != tx.company.consent_version:
        await ask_consent(tx, visitor.address, visitor.language)
        return None
    person = await arrive(tx, sender, "customer")
    mark_reachable(tx, person)
    await record_consent(tx, person.id, version, sender.address.channel)
    released = await release_held(tx, [visitor.ordering_key])
    await release_all_of(tx, person.id)
    if released and not person.dialogue and not await open_tickets(tx, person.id):
        expect_words(tx, person)
    return released


async def refuse(tx: Tx, sender: Sender, visitor: Visitor) -> None:
    """Forget what is held. Raises :class:`Refusal` where nothing is asked any more."""
    if not await is_consent_missing(tx, sender.address):
        raise Refusal("refusal.outdated")
    person = await find_by_address(tx, sender.address)
    await end_question(tx, visitor.address, tx.now - PAUSE)
    await forget_words(tx, [visitor.ordering_key])
    if person is not None:
        await arrive(tx, sender, "customer")
        tx.emit(ConsentRefused(ticket_id=None, person_id=person.id))


async def record_consent(tx: Tx, person_id: int, version: str, origin: str) -> None:
    """Note that somebody has agreed to a version, once."""
    if await tx.find(Consent, (person_id, version)) is not None:
        return
    await tx.insert(Consent(person_id=person_id, version=version, origin=origin, at=tx.now))
    tx.emit(ConsentGiven(ticket_id=None, person_id=person_id, version=version, origin=origin))


async def release_all_of(tx: Tx, person_id: int) -> int:
    """Let what is held of somebody be handled, wherever they wrote it. Returns how much it is."""
    query = select(ContactPoint.value).where(
        ContactPoint.person_id == person_id, ContactPoint.verified_at.is_not(None)
    )
    return await release_held(tx, await tx.all(query))


async def forget_words(
    tx: Tx, ordering_keys: Collection[str] | None = None, before: datetime | None = None
) -> int:
    """Forget what is held of these conversations, or of all what came ``before``, with its files.
    Returns how much it was.

    Of mails that nobody has answered, unwanted ones among them, the database has no word: it is not
    rewritten for them each night.
    """
    forgotten = await forget_held(tx, ordering_keys, before)
    mails_alone = forgotten.count == len(forgotten.files)
    if ordering_keys is None and mails_alone:
        await note_unused(tx, forgotten.files)
    elif forgotten.count:
        await note_remains(tx, forgotten.files)
    return forgotten.count


async def settle_held(tx: Tx) -> int:
    """Forget what has been held for too long; let be handled what somebody wrote elsewhere than
    where they agreed, and all of it where nobody is asked any more. Returns how much.
    """
    if not tx.company.consent:
        return await release_held(tx)
    await _tell_unasked(tx)
    released = await release_held(tx, await _agreed_elsewhere(tx))
    return released + await forget_words(tx, before=tx.now - HELD_FOR)


async def _tell_unasked(tx: Tx) -> None:
    """Tell admins of mails whose authors are not asked, for they may not have written them: nobody
    else would know of these.
    """
    told = await tx.find(SystemState, UNASKED_TOLD)
    if told is not None and told.at > tx.now - UNASKED_TOLD_EVERY:
        return
    if count := await count_unasked(tx, UNPROVED):
        await tx.put(SystemState(name=UNASKED_TOLD, value={}, at=tx.now))
        tx.emit(MailsUnasked(ticket_id=None, count=count))


async def _agreed_elsewhere(tx: Tx) -> list[str]:
    """Of which conversations something is held although whose they are has agreed: two persons
    became one, or an address was proved.
    """
    agreed = (
        select(ContactPoint.value)
        .join(Consent, Consent.person_id == ContactPoint.person_id)
        .where(Consent.version == tx.company.consent_version, ContactPoint.verified_at.is_not(None))
    )
    held = InboxRow.state == HELD, InboxRow.ordering_key.in_(agreed)
    return await tx.all(select(InboxRow.ordering_key).distinct().where(*held))


async def consents_of(tx: ReadTx, person_id: int) -> list[tuple[str, datetime]]:
    """Return what somebody has agreed to, the latest first: version and instant."""
    query = select(Consent.version, Consent.at).where(Consent.person_id == person_id)
    query = query.order_by(Consent.at.desc(), Consent.version.desc())
    return [(version, at) for version, at in await tx.rows(query)]
