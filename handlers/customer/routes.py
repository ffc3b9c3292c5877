"""The room of the private chat. Plain words, the most frequent guest, pass few filters."""

from aiogram import Router

from handlers.customer import buttons, cameras, commands, lists, reaching, tickets, words
from handlers.customer.asking import FromPerson
from handlers.filters import Private


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
        tickets.router(),
        lists.router(),
        buttons.router(),
        words.router(),
        reaching.router(),
        buttons.last_router(),
    )
    return room
