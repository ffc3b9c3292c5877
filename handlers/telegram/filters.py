"""Where an update comes from. Async classes: aiogram runs anything else in a thread, at 70 µs each.

A command of a person is a message that a person wrote here, themselves, just now: not a forward,
not through another bot, not in the name of a chat (S2, S3).
"""

from aiogram.filters import Filter
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message

from core.delivery.linked_chats import OperatorChats, operator_chats_of
from core.desk import Desk
from core.people.identity import NEVER_A_PERSON


class Private(Filter):
    """The update belongs to a private chat with the bot."""

    async def __call__(  # type: ignore[mutable-override]
        self, event: Message | CallbackQuery | ChatMemberUpdated
    ) -> bool:
        """True in a private chat."""
        place = event.message if isinstance(event, CallbackQuery) else event
        return place is not None and place.chat.type == "private"


async def is_workplace(desk: Desk, chat: int) -> bool:
    """Operators work in this chat: in the group of all, or in that of a team."""
    if chat == desk.company.operators_chat:
        return True
    if chat >= 0:
        return False
    rooms = desk.cache.get(OperatorChats)
    return chat in (rooms if rooms is not None else await desk.read(operator_chats_of)).values()


class OperatorGroup(Filter):
    """The update belongs to a group of operators as it is now (it may have moved)."""

    async def __call__(  # type: ignore[mutable-override]
        self, event: Message | CallbackQuery, desk: Desk
    ) -> bool:
        """True where operators work."""
        message = event if isinstance(event, Message) else event.message
        return message is not None and await is_workplace(desk, message.chat.id)


class AlertChannel(Filter):
    """The update belongs to the admins' alert channel."""

    async def __call__(  # type: ignore[mutable-override]
        self, event: Message | CallbackQuery, desk: Desk
    ) -> bool:
        """True in the alert channel."""
        message = event if isinstance(event, Message) else event.message
        return message is not None and message.chat.id == desk.company.alerts_chat


def is_nobody(message: Message) -> bool:
    """The message is written in the name of a chat, or of an identity that many share."""
    sender = message.from_user
    return sender is None or message.sender_chat is not None or sender.id in NEVER_A_PERSON


def is_borrowed(message: Message) -> bool:
    """The words are somebody else's: a forward, or another bot's."""
    return message.forward_origin is not None or message.via_bot is not None
