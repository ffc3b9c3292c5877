"""An incoming message, where messages belong, and parts of long messages that an app has split."""

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select

from core.models import Message, Note, Person, SentMessage
from core.tx import ReadTx
from core.words.names import units

# Text up to this many characters is shown whole by the ticket's card.
CARD_SHOWS: Final = 700


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A message that somebody sent. ``content`` is what the channel needs to send it elsewhere.

    ``chat`` and message_ref ``message`` are its address; ``album`` joins messages sent as one;
    ``reply_to`` is the ref of the message it replies to.
    """

    chat: int
    message: int
    kind: str
    text: str
    content: dict[str, Any] = field(default_factory=dict)
    album: str | None = None
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class MessageLocation:
    """What a message in a chat is: of which ticket, whose words, a note."""

    ticket_id: int | None
    message_id: int | None = None
    note_id: int | None = None
    ours: bool = False


async def find_location(tx: ReadTx, chat: int, message_ref: int) -> MessageLocation | None:
    """Return what this message of a chat is, or None if it is nothing of the desk's."""
    placed = (
        await tx.session.execute(
            select(SentMessage.ticket_id, SentMessage.message_id).where(
                SentMessage.chat == chat, SentMessage.message_ref == message_ref
            )
        )
    ).one_or_none()
    if placed is not None:
        return MessageLocation(placed.ticket_id, placed.message_id, ours=True)
    written = (
        await tx.session.execute(
            select(Message.ticket_id, Message.id)
            .where(Message.source_chat == chat, Message.source_message == message_ref)
            .limit(1)
        )
    ).one_or_none()
    if written is not None:
        return MessageLocation(written.ticket_id, written.id)
    noted = (
        await tx.session.execute(
            select(Note.ticket_id, Note.id)
            .where(Note.source_chat == chat, Note.source_message == message_ref)
            .limit(1)
        )
    ).one_or_none()
    return None if noted is None else MessageLocation(noted.ticket_id, note_id=noted.id)


# Telegram cuts at 4096; the command itself is not kept.
_FULL: Final = 4000


async def is_continuation(tx: ReadTx, telegram_id: int, chat: int, message_ref: int) -> bool:
    """Return whether the message right before this one was a full-length one by this person."""
    query = (
        select(Message.text)
        .join(Person, Message.author_id == Person.id)
        .where(
            Message.source_chat == chat,
            Message.source_message == message_ref - 1,
            Message.from_customer.is_(False),
            Person.telegram_id == telegram_id,
        )
    )
    before = (await tx.session.scalars(query.limit(1))).one_or_none()
    return before is not None and units(before) >= _FULL
