"""How customers begin: the greeting, and the topic of a new ticket; its words go to `messages`."""

from aiogram.types import ReplyKeyboardMarkup

from channels.telegram.screens import new_ticket as screens
from channels.telegram.screens.customer_menu import back_to, menu
from channels.telegram.screens.new_ticket import ChooseTopic
from channels.telegram.screens.screen import Screen
from core.desk import Desk
from core.equipment.cameras import has_cameras
from core.tickets import customer_dialogue
from core.words.names import NAMELESS, clean_name
from handlers.telegram.context import ButtonContext, MessageContext
from handlers.telegram.responder import Responder


async def greet(context: MessageContext) -> None:
    """Say hello, whose desk it is, and how it works."""
    company, responder, user = context.desk.company, context.responder, context.message.from_user
    facts = {
        "name": clean_name(user.first_name if user else "", 32),
        "company": clean_name(company.name),
        "span": company.answer_deadline,
    }
    hello = f"customer.hello{'_name' if facts['name'] != NAMELESS else ''}"
    about = f"customer.desk{'_company' if company.name.strip() else ''}"
    parts = [responder.html(key, facts) for key in (hello, about, "customer.how")]
    text = f"{parts[0]} {parts[1]}\n{parts[2]}"
    await context.say(text, await menu_for(context.desk, responder))


async def menu_for(desk: Desk, responder: Responder, *, share: bool = False) -> ReplyKeyboardMarkup:
    """The menu of this company: no button leads nowhere. ``share``: a phone can be shared."""
    return menu(responder.renderer, cameras=await desk.read(has_cameras), share=share)


async def show_topics(context: MessageContext) -> None:
    """Ask what the ticket is about; writing at once is an answer, too."""
    await context.show(await _topics(context))


async def edit_to_topics(context: ButtonContext) -> None:
    """The same on the screen where the button was."""
    await context.show(await _topics(context))


async def _topics(context: MessageContext | ButtonContext) -> Screen:
    offered = await context.desk.run(customer_dialogue.begin_ticket, context.sender)
    renderer = context.renderer
    return screens.topics(
        renderer, [(topic.code, topic.title(renderer.locale)) for topic in offered]
    )


async def choose_topic(context: ButtonContext, data: ChooseTopic) -> None:
    """The topic is chosen: the same message asks to describe the matter.

    Words that waited for a place have made the ticket already; its confirmation is on its way.
    """
    begun = await context.desk.run(customer_dialogue.choose_topic, context.sender, data.code)
    renderer = context.renderer
    topic = begun.topic.title(renderer.locale)
    if begun.heard is not None:
        await context.show(renderer.html("customer.filed.topic", topic=topic))
        return
    text = renderer.html("customer.describe.topic", topic=topic)
    await context.show(Screen(text, back_to(renderer, "new")))


async def go_back(context: ButtonContext) -> None:
    """No new ticket after all."""
    await context.desk.run(customer_dialogue.stop_describing, context.sender)
    await context.show(context.responder.html("customer.back"))
