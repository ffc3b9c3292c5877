"""Decides where correspondence belongs that says itself what it answers (F1-F3, F5).

Only a participant of a ticket adds to it: whoever knows a number or a reference, and is somebody
else, gets a ticket of their own, and operators read which one was named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import select

from core.addresses import Address, MessageRef
from core.delivery.outbox import find_reader
from core.errors import Refusal
from core.events import CustomerWrote, PersonDescribed
from core.models import (
    Account,
    AccountDomain,
    AccountMember,
    JunkTicket,
    Message,
    Person,
    Ticket,
)
from core.people.contact_points import make_contact, prove_noted
from core.people.identity import Sender, arrive, find_by_address, is_colleague, mark_reachable
from core.people.restrictions import is_blocked
from core.tickets.catalog import workflow_of
from core.tickets.customer_message import TITLE_LENGTH, join, open_ticket
from core.tickets.floods import ticket_instead
from core.tickets.incoming import AUTOMATIC, IncomingMessage, find_location
from core.tickets.lifecycle import enter, move
from core.tickets.mailboxes import MailboxFacts, begin_in, mailbox_of, mailboxes_of
from core.tickets.relations import merged_into
from core.tx import Tx
from core.words.names import clean_name

# Remarks above words, by key; see `Arrival`.
UNPROVED: Final = "unproved"
NAMED: Final = "named"
REPEATED: Final = "repeated"
ROBOT: Final = "robot"
Remark = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came. ``said``: the words and then the files, all under one reference.

    ``answered``: the outbox row of the letter of ours that it answers, the nearest one.
    ``vouched`` are tickets by a mark that only their participants were given, ``answers`` messages
    that it answers, ``numbers`` tickets that its words name; each the surest first. ``proved``:
    whether the sender is who they say; ``None``: nobody could tell. ``automatic``: no person wrote
    it. ``robot``: nobody reads what is sent to this sender. ``unwanted``: nobody wants to hear of
    the sender; ``junk``: the reason with which that becomes a junk ticket, in words.
    ``organisation``: the domain that the sender belongs to. ``recipients``: whom it was written to,
    in lower case, as its author named them first.
    """

    sender: Sender
    said: Sequence[IncomingMessage]
    title: str
    answered: int | None = None
    vouched: tuple[int, ...] = ()
    answers: tuple[MessageRef, ...] = ()
    numbers: tuple[int, ...] = ()
    proved: bool | None = None
    automatic: bool = False
    robot: bool = False
    unwanted: bool = False
    organisation: str = ""
    junk: str | None = None
    recipients: tuple[str, ...] = ()


async def receive(tx: Tx, arrival: Arrival) -> Ticket | None:
    """Add it to its ticket, or open one. ``None``: it was there already, or nobody needs it.

    What comes automatically joins its ticket without asking for an answer, and opens none (F5).
    What answers an ended ticket opens one that follows it; a pause or a resolution ends (F3). What
    is unwanted joins the sender's own unended ticket; else it opens none, or a junk ticket (F4).
    """
    if await _is_there(tx, arrival.said) or await _is_from_blocked(tx, arrival.sender.address):
        return None
    mailbox = mailbox_of(await mailboxes_of(tx), arrival.recipients)
    if mailbox is not None and mailbox.language is not None:
        arrival = replace(arrival, sender=replace(arrival.sender, language=mailbox.language))
    person = await _person(tx, arrival)
    ticket = None if person is None else await _meant(tx, person, arrival)
    if ticket is not None and (into := await merged_into(tx, ticket.id)):
        ticket = await tx.get(Ticket, into, hold=True)
    if arrival.automatic:
        return await _keep(tx, person, ticket, arrival)
    ended = ticket is not None and (await workflow_of(tx)).state(ticket.state).final
    if arrival.unwanted and (ticket is None or ended):
        return await _open_junk(tx, person, arrival, mailbox)
    if person is None:
        person = await arrive(tx, arrival.sender, "customer")
    await _join_account(tx, person, arrival)
    if ticket is None and (instead := await _instead(tx, person, arrival)) is not None:
        return await _join(tx, person, instead, _remarked(arrival, {"key": REPEATED}))
    if ticket is None or ended:
        return await _open(tx, person, arrival, mailbox, follows=ticket)
    return await _join(tx, person, ticket, _remarked(arrival))


async def _join_account(tx: Tx, person: Person, arrival: Arrival) -> None:
    """Who writes from an account's own address belongs to it, unless they have another (F8)."""
    if arrival.proved is False or await tx.find(AccountMember, person.id) is not None:
        return
    domain = await tx.find(AccountDomain, arrival.organisation)
    if domain is None:
        return
    account = await tx.get(Account, domain.account_id)
    await tx.insert(AccountMember(person_id=person.id, account_id=account.id))
    tx.emit(
        PersonDescribed(
            ticket_id=None, person_id=person.id, what="account", old=None, new=account.name
        )
    )


async def _join(tx: Tx, person: Person, ticket: Ticket, said: Sequence[IncomingMessage]) -> Ticket:
    for words in said:
        await join(tx, person, ticket, words)
    return ticket


async def restore(tx: Tx, ticket_id: int) -> Ticket:
    """Let a junk ticket be one like any other (F4). Raises :class:`Refusal`."""
    if await tx.find(JunkTicket, ticket_id) is None:
        raise Refusal("refusal.not_junk", number=ticket_id)
    return await move(tx, ticket_id, "reopen")


async def receive_unread(
    tx: Tx, sender: Sender | None, name: str, said: Sequence[IncomingMessage]
) -> Ticket | None:
    """Open a ticket with what nobody could read; ``sender``: who it seems to be from, if it tells.
    ``None``: it is there already.
    """
    if await _is_there(tx, said):
        return None
    person = None if sender is None else await find_by_address(tx, sender.address)
    if person is None and sender is not None:
        person = await arrive(tx, sender, "customer")
    if person is None:
        person = await make_contact(tx, name, [])
    return await open_ticket(tx, person, said, topic=None, silent=True)


async def _is_from_blocked(tx: Tx, address: Address) -> bool:
    """Return whether the sender is blocked. No letter says so: a program could answer it."""
    person = await find_by_address(tx, address)
    return person is not None and await is_blocked(tx, person)


async def _is_there(tx: Tx, said: Sequence[IncomingMessage]) -> bool:
    """Return whether all this came before. A reference alone does not tell: some programs give one
    to all that they send, and differ in a subject or a file only.
    """
    query = select(Message.text, Message.content).where(Message.source == said[0].ref)
    there = [_told(text, content) for text, content in await tx.rows(query)]
    return all(_told(words.text, words.content) in there for words in said)


def _told(text: str, content: Mapping[str, Any]) -> tuple[Any, ...]:
    return text, content.get("subject"), content.get("file")


async def _person(tx: Tx, arrival: Arrival) -> Person | None:
    """Who it is, if they are known; they are answered here from now on, unless it may be a lie."""
    sender = arrival.sender
    found = await find_by_address(tx, sender.address)
    if found is None and not (arrival.proved is False or arrival.automatic or arrival.unwanted):
        answered = arrival.answered
        reader = None if answered is None else await find_reader(tx, sender.address, answered)
        found = await prove_noted(tx, sender.address, reader)
    if found is None:
        return None
    if arrival.proved is False or arrival.automatic or is_colleague(found) or arrival.unwanted:
        return found  # colleagues are reached where they work
    # a name in a letter is whatever its program was set up with: the known one stays
    person = await arrive(tx, replace(sender, name=found.name), "customer")
    mark_reachable(tx, person)
    return person


async def _meant(tx: Tx, person: Person, arrival: Arrival) -> Ticket | None:
    """The ticket that it answers: by its marks, by what it answers, by a number (F2)."""
    for number in arrival.vouched:
        if ticket := await _own(tx, person, number):
            return ticket
    if arrival.proved is False:
        return None
    for ref in arrival.answers:
        found = await find_location(tx, ref)
        if found is not None and (ticket := await _own(tx, person, found.ticket_id)):
            return ticket
    for number in () if arrival.automatic else arrival.numbers:
        if ticket := await _own(tx, person, number):
            return ticket
    return None


async def _own(tx: Tx, person: Person, number: int | None) -> Ticket | None:
    if number is None:
        return None
    query = select(Ticket).where(Ticket.id == number, Ticket.customer_id == person.id)
    return await tx.first(query.with_for_update(key_share=True))


async def _instead(tx: Tx, person: Person, arrival: Arrival) -> Ticket | None:
    return await ticket_instead(
        tx, person, arrival.said[0].ref.channel, tx.company.mail_ticket_limit
    )


async def _open(
    tx: Tx,
    person: Person,
    arrival: Arrival,
    mailbox: MailboxFacts | None,
    *,
    follows: Ticket | None,
) -> Ticket:
    named = next(iter((*arrival.vouched, *arrival.numbers)), None) if follows is None else None
    said = _remarked(arrival, None if named is None else {"key": NAMED, "number": named})
    return await _begin(
        tx,
        person,
        replace(arrival, said=said),
        mailbox,
        follows=follows,
        silent=arrival.proved is False or arrival.robot,
    )


async def _begin(
    tx: Tx,
    person: Person,
    arrival: Arrival,
    mailbox: MailboxFacts | None,
    *,
    silent: bool,
    follows: Ticket | None = None,
    part_of: str | None = None,
) -> Ticket:
    """Open a ticket in the mailbox that the mail was written to."""
    topic = None if mailbox is None else mailbox.topic
    ticket = await open_ticket(
        tx,
        person,
        arrival.said,
        topic=topic if follows is None else follows.topic,
        follows=None if follows is None else follows.id,
        title=clean_name(arrival.title, TITLE_LENGTH) or None,
        part_of=part_of,
        silent=silent or (mailbox is not None and not mailbox.confirm),
        mailbox=None if mailbox is None else mailbox.address,
    )
    if mailbox is not None:
        await begin_in(tx, ticket, mailbox)
    return ticket


async def _open_junk(
    tx: Tx, person: Person | None, arrival: Arrival, mailbox: MailboxFacts | None
) -> Ticket | None:
    """Open a ticket and end it at once, if it is to be kept at all; nobody is told."""
    if arrival.junk is None:
        return None
    if person is None:
        person = await arrive(tx, arrival.sender, "customer")
    ticket = await _begin(tx, person, arrival, mailbox, silent=True, part_of="junk")
    await tx.insert(JunkTicket(ticket_id=ticket.id))
    await enter(tx, ticket, "junk", reason=arrival.junk)
    return ticket


def _remarked(arrival: Arrival, other: Remark | None = None) -> list[IncomingMessage]:
    """The words with what operators must know of them: of its sender, or the ``other`` remark."""
    remark = other
    if arrival.proved is False:
        remark = {"key": UNPROVED, "address": arrival.sender.address.chat}
    elif arrival.robot:
        remark = {"key": ROBOT, "address": arrival.sender.address.chat}
    if remark is None:
        return list(arrival.said)
    first, *rest = arrival.said
    return [replace(first, content={**first.content, "remark": remark}), *rest]


async def _keep(
    tx: Tx, person: Person | None, ticket: Ticket | None, arrival: Arrival
) -> Ticket | None:
    """Add automatic words to the ticket: nobody owes them an answer."""
    if person is None or ticket is None:
        return None
    first = arrival.said[0]
    message = Message(
        ticket_id=ticket.id,
        author_id=person.id,
        from_customer=True,
        text=first.text,
        content={**first.content, "remark": {"key": AUTOMATIC}},
        counts=False,
        source=first.ref,
        created_at=tx.now,
    )
    await tx.insert(message)
    tx.emit(
        CustomerWrote(
            ticket_id=ticket.id,
            message_id=message.id,
            album=None,
            counts=False,
            turned=False,
            answer_due=ticket.answer_due,
        )
    )
    return ticket
