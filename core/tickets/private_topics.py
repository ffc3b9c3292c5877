"""What the topic of a ticket in its customer's private chat is to be like, and whose it is (X7)."""

import re
from dataclasses import dataclass
from typing import Final

from core.addresses import Address
from core.delivery.private_topics import (
    StandingTopic,
    are_used,
    bot_has_topics,
    is_known,
    private_topic,
    take_topic,
)
from core.models import Person, Ticket
from core.tickets.subjects import subject_of
from core.tx import ReadTx, Tx

# What we call a topic begins so.
_NUMBER: Final = re.compile(r"\D{0,3}(\d{1,18})")


@dataclass(frozen=True, slots=True)
class TicketTopic:
    """Of a ticket: where its topic is, what it is about in its customer's words (A3), and whether
    it has ended. ``wanted``: it should have a topic.
    """

    number: int
    place: StandingTopic | None
    about: str | None
    ended: bool
    wanted: bool


async def topic_of(
    tx: ReadTx, ticket_id: int, chat: Address, person_id: int | None
) -> TicketTopic | None:
    """The topic of the person's own ticket in this chat of theirs; ``None`` where there is none to
    be: an ended ticket needs none any more, and chats without topics have none.
    """
    if not await are_used(tx):
        return None
    ticket = await tx.find(Ticket, ticket_id)
    if ticket is None or ticket.customer_id != person_id:
        return None
    place = await private_topic(tx, ticket_id, chat)
    ended = ticket.closed_at is not None
    wanted = not ended and await bot_has_topics(tx)
    if place is None and not wanted:
        return None
    subject = await subject_of(tx, ticket_id)
    return TicketTopic(ticket_id, place, None if subject is None else subject.text, ended, wanted)


async def adopt_topic(tx: Tx, chat: Address, thread: str, name: str) -> bool:
    """A topic that we have made, as its channel tells. It is its ticket's, if that has none yet:
    the answer to the call that made it may be lost. False: it was made twice, and nobody needs it.
    """
    found = _NUMBER.match(name)
    ticket = None if found is None else await tx.find(Ticket, int(found[1]), hold=True)
    if ticket is None or await is_known(tx, chat, thread):
        return True
    customer = await tx.get(Person, ticket.customer_id)
    if customer.address != chat:
        return True
    if await private_topic(tx, ticket.id, chat) is not None:
        return False
    await take_topic(tx, ticket.id, chat, thread)
    return True
