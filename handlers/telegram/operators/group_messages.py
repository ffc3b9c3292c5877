"""Messages in the operators' group, and their edits. One visible rule: a reply to a card or to a
customer's message goes to the customer; everything else stays inside, silently.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from aiogram import Bot
from aiogram.types import Message

from channels.telegram.addresses import chat_address
from channels.telegram.messages.message_parser import (
    Service,
    Unsupported,
    message_ref,
    read,
    thread_of,
)
from core.company import ALL_ANSWERS
from core.delivery.topics import ticket_of_topic, topic_was_closed
from core.desk import Desk
from core.errors import NotAllowed, Refusal, Unreadable
from core.people.identity import Sender
from core.people.staff import by_operator
from core.texts import Key
from core.tickets import conversation
from core.tickets.albums import AlbumLocation, find_album, note_piece
from core.tickets.incoming import IncomingMessage, MessageLocation, find_location, is_full_answer
from core.tx import ReadTx
from handlers.telegram.operators import tags
from handlers.telegram.operators.commands import carry_out
from handlers.telegram.operators.context import (
    Command,
    CommandContext,
    OperatorContext,
    answer_to,
    is_foreign,
    is_note,
    name_for,
    parse,
    text_of,
    without_head,
    without_mark,
)
from handlers.telegram.operators.membership import Memberships
from handlers.telegram.operators.responses import COMMAND
from handlers.telegram.origin import is_nobody
from handlers.telegram.responder import Responder


class Treatment(Enum):
    """What is done with a message."""

    IGNORED = auto()
    KEPT_INSIDE = auto()
    UNADDRESSED = auto()
    ANONYMOUS = auto()
    BY_ANOTHER_BOT = auto()
    COMMAND = auto()
    ANSWER = auto()
    NOTE = auto()


@dataclass(frozen=True, slots=True)
class Traits:
    """What decides about a message.

    ``ticket`` is the ticket of what it replies to, ``ours`` whether that is a card, a copy or a
    notice; ``begun`` is where earlier pieces of its album went; ``to_bot``: it replies to words of
    the bot that are about no ticket, or about many. ``inline``: written by means of another bot:
    words of the person, and never a command.
    """

    automatic: bool = False
    borrowed: bool = False
    anonymous: bool = False
    foreign: bool = False
    command: bool = False
    marked: bool = False
    ticket: int | None = None
    ours: bool = False
    begun: AlbumLocation | None = None
    to_bot: bool = False
    inline: bool = False


def treatment_of(traits: Traits) -> Treatment:
    """What is done with a message of these traits. Pure."""
    if traits.automatic or traits.borrowed or traits.foreign:
        return Treatment.IGNORED
    addressed = traits.command or (traits.ticket is not None and (traits.ours or traits.marked))
    if traits.anonymous:
        return Treatment.ANONYMOUS if addressed else Treatment.KEPT_INSIDE
    if traits.command:
        return Treatment.BY_ANOTHER_BOT if traits.inline else Treatment.COMMAND
    if traits.begun is not None:
        return Treatment.NOTE if traits.begun.note or traits.marked else Treatment.ANSWER
    if not addressed:
        lost = traits.to_bot and not traits.marked
        return Treatment.UNADDRESSED if lost else Treatment.KEPT_INSIDE
    return Treatment.NOTE if traits.marked else Treatment.ANSWER


# What nobody hears is said to be so.
_REFUSED: Final = {
    Treatment.UNADDRESSED: "operators.unaddressed",
    Treatment.BY_ANOTHER_BOT: "operators.by_another_bot",
}


async def on_message(
    message: Message,
    memberships: Memberships,
    responder: Responder,
    sender: Sender | None = None,
) -> None:
    """Every message of the group, except arrivals and departures."""
    desk, bot = memberships.desk, memberships.bot
    incoming = read(message)
    if isinstance(incoming, Service):
        await _note_closed_topic(desk, message, bot)
        return
    carried = incoming if isinstance(incoming, IncomingMessage) else _uncarried(message)
    text = text_of(carried)
    username = await name_for(bot, text)
    command = parse(text, username, *desk.company.number_masks)
    place, begun = await desk.read(_find_context, carried, sender, thread_of(message))
    command = command or _asked_for(place, text)
    traits = Traits(
        automatic=is_automatic(message),
        borrowed=message.forward_origin is not None,
        anonymous=is_nobody(message),
        foreign=is_foreign(text, username),
        command=command is not None,
        marked=is_note(text),
        ticket=None if place is None else place.ticket_id,
        ours=place is not None and place.ours,
        begun=begun,
        to_bot=place is None and _replies_to_bot(message, bot),
        inline=message.via_bot is not None and not _chose_inline(message, bot, command),
    )
    kind = treatment_of(traits)
    if kind in _REFUSED:
        raise Refusal(_REFUSED[kind])
    if kind is Treatment.KEPT_INSIDE and sender is not None and not traits.anonymous:
        await _warn_of_cut(desk, sender, carried)
        if message.from_user is not None:
            await memberships.notice(message.from_user)
    if kind in {Treatment.IGNORED, Treatment.KEPT_INSIDE} or sender is None:
        return
    if kind is Treatment.ANONYMOUS:
        raise Refusal("operators.faceless")
    if message.from_user is not None:
        await memberships.require(message.from_user)
    number = begun.ticket_id if begun is not None else traits.ticket or 0
    if isinstance(incoming, Unsupported):
        await desk.run(by_operator, sender, conversation.refuse_kind, number, incoming.kind)
        raise Unreadable("refusal.kind", kind=Key(f"kind.{incoming.kind}"))
    if kind is Treatment.COMMAND and command is not None:
        context = CommandContext(desk, responder, sender, message, incoming, command)
        await carry_out(context, traits.ticket)
        return
    speaker = OperatorContext(desk, responder, sender, message)
    await _pass_on(speaker, number, incoming, note=kind is Treatment.NOTE)


def _asked_for(place: MessageLocation | None, text: str) -> Command | None:
    """Words that answer a question of ours stand for the command that asked it."""
    if place is None or place.asks is None or is_note(text):
        return None
    return answer_to(place.asks, text)


def _chose_inline(message: Message, bot: Bot, command: Command | None) -> bool:
    """Somebody chose a canned response in our own inline mode: the command to show it is theirs."""
    ours = message.via_bot is not None and message.via_bot.id == bot.id
    return ours and command is not None and command.name == COMMAND


def _replies_to_bot(message: Message, bot: Bot) -> bool:
    """It answers a list, a question or a notice of ours. All that stands in a topic answers the
    topic's beginning: that is no reply.
    """
    answered = message.reply_to_message
    if answered is None or answered.forum_topic_created is not None:
        return False
    return answered.from_user is not None and answered.from_user.id == bot.id


async def _warn_of_cut(desk: Desk, sender: Sender, incoming: IncomingMessage) -> None:
    """Refuse the rest of a long answer that Telegram has cut: it does not reach the customer."""
    if incoming.reply_to is not None:
        return
    before = message_ref(int(incoming.ref.chat), int(incoming.ref.message) - 1)
    if await desk.read(is_full_answer, sender.address, before):
        raise Refusal("operators.cut")


async def _pass_on(
    context: OperatorContext, ticket_id: int, incoming: IncomingMessage, *, note: bool
) -> None:
    """To the customer, or to the notes."""
    if note:
        plain = without_mark(incoming) if is_note(text_of(incoming)) else incoming
        await context.act(note_piece, ticket_id, plain)
        await tags.doubt_note(context, ticket_id, plain.text)
    else:
        await context.answer(ticket_id, incoming)


async def _find_context(
    tx: ReadTx, incoming: IncomingMessage, sender: Sender | None, thread: int | None
) -> tuple[MessageLocation | None, AlbumLocation | None]:
    """What the message replies to, or whose topic it stands in, and what its album has begun."""
    place = begun = None
    if incoming.reply_to is not None:
        place = await find_location(tx, incoming.reply_to)
    if thread is not None:
        place = await _in_topic(tx, incoming, thread, place)
    if incoming.album is not None and sender is not None:
        begun = await find_album(tx, sender.address, incoming)
    return place, begun


async def _in_topic(
    tx: ReadTx, incoming: IncomingMessage, thread: int, answered: MessageLocation | None
) -> MessageLocation | None:
    """In a ticket's topic, commands and notes without a reply are about that ticket; where the
    company wants it so, all words there are answers (X7).
    """
    if answered is not None and (answered.ours or tx.company.topics != ALL_ANSWERS):
        return answered
    number = await ticket_of_topic(tx, incoming.ref.address, str(thread))
    if number is None:
        return answered
    return MessageLocation(number, ours=tx.company.topics == ALL_ANSWERS)


async def _note_closed_topic(desk: Desk, message: Message, bot: Bot) -> None:
    """Somebody has closed a topic by hand."""
    thread, by = thread_of(message), message.from_user
    if message.forum_topic_closed is None or thread is None or by is None or by.id == bot.id:
        return
    await desk.run(topic_was_closed, chat_address(message.chat.id), str(thread))


def _uncarried(message: Message) -> IncomingMessage:
    """Just enough of what cannot be carried to know what it replies to."""
    answered = message.reply_to_message
    chat = message.chat.id
    reply_to = None if answered is None else message_ref(chat, answered.message_id)
    return IncomingMessage(message_ref(chat, message.message_id), "", "", reply_to=reply_to)


# Telegram's own account: what a linked channel posts comes from it.
TELEGRAM: Final = 777000


def is_automatic(message: Message) -> bool:
    """A bot wrote it, or the channel that the group belongs to."""
    sender = message.from_user
    if message.is_automatic_forward or (sender is not None and sender.id == TELEGRAM):
        return True
    return sender is not None and sender.is_bot and message.sender_chat is None


# Commands whose words were passed on.
_PASSING_ON: Final = {True: frozenset({"note"}), False: frozenset({"reply", "wait"})}


async def on_edit(
    message: Message,
    bot: Bot,
    desk: Desk,
    memberships: Memberships,
    sender: Sender | None = None,
) -> None:
    """An edited answer or note: its copies and the journal follow; nothing new begins by an edit
    (S3). One by somebody who works here no more means nothing: many are nobody's doing.
    """
    incoming = read(message)
    if sender is None or not isinstance(incoming, IncomingMessage):
        return
    if is_automatic(message) or message.forward_origin is not None or is_nobody(message):
        return
    found = await desk.read(find_location, incoming.ref)
    if found is None or found.ours:
        return
    note = found.note_id is not None
    words = await _edited_words(incoming, bot, *desk.company.number_masks, note=note)
    if words is not None and await _works_here(message, memberships):
        await desk.run(by_operator, sender, conversation.edit, words)


async def _works_here(message: Message, memberships: Memberships) -> bool:
    if message.from_user is None:
        return False
    try:
        await memberships.require(message.from_user)
    except NotAllowed:
        return False
    return True


async def _edited_words(
    incoming: IncomingMessage, bot: Bot, *masks: str, note: bool
) -> IncomingMessage | None:
    """What is passed on of the message as it is now: without its command or its ``//``."""
    text = text_of(incoming)
    if note and is_note(text):
        return without_mark(incoming)
    command = parse(text, await name_for(bot, text), *masks)
    if command is None:
        return incoming
    return without_head(incoming, command.at) if command.name in _PASSING_ON[note] else None
