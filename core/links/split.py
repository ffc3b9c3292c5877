"""Splits a ticket (A6): a part of its correspondence becomes a ticket of its own."""

from dataclasses import dataclass
from typing import Final

from core.addresses import MessageRef
from core.errors import Unreadable
from core.events import SplitOff, TicketSplit
from core.links.ticket_links import link_tickets
from core.models import Classification, Message, Note, Person, Ticket
from core.tickets.access import access
from core.tickets.classification import ClassWish, set_kind
from core.tickets.customer_message import TITLE_LENGTH, open_ticket
from core.tickets.incoming import IncomingMessage, find_location
from core.tickets.relations import SPLIT
from core.tx import Tx
from core.words.names import clean_name, is_blank

ORIGIN: Final = "split"


@dataclass(frozen=True, slots=True)
class Fragment:
    """What the command replies to: its address, and the quote, or else all of it.

    ``command`` is the operator's own message, at which the new ticket's words are stored.
    """

    ref: MessageRef
    quote: str | None
    command: MessageRef
    title: str = ""


async def split(tx: Tx, fragment: Fragment) -> tuple[Ticket, Ticket]:
    """Open a ticket for the same customer, topic and kind, with the fragment as its words, and link
    both.

    Its title is the fragment's beginning, or ``title``. The customer is told. Raises
    :class:`Unreadable` where the message belongs to no ticket, or has no text.
    """
    found = await find_location(tx, fragment.ref)
    if found is None or found.ticket_id is None:
        raise Unreadable("refusal.split_what")
    old = await access(tx, found.ticket_id, "split")
    words = await _words(tx, found.message_id, found.note_id, old)
    text = (fragment.quote or words).strip()
    if is_blank(text):
        raise Unreadable("refusal.split_nothing", number=old.id)
    customer = await tx.session.get_one(Person, old.customer_id)
    said = IncomingMessage(fragment.command, "text", text, {"kind": "text", "text": text})
    new = await open_ticket(
        tx,
        customer,
        [said],
        topic=old.topic,
        origin=ORIGIN,
        title=clean_name(fragment.title or text, TITLE_LENGTH),
    )
    await _same_kind(tx, old, new)
    await link_tickets(tx, new.id, SPLIT, old.id)
    tx.emit(TicketSplit(ticket_id=new.id, source=old.id, message_id=found.message_id))
    tx.emit(SplitOff(ticket_id=old.id, other=new.id))
    return new, old


async def _words(tx: Tx, message_id: int | None, note_id: int | None, ticket: Ticket) -> str:
    """Return the whole text of the message; of a card, the words that the ticket began with."""
    if message_id is not None:
        return (await tx.session.get_one(Message, message_id)).text
    if note_id is not None:
        return (await tx.session.get_one(Note, note_id)).text
    return ticket.opening


async def _same_kind(tx: Tx, old: Ticket, new: Ticket) -> None:
    kind = await tx.session.get(Classification, old.id)
    if kind is not None:
        await set_kind(tx, new, ClassWish(kind.service, kind.category, kind.priority))
