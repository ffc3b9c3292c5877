"""Reports in an admin's private chat, and the lists behind «show all» in the alert channel."""

import re
from typing import Any, Final

from aiogram import Router
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message

from channels.telegram.callbacks import QueuePage, parse
from core.desk import Desk
from core.errors import NotAllowed, Refusal, Unreadable
from core.people.directory import Caller
from core.people.operators import for_admin
from core.texts import Key
from core.tickets.lists import VIEWS, page_of
from core.tickets.said import find_belonging
from core.words.aliases import ALIASES, REPORTS
from handlers.admins import appointing, linking, setup
from handlers.filters import AlertChannel, Private, is_borrowed, is_nobody
from handlers.listing import draw
from handlers.speech import Speech

_COMMAND: Final = re.compile(r"/([^\W\d_]{1,32})(?:@\w+)?(?:[\s_]+(.*))?", re.DOTALL)
# One's own list is shown where one works.
_VIEWS: Final = frozenset(VIEWS) - {"mine"}


def router() -> Router:
    """The admins' room."""
    room = Router(name="admins")
    room.include_routers(appointing.router(), setup.router(), linking.router())
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
    message: Message, argument: str, desk: Desk, caller: Caller, speech: Speech
) -> None:
    """The only report there is: what is overdue (C7)."""
    if argument.casefold() not in REPORTS:
        raise Unreadable("operators.no_report", example=Key("operators.example.report"))
    page = await desk.read(for_admin, caller, page_of, "overdue")
    text, keyboard = draw(speech, page)
    await speech.say(message.chat.id, text, keyboard=keyboard)


async def on_press(query: CallbackQuery, desk: Desk, caller: Caller, speech: Speech) -> None:
    """Turn a page; below an alert, show the list."""
    wish, message = parse(query.data), query.message
    if caller.telegram_id not in desk.company.admins:
        raise NotAllowed("report")
    if not isinstance(wish, QueuePage) or wish.view not in _VIEWS or message is None:
        raise Refusal("refusal.outdated")
    page = await desk.read(
        for_admin, caller, page_of, wish.view, wish.cursor, backward=wish.backward
    )
    text, keyboard = draw(speech, page)
    notice = await desk.read(find_belonging, message.chat.id, message.message_id)
    await speech.toast(query)
    if notice is None:
        await speech.edit(message, text, keyboard=keyboard)
    else:
        await speech.say(message.chat.id, text, keyboard=keyboard, reply_to=message.message_id)
