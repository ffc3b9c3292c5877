"""The tickets behind the numbers of statistics, wherever the numbers stand (H1)."""

from channels.telegram.screens.figure_lists import FigureMenu, FigurePage, draw_menu, draw_page
from channels.telegram.screens.screen import Screen
from core.errors import Refusal
from core.people.staff import for_admin
from core.reports.measured import page_of_figure
from core.reports.statistics import find_statistics
from core.tickets.list_lines import PAGE
from handlers.telegram.context import ButtonContext


async def on_page(context: ButtonContext, data: FigurePage) -> None:
    """The first page stands below the numbers; others take its place."""
    desk, backward = context.desk, data.way == "-"
    page = await desk.read(
        for_admin,
        context.sender,
        page_of_figure,
        data.asked,
        data.cursor,
        backward=backward,
        size=PAGE,
    )
    screen = draw_page(context.renderer, data, page, desk.company.zone)
    if data.cursor or data.way == "=":
        await context.show(screen)
    else:
        await _show_below(context, screen)


async def on_menu(context: ButtonContext, data: FigureMenu) -> None:
    """The same numbers by subject and by people."""
    since, until = data.period
    found = await context.desk.read(for_admin, context.sender, find_statistics, since, until)
    await _show_below(context, draw_menu(context.renderer, found))


async def _show_below(context: ButtonContext, screen: Screen) -> None:
    """In a group only whoever pressed sees it: it says who has done how much."""
    message, responder = context.message, context.responder
    if message is None:
        raise Refusal("refusal.outdated")
    await context.toast()
    if message.chat.type in {"group", "supergroup"}:
        reader = context.query.from_user.id
        await responder.say_to_one(reader, message, screen.html, screen.keyboard)
        return
    await responder.say(
        message.chat.id, screen.html, keyboard=screen.keyboard, reply_to=message.message_id
    )
