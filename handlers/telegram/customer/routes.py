"""The room of the private chat. Plain words, the most frequent guest, pass few filters."""

from aiogram import Router

from handlers.telegram.customer import (
    block_status,
    cameras,
    commands,
    feedback,
    messages,
    new_ticket,
    own_tickets,
)
from handlers.telegram.customer.filters import FromPerson
from handlers.telegram.filters import Private


def router() -> Router:
    """Everything that may happen in a private chat, in the order in which it is looked for."""
    room = Router(name="customer")
    for observer in (room.message, room.edited_message):
        observer.filter(Private(), FromPerson())
    room.callback_query.filter(Private())
    room.my_chat_member.filter(Private())
    room.include_routers(
        cameras.router(),
        commands.router(),
        new_ticket.router(),
        own_tickets.router(),
        feedback.router(),
        messages.router(),
        block_status.router(),
        feedback.last_router(),
    )
    return room
