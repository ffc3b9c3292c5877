"""Every call to Telegram goes through here: in order, paced, with the ids of messages remembered.

Handlers' direct answers like the courier's deliveries: the gateway is a middleware of the bot's
session.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from math import inf
from typing import Any, Final, TypeVar, cast

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import AiogramError, TelegramRetryAfter
from aiogram.methods import EditMessageText, TelegramMethod
from aiogram.types import LinkPreviewOptions, Message

from channels.telegram.client.api_errors import Refused, judge, refusal_of
from channels.telegram.client.session import LeanSession, Made
from channels.telegram.client.turn_queue import TurnQueue
from channels.telegram.screens.buttons import OpenMenus
from core.delivery.pacing import Pacer, Priority

T = TypeVar("T")

TIMEOUT: Final = 20.0
# How often a direct answer is tried again after a 429, and for how many seconds in all it waits:
# for its pace, for a 429. Its chat's other updates wait with it.
TRIES: Final = 3
PATIENCE: Final = 10.0

# Seconds between looks whether this process delivers again.
_LOOK_EVERY: Final = 0.5

# What changes a chat, and so counts against its limits.
_CHANGES: Final = ("send", "edit", "delete", "copy", "forward", "pin", "unpin", "stop", "post")
_CHANGES_TOO: Final = frozenset(
    {"setMessageReaction", "createForumTopic", "closeForumTopic", "reopenForumTopic"}
)
_FREE: Final = frozenset({"sendChatAction", "sendMessageDraft", "sendRichMessageDraft"})


def make_bot(
    token: str, api_url: str | None = None, *, proxy: str | None = None, timeout: float = TIMEOUT
) -> Bot:
    """A bot that speaks with Telegram, or with another server of the same language, directly or
    through a proxy (``socks5://…`` or ``http://…``).

    Texts are plain unless a call says otherwise, and links in them are not unfolded (S8).
    """
    api = TelegramAPIServer.from_base(api_url) if api_url else PRODUCTION
    session = LeanSession(api, timeout=timeout, proxy=proxy)
    return Bot(
        token,
        session=session,
        default=DefaultBotProperties(link_preview=LinkPreviewOptions(is_disabled=True)),
    )


def is_change(method: TelegramMethod[Any]) -> bool:
    """Whether the call changes what people see in a chat."""
    return _may_change(type(method)) and cast(Any, method).chat_id is not None


@cache
def _may_change(kind: type[TelegramMethod[Any]]) -> bool:
    name = kind.__api_method__
    if name in _FREE or "chat_id" not in kind.model_fields:
        return False
    return name.startswith(_CHANGES) or name in _CHANGES_TOO


def count_of(method: TelegramMethod[Any]) -> int:
    """How many messages the call makes."""
    for field in _several(type(method)):
        several = getattr(method, field)
        if isinstance(several, list):
            return max(len(several), 1)
    return 1


@cache
def _several(kind: type[TelegramMethod[Any]]) -> tuple[str, ...]:
    """The fields of a call that may hold several messages."""
    if kind.__api_method__.startswith("delete"):
        return ()
    return tuple(field for field in ("media", "message_ids") if field in kind.model_fields)


# An edit that is meant to change nothing costs a chat nothing.
_probing: ContextVar[bool] = ContextVar("probing", default=False)
# How urgent the courier's delivery is; nothing is set while a handler answers whoever acts.
_delivery_priority: ContextVar[Priority | None] = ContextVar("delivery_priority", default=None)


REMEMBERED: Final = 4096
SHARED: Final = "shared"
_SUPERGROUP: Final = "-100"


def counter_of(chat: int | str) -> str:
    """The counter that numbers a chat's messages."""
    address = str(chat)
    return address if address.startswith((_SUPERGROUP, "@")) else SHARED


class KnownIds:
    """Which messages were seen where: the search for a lost response starts from them (R6).

    Private chats and basic groups share one counter for each bot; every supergroup and channel has
    its own.
    """

    def __init__(self) -> None:
        self._newest: dict[str, int] = {}
        self._known: dict[str, tuple[deque[int], set[int]]] = {}

    def note(self, chat: int | str, message_id: int) -> None:
        """Note that a message with this id exists, ours or somebody's."""
        counter = counter_of(chat)
        self._newest[counter] = max(message_id, self._newest.get(counter, 0))
        of_counter = self._known.get(counter)
        if of_counter is None:
            of_counter = self._known[counter] = (deque(), set())
        order, known = of_counter
        if message_id in known:
            return
        order.append(message_id)
        known.add(message_id)
        if len(order) > REMEMBERED:
            known.discard(order.popleft())

    def note_newest(self, newest: Mapping[str, int]) -> None:
        """Note that the counters have come so far, as :meth:`newest_ids` has told."""
        for counter, message_id in newest.items():
            self._newest[counter] = max(message_id, self._newest.get(counter, 0))

    def newest(self, chat: int | str) -> int:
        """The newest id known of the chat's counter; 0 when nothing was seen."""
        return self._newest.get(counter_of(chat), 0)

    def is_known(self, chat: int | str, message_id: int) -> bool:
        """Whether a message with this id was seen."""
        known = self._known.get(counter_of(chat))
        return known is not None and message_id in known[1]

    def newest_ids(self) -> dict[str, int]:
        """The newest id of every counter."""
        return dict(self._newest)


class Gateway:
    """Keeps one call in flight for each chat, the pace of all, and what is known of ids."""

    def __init__(self, bot: Bot, pacer: Pacer) -> None:
        self.bot = bot
        self.pacer = pacer
        # whether this process is the one of several that delivers
        self.leads: Callable[[], bool] | None = None
        self.known_ids = KnownIds()
        self.open_menus = OpenMenus()
        self.turns = TurnQueue(pacer)
        bot.session.middleware(self.in_turn)

    @contextmanager
    def at(self, priority: Priority) -> Iterator[None]:
        """Calls in this block are this urgent, and wait as long as it takes.

        Outside of any they answer somebody who acts, and are given up if that would take long.
        """
        token = _delivery_priority.set(priority)
        try:
            yield
        finally:
            _delivery_priority.reset(token)

    @contextmanager
    def probing(self) -> Iterator[None]:
        """Calls in this block probe whether a message exists: in turn, but not paced."""
        token = _probing.set(True)
        try:
            yield
        finally:
            _probing.reset(token)

    async def may_deliver(self) -> None:
        """Wait while another process may be the one that delivers: until this one is again, or the
        courier leaves what is under way to the other.
        """
        while self.leads is not None and not self.leads():  # noqa: ASYNC110 it ends by the clock
            await asyncio.sleep(_LOOK_EVERY)

    async def call(self, method: TelegramMethod[T]) -> T:
        """Make a call. Raises `Refused` and `SendError`, and nothing of aiogram's."""
        try:
            made = await self.in_turn(self.bot.session.make_request, self.bot, method)
            return cast(T, made)
        except AiogramError as error:
            refusal = refusal_of(error)
            if refusal is not None:
                raise Refused(refusal, str(error)) from error
            raise judge(error, method) from error

    def note_result(self, method: TelegramMethod[Any], result: object) -> None:
        """Remember the ids of the messages in a response."""
        chat = getattr(method, "chat_id", None)
        for found in result if isinstance(result, list) else [result]:
            if isinstance(found, Message):
                self.known_ids.note(found.chat.id, found.message_id)
            elif isinstance(found, Made) and chat is not None:
                self.known_ids.note(chat, found.message_id)

    async def in_turn(
        self, make_request: Callable[..., Awaitable[Any]], bot: Bot, method: TelegramMethod[Any]
    ) -> Any:
        """Make the call in its chat's turn; calls that change no chat need none. It is a middleware
        of the bot's session.
        """
        if not is_change(method):
            return await make_request(bot, method)
        address, count = str(cast(Any, method).chat_id), count_of(method)
        delivery = _delivery_priority.get()
        direct, priority = delivery is None, delivery or Priority.ANSWER_TO_ACTOR
        until = time.monotonic() + PATIENCE if direct else inf
        for attempt in range(TRIES + 1):
            paced = 0 if _probing.get() else count
            await self.turns.come(address, priority, paced, until)
            try:
                if not direct and self.leads is not None:
                    await self.may_deliver()
                # only now: a menu may have been opened while a card waited for its turn
                is_refresh = isinstance(method, EditMessageText) and not direct
                shown = self.open_menus.keep(method) if is_refresh else method
                result = await make_request(bot, shown)
            except TelegramRetryAfter as error:
                again = time.monotonic() + error.retry_after
                self.pacer.blocked(address, again)
                self.pacer.floods += 1
                # somebody waits for this answer, and not for long; the courier waits by itself
                if not direct or attempt == TRIES or again > until:
                    raise
            else:
                self.note_result(method, result)
                return result
            finally:
                self.turns.leave(address)
        raise AssertionError
