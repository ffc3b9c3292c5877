"""Reports in an admin's private chat, and the lists behind «show all» in the alert channel."""

import re
from typing import Any, Final

from aiogram import Router
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message

from channels.telegram.addresses import message_ref
from channels.telegram.screens.callbacks import QueuePage, parse
from core.desk import Desk
from core.errors import NotAllowed, Refusal, Unreadable
from core.people.identity import Sender
from core.people.staff import for_admin
from core.texts import Key
from core.tickets.incoming import find_location
from core.tickets.lists import VIEWS, page_of
from core.words.aliases import ALIASES, REPORTS
from handlers.telegram.admins import admins, linked_chats, setup
from handlers.telegram.filters import AlertChannel, Private, is_borrowed, is_nobody
from handlers.telegram.responder import Responder
from handlers.telegram.ticket_list import draw

_COMMAND: Final = re.compile(r"/([^\W\d_]{1,32})(?:@\w+)?(?:[\s_]+(.*))?", re.DOTALL)
# One's own list is shown where one works.
_VIEWS: Final = frozenset(VIEWS) - {"mine"}


def router() -> Router:
    """The admins' room."""
    room = Router(name="admins")
    room.include_routers(admins.router(), setup.router(), linked_chats.router())
    room.message.register(on_command, Private(), FromAdmin())
    room.callback_query.register(on_press, Private(), PressedByAdmin())
    room.callback_query.register(on_press, AlertChannel())
    return room


class FromAdmin(Filter):
    """An admin asked for a report, themselves; gives ``argument``.

    Whatever else an admin writes in private, they write as anybody does.
    """

    async def __call__(  # type: ignore[mutable-override]
        self, event: Message, desk: Desk
    ) -> bool | dict[str, Any]:
        """What follows the command."""
        if is_nobody(event) or is_borrowed(event):
            return False
        sender = event.from_user
        found = _COMMAND.fullmatch(event.text or "")
        if sender is None or sender.id not in desk.company.admins or found is None:
            return False
        typed = found[1].lower()
        if ALIASES.get(typed, typed) != "report":
            return False
        return {"argument": (found[2] or "").strip()}


class PressedByAdmin(Filter):
    """An admin pressed a button of a report."""

    async def __call__(  # type: ignore[mutable-override]
        self, event: CallbackQuery, desk: Desk
    ) -> bool:
        """True for admins, and lists that are theirs."""
        wish = parse(event.data)
        theirs = isinstance(wish, QueuePage) and wish.view in _VIEWS
        return theirs and event.from_user.id in desk.company.admins


async def on_command(
    message: Message, argument: str, desk: Desk, sender: Sender, responder: Responder
) -> None:
    """The only report there is: what is overdue (C7)."""
    if argument.casefold() not in REPORTS:
        raise Unreadable("operators.no_report", example=Key("operators.example.report"))
    page = await desk.read(for_admin, sender, page_of, "overdue")
    text, keyboard = draw(responder, page)
    await responder.say(message.chat.id, text, keyboard=keyboard)


async def on_press(query: CallbackQuery, desk: Desk, sender: Sender, responder: Responder) -> None:
    """Turn a page; below an alert, show the list."""
    wish, message = parse(query.data), query.message
    if sender.telegram_id not in desk.company.admins:
        raise NotAllowed("report")
    if not isinstance(wish, QueuePage) or wish.view not in _VIEWS or message is None:
        raise Refusal("refusal.outdated")
    page = await desk.read(
        for_admin, sender, page_of, wish.view, wish.cursor, backward=wish.backward
    )
    text, keyboard = draw(responder, page)
    notice = await desk.read(find_location, message_ref(message.chat.id, message.message_id))
    await responder.toast(query)
    if notice is None:
        await responder.edit(message, text, keyboard=keyboard)
    else:
        await responder.say(message.chat.id, text, keyboard=keyboard, reply_to=message.message_id)
