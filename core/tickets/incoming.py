"""An incoming message, where messages belong, and parts of long messages that an app has split."""

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select

from core.address_holders import holder_of
from core.addresses import Address, MessageRef
from core.models import Message, Note, SentMessage
from core.tx import ReadTx
from core.words.names import units

# Text up to this many characters is shown whole by the ticket's card.
CARD_SHOWS: Final = 700


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A message that somebody sent. ``content`` is what the channel needs to send it elsewhere.

    ``ref`` is its reference; ``album`` joins messages sent as one; ``reply_to`` is the reference of
    the message it replies to.
    """

    ref: MessageRef
    kind: str
    text: str
    content: dict[str, Any] = field(default_factory=dict)
    album: str | None = None
    reply_to: MessageRef | None = None


@dataclass(frozen=True, slots=True)
class MessageLocation:
    """What a message in a chat is: of which ticket, whose words, a note."""

    ticket_id: int | None
    message_id: int | None = None
    note_id: int | None = None
    ours: bool = False


async def find_location(tx: ReadTx, ref: MessageRef) -> MessageLocation | None:
    """Return what this message is, or None if it is nothing of the desk's."""
    placed = (
        await tx.session.execute(
            select(SentMessage.ticket_id, SentMessage.message_id).where(
                SentMessage.channel == ref.channel,
                SentMessage.chat == ref.chat,
                SentMessage.message == ref.message,
            )
        )
    ).one_or_none()
    if placed is not None:
        return MessageLocation(placed.ticket_id, placed.message_id, ours=True)
    written = (
        await tx.session.execute(
            select(Message.ticket_id, Message.id).where(Message.source == ref).limit(1)
        )
    ).one_or_none()
    if written is not None:
        return MessageLocation(written.ticket_id, written.id)
    noted = (
        await tx.session.execute(select(Note.ticket_id, Note.id).where(Note.source == ref).limit(1))
    ).one_or_none()
    return None if noted is None else MessageLocation(noted.ticket_id, note_id=noted.id)


# A longer text arrives in parts of 4096 characters; the command itself is not kept.
_FULL: Final = 4000


async def is_full_answer(tx: ReadTx, address: Address, ref: MessageRef) -> bool:
    """Return whether this message was a full-length answer by this person."""
    query = select(Message.text).where(
        Message.source == ref,
        Message.from_customer.is_(False),
        Message.author_id == holder_of(address),
    )
    before = (await tx.session.scalars(query.limit(1))).one_or_none()
    return before is not None and units(before) >= _FULL
