"""`/write`: an operator writes first, to an address or to a customer who is known (A12)."""

from typing import Any

from aiogram.types import Message

from channels.telegram.addresses import chat_address
from channels.telegram.messages.message_parser import read
from channels.telegram.screens.people import WriteTo, draw_addressees
from channels.telegram.screens.screen import Screen
from core.addresses import Address
from core.contacts.write_first import Addressees, find_addressees, write_first, write_to
from core.errors import Refusal, Unreadable
from core.tickets.incoming import IncomingMessage
from core.words.contact_values import EMAIL, read_email
from core.words.names import clean_name, is_blank
from handlers.telegram.operators.context import (
    CommandContext,
    OperatorContext,
    example,
    name_for,
    parse,
    text_of,
    without_head,
)


async def write(context: CommandContext) -> None:
    """Write to an e-mail address, or to whom the words begin with; of several, one is chosen."""
    words = without_head(context.incoming, context.command.without_number().at)
    first, *_ = text_of(words).split(maxsplit=1) or [""]
    address = read_email(first.rstrip(",:;"))
    if address is not None:
        at = text_of(words).index(first) + len(first)
        said = _without(words, at)
        await context.act(write_first, Address(EMAIL, address), said)
        return
    found = await context.read(find_addressees, text_of(words))
    said = _without(words, found.at)
    if len(found.people) == 1:
        await context.act(write_to, found.people[0].id, said)
    else:
        await context.show(draw_addressees(context.renderer, found.people))


def _without(words: IncomingMessage, at: int) -> IncomingMessage:
    """What is said to them. Raises :class:`Unreadable` for nothing."""
    text = text_of(words)
    said = without_head(words, len(text) - len(text[at:].lstrip(" \t\n\xa0,:;")))
    if said.kind == "text" and is_blank(said.text):
        raise Unreadable("operators.missing_words", example=example("write"))
    return said


async def on_button(context: Any, data: WriteTo) -> None:
    """Whom the author of the command means; it still says what is to be sent."""
    asked = getattr(context.message, "reply_to_message", None)
    words, found = await _asked(context, asked)
    if data.person not in {one.id for one in found.people}:
        raise Refusal("refusal.outdated")
    ticket = await context.act(write_to, data.person, _without(words, found.at))
    name = next(one.name for one in found.people if one.id == data.person)
    await context.toast()
    facts = {"name": clean_name(name), "number": ticket.id}
    await context.edit(Screen(context.renderer.html("operators.written", **facts)))


async def _asked(
    context: OperatorContext, asked: Message | None
) -> tuple[IncomingMessage, Addressees]:
    """The words of the command, and whom they mean. Only its author sends them."""
    incoming = None if asked is None else read(asked)
    if asked is None or asked.from_user is None or not isinstance(incoming, IncomingMessage):
        raise Refusal("refusal.outdated")
    if chat_address(asked.from_user.id) != context.sender.address:
        raise Refusal("refusal.others_command", name=clean_name(asked.from_user.full_name))
    text = text_of(incoming)
    command = parse(
        text, await name_for(context.responder.bot, text), *context.desk.company.number_masks
    )
    if command is None or command.name != "write":
        raise Refusal("refusal.outdated")
    words = without_head(incoming, command.without_number().at)
    return words, await context.read(find_addressees, text_of(words))
