"""``/stats`` of an admin in the group: the picture comes to their private chat (H1, X16).

It says who has done how much: that is for whoever asked, not for everybody there.
"""

from dataclasses import replace
from functools import partial

from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.types import BufferedInputFile

from channels.telegram.addresses import chat_id
from channels.telegram.reports import PICTURE, draw_picture
from channels.telegram.screens.screen import Screen
from channels.telegram.screens.statistics import draw
from core.reports.statistics import Statistics
from handlers.telegram.operators.context import CommandContext
from handlers.telegram.statistics import show


async def stats(context: CommandContext) -> None:
    """``/stats``, ``/stats month payment``, ``/stats 1.11-30.11 @olga``."""
    chat, send = chat_id(context.sender.address), partial(_send, context)
    await show(context.responder, context.sender, chat, context.command.rest, send)


async def _send(context: CommandContext, found: Statistics) -> None:
    """Send it in private; who never opened the bot, and where nothing is drawn, sees the numbers
    below the command, alone.
    """
    screen = draw(context.renderer, found)
    picture = await draw_picture(context.renderer, found, context.desk.company.name)
    if picture is not None and await _send_picture(context, picture, screen):
        context.responder.react(context.message, "👌")
    else:
        await replace(context, quiet=True).show(screen)


async def _send_picture(context: CommandContext, picture: bytes, screen: Screen) -> bool:
    try:
        await context.responder.bot.send_photo(
            chat_id(context.sender.address),
            BufferedInputFile(picture, PICTURE),
            caption=screen.html,
            parse_mode="HTML",
            reply_markup=screen.keyboard,
        )
    except (TelegramForbiddenError, TelegramBadRequest):  # there is no such chat yet
        return False
    return True
