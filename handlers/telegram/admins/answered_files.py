"""Files that an admin sends in private: fetched, and found again by a button that answers them."""

from hashlib import sha256
from io import BytesIO
from typing import Final

from aiogram.exceptions import AiogramError
from aiogram.types import BufferedInputFile, Document, Message

from channels.telegram.client.api_errors import TROUBLES
from channels.telegram.screens.rules import DIGEST
from channels.telegram.screens.screen import Screen
from core.errors import Refusal
from handlers.telegram.context import ButtonContext, MessageContext

# Bytes: more than any directory takes. Telegram hands out files of up to 20 MB.
LARGEST: Final = 1_000_000


async def fetch(context: MessageContext | ButtonContext, document: Document) -> bytes:
    """Return the file's bytes. Raises :class:`Refusal` for one that is too large or not to be had.

    What the library says of a failure may hold the token, and is not shown.
    """
    if (document.file_size or 0) > LARGEST:
        raise Refusal("directory_chat.too_large", size=LARGEST // 1000)
    try:
        file = await context.bot.get_file(document.file_id)
        found = await context.bot.download_file(file.file_path or "", BytesIO())
    except (*TROUBLES, AiogramError):
        raise Refusal("directory_chat.not_fetched") from None
    return b"" if found is None else found.read()


async def answered(context: ButtonContext, digest: str) -> tuple[Message, bytes]:
    """Return the message that a button's message answers, and the file or text in it.

    Raises :class:`Refusal` where it is another one than the button was made for.
    """
    message = getattr(context.message, "reply_to_message", None)
    if message is None or not (message.document or message.text):
        raise Refusal("refusal.outdated")
    content = (message.text or "").encode()
    if message.document is not None:
        content = await fetch(context, message.document)
    if digest_of(content) != digest:
        raise Refusal("refusal.outdated")
    return message, content


def digest_of(data: bytes) -> str:
    """Return what a button carries of a file."""
    return sha256(data).hexdigest()[:DIGEST]


async def show(
    context: MessageContext | ButtonContext, screen: Screen, reply_to: int | None = None
) -> None:
    """Send a screen to the admin's private chat."""
    chat = int(context.sender.address.chat)
    await context.responder.say(chat, screen.html, keyboard=screen.keyboard, reply_to=reply_to)


async def send(
    context: MessageContext | ButtonContext, text: str, name: str, caption: str = "", **facts: int
) -> None:
    """Send a text as a file to the admin's private chat."""
    said = context.renderer.html(caption, **facts) if caption else None
    file = BufferedInputFile(text.encode(), name)
    chat = int(context.sender.address.chat)
    await context.bot.send_document(
        chat, file, caption=said, message_thread_id=context.responder.thread_in(chat)
    )
