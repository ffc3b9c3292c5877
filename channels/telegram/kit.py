"""What deliveries of every kind are carried out with, and what changes a message that stands."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiogram.methods import EditMessageText, TelegramMethod

from channels.telegram.client.api_errors import ApiRefusal, Refused
from channels.telegram.client.gateway import Gateway
from channels.telegram.client.send_progress import SendProgressStore, Step
from channels.telegram.private_topics import PrivateTopics
from channels.telegram.screens.screen import Renderer, Screen
from channels.telegram.ticket_topics import TicketTopics
from core.delivery.channel import Delivery, Sent
from core.desk import Desk
from core.tickets.card import Card, card_of

Operation = Callable[[Delivery, Renderer], Awaitable[Sent]]
"""Carries out deliveries of one kind."""
Plan = Callable[[Delivery, Renderer], Awaitable[Sequence[Step]]]
"""The calls of a delivery that make new messages, as they were made."""

# What a message with buttons looked like when it was posted: the ticket may have changed since.
POSTED: Final = "posted"
# The message is gone, not ours, or looks like this already: nothing is left to do.
_NOTHING_TO_DO: Final = frozenset({ApiRefusal.GONE, ApiRefusal.FOREIGN, ApiRefusal.UNCHANGED})


@dataclass(frozen=True, slots=True)
class Kit:
    """The calls, the desk, how far each delivery has come, and its topic: ``thread`` says in which
    it is to stand, and makes it where it is missing.
    """

    gateway: Gateway
    desk: Desk
    progress: SendProgressStore
    of_groups: TicketTopics
    of_customers: PrivateTopics
    thread: Callable[[Delivery, Renderer], Awaitable[int | None]]

    async def card_of(self, delivery: Delivery) -> Card | None:
        """The card of the ticket that it is about, as it is now."""
        if delivery.ticket_id is None:
            return None
        return await self.desk.read(card_of, delivery.ticket_id)

    async def redraw(self, chat: int, message_ref: int, screen: Screen) -> bool:
        """Edit a message into a screen. False if somebody has deleted it."""
        edit = EditMessageText(
            chat_id=chat,
            message_id=message_ref,
            text=screen.html,
            parse_mode="HTML",
            reply_markup=screen.keyboard,
        )
        try:
            await self.gateway.call(edit)
        except Refused as refused:
            if refused.refusal is ApiRefusal.UNREADABLE:
                plain = {"text": screen.plain, "parse_mode": None}
                await self.gateway.call(edit.model_copy(update=plain))
            elif refused.refusal in {ApiRefusal.GONE, ApiRefusal.FOREIGN}:
                return False
            elif refused.refusal is not ApiRefusal.UNCHANGED:
                raise
        return True

    async def change(self, method: TelegramMethod[Any]) -> None:
        """Make a call that changes a message; one that is gone, or so already, needs none."""
        try:
            await self.gateway.call(method)
        except Refused as refused:
            if refused.refusal not in _NOTHING_TO_DO:
                raise


def is_elsewhere(delivery: Delivery, thread: int | None) -> bool:
    """Whether the delivery stands in another topic of a customer's chat than what it answers."""
    if delivery.person_id is None or thread is None:
        return False
    return delivery.facts.get("thread") != str(thread)
