"""Operators' albums: their pieces arrive one by one, and all belong where the album belongs.

The caption may sit on any piece. So an album may turn out to be a note after its first pieces were
taken for an answer; those are then taken back, before they leave if possible.
"""

from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import select

from core.address_holders import holder_of
from core.addresses import Address
from core.delivery.waiting_rows import drop_unsent
from core.models import Message, Note, Ticket
from core.tickets.conversation import note, undo
from core.tickets.incoming import IncomingMessage
from core.tx import ReadTx, Tx

_RECENT: Final = 20


@dataclass(frozen=True, slots=True)
class AlbumLocation:
    """Where the earlier pieces of an album went."""

    ticket_id: int
    note: bool


async def find_album(
    tx: ReadTx, address: Address, incoming: IncomingMessage
) -> AlbumLocation | None:
    """Return where earlier pieces of this person's album went, if there were any."""
    if incoming.album is None:
        return None
    notes = await tx.session.execute(
        select(Note.ticket_id, Note.content)
        .where(Note.author_id == holder_of(address), Note.source_chat == incoming.ref.chat)
        .order_by(Note.id.desc())
        .limit(_RECENT)
    )
    for ticket_id, content in notes:
        if content.get("album") == incoming.album:
            return AlbumLocation(ticket_id, note=True)
    # a few pieces: put in order here, all are found along the index of albums
    pieces = await tx.rows(
        select(Message.id, Message.ticket_id).where(
            Message.author_id == holder_of(address), Message.album == incoming.album
        )
    )
    _, number = max(map(tuple, pieces), default=(0, None))
    return None if number is None else AlbumLocation(number, note=False)


async def note_piece(tx: Tx, ticket_id: int, incoming: IncomingMessage) -> Ticket:
    """Add an internal note; if it is a piece of an album, the whole album becomes one."""
    if incoming.album is not None:
        for piece in await _sent_pieces(tx, incoming.album):
            await note(tx, ticket_id, piece)
    return await note(tx, ticket_id, _marked(incoming))


async def _sent_pieces(tx: Tx, album: str) -> list[IncomingMessage]:
    """Take back the pieces of the actor's album that were taken for an answer."""
    query = select(Message).where(
        Message.author_id == tx.actor.person_id,
        Message.album == album,
        Message.withdrawn_at.is_(None),
    )
    sent = list(await tx.session.scalars(query.order_by(Message.id)))
    if sent:
        await drop_unsent(tx, [message.id for message in sent], "content")
        await undo(tx, sent[0].source)
    return [
        _marked(
            IncomingMessage(
                message.source,
                str(message.content.get("kind", "text")),
                message.text,
                message.content,
                message.album,
            )
        )
        for message in sent
    ]


def _marked(incoming: IncomingMessage) -> IncomingMessage:
    """Store the album's id in the content of a note."""
    return incoming if incoming.album is None else replace(incoming, content=_with_album(incoming))


def _with_album(incoming: IncomingMessage) -> dict[str, object]:
    return {**incoming.content, "album": incoming.album}
