"""Around every handler: in which language we speak, and how a refusal is said."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Message, TelegramObject, User

from core.desk import Desk
from core.errors import Refusal
from core.people.directory import Caller, reader_of
from core.people.signposts import stands_for
from core.texts import Texts
from core.tx import Look
from handlers.speech import Speech

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]
log = logging.getLogger(__name__)


def caller_of(user: User) -> Caller:
    """A Telegram user as the desk's people know them."""
    return Caller(user.id, user.full_name, user.username, user.language_code)


class Spoken(BaseMiddleware):
    """Gives the handler ``caller`` and ``speech`` in the person's language; says refusals.

    In groups we speak the company's language, whoever asks: everybody reads it.
    """

    def __init__(self, desk: Desk, texts: Texts) -> None:
        self.desk = desk
        self.texts = texts

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Run the handler; a refusal becomes a sentence to the person who acted."""
        user: User | None = getattr(event, "from_user", None)
        caller = None if user is None else caller_of(user)
        caller, locale, zone = await self._spoken_with(event, caller)
        speech = Speech(data["bot"], self.desk, self.texts, locale, zone)
        data["speech"] = speech
        if caller is not None:
            data["caller"] = caller
        try:
            return await handler(event, data)
        except Refusal as refusal:
            await say_refusal(speech, event, refusal)
            return None

    async def _spoken_with(
        self, event: TelegramObject, caller: Caller | None
    ) -> tuple[Caller | None, str, ZoneInfo | None]:
        """Whom we speak with, in which language, and in which zone if it is their own."""
        message = event.message if isinstance(event, CallbackQuery) else event
        chat = getattr(message, "chat", None)
        if caller is None or chat is None or chat.type != "private":
            return caller, self.desk.company.language, None
        known = isinstance(event, Message | CallbackQuery)
        return await self.desk.read(_known_as if known else _as_they_are, caller)


async def _known_as(look: Look, caller: Caller) -> tuple[Caller, str, ZoneInfo | None]:
    """Whoever writes from an account that was merged into another is that person."""
    person = replace(caller, telegram_id=await stands_for(look, caller.telegram_id))
    return await _as_they_are(look, person)


async def _as_they_are(look: Look, caller: Caller) -> tuple[Caller, str, ZoneInfo | None]:
    return caller, *await reader_of(look, caller.telegram_id, caller.language)


async def say_refusal(speech: Speech, event: TelegramObject, refusal: Refusal) -> None:
    """A toast for a button, a short reply for a message."""
    log.info("refused", extra={"key": refusal.key})
    if isinstance(event, CallbackQuery):
        await speech.toast(event, speech.plain(refusal.key, refusal.facts), alert=True)
    elif isinstance(event, Message):
        text = speech.html(refusal.key, refusal.facts)
        await speech.say(event.chat.id, text, reply_to=event.message_id)
