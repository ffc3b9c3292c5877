"""``/stats`` in an admin's private chat: one picture and a few numbers (H1)."""

from functools import partial

from aiogram.types import BufferedInputFile

from channels.telegram.reports import PICTURE, draw_picture
from channels.telegram.screens.statistics import draw
from core.reports.statistics import Statistics
from handlers.telegram.context import MessageContext
from handlers.telegram.statistics import show


async def on_command(context: MessageContext, words: str) -> None:
    """``/stats``, ``/stats month payment``, ``/stats 1.11-30.11 @olga``."""
    chat, send = context.message.chat.id, partial(_send, context)
    await show(context.responder, context.sender, chat, words, send)


async def _send(context: MessageContext, found: Statistics) -> None:
    """Send the picture with the numbers below it; where there is no picture, the numbers."""
    screen, chat = draw(context.renderer, found), context.message.chat.id
    picture = await draw_picture(context.renderer, found, context.desk.company.name)
    if picture is None:
        await context.show(screen)
        return
    await context.bot.send_photo(
        chat,
        BufferedInputFile(picture, PICTURE),
        caption=screen.html,
        parse_mode="HTML",
        reply_markup=screen.keyboard,
        message_thread_id=context.responder.thread_in(chat),
    )
