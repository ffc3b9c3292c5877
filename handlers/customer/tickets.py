"""A new ticket: what it is about, then the words. The words themselves are in `words`."""

from aiogram import Router
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message

from channels.telegram.callbacks import Topic
from channels.telegram.keyboards import topics
from channels.telegram.menus import back_to
from core.desk import Desk
from core.people.directory import Caller
from core.tickets import dialogue
from handlers.customer.asking import MenuPressed, MenuStep, Pressed
from handlers.speech import Speech


def router() -> Router:
    """From the menu to the prompt, and back."""
    room = Router(name="customer/tickets")
    room.message.register(show_topics, MenuStep("new"))
    room.callback_query.register(show_topics_again, MenuPressed("new"))
    room.callback_query.register(prompt, Pressed(Topic))
    room.callback_query.register(go_back, MenuPressed("back"))
    return room


async def show_topics(message: Message, desk: Desk, caller: Caller, speech: Speech) -> None:
    """Ask what the ticket is about; writing at once is an answer, too."""
    text, keyboard = await _topics(desk, caller, speech)
    await speech.say(message.chat.id, text, keyboard=keyboard)


async def show_topics_again(
    query: CallbackQuery, desk: Desk, caller: Caller, speech: Speech
) -> None:
    """The same on the screen where the button was."""
    text, keyboard = await _topics(desk, caller, speech)
    await speech.toast(query)
    await speech.edit(query.message, text, keyboard=keyboard)


async def _topics(desk: Desk, caller: Caller, speech: Speech) -> tuple[str, InlineKeyboardMarkup]:
    offered = await desk.run(dialogue.begin_ticket, caller)
    choices = [(topic.code, topic.title(speech.locale)) for topic in offered]
    key = "customer.topics" if choices else "customer.describe.free"
    return speech.html(key), topics(speech.voice, choices)


async def prompt(
    query: CallbackQuery, pressed: Topic, desk: Desk, caller: Caller, speech: Speech
) -> None:
    """The topic is chosen: the same message asks to describe the matter.

    Words that waited for a place have made the ticket already; its confirmation is on its way.
    """
    begun = await desk.run(dialogue.choose_topic, caller, pressed.code)
    facts = {"topic": begun.topic.title(speech.locale)}
    await speech.toast(query)
    if begun.heard is not None:
        await speech.edit(query.message, speech.html("customer.filed.topic", facts))
        return
    text = speech.html("customer.describe.topic", facts)
    await speech.edit(query.message, text, keyboard=back_to(speech.voice, "new"))


async def go_back(query: CallbackQuery, desk: Desk, caller: Caller, speech: Speech) -> None:
    """No new ticket after all."""
    await desk.run(dialogue.stop_describing, caller)
    await speech.toast(query)
    await speech.edit(query.message, speech.html("customer.back"))
