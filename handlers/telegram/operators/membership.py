"""Operators are the members of the operators' groups (G1): who joins, who leaves."""

from typing import Any

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.types import ChatMemberUpdated, Message, User

from channels.telegram.addresses import NEVER_A_PERSON, own_chats
from core.delivery.linked_chats import all_operator_chats
from core.desk import Desk
from core.people.identity import join_operators, leave_operators
from handlers.telegram.origin import sender_of

_INSIDE = frozenset({"creator", "administrator", "member"})


async def on_change(event: ChatMemberUpdated, desk: Desk, bot: Bot) -> None:
    """Telegram tells admins of every change."""
    new = event.new_chat_member
    inside = _is_inside(new) or await _works_elsewhere(desk, bot, new.user, event.chat.id)
    await _note(desk, new.user, inside=inside)


async def on_service_message(message: Message, desk: Desk, bot: Bot) -> bool:
    """The same from a service message, all that a bot without rights learns. False for others."""
    joined, left = message.new_chat_members or (), message.left_chat_member
    for user in joined:
        await _note(desk, user, inside=True)
    if left is not None:
        elsewhere = await _works_elsewhere(desk, bot, left, message.chat.id)
        await _note(desk, left, inside=elsewhere)
    return bool(joined) or left is not None


def _is_inside(member: Any) -> bool:
    return member.status in _INSIDE or bool(getattr(member, "is_member", False))


async def _works_elsewhere(desk: Desk, bot: Bot, user: User, left: int) -> bool:
    """Who leaves one group of operators and is in another one is an operator still.

    If Telegram cannot be asked now, the update waits until it can.
    """
    for chat in own_chats(await desk.read(all_operator_chats)):
        if chat == left:
            continue
        try:
            if _is_inside(await bot.get_chat_member(chat, user.id)):
                return True
        except (TelegramBadRequest, TelegramForbiddenError):
            continue  # never been there, or we are not there ourselves
    return False


async def _note(desk: Desk, user: User, *, inside: bool) -> None:
    if user.is_bot or user.id in NEVER_A_PERSON:
        return
    await desk.run(join_operators if inside else leave_operators, sender_of(user))
