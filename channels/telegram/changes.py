"""Deliveries that make no new message: they change what stands in a chat."""

import logging
from dataclasses import dataclass

from aiogram.methods import (
    DeleteMessage,
    EditMessageReplyMarkup,
    PinChatMessage,
    SetMessageReaction,
)
from aiogram.types import ReactionTypeEmoji, ReactionTypeUnion

from channels.telegram.kit import Kit
from channels.telegram.messages.message_parser import message_id
from channels.telegram.screens import alerts, notices
from channels.telegram.screens.customer_tickets import rate_only
from channels.telegram.screens.screen import Renderer
from core.delivery.alerts import alert_of
from core.delivery.channel import Delivery, SendError, Sent
from core.delivery.questions import asking_of
from core.tickets.ratings import can_be_rated

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Changes:
    """Each may be made twice with the effect of one, so none of them is looked for when lost."""

    kit: Kit

    async def react(self, delivery: Delivery, _renderer: Renderer) -> Sent:
        """Set our reaction on a message, or take it back."""
        emoji, message_ref = delivery.facts.get("emoji"), message_id(delivery.facts.get("reply"))
        if message_ref is not None:
            reaction: list[ReactionTypeUnion] = [ReactionTypeEmoji(emoji=emoji)] if emoji else []
            await self.kit.change(
                SetMessageReaction(
                    chat_id=int(delivery.address), message_id=message_ref, reaction=reaction
                )
            )
        return Sent()

    async def leave_pointer(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """Replace the card by a pointer to the chat that the ticket moved to."""
        screen = notices.draw(renderer, delivery.key or "", delivery.facts, None)
        await self.kit.redraw(int(delivery.address), int(delivery.facts["ref"]), screen)
        return Sent()

    async def redraw_alert(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """Draw an alert anew: something that it told of is over."""
        standing = await self.kit.desk.read(alert_of, int(delivery.facts["alert"]))
        if standing is not None and standing.entries:
            screen = alerts.draw(renderer, standing)
            await self.kit.redraw(int(delivery.address), int(standing.message.message), screen)
        return Sent()

    async def pin(self, delivery: Delivery, _renderer: Renderer) -> Sent:
        """Pin a message, quietly; where the bot may not, it stands there all the same."""
        chat, message_ref = int(delivery.address), int(delivery.facts["ref"])
        try:
            await self.kit.change(
                PinChatMessage(chat_id=chat, message_id=message_ref, disable_notification=True)
            )
        except SendError as error:
            if not error.configuration:
                raise
            log.warning("a message was not pinned: %s", error)
        return Sent()

    async def remove(self, delivery: Delivery, _renderer: Renderer) -> Sent:
        """Remove messages that one person had asked for."""
        for number in delivery.facts["refs"]:
            await self.kit.change(DeleteMessage(chat_id=int(delivery.address), message_id=number))
        return Sent()

    async def refresh_topic(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """Show on the ticket's topic in its customer's chat that it has ended, or goes on."""
        await self.kit.of_customers.refresh(delivery, renderer)
        return Sent()

    async def unask(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """Take the buttons off a question that was answered, or has none any more."""
        desk, number, chat = self.kit.desk, delivery.ticket_id or 0, int(delivery.address)
        asking = await desk.read(asking_of, number, delivery.to)
        rated = bool(asking) and await desk.read(can_be_rated, number)
        keyboard = rate_only(renderer, number) if rated else None
        for message in asking:
            edit = EditMessageReplyMarkup(
                chat_id=chat, message_id=int(message), reply_markup=keyboard
            )
            await self.kit.change(edit)
        return Sent()
