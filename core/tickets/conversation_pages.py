"""All that was said in a ticket, page by page: whatever the group was spared can be read here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from core.errors import NoSuchTicket, Refusal
from core.events import MessageShown
from core.models import Message, Ticket
from core.tickets.card import Words, words_of
from core.tickets.lifecycle import access
from core.tx import ReadTx, Tx

PAGE: Final = 10
NEWEST: Final = 999_999


@dataclass(frozen=True, slots=True)
class WordsPage:
    """A page of a ticket's messages, oldest first. ``page`` counts from 0, the oldest."""

    ticket_id: int
    words: Sequence[Words]
    page: int
    pages: int
    total: int


async def page_of_words(tx: ReadTx, ticket_id: int, page: int = NEWEST) -> WordsPage:
    """Return the page, or the newest if there are not so many. Raises :class:`NoSuchTicket`."""
    if await tx.find(Ticket, ticket_id) is None:
        raise NoSuchTicket(ticket_id)
    total = await tx.first(select(func.count()).where(Message.ticket_id == ticket_id)) or 0
    pages = max(-(-total // PAGE), 1)
    page = min(page, pages - 1)
    query = select(Message.id).where(Message.ticket_id == ticket_id).order_by(Message.id)
    ids = await tx.all(query.offset(page * PAGE).limit(PAGE))
    said = [words for number in ids for words in await words_of(tx, number)]
    return WordsPage(ticket_id, said, page, pages, total)


async def page_with(tx: ReadTx, ticket_id: int, message_id: int) -> WordsPage:
    """Return the page that this message of the ticket stands on. Raises :class:`NoSuchTicket`."""
    before = select(func.count()).where(Message.ticket_id == ticket_id, Message.id < message_id)
    return await page_of_words(tx, ticket_id, (await tx.first(before) or 0) // PAGE)


async def post_page(tx: Tx, ticket_id: int, page: int) -> int:
    """Post the messages of a page as they are, files as files; returns how many they are.

    Raises :class:`NotAllowed`, :class:`NoSuchTicket`, :class:`Refusal`.
    """
    await access(tx, ticket_id, "look")
    query = select(Message).where(Message.ticket_id == ticket_id).order_by(Message.id)
    said = await tx.all(query.offset(page * PAGE).limit(PAGE))
    shown = [message for message in said if message.withdrawn_at is None]
    if not shown:
        raise Refusal("refusal.outdated")
    albums: set[str] = set()
    for message in shown:
        if message.album not in albums:  # its first piece brings the others
            tx.emit(MessageShown(ticket_id=ticket_id, message_id=message.id))
        albums |= {message.album} if message.album else set()
    return len(shown)
