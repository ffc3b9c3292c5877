"""`/transcript 12`: one ticket as a file, sent to the private chat of whoever asks (H2).

It holds all that was said, so that it never goes to a group; the journal notes who got it (S36).
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Final

from aiogram.exceptions import TelegramForbiddenError
from aiogram.types import FSInputFile

from channels.telegram.addresses import chat_id
from channels.telegram.screens.journal import Names, names_of
from channels.telegram.screens.transcript import LARGEST, TranscriptFile, file_name
from core.errors import Refusal, Unreadable
from core.reports.transcript import Transcript, make_transcript
from core.words.aliases import PUBLIC
from handlers.telegram.operators.context import CommandContext, OperatorContext, example

# Fetching all files takes memory and the network for a while: one at a time (S40).
_UNDER_WAY: Final = asyncio.Lock()


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
    if _UNDER_WAY.locked():
        raise Refusal("export.busy")
    found = await context.act(make_transcript, ticket_id, internal=internal)
    names = await context.read(names_of)
    chat = chat_id(context.sender.address)
    context.responder.make(chat, _send(context, chat, found, names))


async def _send(context: OperatorContext, chat: int, found: Transcript, names: Names) -> None:
    """Make the file, send it, and keep nothing of it."""
    responder, number = context.responder, found.card.number
    named = context.desk.company.sign_answers
    file = TranscriptFile(context.renderer, names, responder.attachments, named, LARGEST)
    async with _UNDER_WAY:
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
            except TelegramForbiddenError:
                await context.say(responder.html("transcript.no_chat", {"number": number}))
