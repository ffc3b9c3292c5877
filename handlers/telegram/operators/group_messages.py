"""What a message in the operator group is. One visible rule: a reply to a card or to a customer's
message goes to the customer; everything else stays inside, silently.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from aiogram import Bot
from aiogram.types import Message

from channels.telegram.addresses import message_ref
from channels.telegram.messages.message_parser import Service, Unsupported, read
from core.desk import Desk
from core.errors import Refusal, Unreadable
from core.people.identity import Sender
from core.people.staff import by_operator
from core.texts import Key
from core.tickets import conversation
from core.tickets.albums import Begun, album_begun, note_piece
from core.tickets.incoming import IncomingMessage, MessageLocation, find_location, is_full_answer
from core.tx import ReadTx
from handlers.telegram.filters import is_borrowed, is_nobody
from handlers.telegram.operators.command_parser import (
    is_foreign,
    is_note,
    parse,
    text_of,
    without_mark,
)
from handlers.telegram.operators.commands import carry_out
from handlers.telegram.operators.context import CommandContext, name_for
from handlers.telegram.responder import Responder


class Sort(Enum):
    """What becomes of a message."""

    IGNORED = auto()
    STAYS = auto()
    FACELESS = auto()
    COMMAND = auto()
    ANSWER = auto()
    NOTE = auto()


@dataclass(frozen=True, slots=True)
class Seen:
    """All that counts about a message.

    ``ticket`` is the ticket of what it replies to, ``ours`` whether that is a card, a copy or a
    notice; ``begun`` is where earlier pieces of its album went.
    """

    automatic: bool = False
    borrowed: bool = False
    faceless: bool = False
    foreign: bool = False
    command: bool = False
    marked: bool = False
    ticket: int | None = None
    ours: bool = False
    begun: Begun | None = None


def sort(seen: Seen) -> Sort:
    """Decide, the surest first. Pure."""
    if seen.automatic or seen.borrowed or seen.foreign:
        return Sort.IGNORED
    addressed = seen.command or (seen.ticket is not None and (seen.ours or seen.marked))
    if seen.faceless:
        return Sort.FACELESS if addressed else Sort.STAYS
    if seen.command:
        return Sort.COMMAND
    if seen.begun is not None:
        return Sort.NOTE if seen.begun.note or seen.marked else Sort.ANSWER
    if not addressed:
        return Sort.STAYS
    return Sort.NOTE if seen.marked else Sort.ANSWER


async def on_message(
    message: Message, bot: Bot, desk: Desk, responder: Responder, sender: Sender | None = None
) -> None:
    """Every message of the group passes here."""
    said = read(message)
    if isinstance(said, Service):
        return
    carried = said if isinstance(said, IncomingMessage) else _uncarried(message)
    text = text_of(carried)
    username = await name_for(bot, text)
    command = parse(text, username, desk.company.number_mask)
    place, begun = await desk.read(_whereabouts, carried, sender)
    seen = Seen(
        automatic=is_automatic(message),
        borrowed=is_borrowed(message),
        faceless=is_nobody(message),
        foreign=is_foreign(text, username),
        command=command is not None,
        marked=is_note(text),
        ticket=None if place is None else place.ticket_id,
        ours=place is not None and place.ours,
        begun=begun,
    )
    kind = sort(seen)
    if kind is Sort.STAYS and sender is not None and not seen.faceless:
        await _stay(desk, sender, carried)
    if kind in {Sort.IGNORED, Sort.STAYS} or sender is None:
        return
    if kind is Sort.FACELESS:
        raise Refusal("operators.faceless")
    number = begun.ticket_id if begun is not None else seen.ticket or 0
    if isinstance(said, Unsupported):
        await desk.run(by_operator, sender, conversation.refuse_kind, number, said.kind)
        raise Unreadable("refusal.kind", kind=Key(f"kind.{said.kind}"))
    if kind is Sort.COMMAND and command is not None:
        asked = CommandContext(desk, responder, sender, message, said, command)
        await carry_out(asked, seen.ticket)
        return
    await _pass_on(desk, sender, number, said, note=kind is Sort.NOTE)


async def _stay(desk: Desk, sender: Sender, incoming: IncomingMessage) -> None:
    """Silence, unless the operator cannot know that half of their answer stays here."""
    if incoming.reply_to is not None:
        return
    before = message_ref(int(incoming.ref.chat), int(incoming.ref.message) - 1)
    if await desk.read(is_full_answer, sender.telegram_id, before):
        raise Refusal("operators.cut")


async def _pass_on(
    desk: Desk, sender: Sender, ticket_id: int, incoming: IncomingMessage, *, note: bool
) -> None:
    """To the customer, or into the notes."""
    if note:
        plain = without_mark(incoming) if is_note(text_of(incoming)) else incoming
        await desk.run(by_operator, sender, note_piece, ticket_id, plain)
    else:
        await desk.run(by_operator, sender, conversation.reply, ticket_id, incoming)


async def _whereabouts(
    tx: ReadTx, incoming: IncomingMessage, sender: Sender | None
) -> tuple[MessageLocation | None, Begun | None]:
    """What the message replies to, and what its album has begun."""
    place = begun = None
    if incoming.reply_to is not None:
        place = await find_location(tx, incoming.reply_to)
    if incoming.album is not None and sender is not None:
        begun = await album_begun(tx, sender.telegram_id, incoming)
    return place, begun


def _uncarried(message: Message) -> IncomingMessage:
    """Just enough of what cannot be carried to know what it replies to."""
    answered = message.reply_to_message
    chat = message.chat.id
    reply_to = None if answered is None else message_ref(chat, answered.message_id)
    return IncomingMessage(message_ref(chat, message.message_id), "", "", reply_to=reply_to)


TELEGRAM: Final = 777000


def is_automatic(message: Message) -> bool:
    """A bot wrote it, or the channel that the group belongs to."""
    sender = message.from_user
    if message.is_automatic_forward or (sender is not None and sender.id == TELEGRAM):
        return True
    return sender is not None and sender.is_bot and message.sender_chat is None
