"""A new ticket: what it is about, then the words. The words themselves are in `words`."""

from aiogram import Router
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message

from channels.telegram.screens.callbacks import Topic
from channels.telegram.screens.customer_tickets import back_to
from channels.telegram.screens.keyboards import topics
from core.desk import Desk
from core.people.identity import Sender
from core.tickets import customer_dialogue
from handlers.telegram.customer.filters import MenuPressed, MenuStep, Pressed
from handlers.telegram.responder import Responder


def router() -> Router:
    """From the menu to the prompt, and back."""
    room = Router(name="customer/tickets")
    room.message.register(show_topics, MenuStep("new"))
    room.callback_query.register(show_topics_again, MenuPressed("new"))
    room.callback_query.register(prompt, Pressed(Topic))
    room.callback_query.register(go_back, MenuPressed("back"))
    return room


async def show_topics(message: Message, desk: Desk, sender: Sender, responder: Responder) -> None:
    """Ask what the ticket is about; writing at once is an answer, too."""
    text, keyboard = await _topics(desk, sender, responder)
    await responder.say(message.chat.id, text, keyboard=keyboard)


async def show_topics_again(
    query: CallbackQuery, desk: Desk, sender: Sender, responder: Responder
) -> None:
    """The same on the screen where the button was."""
    text, keyboard = await _topics(desk, sender, responder)
    await responder.toast(query)
    await responder.edit(query.message, text, keyboard=keyboard)


async def _topics(
    desk: Desk, sender: Sender, responder: Responder
) -> tuple[str, InlineKeyboardMarkup]:
    offered = await desk.run(customer_dialogue.begin_ticket, sender)
    choices = [(topic.code, topic.title(responder.locale)) for topic in offered]
    key = "customer.topics" if choices else "customer.describe.free"
    return responder.html(key), topics(responder.renderer, choices)


async def prompt(
    query: CallbackQuery, pressed: Topic, desk: Desk, sender: Sender, responder: Responder
) -> None:
    """The topic is chosen: the same message asks to describe the matter.

    Words that waited for a place have made the ticket already; its confirmation is on its way.
    """
    begun = await desk.run(customer_dialogue.choose_topic, sender, pressed.code)
    facts = {"topic": begun.topic.title(responder.locale)}
    await responder.toast(query)
    if begun.heard is not None:
        await responder.edit(query.message, responder.html("customer.filed.topic", facts))
        return
    text = responder.html("customer.describe.topic", facts)
    await responder.edit(query.message, text, keyboard=back_to(responder.renderer, "new"))


async def go_back(query: CallbackQuery, desk: Desk, sender: Sender, responder: Responder) -> None:
    """No new ticket after all."""
    await desk.run(customer_dialogue.stop_describing, sender)
    await responder.toast(query)
    await responder.edit(query.message, responder.html("customer.back"))
