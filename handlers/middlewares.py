"""Around every handler: in which language we speak, and how a refusal is said."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Message, TelegramObject, User

from core.desk import Desk
from core.errors import Refusal
from core.people.directory import Caller, language_of
from core.texts import Texts
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
        speech = Speech(data["bot"], self.desk, self.texts, await self._locale(event, user))
        data["speech"] = speech
        if user is not None:
            data["caller"] = caller_of(user)
        try:
            return await handler(event, data)
        except Refusal as refusal:
            await say_refusal(speech, event, refusal)
            return None

    async def _locale(self, event: TelegramObject, user: User | None) -> str:
        message = event.message if isinstance(event, CallbackQuery) else event
        chat = getattr(message, "chat", None)
        if user is None or chat is None or chat.type != "private":
            return self.desk.company.language
        return await self.desk.read(language_of, user.id, user.language_code)


async def say_refusal(speech: Speech, event: TelegramObject, refusal: Refusal) -> None:
    """A toast for a button, a short reply for a message."""
    log.info("refused", extra={"key": refusal.key})
    if isinstance(event, CallbackQuery):
        await speech.toast(event, speech.plain(refusal.key, refusal.facts), alert=True)
    elif isinstance(event, Message):
        text = speech.html(refusal.key, refusal.facts)
        await speech.say(event.chat.id, text, reply_to=event.message_id)
