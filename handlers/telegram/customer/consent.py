"""A customer's chat before they have agreed that their words are stored (S31): what comes is held,
and they are asked.
"""

import re
from typing import Final

from aiogram.filters.callback_data import CallbackData
from aiogram.types import Message

from channels.telegram.addresses import chat_address
from channels.telegram.messages.message_parser import Service, read
from channels.telegram.screens.consent import ConsentAnswer
from channels.telegram.screens.personal_data import PersonalData
from core.contacts import consents
from core.contacts.consents import Visitor, is_consent_missing
from core.desk import Desk
from core.errors import Refusal
from core.people.identity import Sender
from handlers.telegram.context import ButtonContext, MessageContext
from handlers.telegram.customer.tickets import greeting, menu_for
from handlers.telegram.responder import Responder

# A command alone says nothing that would have to be kept; behind a word there may be a link.
_COMMAND: Final = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@[A-Za-z0-9_]+)?\s*", re.ASCII)
# Commands and buttons that store nothing.
_FREE: Final = frozenset({"help", "mydata"})
_FREE_BUTTONS: Final[tuple[type[CallbackData], ...]] = (ConsentAnswer, PersonalData)


async def is_missing(desk: Desk, sender: Sender) -> bool:
    """Whether a customer has yet to agree."""
    return bool(desk.company.consent) and await desk.read(is_consent_missing, sender.address)


async def is_held(context: MessageContext) -> bool:
    """Whether the message waits for a consent; its author has been asked then."""
    desk, message = context.desk, context.message
    if not await is_missing(desk, context.sender) or isinstance(read(message), Service):
        return False
    words = message.text or ""
    command = _COMMAND.fullmatch(words)
    if command is not None and command[1].lower() in _FREE:
        return False
    says_nothing = command is not None or words in context.menu_words
    visitor = _visitor(message.chat.id, context.responder)
    await desk.run(consents.ask if says_nothing else consents.hold_words, visitor)
    return True


async def is_edit_held(desk: Desk, sender: Sender, message: Message, responder: Responder) -> bool:
    """Whether an edit waits for a consent, as the words do that it is about."""
    if not await is_missing(desk, sender):
        return False
    await desk.run(consents.hold_words, _visitor(message.chat.id, responder))
    return True


async def demand_consent(context: ButtonContext, data: CallbackData | None) -> None:
    """Raise :class:`Refusal` for a button of somebody who has yet to agree, and ask them."""
    if isinstance(data, _FREE_BUTTONS) or not await is_missing(context.desk, context.sender):
        return
    await context.desk.run(consents.ask, _visitor_of(context))
    raise Refusal("refusal.consent")


async def on_answer(context: ButtonContext, data: ConsentAnswer) -> None:
    """Yes: what was held is handled now. No: it is forgotten."""
    visitor, responder = _visitor_of(context), context.responder
    if data.answer == "no":
        await context.desk.run(consents.refuse, context.sender, visitor)
        await context.show(responder.html("consent.refused"))
        return
    held = await context.desk.run(consents.agree, context.sender, visitor, data.version)
    if held is None:
        raise Refusal("refusal.consent_changed")
    text = context.desk.company.consent_in(visitor.language)
    await context.show(responder.html("consent.given", {"text": text}))
    said = responder.html("consent.held") if held else await greeting(context)
    keyboard = await menu_for(context.desk, responder)
    await responder.say(int(visitor.address.chat), said, keyboard=keyboard)


def _visitor(chat: int, responder: Responder) -> Visitor:
    return Visitor(chat_address(chat), responder.locale, str(chat))


def _visitor_of(context: ButtonContext) -> Visitor:
    if context.message is None:
        raise Refusal("refusal.outdated")
    return _visitor(context.message.chat.id, context.responder)
