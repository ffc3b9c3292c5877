"""Copies follow the words that they are of: edits of them, and their end."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiogram.methods import DeleteMessage

from channels.telegram.client.send_progress import Step
from channels.telegram.copies import CopyMessages, load
from channels.telegram.kit import Kit
from channels.telegram.messages.message_builder import edits, pieces
from channels.telegram.screens.screen import Renderer
from core.addresses import TELEGRAM, Address
from core.delivery.channel import Delivery, Sent
from core.delivery.sent_messages import copies_of
from core.tickets.card import words_of


@dataclass(frozen=True, slots=True)
class EditedCopies:
    """Carries out deliveries of the kinds "edit" and "delete"."""

    kit: Kit
    copies: CopyMessages

    async def edit(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """The copies follow. Operators to whose group the ticket came later read the words anew."""
        chat, message = int(delivery.address), delivery.message_id or 0
        said = await self.kit.desk.read(words_of, message)
        message_refs = await self._copies_of(message, chat)
        if not said or said[0].withdrawn:
            return Sent()
        if not message_refs:
            unread = delivery.person_id is None
            return await self.copies.send(delivery, renderer) if unread else Sent()
        thread = await self.kit.of_customers.standing(delivery)
        carried = await load(self.kit.desk, delivery, renderer, self.copies.files, thread)
        prefix = None if carried is None else carried.prefix
        for change in edits(said[0].content, chat, message_refs, prefix=prefix):
            await self.kit.change(change)
        # a piece that nobody can edit has no call, and stays all the same
        for message_ref in message_refs[len(pieces(said[0].content, prefix)) :]:
            await self.kit.change(DeleteMessage(chat_id=chat, message_id=message_ref))
        return Sent()

    async def plan(self, delivery: Delivery, renderer: Renderer) -> Sequence[Step]:
        """An edit of sent messages makes no new ones."""
        message_refs = await self._copies_of(delivery.message_id or 0, int(delivery.address))
        if message_refs or delivery.person_id is not None:
            return ()
        return await self.copies.plan(delivery, renderer)

    async def delete(self, delivery: Delivery, _renderer: Renderer) -> Sent:
        """Remove the copies of messages that were withdrawn."""
        chat = int(delivery.address)
        for message in delivery.facts.get("messages") or [delivery.message_id or 0]:
            for message_ref in await self._copies_of(message, chat):
                await self.kit.change(DeleteMessage(chat_id=chat, message_id=message_ref))
        return Sent()

    async def _copies_of(self, message: int, chat: int) -> list[int]:
        found = await self.kit.desk.read(copies_of, message, Address(TELEGRAM, str(chat)))
        return [int(ref) for ref in found]
