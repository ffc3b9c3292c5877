"""`/t`: canned responses, chosen by buttons, by code or through the bot's inline mode (E1).

Whatever way it is chosen, the filled text is shown first, and goes when somebody presses for it.
"""

from typing import Any, Final

from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import AnswerInlineQuery
from aiogram.types import InlineQuery, InlineQueryResultArticle, InputTextMessageContent, User

from channels.telegram.client.api_errors import TROUBLES
from channels.telegram.screens.responses import (
    DropResponse,
    ResponsePage,
    SendResponse,
    ShowResponse,
    draw_choice,
    draw_filled,
    draw_found,
    draw_sent,
)
from channels.telegram.screens.screen import Screen, clipped
from core.desk import Desk
from core.errors import Refusal
from core.people.identity import Sender
from core.responses.catalogue import Response, all_uses, matching, responses_of
from core.responses.sending import (
    ResponseChanged,
    list_fitting,
    list_named,
    prepare,
    send_from_screen,
)
from core.tickets.answering import end_answering
from core.tx import ReadTx
from handlers.telegram.operators.context import CommandContext
from handlers.telegram.operators.membership import Memberships
from handlers.telegram.origin import Role, role_of
from handlers.telegram.responder import Responder

COMMAND: Final = "t"
_RESULTS: Final = 20
_DESCRIBED: Final = 120


async def choose(context: CommandContext) -> None:
    """Offer what fits the ticket or has these words, or show the one that is named."""
    words = context.command.words
    number, renderer = context.number, context.renderer
    if not words:
        offered = await context.read(list_fitting, number)
        choice = draw_choice(renderer, number, offered)
    else:
        offered = await context.read(list_named, number, words)
        choice = draw_found(renderer, number, offered, words)
    if words and len(offered) == 1:
        found = await context.read(prepare, number, offered[0].code, context.sender.name)
        choice = draw_filled(renderer, found)
    await context.show(await context.begin_answer(number, choice))


async def turn(context: Any, data: ResponsePage) -> None:
    """Another page of the choice."""
    offered = await context.read(list_fitting, data.ticket_id)
    await context.toast()
    await context.edit(draw_choice(context.renderer, data.ticket_id, offered, data.page))


async def show(context: Any, data: ShowResponse) -> None:
    """The text as it would go."""
    found = await context.read(prepare, data.ticket_id, data.code, context.sender.name)
    await context.toast()
    filled = draw_filled(context.renderer, found)
    await context.edit(await context.begin_answer(data.ticket_id, filled))


async def send(context: Any, data: SendResponse) -> None:
    """Send what is shown; what has changed meanwhile is shown again instead."""
    shown = await context.read(prepare, data.ticket_id, data.code, context.sender.name)
    try:
        await context.act(
            send_from_screen, data.ticket_id, data.code, data.digest, context.screen_id
        )
    except ResponseChanged:
        await context.toast("response_changed", alert=True, number=data.ticket_id)
        await context.edit(draw_filled(context.renderer, shown))
        return
    await context.toast("response", number=data.ticket_id)
    await context.edit(draw_sent(context.renderer, shown, context.sender.name))


async def drop(context: Any, data: DropResponse) -> None:
    """Send nothing."""
    await context.act(end_answering, data.ticket_id)
    await context.toast()
    await context.edit(Screen(context.renderer.html("responses.dropped", number=data.ticket_id)))


async def on_inline_query(
    query: InlineQuery,
    desk: Desk,
    memberships: Memberships,
    responder: Responder,
    sender: Sender | None = None,
) -> None:
    """Words behind the bot's name in any chat: an operator gets the responses that have them.

    What is chosen stands in the chat as the command that shows the response, filled for the ticket
    that it replies to. Everybody else gets nothing.
    """
    works = sender is not None and await _works_here(query.from_user, desk, memberships)
    found = await desk.read(_found, query.query) if works else []
    answer = AnswerInlineQuery(
        inline_query_id=query.id,
        results=[_result(one, desk.company.language) for one in found],
        cache_time=0,
        is_personal=True,
    )
    try:
        await responder.bot(answer)
    except (TelegramBadRequest, *TROUBLES):  # too late: they have typed on
        return


async def _works_here(user: User, desk: Desk, memberships: Memberships) -> bool:
    role = await role_of(desk, user)
    if role is not Role.OPERATOR:
        return role is Role.ADMIN
    try:
        return await memberships.role_of(user, press=True) is Role.OPERATOR
    except Refusal:  # Telegram cannot be asked about them
        return False


async def _found(tx: ReadTx, words: str) -> list[Response]:
    return matching((await responses_of(tx)).values(), words, _RESULTS, await all_uses(tx))


def _described(one: Response, language: str) -> str:
    """The text, and the names of what goes with it."""
    files = [f"📎 {file.title}" for file in one.files]
    return " ".join(filter(None, [*files, one.text_in(language, language)[1]]))


def _result(one: Response, language: str) -> InlineQueryResultArticle:
    said = InputTextMessageContent(message_text=f"/{COMMAND} {one.code}")
    return InlineQueryResultArticle(
        id=one.code,
        title=one.title,
        description=clipped(_described(one, language), _DESCRIBED),
        input_message_content=said,
    )
