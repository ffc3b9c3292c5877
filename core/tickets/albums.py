"""Operators' albums: pieces come one by one, and belong where the album as a whole belongs.

An app may put the caption on any piece. So an album may turn out to be a note after its first
pieces were taken for an answer; they are taken back then, before they leave if they still wait.
"""

from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import select

from core.delivery.claims import drop_unsent
from core.models import Message, Note, Person, Ticket
from core.tickets.conversation import note, undo
from core.tickets.said import Said
from core.tx import Look, Tx

_RECENT: Final = 20


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the earlier pieces of an album went."""

    ticket_id: int
    note: bool


async def album_begun(look: Look, telegram_id: int, said: Said) -> Begun | None:
    """Where earlier pieces of this person's album went, if there were any."""
    if said.album is None:
        return None
    notes = await look.session.execute(
        select(Note.ticket_id, Note.content)
        .join(Person, Note.author_id == Person.id)
        .where(Person.telegram_id == telegram_id, Note.source_chat == said.chat)
        .order_by(Note.id.desc())
        .limit(_RECENT)
    )
    for ticket_id, content in notes:
        if content.get("album") == said.album:
            return Begun(ticket_id, note=True)
    query = (
        select(Message.ticket_id)
        .join(Person, Message.author_id == Person.id)
        .where(Person.telegram_id == telegram_id, Message.album == said.album)
        .limit(1)
    )
    number = (await look.session.scalars(query)).one_or_none()
    return None if number is None else Begun(number, note=False)


async def note_piece(tx: Tx, number: int, said: Said) -> Ticket:
    """An internal note, perhaps a piece of an album: then the whole album is one."""
    if said.album is not None:
        for piece in await _sent_pieces(tx, said.album):
            await note(tx, number, piece)
    return await note(tx, number, _marked(said))


async def _sent_pieces(tx: Tx, album: str) -> list[Said]:
    """Take back the pieces of the actor's album that were taken for an answer."""
    query = select(Message).where(
        Message.author_id == tx.actor.person_id,
        Message.album == album,
        Message.withdrawn_at.is_(None),
    )
    sent = list(await tx.session.scalars(query.order_by(Message.id)))
    if sent:
        await drop_unsent(tx, [message.id for message in sent], "content")
        await undo(tx, sent[0].source_chat, sent[0].source_message)
    return [
        _marked(
            Said(
                message.source_chat,
                message.source_message,
                str(message.content.get("kind", "text")),
                message.text,
                message.content,
                message.album,
            )
        )
        for message in sent
    ]


def _marked(said: Said) -> Said:
    """A note remembers its album in its content."""
    return said if said.album is None else replace(said, content=_with_album(said))


def _with_album(said: Said) -> dict[str, object]:
    return {**said.content, "album": said.album}
