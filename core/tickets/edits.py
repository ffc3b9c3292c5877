"""Edited messages: the ticket gets the new words, the journal keeps the old ones (X8)."""

from core.errors import Refusal
from core.events import MessageEdited, NoteEdited
from core.models import Message, Note, Ticket
from core.tickets.incoming import CARD_SHOWS, IncomingMessage, find_location
from core.tx import Tx


async def edit(tx: Tx, incoming: IncomingMessage) -> Message | Note | None:
    """Apply an edit of the actor's own message; None when the message belongs to no ticket.

    Raises :class:`Refusal` when an answer would become an internal note: what has reached the
    customer is taken back with `/undo`.
    """
    found = await find_location(tx, incoming.ref)
    if found is None or found.ours:
        return None
    if found.note_id is not None:
        return await _edit_note(tx, found.note_id, incoming)
    message = await tx.session.get_one(Message, found.message_id)
    if message.author_id != tx.actor.person_id or message.withdrawn_at is not None:
        return None
    return await _edit_message(tx, message, incoming)


async def _edit_note(tx: Tx, note_id: int, incoming: IncomingMessage) -> Note | None:
    note = await tx.session.get_one(Note, note_id)
    if note.author_id != tx.actor.person_id:
        return None
    if note.text == incoming.text and note.content == incoming.content:
        return None
    old, note.text, note.content = note.text, incoming.text, incoming.content
    note.edited_at = tx.now
    tx.emit(NoteEdited(ticket_id=note.ticket_id, note_id=note.id, old=old))
    return note


async def _edit_message(tx: Tx, message: Message, incoming: IncomingMessage) -> Message | None:
    if message.text == incoming.text and message.content == incoming.content:
        return None  # invisible changes are reported, too
    if not message.from_customer and incoming.text.lstrip().startswith("//"):
        raise Refusal("refusal.answer_to_note")
    old, message.text, message.content = message.text, incoming.text, incoming.content
    message.edited_at = tx.now
    if message.ticket_id is None:
        return message
    if message.in_card:
        await _edit_opening(tx, message)
    tx.emit(
        MessageEdited(
            ticket_id=message.ticket_id,
            message_id=message.id,
            from_customer=message.from_customer,
            old=old,
            new=message.text,
        )
    )
    return message


async def _edit_opening(tx: Tx, message: Message) -> None:
    """Change the words that the card shows; it may have to cut them if they have grown too long."""
    ticket = await tx.session.get_one(Ticket, message.ticket_id)
    ticket.opening = message.text.strip()[:CARD_SHOWS]
