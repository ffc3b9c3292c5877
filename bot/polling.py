"""Long polling that stores before it confirms (R1).

aiogram's own loop confirms updates before their handlers end, and stops for good at one that
cannot be parsed. Ours asks for raw JSON, stores the batch, and only then moves the offset.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from aiogram import Bot
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramConflictError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod
from sqlalchemy.exc import SQLAlchemyError

from core.delivery.pacing import backoff
from core.desk import Desk
from core.faultpoints import pass_point
from core.inbox import Raw, store

log = logging.getLogger(__name__)

ALLOWED: Final = (
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "chat_member",
    "channel_post",
)
TIMEOUT: Final = 25
BATCH: Final = 100
# Where in an update its chat is: the lane whose order it keeps.
_CHATS: Final = (
    ("message", "chat"),
    ("edited_message", "chat"),
    ("channel_post", "chat"),
    ("my_chat_member", "chat"),
    ("chat_member", "chat"),
    ("message_reaction", "chat"),
)


class GetRawUpdates(TelegramMethod[list[dict[str, Any]]]):
    """``getUpdates`` whose answer is left as it came: each update is parsed alone, later."""

    __returning__ = list[dict[str, Any]]
    __api_method__ = "getUpdates"

    offset: int | None
    limit: int
    timeout: int
    allowed_updates: list[str]


def lane_of(update: Mapping[str, Any]) -> int:
    """The chat an update belongs to, or the person, or 0: whatever shape it has."""
    query = update.get("callback_query")
    if isinstance(query, dict):
        message = query.get("message")
        return _id(message, "chat") or _id(query, "from")
    for kind, place in _CHATS:
        if kind in update:
            return _id(update[kind], place)
    return 0


def _id(holder: Any, name: str) -> int:
    chat = holder.get(name) if isinstance(holder, dict) else None
    number = chat.get("id") if isinstance(chat, dict) else None
    # a number beyond the column's range is some forger's; it shares the nameless lane
    return number if isinstance(number, int) and abs(number) < 1 << 62 else 0


@dataclass(slots=True)
class Poller:
    """Fetches, stores, confirms. ``stored`` is called after each batch."""

    bot: Bot
    desk: Desk
    stored: Callable[[Sequence[Mapping[str, Any]]], None]
    last_poll: float = field(default_factory=time.monotonic)
    _offset: int | None = None

    async def run(self) -> None:
        """Poll until cancelled. Raises only what no waiting can mend."""
        failures = 0
        while True:
            try:
                await self._poll()
                failures = 0
            except TelegramUnauthorizedError:
                raise
            except TelegramConflictError as error:
                failures += 1
                if "webhook" in error.message:
                    await self.bot.delete_webhook(drop_pending_updates=False)
                    continue
                log.error("another process polls with this token; waiting for it to end")  # noqa: TRY400
                await asyncio.sleep(backoff(failures, random.random()))
            except TelegramRetryAfter as error:
                await asyncio.sleep(error.retry_after)
            except (TelegramAPIError, SQLAlchemyError, OSError) as error:
                failures += 1
                log.warning("polling will go on: %s", error)
                await asyncio.sleep(min(backoff(failures, random.random()), 15.0))

    async def _poll(self) -> None:
        request = GetRawUpdates(
            offset=self._offset, limit=BATCH, timeout=TIMEOUT, allowed_updates=list(ALLOWED)
        )
        batch: list[dict[str, Any]] = await self.bot(request, request_timeout=TIMEOUT + 10)
        self.last_poll = time.monotonic()
        if not batch:
            # Confirmed is confirmed. Ids may begin anew at random after an idle week: an old
            # offset would pass over them (R3).
            self._offset = None
            return
        pass_point("inbox.before_store")
        await keep(self.desk, self.bot.id, batch)
        pass_point("inbox.after_store")
        self._offset = max(int(update["update_id"]) for update in batch) + 1
        self.stored(batch)
        pass_point("inbox.before_confirm")


async def keep(desk: Desk, bot_id: int, batch: Sequence[Mapping[str, Any]]) -> None:
    """Store a batch of raw updates in one transaction."""
    rows = [
        Raw(int(update["update_id"]), lane_of(update), orjson.dumps(update).decode())
        for update in batch
    ]
    await desk.run(store, bot_id, rows)
