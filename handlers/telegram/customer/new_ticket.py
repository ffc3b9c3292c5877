"""A new ticket: what it is about, then the words. The words themselves go to `messages`."""

from channels.telegram.screens import new_ticket as screens
from channels.telegram.screens.customer_menu import back_to
from channels.telegram.screens.new_ticket import ChooseTopic
from channels.telegram.screens.screen import Screen
from core.tickets import customer_dialogue
from handlers.telegram.context import ButtonContext, MessageContext


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
