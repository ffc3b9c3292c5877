"""The customer's private chat: which handler takes a message or a button."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.cameras import CameraFault, CameraPage, PickCamera
from channels.telegram.screens.customer_menu import ChooseLanguage, Menu
from channels.telegram.screens.customer_tickets import Confirm, OwnTicketOpened
from channels.telegram.screens.new_ticket import ChooseTopic, FileMessages
from channels.telegram.screens.ticket_list import ListPage
from handlers.telegram.context import ButtonContext, MessageContext
from handlers.telegram.customer import cameras, commands, messages, new_ticket, own_tickets
from handlers.telegram.origin import is_borrowed

# «/12 подъезд, не работает» is a command, «/12/3» is not.
_COMMAND: Final = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@[A-Za-z0-9_]+)?(?:\s+(.*))?", re.DOTALL)

_MENU_LABELS: Final[dict[str, Callable[[MessageContext], Awaitable[None]]]] = {
    "new": new_ticket.show_topics,
    "mine": own_tickets.show_list,
    "cameras": cameras.show_cameras,
}
_MENU_BUTTONS: Final[dict[str, Callable[[ButtonContext], Awaitable[None]]]] = {
    "new": new_ticket.edit_to_topics,
    "mine": own_tickets.edit_to_list,
    "cameras": cameras.edit_to_list,
    "back": new_ticket.go_back,
    "language": commands.edit_to_languages,
}


async def on_message(context: MessageContext) -> bool:
    """A command, a label of the menu, a shared phone, or words for the support."""
    message = context.message
    text = message.text or ""
    if not is_borrowed(message):
        found = _COMMAND.fullmatch(text) if text.startswith("/") else None
        if found is not None:
            await commands.obey(context, found[1].lower(), (found[2] or "").strip())
            return True
        step = context.menu_words.get(text)
        if step is not None:
            await _MENU_LABELS[step](context)
            return True
    if message.contact is None or not await cameras.take_phone(context):
        await messages.on_words(context)
    return True


async def on_menu(context: ButtonContext, data: Menu) -> None:
    """A step of the menu, as a button below a screen."""
    await _MENU_BUTTONS[data.step](context)


BUTTONS: Final[dict[type[CallbackData], Callable[[ButtonContext, Any], Awaitable[None]]]] = {
    Menu: on_menu,
    ChooseLanguage: commands.choose_language,
    ChooseTopic: new_ticket.choose_topic,
    FileMessages: messages.file_messages,
    OwnTicketOpened: own_tickets.show_ticket,
    ListPage: own_tickets.turn_page,
    Confirm: own_tickets.confirm,
    CameraPage: cameras.turn_page,
    PickCamera: cameras.pick,
    CameraFault: cameras.report,
}
