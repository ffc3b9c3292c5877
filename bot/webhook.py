"""Updates that Telegram brings: the other way in, where WEBHOOK_URL is set (R1)."""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import orjson
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramUnauthorizedError

from bot.polling import ALLOWED, MAX_PAUSE, row_of
from bot.update_copies import UpdateCopies
from core.delivery.pacing import backoff
from core.desk import Desk
from core.fault_points import pass_point
from core.inbox import store

log = logging.getLogger(__name__)

# Seconds between two questions to Telegram how it fares with our webhook.
ASK_EVERY: Final = 30.0


@dataclass(slots=True)
class WebhookIntake:
    """Sets the webhook, sees to it that it stays, and stores what comes. ``stored`` is called
    after each update, ``reached`` when Telegram answers again after it did not. ``copies``: another
    place that gets what comes first.
    """

    bot: Bot
    desk: Desk
    stored: Callable[[], None]
    url: str
    secret: str
    reached: Callable[[], None] = lambda: None
    copies: UpdateCopies | None = None
    last_poll: float = field(default_factory=time.monotonic)
    has_rival: bool = False  # Telegram lets nobody poll while a webhook is set
    _is_set: bool = False

    async def receive(self, body: bytes) -> bool:
        """Store a raw update; returns after the commit. False: it is none."""
        try:
            row = row_of(orjson.loads(body))
        except orjson.JSONDecodeError:
            return False
        if row is None:
            return False
        pass_point("inbox.before_store")
        if self.copies is not None:
            await self.copies.add(f"telegram:{self.bot.id}", [row])
        await self.desk.run(store, f"telegram:{self.bot.id}", [row])
        pass_point("inbox.after_store")
        self.last_poll = time.monotonic()
        self.stored()
        return True

    async def run(self) -> None:
        """Keep the webhook set until cancelled. Raises what no waiting can mend: a wrong token."""
        failures = 0
        while True:
            try:
                await self._keep()
                if failures:
                    self.reached()
                failures, pause = 0, ASK_EVERY
            except TelegramUnauthorizedError:
                raise
            except AiogramError as error:
                failures += 1
                log.warning("the webhook could not be set or looked at yet: %s", error)
                pause = min(backoff(failures, random.random()), MAX_PAUSE)
            await asyncio.sleep(pause)

    async def _keep(self) -> None:
        """Set the webhook where it is not ours, and notice when Telegram does not get through."""
        info = await self.bot.get_webhook_info()
        if info.url != self.url or not self._is_set:  # the secret may be another than before
            await self.bot.set_webhook(
                self.url,
                secret_token=self.secret,
                allowed_updates=list(ALLOWED),
                drop_pending_updates=False,
            )
            self._is_set = True
            log.info("the webhook is set")
        elif info.pending_update_count and info.last_error_message:
            log.warning("Telegram does not reach the webhook: %s", info.last_error_message)
            return
        self.last_poll = time.monotonic()
