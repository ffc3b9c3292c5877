"""Whether the person can be written to: they blocked the bot, or let it in again (R12)."""

from typing import Final

from aiogram import Router
from aiogram.types import ChatMemberUpdated

from core.desk import Desk
from core.people.directory import Caller, regain
from core.tickets.reach import lose_caller

GONE: Final = frozenset({"kicked", "left"})


def router() -> Router:
    """The bot's own membership in the private chat."""
    room = Router(name="customer/reaching")
    room.my_chat_member.register(note_membership)
    return room


async def note_membership(event: ChatMemberUpdated, desk: Desk, caller: Caller) -> None:
    """Note it; their tickets say so to the operators."""
    if event.new_chat_member.status in GONE:
        await desk.run(lose_caller, caller, "blocked")
    else:
        await desk.run(regain, caller)
