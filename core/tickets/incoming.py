"""An incoming message, where messages belong, and parts of long messages that an app has split."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, select

from core.address_holders import holder_of
from core.addresses import Address, MessageRef
from core.db import PreparedStatement
from core.delivery.sent_messages import QUESTION, copies_of
from core.files import name_of
from core.models import Message, Note, SentMessage
from core.tx import ReadTx
from core.words.names import units

CONTINUE: Final = "continue"
"""The step of a dialogue in which the person's next messages join a ticket."""
# Text up to this many characters is shown whole by the ticket's card.
CARD_SHOWS: Final = 700
# The key of the remark above words that no person wrote.
AUTOMATIC: Final = "automatic"


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

    @property
    def thread(self) -> str | None:
        """The topic of a private chat that it stands in."""
        return self.content.get("thread")


def file_messages(ref: MessageRef, files: Sequence[Mapping[str, Any]]) -> list[IncomingMessage]:
    """Return stored files as messages under one reference; several belong together.

    Of each file: ``name`` in the store, ``title`` for people, ``size`` in bytes.
    """
    album = name_of(ref.message.encode())[:40] if len(files) > 1 else None
    bare: dict[str, Any] = {
        "kind": "document",
        "text": "",
        "entities": [],
        "file_id": None,
        "more": {},
    }
    return [
        IncomingMessage(ref, "document", str(file["title"]), bare | {"file": dict(file)}, album)
        for file in files
    ]


# What stands beside the words of a message, and not on a card.
_BESIDE: Final = {"remark", "whole", "forward", "outside"}


def fits_card(kind: str, text: str, content: Mapping[str, Any]) -> bool:
    """Return whether the card shows the whole message: plain text of ordinary length, with nothing
    to remark about it, and nothing that was left out.
    """
    plain = kind == "text" and not _BESIDE & content.keys()
    plain = plain and "quote" not in content.get("reply", {})
    return plain and len(text) <= CARD_SHOWS


@dataclass(frozen=True, slots=True)
class MessageLocation:
    """What a message in a chat is: of which ticket, whose words, a note. ``asks``: it asks an
    operator for the words of this command.
    """

    ticket_id: int | None
    message_id: int | None = None
    note_id: int | None = None
    ours: bool = False
    asks: str | None = None


_PLACED: Final = PreparedStatement(
    select(
        SentMessage.ticket_id, SentMessage.message_id, SentMessage.role, SentMessage.digest
    ).where(
        SentMessage.channel == bindparam("channel"),
        SentMessage.chat == bindparam("chat"),
        SentMessage.message == bindparam("message"),
    )
)
_WRITTEN, _NOTED = (
    PreparedStatement(
        select(said.ticket_id, said.id)
        .where(
            said.source_channel == bindparam("channel"),
            said.source_chat == bindparam("chat"),
            said.source_message == bindparam("message"),
        )
        .order_by(said.id)  # of a letter that came in pieces, its words
        .limit(1)
    )
    for said in (Message, Note)
)


async def find_location(tx: ReadTx, ref: MessageRef) -> MessageLocation | None:
    """Return what this message is, or None if it is nothing of the desk's."""
    there = asdict(ref)
    for ticket_id, message_id, role, digest in await _PLACED.rows(tx.session, there):
        asks = digest if role == QUESTION else None
        return MessageLocation(ticket_id, message_id, ours=True, asks=asks)
    for ticket_id, message_id in await _WRITTEN.rows(tx.session, there):
        return MessageLocation(ticket_id, message_id)
    for ticket_id, note_id in await _NOTED.rows(tx.session, there):
        return MessageLocation(ticket_id, note_id=note_id)
    return None


async def find_counterpart(
    tx: ReadTx, ticket_id: int, reply: Mapping[str, Any], chat: Address
) -> MessageRef | None:
    """Return what stands in the other ``chat`` for the message that words of the ticket answer: its
    copy, or what it is a copy of. ``reply``: ``to`` is that message, ``quote`` words of it.

    For a card it is the message whose words the card shows and the quote has. None: nothing does.
    """
    place = await find_location(tx, MessageRef.parse(reply["to"]))
    if place is None or place.ticket_id != ticket_id:
        return None
    quote = reply.get("quote")
    query = select(Message).where(Message.ticket_id == ticket_id)
    if place.message_id is not None:
        query = query.where(Message.id == place.message_id)
    elif quote is not None and place.ours:
        query = query.where(
            Message.in_card.is_(True), Message.text.contains(quote, autoescape=True)
        )
    else:
        return None
    message = await tx.first(query.order_by(Message.id).limit(1))  # the card begins with the first
    if message is None or (quote is not None and quote not in message.text):
        return None
    if message.source.address == chat:
        return message.source
    copies = await copies_of(tx, message.id, chat)
    return MessageRef(chat.channel, chat.chat, copies[0]) if copies else None


# A longer text arrives in parts of 4096 characters; the command itself is not kept.
_FULL: Final = 4000


async def is_full_answer(tx: ReadTx, address: Address, ref: MessageRef) -> bool:
    """Return whether this message was a full-length answer by this person."""
    query = select(Message.text).where(
        Message.source == ref,
        Message.from_customer.is_(False),
        Message.author_id == holder_of(address),
    )
    before = await tx.first(query.order_by(Message.id).limit(1))
    return before is not None and units(before) >= _FULL
