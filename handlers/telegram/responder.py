"""How a handler answers the person who acts: after the commit, in their language, paced.

These answers do not go through the outbox: somebody asks again for a menu that got lost, so a
failure is logged and does not fail the update. What somebody must receive goes through the outbox.
"""

import asyncio
import html
import logging
import math
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar
from zoneinfo import ZoneInfo

from aiogram import Bot
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramRetryAfter,
)
from aiogram.methods import (
    AnswerCallbackQuery,
    EditEphemeralMessageReplyMarkup,
    EditEphemeralMessageText,
    EditMessageReplyMarkup,
    EditMessageText,
    SendMessage,
    SetMessageReaction,
    TelegramMethod,
)
from aiogram.types import (
    CallbackQuery,
    EphemeralMessageParameters,
    ForceReply,
    InaccessibleMessage,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReactionTypeEmoji,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)

from channels.telegram.addresses import chat_address
from channels.telegram.client.api_errors import TROUBLES, NoRoom, is_passing
from channels.telegram.client.downloads import telegram_file
from channels.telegram.messages.message_parser import message_ref, thread_of
from channels.telegram.screens.screen import Renderer, packed
from core.addresses import MessageRef
from core.db import log_failure
from core.delivery.acknowledgements import sign_later
from core.delivery.card_updates import remove_later
from core.desk import Desk
from core.files import Attachments, FileStore
from core.texts import Texts
from handlers.telegram.acknowledgements import Acknowledgements, Sign
from handlers.telegram.app_address import AppAddress

if TYPE_CHECKING:
    from core.assistant.service import Assistant

T = TypeVar("T")

log = logging.getLogger(__name__)

ShownAt = Literal["below", "in_private", "nowhere"]
"""Where somebody finds what was shown to them."""

Keyboard = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove
TOAST: Final = 200
# Seconds from the beginning of an update after which nothing more is shown for it. It must be well
# below the time after which an update counts as hung: then showing alone never makes it so.
SHOWING: Final = 20.0
# A chat takes a message not at all, or not so soon: another one may take it.
_NOT_HERE: Final = (TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter, NoRoom)
# Seconds after which an answer to one person is removed from a group again.
SEEN_FOR: Final = 600.0
NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)


@dataclass(slots=True)
class Responder:
    """Answers one update in ``locale``. ``deadline`` is in monotonic seconds; what cannot be shown
    before it is not shown. ``topic``: the private chat, and the topic of it, where somebody acts.
    ``assistant``: where there is one (X17); ``app``: where the staff's app is.
    """

    bot: Bot
    desk: Desk
    texts: Texts
    acknowledgements: Acknowledgements
    locale: str
    own_zone: ZoneInfo | None = None
    files: FileStore | None = None
    topic: tuple[int, int] | None = None
    assistant: "Assistant | None" = None
    app: AppAddress = field(default_factory=AppAddress)
    deadline: float = field(default_factory=lambda: time.monotonic() + SHOWING)

    @property
    def renderer(self) -> Renderer:
        """Renders screens in the same language and zone, at this instant."""
        return Renderer(self.texts, self.locale, self.desk.clock(), self.zone)

    @property
    def zone(self) -> ZoneInfo:
        """The zone to tell times in: the reader's own, or the company's (C9)."""
        return self.own_zone or self.desk.company.zone

    @property
    def attachments(self) -> Attachments:
        """The files of messages, wherever they lie."""
        return Attachments(self.files, telegram_file(self.bot))

    def html(self, key: str, facts: Mapping[str, Any] | None = None) -> str:
        """A text for a message: facts escaped."""
        return self._say(key, facts, html.escape)

    def plain(self, key: str, facts: Mapping[str, Any] | None = None) -> str:
        """A text for a toast or a button: no markup at all."""
        return self._say(key, facts, None)

    def _say(self, key: str, facts: Mapping[str, Any] | None, escape: Any) -> str:
        return self.texts.say(
            self.locale, key, facts, now=self.desk.clock(), zone=self.zone, escape=escape
        )

    def thread_in(self, chat: int) -> int | None:
        """The topic of this chat in which somebody waits for an answer."""
        return self.topic[1] if self.topic is not None and self.topic[0] == chat else None

    async def say(
        self,
        chat: int,
        text: str | Sequence[str],
        *,
        keyboard: Keyboard | None = None,
        reply_to: int | None = None,
        thread: int | None = None,
    ) -> bool:
        """Send HTML; blocks are joined into as few messages as they need, none is split.

        Returns False where not all could be sent: after one that was not, the rest is not either.
        """
        thread = thread or self.thread_in(chat)
        for message in _messages(chat, text, keyboard, reply_to, message_thread_id=thread):
            if await self._show(message, "an answer") is None:
                return False
        return True

    async def say_to_one(
        self,
        reader: int,
        message: Message | InaccessibleMessage,
        text: str | Sequence[str],
        keyboard: Keyboard | None = None,
    ) -> ShownAt:
        """Answer below a message of a group what concerns only the ``reader``, a person's id (X16).

        Seen by them alone where the bot may do that; else in their private chat, with a sign on
        their message (who pressed a button sees a toast); else in the group, where it is removed
        after a while. Returns where it is.
        """
        chat, number = message.chat.id, message.message_id
        alone = EphemeralMessageParameters(receiver_user_id=reader)
        below = partial(_messages, chat, text, keyboard, number)
        shown = await self._all(below(ephemeral_message_parameters=alone))
        if shown is None and await self._all(_messages(reader, text, keyboard, None)) is not None:
            if isinstance(message, Message) and not _is_ours(message):
                self.react(message, "👌")
            return "in_private"
        if shown is None:
            shown = await self._all(below()) or []
        # a server that knows no ephemeral messages shows them to everybody: they have an id
        stay = [one.message_id for one in shown if one.message_id]
        if stay:
            await self.desk.run(remove_later, chat_address(chat), stay, SEEN_FOR)
        return "below" if shown else "nowhere"

    async def _all(self, messages: Sequence[SendMessage]) -> list[Message] | None:
        """What was sent; ``None`` where the first of them surely was not, and may be elsewhere."""
        sent: list[Message] = []
        for message in messages:
            try:
                sent.append(await self._make(message))
            except _NOT_HERE as refusal:
                log.info("an answer was refused here: %s", refusal)
                return sent or None
            except TROUBLES as error:
                _log_not_shown("an answer", error)
                return sent
        return sent

    async def ask(self, message: Any, text: str, placeholder: str) -> int | None:
        """Ask below a message; the field for the answer opens for whoever the text mentions.

        Returns the id of the question; ``None`` where it was not shown.
        """
        field_ = ForceReply(selective=True, input_field_placeholder=placeholder)
        question = SendMessage(
            chat_id=message.chat.id,
            text=text,
            parse_mode="HTML",
            reply_markup=field_,
            reply_parameters=_reply(message.message_id),
        )
        asked = await self._show(question, "a question")
        return None if asked is None else asked.message_id

    async def edit(
        self, message: Any, text: str, *, keyboard: InlineKeyboardMarkup | None = None
    ) -> None:
        """Edit a message of ours into another screen; if it cannot be edited, send it anew."""
        seen_by_one = _seen_by_one(message)
        method: type[TelegramMethod[Any]] = EditMessageText
        if seen_by_one is not None:
            method = EditEphemeralMessageText
        edit = method(
            chat_id=message.chat.id,
            **seen_by_one or {"message_id": message.message_id},
            text=text,
            parse_mode="HTML",
            reply_markup=keyboard,
            link_preview_options=NO_PREVIEW,
        )
        try:
            await self._make(edit)
        except TelegramBadRequest as error:
            if "not modified" not in error.message:
                thread = thread_of(message) if isinstance(message, Message) else None
                await self.say(message.chat.id, text, keyboard=keyboard, thread=thread)
        except TROUBLES as error:
            _log_not_shown("a screen", error)

    async def show_buttons(self, message: Any, keyboard: InlineKeyboardMarkup | None) -> None:
        """Other buttons below the same message."""
        seen_by_one = _seen_by_one(message)
        method: type[TelegramMethod[Any]] = EditMessageReplyMarkup
        if seen_by_one is not None:
            method = EditEphemeralMessageReplyMarkup
        place = seen_by_one or {"message_id": message.message_id}
        edit = method(chat_id=message.chat.id, **place, reply_markup=keyboard)
        await self._show(edit, "buttons")

    async def toast(self, query: CallbackQuery, text: str = "", *, alert: bool = False) -> None:
        """Answer a button. It costs nothing of the chat's rate limit; too late is not an error."""
        answer = AnswerCallbackQuery(
            callback_query_id=query.id, text=text[:TOAST] or None, show_alert=alert
        )
        await self._show(answer, "a toast")

    def react(self, message: Message, emoji: str) -> None:
        """Set our reaction on a person's message, as soon as its chat's pace allows: where that is
        too long for this update, it waits for its turn in the outbox (X16).
        """
        reaction = SetMessageReaction(
            chat_id=message.chat.id,
            message_id=message.message_id,
            reaction=[_sign(emoji)],
        )
        signed = message_ref(message.chat.id, message.message_id)
        asked = self.acknowledgements.ask(signed, self.desk.clock())
        self.acknowledgements.start(self._react(reaction, signed, emoji, asked))

    async def _react(
        self, reaction: SetMessageReaction, signed: MessageRef, emoji: str, asked: Sign
    ) -> None:
        try:
            if not asked.queued:
                await self._make(reaction)
                return
        except TROUBLES as error:
            if not (is_passing(error) or isinstance(error, TimeoutError)):
                _log_not_shown("a reaction", error)
                return  # what can never be shown counts as shown
        if self.acknowledgements.is_newest(signed, asked):
            asked.queued = True
            await self.desk.run(sign_later, signed, emoji, asked.at)

    def make(self, chat: int, making: Coroutine[Any, Any, Any]) -> None:
        """Let something be made for a chat that takes long, while others are answered. Whoever
        waits for it is told if it fails.
        """
        self.deadline = math.inf
        self.acknowledgements.start(self._made(chat, making))

    async def _made(self, chat: int, making: Coroutine[Any, Any, Any]) -> None:
        try:
            await making
        except Exception as error:  # noqa: BLE001 whatever it is, somebody waits
            log_failure(log, "what somebody asked for could not be made", error, chat=chat)
            await self.say(chat, self.html("refusal.not_made"))

    async def _show(self, method: TelegramMethod[T], what: str) -> T | None:
        try:
            return await self._make(method)
        except TROUBLES as error:
            _log_not_shown(what, error)
            return None

    async def _make(self, method: TelegramMethod[T]) -> T:
        async with asyncio.timeout(max(self.deadline - time.monotonic(), 0.0)):
            return await self.bot(method)


def _log_not_shown(what: str, error: BaseException) -> None:
    log.warning("%s was not shown: %s", what, str(error) or type(error).__name__)


def _messages(
    chat: int,
    text: str | Sequence[str],
    keyboard: Keyboard | None,
    reply_to: int | None,
    **more: Any,
) -> list[SendMessage]:
    """The blocks in as few messages as they need; the last has the keyboard."""
    parts = packed([text] if isinstance(text, str) else text)
    return [
        SendMessage(
            chat_id=chat,
            text=part,
            parse_mode="HTML",
            reply_markup=keyboard if number == len(parts) - 1 else None,
            link_preview_options=NO_PREVIEW,
            reply_parameters=_reply(reply_to),
            **more,
        )
        for number, part in enumerate(parts)
    ]


def _seen_by_one(message: Any) -> dict[str, int] | None:
    """How a message is named that only one person of the group sees; ``None``: all see it."""
    number, reader = (
        getattr(message, name, None) for name in ("ephemeral_message_id", "receiver_user")
    )
    if number is None or reader is None:
        return None
    return {"ephemeral_message_id": number, "receiver_user_id": reader.id}


@cache
def _sign(emoji: str) -> ReactionTypeEmoji:
    """Ours are few, and each never changes."""
    return ReactionTypeEmoji(emoji=emoji)


def _is_ours(message: Message) -> bool:
    return message.from_user is not None and message.from_user.is_bot


def _reply(message_id: int | None) -> ReplyParameters | None:
    if not message_id:  # none, or seen by one person only
        return None
    return ReplyParameters(message_id=message_id, allow_sending_without_reply=True)
