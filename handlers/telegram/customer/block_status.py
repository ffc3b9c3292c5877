"""Whether the person can be written to: they blocked the bot, or let it in again (R12)."""

from typing import Final

from aiogram import Router
from aiogram.types import ChatMemberUpdated

from core.desk import Desk
from core.people.identity import Sender, regain
from core.tickets.reachability import lose_sender

GONE: Final = frozenset({"kicked", "left"})


def router() -> Router:
    """The bot's own membership in the private chat."""
    room = Router(name="customer/reaching")
    room.my_chat_member.register(note_membership)
    return room


async def note_membership(event: ChatMemberUpdated, desk: Desk, sender: Sender) -> None:
    """Note it; their tickets say so to the operators."""
    if event.new_chat_member.status in GONE:
        await desk.run(lose_sender, sender, "blocked")
    else:
        await desk.run(regain, sender)
