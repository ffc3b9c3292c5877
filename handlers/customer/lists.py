"""«Мои обращения»: the list and a ticket, each one screen that is edited."""

from aiogram import Router
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message

from channels.telegram.callbacks import Mine, QueuePage
from channels.telegram.menus import OWN, cursor_of, own_page, own_ticket
from core.desk import Desk
from core.errors import Refusal
from core.people.directory import Caller
from core.tickets import own
from core.tickets.own import OwnPage
from handlers.customer.asking import MenuPressed, MenuStep, Pressed
from handlers.customer.screens import list_screen, ticket_screen
from handlers.speech import Speech


def router() -> Router:
    """The list, its pages, and the tickets in it."""
    room = Router(name="customer/lists")
    room.message.register(show_own, MenuStep("mine"))
    room.callback_query.register(show_own_again, MenuPressed("mine"))
    room.callback_query.register(show_ticket, Pressed(Mine))
    room.callback_query.register(turn_page, OwnPressed())
    return room


class OwnPressed(Pressed):
    """The person turned a page of their own list."""

    def __init__(self) -> None:
        super().__init__(QueuePage)

    async def __call__(  # type: ignore[mutable-override]
        self, event: CallbackQuery
    ) -> bool | dict[str, QueuePage]:
        """False for pages of other lists."""
        found = await super().__call__(event)
        if isinstance(found, dict) and found["pressed"].view == OWN:
            return found
        return False


async def show_own(message: Message, desk: Desk, caller: Caller, speech: Speech) -> None:
    """Send the list."""
    text, keyboard = _list(speech, await desk.read(own.list_own, caller.telegram_id))
    await speech.say(message.chat.id, text, keyboard=keyboard)


async def show_own_again(query: CallbackQuery, desk: Desk, caller: Caller, speech: Speech) -> None:
    """Turn the screen back into the list."""
    text, keyboard = _list(speech, await desk.read(own.list_own, caller.telegram_id))
    await speech.toast(query)
    await speech.edit(query.message, text, keyboard=keyboard)


async def turn_page(
    query: CallbackQuery, pressed: QueuePage, desk: Desk, caller: Caller, speech: Speech
) -> None:
    """Show another page; one that is empty by now is out of date."""
    page = await desk.read(
        own.list_own, caller.telegram_id, cursor_of(pressed.cursor), newer=pressed.backward
    )
    if not page.tickets:
        raise Refusal("refusal.outdated")
    text, keyboard = _list(speech, page)
    await speech.toast(query)
    await speech.edit(query.message, text, keyboard=keyboard)


def _list(speech: Speech, page: OwnPage) -> tuple[str, InlineKeyboardMarkup]:
    return list_screen(speech, page), own_page(speech.voice, page)


async def show_ticket(
    query: CallbackQuery, pressed: Mine, desk: Desk, caller: Caller, speech: Speech
) -> None:
    """Show the conversation; what the person writes next belongs to it."""
    ticket, words = await desk.run(own.look_at_own, caller, pressed.number)
    asks = ticket.state.resolution and not ticket.state.final
    await speech.toast(query)
    await speech.edit(
        query.message,
        ticket_screen(speech, ticket, words),
        keyboard=own_ticket(speech.voice, ticket.number, asks=asks),
    )
