"""A customer who does not react to an answer in a chat reads it by mail, too (F8); one who reads a
page hears so that there is an answer (A9).

Nothing is taken back when the customer reacts: the timer looks at what they have not reacted to by
then, so that their messages cost nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, bindparam, func, or_, select

from core.address_holders import letter_address, reads_page
from core.addresses import WEB, Address
from core.db import constant
from core.delivery.channel import Delivery
from core.events import AnswerDelivered, Event, SilentCustomerMailed
from core.models import JournalEntry, Message, Person, SentMessage, Ticket, TicketParent
from core.sla.answer_clock import SILENCE, set_timers, timer_of
from core.subscribers import Subscriber
from core.tickets.catalog import workflow_of
from core.tx import Tx

# Answers that follow each other so soon on a page are one mail.
PAGE_WAIT: Final = timedelta(minutes=1)
# What the customer did last in the ticket, or what we told them of it by mail.
_SIGN: Final = select(func.max(JournalEntry.at)).where(
    JournalEntry.ticket_id == bindparam("ticket"),
    or_(
        JournalEntry.actor_id == bindparam("customer"),
        JournalEntry.event == constant("silent_customer_mailed"),
    ),
)
_WRITTEN: Final = select(func.max(Message.created_at)).where(
    Message.ticket_id == bindparam("ticket"), Message.from_customer.is_(True)
)


async def watch(tx: Tx, events: Sequence[Event]) -> None:
    """Set the timer of tickets whose answers have just arrived in a chat."""
    if tx.company.mail_when_silent is not None and tx.company.letter_channels:
        for ticket_id in {event.ticket_id for event in events if event.ticket_id is not None}:
            await _watch(tx, ticket_id, tx.company.mail_when_silent)


async def watch_delivery(tx: Tx, delivery: Delivery) -> None:
    """Set the timer of a ticket that a copy of an answer to many has just arrived for, or whose
    customer's page has just got an answer.
    """
    wait = tx.company.mail_when_silent
    if delivery.ticket_id is None:
        return
    if delivery.channel == WEB:
        await _watch_page(tx, delivery.ticket_id)
    elif wait is not None:
        await _watch_copy(tx, delivery, delivery.ticket_id, wait)


async def _watch_page(tx: Tx, ticket_id: int) -> None:
    if await timer_of(tx, ticket_id, SILENCE) is None:
        await set_timers(tx, ticket_id, {SILENCE: tx.now + PAGE_WAIT})


async def _watch_copy(tx: Tx, delivery: Delivery, ticket_id: int, wait: timedelta) -> None:
    message = await tx.get(Message, delivery.message_id)
    if message.ticket_id != ticket_id:
        await _watch(tx, ticket_id, wait)


async def _watch(tx: Tx, ticket_id: int, wait: timedelta) -> None:
    ticket = await tx.get(Ticket, ticket_id)
    person = await tx.get(Person, ticket.customer_id)
    in_chat = person.address is not None and not _reads_elsewhere(tx, person.address)
    if in_chat and await timer_of(tx, ticket_id, SILENCE) is None:
        await set_timers(tx, ticket_id, {SILENCE: tx.now + wait})


def _reads_elsewhere(tx: Tx, address: Address) -> bool:
    return address.channel == WEB or address.channel in tx.company.letter_channels


async def mail_unread(tx: Tx, ticket: Ticket) -> None:
    """Mail the answers that the customer has not reacted to, all in one, each once; if the oldest
    has not waited for long enough, look again when it has.
    """
    wait = await _wait_of(tx, ticket)
    if wait is None:
        return
    unread = await _find_unread(tx, ticket)
    if not unread:
        return
    due = min(at for _, at in unread) + wait
    if due > tx.now:
        await set_timers(tx, ticket.id, {SILENCE: due})
        return
    if await letter_address(tx, ticket.customer_id) is None:
        return
    numbers = tuple(number for number, _ in unread)
    tx.emit(SilentCustomerMailed(ticket_id=ticket.id, message_id=numbers[0], messages=numbers))


async def _wait_of(tx: Tx, ticket: Ticket) -> timedelta | None:
    """How long an answer may stay without a sign of the customer; ``None``: it is not mailed."""
    customer = await tx.get(Person, ticket.customer_id)
    if reads_page(customer):
        return PAGE_WAIT
    ended = (await workflow_of(tx)).state(ticket.state).final
    return None if ended else tx.company.mail_when_silent


async def _find_unread(tx: Tx, ticket: Ticket) -> list[tuple[int, datetime]]:
    """Return answers that arrived in a chat after the customer's last sign, and when; in order.
    Those in the parent ticket are among them, if a copy went to this customer.
    """
    sent = select(SentMessage.id).where(
        SentMessage.message_id == Message.id, SentMessage.ticket_id == ticket.id
    )
    by_letter = sent.where(SentMessage.channel.in_(tx.company.letter_channels))
    parent = select(TicketParent.parent_id).where(TicketParent.child_id == ticket.id)
    query = select(Message.id, Message.delivered_at).where(
        or_(
            Message.ticket_id == ticket.id,
            and_(Message.ticket_id == parent.scalar_subquery(), sent.exists()),
        ),
        Message.from_customer.is_(False),
        Message.delivered_at.is_not(None),
        Message.withdrawn_at.is_(None),
        ~by_letter.exists(),
    )
    given = {"ticket": ticket.id, "customer": ticket.customer_id}
    for sign in (_SIGN, _WRITTEN):
        if (at := await tx.first(sign.params(given))) is not None:
            query = query.where(Message.delivered_at > at)
    rows = await tx.rows(query.order_by(Message.id))
    return [(number, at) for number, at in rows if at is not None]


SUBSCRIBER: Final = Subscriber("silence", (AnswerDelivered,), watch)
