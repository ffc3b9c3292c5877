"""From a stored update to its handler."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from aiogram import Bot, Dispatcher
from aiogram.types import Message, Update
from aiogram.types.update import UpdateTypeLookupError
from pydantic import ValidationError

from bot.update_queue import NotYet, Unparseable
from channels.telegram.addresses import message_ref
from channels.telegram.client.gateway import Gateway
from core.delivery.courier import Courier
from core.delivery.linked_chats import move_chat
from core.desk import Desk
from core.inbox import Stored
from core.tickets.incoming import find_location

log = logging.getLogger(__name__)

# So many seconds an update waits for what it answers, before it is put off. Well below the time
# after which it counts as hung.
PATIENCE: Final = 10.0


@dataclass(slots=True)
class Handler:
    """Each update is parsed alone, so that a bad one harms nobody else."""

    bot: Bot
    desk: Desk
    dispatcher: Dispatcher
    gateway: Gateway
    courier: Courier

    async def handle(self, stored: Stored) -> None:
        """See an update through. Raises `Unparseable`, `NotYet`, and what handlers raise."""
        try:
            update = Update.model_validate_json(stored.raw, context={"bot": self.bot})
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise Unparseable(f"{first['loc']}: {first['msg']}") from None
        if _is_unheard_of(update):
            log.warning(
                "an update of an unknown kind is left alone: %s", sorted(update.model_extra or ())
            )
            return
        message = update.message or update.edited_message
        if message is not None:
            self.gateway.note_incoming(message.chat, message.message_id)
        if update.my_chat_member is not None:
            self.courier.trouble_seen.set()  # or well again
        if update.message is not None:
            if await self._moved(update.message):
                return
            await self._know_what_is_answered(update.message)
        await self.dispatcher.feed_update(self.bot, update)

    async def _moved(self, message: Message) -> bool:
        """The service message of a group that became a supergroup: stored ids follow."""
        if message.migrate_to_chat_id is None:
            return False
        self.desk.company = await self.desk.run(
            move_chat, message.chat.id, message.migrate_to_chat_id
        )
        return True

    async def _know_what_is_answered(self, message: Message) -> None:
        """People may answer what we have posted before we have noted what it is.

        Moments pass between the two; if the answer of that call was lost, or a process killed
        just then, seconds. An answer to a card that we do not know would be taken for talk.
        """
        answered = message.reply_to_message
        if answered is None or answered.from_user is None or answered.from_user.id != self.bot.id:
            return
        address = str(message.chat.id)
        if not self.courier.is_busy(address):
            return
        if await self.desk.read(find_location, message_ref(message.chat.id, answered.message_id)):
            return
        try:
            async with asyncio.timeout(PATIENCE):
                settled = await self.courier.settled(address)
        except TimeoutError:
            settled = False
        if not settled:
            raise NotYet("it is not known yet what it answers")


def _is_unheard_of(update: Update) -> bool:
    """A kind that a later Bot API has. aiogram would put the whole of it into the log (S31)."""
    try:
        return not update.event_type
    except UpdateTypeLookupError:
        return True
