"""`/transcript 12`: one ticket as a file, sent to the private chat of whoever asks (H2).

It holds all that was said, so that it never goes to a group; the journal notes who got it (S36).
"""

import tempfile
from pathlib import Path
from typing import Final

from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.types import FSInputFile

from channels.telegram.addresses import chat_id
from channels.telegram.screens.buttons import Button, rows_of
from channels.telegram.screens.journal import Names, names_of
from channels.telegram.screens.screen import Screen
from channels.telegram.screens.transcript import LARGEST, TranscriptFile, file_name
from core.errors import Unreadable
from core.file_making import STAFF, Turn
from core.reports.transcript import Transcript, make_transcript
from core.words.aliases import PUBLIC
from handlers.telegram.operators.context import CommandContext, OperatorContext, example

# What Telegram says of a private chat that was never opened.
NO_CHAT: Final = "chat not found"
# Seconds for getting all files of a ticket.
FETCH_WITHIN: Final = 120.0


async def transcript(context: CommandContext) -> None:
    """The whole ticket; with a word behind it, only what its customer could see."""
    words = context.command.words.casefold()
    if words and words not in PUBLIC:
        raise Unreadable("operators.malformed", words=words[:40], example=example("transcript"))
    await _begin(context, context.number, internal=not words)


async def send_whole(context: OperatorContext, ticket_id: int) -> None:
    """The whole ticket, for a button of its card."""
    await _begin(context, ticket_id, internal=True)


async def _begin(context: OperatorContext, ticket_id: int, *, internal: bool) -> None:
    turn = context.desk.file_making.begin(context.sender.address, STAFF)
    try:
        found = await context.act(make_transcript, ticket_id, internal=internal)
        names = await context.read(names_of)
    except BaseException:
        turn.end()
        raise
    chat = chat_id(context.sender.address)
    context.responder.make(chat, _send(context, turn, found, names))


async def _send(context: OperatorContext, turn: Turn, found: Transcript, names: Names) -> None:
    """Make the file, send it, and keep nothing of it. The command is acknowledged once it is sent;
    who has no chat with the bot is told where to open one.
    """
    responder, number = context.responder, found.card.number
    chat = chat_id(context.sender.address)
    named = context.desk.company.sign_answers
    file = TranscriptFile(
        context.renderer, names, responder.attachments, named, LARGEST, FETCH_WITHIN
    )
    async with turn:
        with tempfile.TemporaryDirectory(prefix="frontdoor-") as folder:
            target = Path(folder) / file_name(number, internal=found.internal)
            digest = await file.write(target, found)
            key = "transcript.sent" if found.internal else "transcript.sent_public"
            said = responder.html(key, {"number": number, "digest": digest})
            document = FSInputFile(target)
            thread = responder.thread_in(chat)
            try:
                await responder.bot.send_document(
                    chat, document, caption=said, parse_mode="HTML", message_thread_id=thread
                )
            except (TelegramForbiddenError, TelegramBadRequest) as refused:
                if isinstance(refused, TelegramBadRequest) and NO_CHAT not in refused.message:
                    raise
                await context.show(await _lead_there(context, number))
                return
            if isinstance(context, CommandContext):
                responder.react(context.message, "👌")


async def _lead_there(context: OperatorContext, number: int) -> Screen:
    """Say that the file comes in private alone, with the way there."""
    username = (await context.responder.bot.me()).username
    label = context.renderer.plain("button.hand.open_private")
    way = Button(text=label, url=f"https://t.me/{username}?start")
    return Screen(context.renderer.html("transcript.no_chat", number=number), rows_of([way]))
