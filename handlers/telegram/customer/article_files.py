"""Files of an article, sent to whoever reads it (B13).

The first reader waits for a file to be uploaded; from then on Telegram has it.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiogram.types import BufferedInputFile, Message

from channels.telegram.client.api_errors import TROUBLES
from channels.telegram.messages.message_builder import album
from channels.telegram.screens.articles import ArticleFiles
from core.addresses import MessageRef
from core.errors import Refusal
from core.files import FileStore
from core.knowledge.catalogue import find_public
from core.tickets.attached_files import AttachedFile, words_with
from handlers.telegram.context import ButtonContext

log = logging.getLogger(__name__)


@dataclass(slots=True)
class SentFiles:
    """What Telegram has of the company's files, by name; one after the other is uploaded.
    ``waiting``: the chats that wait for files.
    """

    known: dict[str, str] = field(default_factory=dict)
    uploading: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: set[int] = field(default_factory=set)


async def send_files(context: ButtonContext, data: ArticleFiles) -> None:
    """Send the files of a public article below it, once at a time for each chat."""
    article = await context.desk.read(find_public, context.renderer.locale, data.code)
    if article is None or not article.files or context.files is None:
        raise Refusal("refusal.outdated")
    sent = context.desk.cache.setdefault(SentFiles, SentFiles())
    chat = context.message.chat.id
    await context.toast(context.responder.plain("files.coming", {"n": len(article.files)}))
    if chat not in sent.waiting:
        sent.waiting.add(chat)
        context.responder.make(chat, _send(context, sent, context.files, article.files))


async def _send(
    context: ButtonContext, sent: SentFiles, store: FileStore, files: Sequence[AttachedFile]
) -> None:
    chat = context.message.chat.id
    try:
        async with sent.uploading:
            await _send_all(context, sent, store, files)
    except (OSError, *TROUBLES) as error:
        sent.known.clear()  # what Telegram has may be gone there
        log.warning("files of an article were not sent: %s", type(error).__name__)
        await context.responder.say(chat, context.responder.html("refusal.file_away"))
    finally:
        sent.waiting.discard(chat)


async def _send_all(
    context: ButtonContext, sent: SentFiles, store: FileStore, files: Sequence[AttachedFile]
) -> None:
    chat = context.message.chat.id
    contents = [await _content(sent, store, file) for file in files]
    for call, places in album(contents, chat):
        thread = context.responder.thread_in(chat)
        made = await context.bot(call.model_copy(update={"message_thread_id": thread}))
        for at, message in zip(places, made if isinstance(made, list) else [made], strict=True):
            if isinstance(message, Message) and message.document is not None:
                sent.known[files[at].name] = message.document.file_id


async def _content(sent: SentFiles, store: FileStore, file: AttachedFile) -> dict[str, Any]:
    (said,) = words_with(MessageRef("", "", ""), "", [file])
    known = sent.known.get(file.name)
    if known is not None:
        return said.content | {"file_id": known}
    data = await store.read(file.name)
    return said.content | {"file_id": BufferedInputFile(data, file.title)}
