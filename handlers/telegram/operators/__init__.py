"""The operator group."""

from aiogram import Router

from handlers.telegram.filters import OperatorGroup
from handlers.telegram.operators.buttons import on_press
from handlers.telegram.operators.edits import on_edit
from handlers.telegram.operators.group_messages import on_message
from handlers.telegram.operators.membership import (
    Arrivals,
    OperatorMembership,
    on_arrival,
    on_change,
)
from handlers.telegram.operators.private import private

__all__ = ["private", "router"]


def router() -> Router:
    """Everything that happens in the operator group, and only there."""
    room = Router(name="operators")
    for observer in (room.message, room.edited_message, room.callback_query):
        observer.filter(OperatorGroup())
    room.chat_member.filter(OperatorMembership())
    room.chat_member.register(on_change)
    room.message.register(on_arrival, Arrivals())
    room.message.register(on_message)
    room.edited_message.register(on_edit)
    room.callback_query.register(on_press)
    return room
