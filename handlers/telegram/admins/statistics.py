"""``/stats`` in an admin's private chat: one picture and a few numbers (H1)."""

import logging
from datetime import date
from typing import Final

from aiogram.types import BufferedInputFile

from channels.telegram.screens.screen import Screen
from channels.telegram.screens.statistics import draw, picture_words
from core.errors import Unreadable
from core.people.staff import for_admin
from core.reports import ticket_metrics
from core.reports.charts import NotDrawn, picture_of
from core.reports.charts import draw as draw_picture
from core.reports.statistics import Statistics, find_scope, find_statistics
from core.texts import Key
from core.words.periods import read_period
from handlers.telegram.context import MessageContext

log = logging.getLogger(__name__)

# What happened just now is counted before it is shown; after an upgrade not everything at once.
_ROUNDS: Final = 10


async def on_command(context: MessageContext, words: str) -> None:
    """``/stats``, ``/stats month payment``, ``/stats 1.11-30.11 @olga``."""
    since, until, rest = _period(context, words)
    desk = context.desk
    await desk.read(for_admin, context.sender, find_scope, rest)
    for _ in range(_ROUNDS):
        if await desk.run(ticket_metrics.keep_metrics) < ticket_metrics.BATCH:
            break
    found = await desk.read(for_admin, context.sender, find_statistics, since, until, rest)
    context.responder.make(context.message.chat.id, _send(context, found))


async def _send(context: MessageContext, found: Statistics) -> None:
    """Send the picture with the numbers below it; where there is no picture, the numbers."""
    screen = draw(context.renderer, found)
    words = picture_words(context.renderer, found, context.desk.company.name)
    try:
        picture = await draw_picture(picture_of(found, words))
    except (NotDrawn, OSError) as reason:
        log.warning("statistics were not drawn: %s", reason)
        await context.show(screen)
        return
    await _send_picture(context, picture, screen)


async def _send_picture(context: MessageContext, picture: bytes, screen: Screen) -> None:
    chat = context.message.chat.id
    await context.bot.send_photo(
        chat,
        BufferedInputFile(picture, "statistics.png"),
        caption=screen.html,
        parse_mode="HTML",
        reply_markup=screen.keyboard,
        message_thread_id=context.responder.thread_in(chat),
    )


def _period(context: MessageContext, words: str) -> tuple[date, date, str]:
    today = context.desk.clock().astimezone(context.desk.company.zone).date()
    try:
        return read_period(words, today)
    except ValueError:
        raise Unreadable(
            "operators.malformed", words=words[:40], example=Key("operators.example.stats")
        ) from None
