"""Around every handler: the language of the answer, and how a refusal is shown."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Message, TelegramObject, User

from core.desk import Desk
from core.errors import Refusal
from core.people.identity import Sender, merged_account, reader_of
from core.texts import Texts
from core.tx import ReadTx
from handlers.telegram.origin import sender_of
from handlers.telegram.responder import Responder

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]
log = logging.getLogger(__name__)


class LocaleMiddleware(BaseMiddleware):
    """Gives the handler ``sender`` and ``responder`` in the person's language; shows refusals.

    In groups the company's language is used, whoever asks: everybody reads it.
    """

    def __init__(self, desk: Desk, texts: Texts) -> None:
        self.desk = desk
        self.texts = texts

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Run the handler; a refusal becomes a line to the person who acted."""
        user: User | None = getattr(event, "from_user", None)
        sender = None if user is None else sender_of(user)
        sender, locale, zone = await self._reader(event, sender)
        responder = Responder(data["bot"], self.desk, self.texts, locale, zone)
        data["responder"] = responder
        if sender is not None:
            data["sender"] = sender
        try:
            return await handler(event, data)
        except Refusal as refusal:
            await show_refusal(responder, event, refusal)
            return None

    async def _reader(
        self, event: TelegramObject, sender: Sender | None
    ) -> tuple[Sender | None, str, ZoneInfo | None]:
        """The sender, their language, and their own zone if they have one."""
        message = event.message if isinstance(event, CallbackQuery) else event
        chat = getattr(message, "chat", None)
        if sender is None or chat is None or chat.type != "private":
            return sender, self.desk.company.language, None
        known = isinstance(event, Message | CallbackQuery)
        return await self.desk.read(_merged_reader if known else _plain_reader, sender)


async def _merged_reader(tx: ReadTx, sender: Sender) -> tuple[Sender, str, ZoneInfo | None]:
    """An account that was merged into another acts as that one."""
    person = replace(sender, address=await merged_account(tx, sender.address))
    return await _plain_reader(tx, person)


async def _plain_reader(tx: ReadTx, sender: Sender) -> tuple[Sender, str, ZoneInfo | None]:
    return sender, *await reader_of(tx, sender.address, sender.language)


async def show_refusal(responder: Responder, event: TelegramObject, refusal: Refusal) -> None:
    """A toast for a button, a short reply for a message."""
    log.info("refused", extra={"key": refusal.key})
    if isinstance(event, CallbackQuery):
        await responder.toast(event, responder.plain(refusal.key, refusal.facts), alert=True)
    elif isinstance(event, Message):
        text = responder.html(refusal.key, refusal.facts)
        await responder.say(event.chat.id, text, reply_to=event.message_id)
