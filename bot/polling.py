"""Long polling that stores updates before it confirms them (R1).

aiogram's own loop confirms updates before their handlers end, and stops for good at one that
cannot be parsed. This one asks for raw JSON, stores the batch, and only then moves the offset.
"""

import asyncio
import json
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final

import orjson
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramConflictError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod
from sqlalchemy.exc import SQLAlchemyError

from bot.update_copies import UpdateCopies
from core.delivery.pacing import backoff
from core.desk import Desk
from core.fault_points import pass_point
from core.inbox import Raw, store

log = logging.getLogger(__name__)

ALLOWED: Final = (
    "message",
    "edited_message",
    "callback_query",
    "inline_query",
    "my_chat_member",
    "chat_member",
    "channel_post",
    "message_reaction",
)
# No id of Telegram's is beyond the columns' range; a forged one counts as none.
BEYOND: Final = 1 << 62
# Seconds that Telegram may take to answer, and updates in one answer.
TIMEOUT: Final = 25
BATCH: Final = 100
# The longest pause after failures, in seconds.
MAX_PAUSE: Final = 15.0
# Seconds for which another process must have been in our way, and after which it is gone.
RIVAL_LASTS: Final = 15.0
RIVAL_GONE: Final = 60.0
# Seconds in which updates are mostly handled, and the disk is waited for on their behalf anyway.
HANDLED_WITHIN: Final = 0.005
# Seconds in which what came alone is to be stored by whoever handles it.
STORED_WITHIN: Final = 0.1
# Where in an update its chat is: updates of one chat are handled in order.
_CHATS: Final = (
    ("message", "chat"),
    ("edited_message", "chat"),
    ("channel_post", "chat"),
    ("my_chat_member", "chat"),
    ("chat_member", "chat"),
    ("message_reaction", "chat"),
    ("inline_query", "from"),
)


class GetRawUpdates(TelegramMethod[list[Any]]):
    """``getUpdates`` whose answer is left as it came: each update is parsed alone, later."""

    __returning__ = list[Any]
    __api_method__ = "getUpdates"

    offset: int | None
    limit: int
    timeout: int
    allowed_updates: list[str]


def ordering_key_of(update: Mapping[str, Any]) -> str:
    """Return the chat of an update, or its person, or "0", whatever shape it has."""
    query = update.get("callback_query")
    if isinstance(query, dict):
        message = query.get("message")
        return str(_id(message, "chat") or _id(query, "from"))
    for kind, place in _CHATS:
        if kind in update:
            return str(_id(update[kind], place))
    return "0"


def _id(holder: Any, name: str) -> int:
    chat = holder.get(name) if isinstance(holder, dict) else None
    number = chat.get("id") if isinstance(chat, dict) else None
    return number if isinstance(number, int) and abs(number) < BEYOND else 0


@dataclass(slots=True)
class Poller:
    """Fetches, stores and confirms updates. ``stored`` is called after each batch, ``reached``
    when Telegram answers again after it did not. ``copies``: another place that gets them first.
    ``take`` is handed what came alone, and returns what is done when it is stored; ``None``: it
    is to be stored first.
    """

    bot: Bot
    desk: Desk
    stored: Callable[[], None]
    reached: Callable[[], None] = lambda: None
    copies: UpdateCopies | None = None
    take: Callable[[str, Raw], asyncio.Future[int] | None] = lambda *_: None
    last_poll: float = field(default_factory=time.monotonic)
    _rival_since: float = -inf
    _rival_at: float = -inf
    _offset: int | None = None
    _known: bool = False

    async def run(self) -> None:
        """Poll until cancelled. Raises what no waiting can mend: a wrong token or server."""
        failures = 0
        while True:
            try:
                await self._poll()
                if failures:
                    self.reached()
                failures = 0
            except TelegramUnauthorizedError:
                raise
            except TelegramRetryAfter as error:
                await asyncio.sleep(error.retry_after)
            except Exception as error:
                if isinstance(error, TelegramNotFound) and not self._known:
                    raise  # a wrong token or server; after a first success it is a proxy's fault
                failures += 1
                await self._recover(error)
                await asyncio.sleep(min(backoff(failures, random.random()), MAX_PAUSE))

    async def _recover(self, error: Exception) -> None:
        """Log the error, and remove a webhook that prevents polling."""
        if isinstance(error, TelegramConflictError) and "webhook" in error.message:
            log.warning("a webhook is set; it is removed, and nothing that waits is dropped")
            try:
                await self.bot.delete_webhook(drop_pending_updates=False)
            except AiogramError as failure:
                log.warning("the webhook could not be removed: %s", failure)
        elif isinstance(error, TelegramConflictError):
            log.error("another process polls with this token; waiting for it to end")
            self._note_rival()
        elif isinstance(error, AiogramError | SQLAlchemyError | OSError):
            log.warning("polling will go on: %s", error)
        else:
            log.error("polling will go on", exc_info=error)

    @property
    def has_rival(self) -> bool:
        """Return whether another process polls with our token. One that ends does not count."""
        lasts = self._rival_at - self._rival_since >= RIVAL_LASTS
        return lasts and time.monotonic() - self._rival_at < RIVAL_GONE

    def _note_rival(self) -> None:
        now = time.monotonic()
        if now - self._rival_at >= RIVAL_GONE:
            self._rival_since = now
        self._rival_at = now

    async def _poll(self) -> None:
        request = GetRawUpdates(
            offset=self._offset, limit=BATCH, timeout=TIMEOUT, allowed_updates=list(ALLOWED)
        )
        batch: list[Any] = await self.bot(request, request_timeout=TIMEOUT + 10)
        self.last_poll = time.monotonic()
        self._known = True
        if not batch:
            # Nothing is left to confirm. After an idle week ids may begin anew at random: an old
            # offset would skip them (R3).
            self._offset = None
            return
        pass_point("inbox.before_store")
        rows = [row for update in batch if (row := row_of(update)) is not None]
        await self._store(rows)
        # what comes of them is written after them, and need not wait here
        await self.desk.database.on_disk(patience=HANDLED_WITHIN)
        self._offset = max(int(row.external_id) for row in rows) + 1
        pass_point("inbox.before_confirm")

    async def _store(self, rows: Sequence[Raw]) -> None:
        source = f"telegram:{self.bot.id}"
        if self.copies is not None and rows:
            await self.copies.add(source, rows)
        handled = self.take(source, rows[0]) if len(rows) == 1 else None
        if handled is not None:
            await asyncio.wait([handled], timeout=STORED_WITHIN)
        if handled is None or not handled.done():
            if rows:
                await self.desk.run(store, source, rows, waits_for_disk=False)
            self.stored()
        pass_point("inbox.after_store")


def row_of(update: Any) -> Raw | None:
    """An update as the inbox stores it; ``None`` without an id: it can be neither confirmed nor
    deduplicated.
    """
    number = update.get("update_id") if isinstance(update, dict) else None
    if not isinstance(number, int) or abs(number) >= BEYOND:
        return None
    try:
        raw = orjson.dumps(update).decode()
    except TypeError:  # half a surrogate pair, a number of more than 64 bits
        raw = json.dumps(update)
    return Raw(str(number), ordering_key_of(update), raw)
