"""Operators are the members of the operator group (G1): who joins, who leaves."""

from aiogram.filters import Filter
from aiogram.types import ChatMemberUpdated, Message, User

from core.desk import Desk
from core.people.directory import NEVER_A_PERSON, join_operators, leave_operators
from handlers.middlewares import caller_of

_INSIDE = frozenset({"creator", "administrator", "member"})


class OperatorMembership(Filter):
    """Somebody's membership of the operator group has changed."""

    async def __call__(  # type: ignore[mutable-override]
        self, event: ChatMemberUpdated, desk: Desk
    ) -> bool:
        """True for the operator group."""
        return event.chat.id == desk.company.operators_chat


class Arrivals(Filter):
    """A service message that tells of members: all that a bot without rights learns."""

    async def __call__(self, event: Message) -> bool:  # type: ignore[mutable-override]
        """True when somebody has come or gone."""
        return bool(event.new_chat_members) or event.left_chat_member is not None


async def on_change(event: ChatMemberUpdated, desk: Desk) -> None:
    """Telegram tells admins of every change."""
    new = event.new_chat_member
    inside = new.status in _INSIDE or bool(getattr(new, "is_member", False))
    await _note(desk, new.user, inside=inside)


async def on_arrival(message: Message, desk: Desk) -> None:
    """The same from the service message."""
    for user in message.new_chat_members or ():
        await _note(desk, user, inside=True)
    if message.left_chat_member is not None:
        await _note(desk, message.left_chat_member, inside=False)


async def _note(desk: Desk, user: User, *, inside: bool) -> None:
    if user.is_bot or user.id in NEVER_A_PERSON:
        return
    await desk.run(join_operators if inside else leave_operators, caller_of(user))
