"""Reports in an admin's private chat, and the lists behind «show all» in the alert channel."""

from typing import Any, Final

from channels.telegram.addresses import message_ref
from channels.telegram.screens.ticket_list import ListPage, draw
from core.errors import NotAllowed, Refusal, Unreadable
from core.people.staff import for_admin
from core.texts import Key
from core.tickets.incoming import find_location
from core.tickets.lists import VIEWS, page_of
from core.words.aliases import REPORTS
from handlers.telegram.context import ButtonContext, MessageContext

# One's own list is shown where one works.
_VIEWS: Final = frozenset(VIEWS) - {"mine"}


async def on_command(context: MessageContext, words: str) -> None:
    """``/report``: the only report there is, what is overdue (C7)."""
    if words.casefold() not in REPORTS:
        raise Unreadable("operators.no_report", example=Key("operators.example.report"))
    page = await context.desk.read(for_admin, context.sender, page_of, "overdue")
    await context.show(draw(context.renderer, page, context.desk.company.zone))


async def on_button(context: ButtonContext, data: Any) -> None:
    """Turn a page; below an alert, show the list."""
    desk, message = context.desk, context.message
    if context.sender.address not in desk.company.admins:
        raise NotAllowed("report")
    if not isinstance(data, ListPage) or data.view not in _VIEWS or message is None:
        raise Refusal("refusal.outdated")
    page = await desk.read(
        for_admin, context.sender, page_of, data.view, data.cursor, backward=data.backward
    )
    screen = draw(context.renderer, page, desk.company.zone)
    notice = await desk.read(find_location, message_ref(message.chat.id, message.message_id))
    if notice is None:
        await context.show(screen)
        return
    await context.toast()
    await context.responder.say(
        message.chat.id, screen.html, keyboard=screen.keyboard, reply_to=message.message_id
    )
