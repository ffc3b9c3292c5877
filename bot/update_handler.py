"""Parses a stored update and hands it to its handler."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiogram import Bot
from aiogram.types import Message
from pydantic import ValidationError

from bot.update_queue import UnparsableUpdate, UpdateNotReady
from channels.telegram.addresses import chat_address
from channels.telegram.client.gateway import Gateway
from channels.telegram.messages.incoming_updates import (
    Incoming,
    NoUpdate,
    kinds_in,
    parse_update,
)
from channels.telegram.messages.message_parser import message_ref
from core.delivery.courier import Courier
from core.delivery.linked_chats import move_chat
from core.delivery.outbox_store import is_being_sent
from core.desk import Desk
from core.inbox import Stored
from core.tickets.incoming import find_location
from handlers.telegram import UpdateRoutes

log = logging.getLogger(__name__)

# Seconds an update waits until the message it replies to is known, before it is tried again later.
# Well below the time after which it counts as failed (`update_queue.TIMEOUT`).
REPLY_TIMEOUT: Final = 10.0
# Seconds between looks whether another process has delivered.
LOOK_EVERY: Final = 0.1
# What may be a message of ours, or tells which ids there are.
_MESSAGES: Final = ("message", "edited_message")
# How the sources of mails begin.
MAIL: Final = "mail:"


@dataclass(slots=True)
class UpdateHandler:
    """Handles each update alone, so that a bad one harms no other. ``mails`` handles mails."""

    bot: Bot
    desk: Desk
    routes: UpdateRoutes
    gateway: Gateway
    courier: Courier
    mails: Callable[[Stored], Awaitable[None]]

    async def handle(self, stored: Stored) -> None:
        """Handle one update. Raises UnparsableUpdate, UpdateNotReady, and what handlers raise."""
        if stored.source.startswith(MAIL):
            await self.mails(stored)
            return
        update = self._parse(stored)
        if update is None:
            kinds = kinds_in(stored.raw)
            log.warning("an update of an unknown kind is left alone: %s", kinds)
            return
        message = update.event if update.kind in _MESSAGES else None
        if isinstance(message, Message):
            self.gateway.known_ids.note(message.chat.id, message.message_id)
        if update.kind == "my_chat_member":
            self.courier.trouble_seen.set()  # the bot lost rights, or got them back
        if isinstance(message, Message) and update.kind == "message":
            if message.migrate_to_chat_id is not None:
                await self._follow_migration(message, message.migrate_to_chat_id)
                return
            if message.reply_to_message is not None:
                await self._wait_for_replied_message(message)
        await self.routes.hand(update.kind, update.event)

    def _parse(self, stored: Stored) -> Incoming | None:
        try:
            return parse_update(stored.raw, self.bot)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise UnparsableUpdate(f"{first['loc']}: {first['msg']}") from None
        except NoUpdate as error:
            raise UnparsableUpdate(str(error)) from None

    async def _follow_migration(self, message: Message, new: int) -> None:
        """Replace stored ids: the group became a supergroup."""
        self.desk.company = await self.desk.run(
            move_chat, chat_address(message.chat.id), chat_address(new)
        )

    async def _wait_for_replied_message(self, message: Message) -> None:
        """Wait until it is noted which of our messages this one replies to.

        A message can be seen before the response of its call has come, and much earlier if that
        response was lost. A reply to a card not noted yet would be taken for talk of operators.
        """
        ours = message.reply_to_message
        if ours is None or ours.from_user is None or ours.from_user.id != self.bot.id:
            return
        address = str(message.chat.id)
        busy = self.courier.is_busy(address)
        if not busy and not self.desk.database.is_sqlite:
            busy = await self._is_busy_elsewhere(address)
        if not busy:
            return
        if await self.desk.read(find_location, message_ref(message.chat.id, ours.message_id)):
            return
        try:
            async with asyncio.timeout(REPLY_TIMEOUT):
                settled = await self._settled(address)
        except TimeoutError:
            settled = False
        if not settled:
            raise UpdateNotReady("it is not known yet which message it replies to")

    async def _is_busy_elsewhere(self, address: str) -> bool:
        """Return whether another process, which delivers, has something on its way there."""
        if self.desk.database.leads():
            return False
        return await self.desk.read(is_being_sent, address)

    async def _settled(self, address: str) -> bool:
        """Wait for what is on its way there; another process that delivers is asked by looking."""
        if self.desk.database.leads():
            return await self.courier.settled(address)
        while await self.desk.read(is_being_sent, address):  # noqa: ASYNC110 it is elsewhere
            await asyncio.sleep(LOOK_EVERY)
        return True
