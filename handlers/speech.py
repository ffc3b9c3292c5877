"""How a handler speaks to the person who acts: after the commit, in their language, paced.

These answers are not in the outbox: a menu that got lost is asked for again. What somebody must
receive goes through the outbox.
"""

import html
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.methods import EditMessageText, SendMessage, TelegramMethod
from aiogram.types import (
    CallbackQuery,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReactionTypeEmoji,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)

from channels.telegram.voice import Voice
from core.desk import Desk
from core.texts import Texts
from core.words.names import split_text

log = logging.getLogger(__name__)

Keyboard = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove
TOAST: Final = 200
NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)


@dataclass(slots=True)
class Speech:
    """Speaks in ``locale``. Facts of people are escaped here, in the one place."""

    bot: Bot
    desk: Desk
    texts: Texts
    locale: str

    @property
    def voice(self) -> Voice:
        """The same way of speaking, for keyboards."""
        return Voice(self.texts, self.locale, self.desk.clock(), self.desk.company.zone)

    def html(self, key: str, facts: Mapping[str, Any] | None = None) -> str:
        """A sentence for a message: facts escaped."""
        return self._say(key, facts, html.escape)

    def plain(self, key: str, facts: Mapping[str, Any] | None = None) -> str:
        """A sentence for a toast or a button: no markup at all."""
        return self._say(key, facts, None)

    def _say(self, key: str, facts: Mapping[str, Any] | None, escape: Any) -> str:
        zone = self.desk.company.zone
        return self.texts.say(
            self.locale, key, facts, now=self.desk.clock(), zone=zone, escape=escape
        )

    async def say(
        self,
        chat: int,
        text: str,
        *,
        keyboard: Keyboard | None = None,
        reply_to: int | None = None,
    ) -> Message | None:
        """Send ready HTML; what is too long for one message goes in several, cut at lines."""
        sent: Message | None = None
        parts = split_text(text) if "<" not in text else [text]
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            sent = await self._call(
                SendMessage(
                    chat_id=chat,
                    text=part,
                    parse_mode="HTML",
                    reply_markup=keyboard if last else None,
                    link_preview_options=NO_PREVIEW,
                    reply_parameters=_reply(reply_to) if number == 0 else None,
                )
            )
        return sent

    async def edit(
        self, message: Any, text: str, *, keyboard: InlineKeyboardMarkup | None = None
    ) -> None:
        """Turn a message of ours into another screen; if it cannot be edited, send it anew."""
        try:
            await self.bot(
                EditMessageText(
                    chat_id=message.chat.id,
                    message_id=message.message_id,
                    text=text,
                    parse_mode="HTML",
                    reply_markup=keyboard,
                    link_preview_options=NO_PREVIEW,
                )
            )
        except TelegramBadRequest as error:
            if "not modified" not in error.message:
                await self.say(message.chat.id, text, keyboard=keyboard)
        except TelegramAPIError as error:
            log.warning("a screen was not shown: %s", error)

    async def toast(self, query: CallbackQuery, text: str = "", *, alert: bool = False) -> None:
        """Answer a button. Costs nothing of a chat's budget; too late is not an error."""
        try:
            await query.answer(text[:TOAST] or None, show_alert=alert)
        except TelegramAPIError as error:
            log.info("a toast was not shown: %s", error)

    async def react(self, message: Message, emoji: str) -> None:
        """Set our reaction on a person's message."""
        try:
            await self.bot.set_message_reaction(
                message.chat.id, message.message_id, [ReactionTypeEmoji(emoji=emoji)]
            )
        except TelegramAPIError as error:
            log.info("a reaction was not set: %s", error)

    async def _call(self, method: TelegramMethod[Message]) -> Message | None:
        try:
            return await self.bot(method)
        except TelegramAPIError as error:
            log.warning("an answer was not shown: %s", error)
            return None


def _reply(message_id: int | None) -> ReplyParameters | None:
    if message_id is None:
        return None
    return ReplyParameters(message_id=message_id, allow_sending_without_reply=True)
