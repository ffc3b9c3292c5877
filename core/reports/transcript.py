"""One ticket, whole: what was said in it and, for our own eyes, its notes and its journal (H2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import select

from core.errors import NoSuchTicket
from core.events import TranscriptMade
from core.journal import count_entries, list_entries
from core.models import Message, Note, Person
from core.tickets.card import Card, card_of
from core.tickets.lifecycle import access
from core.tx import ReadTx, Tx

Entry = tuple[datetime, str | None, str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class TranscriptItem:
    """Words in a ticket. ``side``: ``theirs``, ``ours``, or ``note`` for internal ones."""

    side: str
    at: datetime
    author: str
    text: str
    content: dict[str, Any]
    edited_at: datetime | None
    delivered_at: datetime | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Transcript:
    """A ticket from beginning to end. ``internal``: notes, what was taken back, and the journal are
    in it.
    """

    card: Card
    internal: bool
    said: Sequence[TranscriptItem]
    entries: Sequence[Entry]


async def make_transcript(tx: Tx, ticket_id: int, *, internal: bool) -> Transcript:
    """Return the transcript, and note in the journal who got it (S36).

    Raises :class:`NotAllowed`, :class:`NoSuchTicket`.
    """
    ticket = await access(tx, ticket_id, "transcript")
    tx.shows(ticket.customer_id, "transcript")
    found = await find_transcript(tx, ticket_id, internal=internal)
    tx.emit(TranscriptMade(ticket_id=ticket_id, internal=internal))
    return found


async def find_transcript(tx: ReadTx, ticket_id: int, *, internal: bool) -> Transcript:
    """Return the transcript. Raises :class:`NoSuchTicket`."""
    card = await card_of(tx, ticket_id)
    if card is None:
        raise NoSuchTicket(ticket_id)
    said = await _messages(tx, ticket_id)
    if not internal:
        public = [one for one in said if one.withdrawn_at is None]
        return Transcript(card, internal, public, [])
    said = sorted([*said, *await _notes(tx, ticket_id)], key=attrgetter("at"))
    entries = await list_entries(tx, ticket_id, size=await count_entries(tx, ticket_id))
    return Transcript(card, internal, said, entries)


async def _messages(tx: ReadTx, ticket_id: int) -> list[TranscriptItem]:
    query = select(Message, Person.name).join(Person, Message.author_id == Person.id)
    rows = await tx.rows(query.where(Message.ticket_id == ticket_id).order_by(Message.id))
    return [
        TranscriptItem(
            "theirs" if one.from_customer else "ours",
            one.created_at,
            name,
            one.text,
            one.content,
            one.edited_at,
            one.delivered_at,
            one.withdrawn_at,
        )
        for one, name in rows
    ]


async def _notes(tx: ReadTx, ticket_id: int) -> list[TranscriptItem]:
    query = select(Note, Person.name).join(Person, Note.author_id == Person.id)
    rows = await tx.rows(query.where(Note.ticket_id == ticket_id).order_by(Note.id))
    return [
        TranscriptItem(
            "note", one.created_at, name, one.text, one.content, one.edited_at, None, None
        )
        for one, name in rows
    ]
