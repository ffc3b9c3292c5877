"""A customer's tickets: the greeting, a new one and its topic, the list, whether all works."""

from typing import Final

from aiogram.types import ReplyKeyboardMarkup

from channels.telegram.screens import customer_menu as screens
from channels.telegram.screens.articles import NEW, article_rows
from channels.telegram.screens.buttons import Keyboard
from channels.telegram.screens.customer_menu import AnswerField, ChooseTopic, back_to, menu
from channels.telegram.screens.customer_tickets import (
    OWN,
    CloseOwn,
    Confirm,
    OwnTicketOpened,
    Rate,
    RatingStep,
    ask_to_close,
    cursor_of,
    draw_another_rating,
    draw_closed,
    draw_list,
    draw_rated,
    draw_ticket,
    draw_withdrawn,
)
from channels.telegram.screens.screen import Screen
from channels.telegram.screens.ticket_list import ListPage
from core.desk import Desk
from core.equipment.cameras import has_cameras
from core.errors import Refusal
from core.knowledge.catalogue import of_topic, public_articles
from core.texts import Key
from core.tickets import customer_dialogue, customer_tickets
from core.tickets.catalog import usual_span
from core.tickets.intake import Heard, Outcome
from core.words.names import NAMELESS, clean_name
from handlers.telegram.context import ButtonContext, MessageContext
from handlers.telegram.responder import Responder

# So many articles are offered before a ticket is written.
SUGGESTED: Final = 3


async def greet(context: MessageContext) -> None:
    """Say hello, whose desk it is, and how it works."""
    keyboard = await menu_for(context.desk, context.responder)
    await context.say(await greeting(context), keyboard)


async def greeting(context: MessageContext | ButtonContext) -> str:
    """What a customer is greeted with, as HTML."""
    company, responder = context.desk.company, context.responder
    by = context.message if isinstance(context, MessageContext) else context.query
    facts = {
        "name": clean_name(by.from_user.first_name if by.from_user else "", 32),
        "company": clean_name(company.name),
        "span": await context.desk.read(usual_span),
    }
    hello = f"customer.hello{'_name' if facts['name'] != NAMELESS else ''}"
    about = f"customer.desk{'_company' if company.name.strip() else ''}"
    parts = [responder.html(key, facts) for key in (hello, about, "customer.how")]
    return f"{parts[0]} {parts[1]}\n{parts[2]}"


async def menu_for(desk: Desk, responder: Responder, *, share: bool = False) -> ReplyKeyboardMarkup:
    """The menu of this company: no button leads nowhere. ``share``: a phone can be shared."""
    cameras = await desk.read(has_cameras)
    articles = bool(await desk.read(public_articles, responder.locale))
    return menu(responder.renderer, cameras=cameras, articles=articles, share=share)


async def ask_topic(context: MessageContext) -> None:
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

    Words that waited for a place have made the ticket already; its confirmation takes the place of
    the message.
    """
    begun = await context.desk.run(
        customer_dialogue.choose_topic, context.sender, data.code, context.place
    )
    renderer = context.renderer
    topic = begun.topic.title(renderer.locale)
    if begun.heard is not None:
        await confirm_filed(context, begun.heard)
        return
    lines = [renderer.html("customer.describe.topic", topic=topic)]
    articles = await context.desk.read(public_articles, renderer.locale)
    suggested = article_rows(of_topic(articles, data.code, SUGGESTED), NEW)
    if suggested:
        lines.append(renderer.html("faq.suggested"))
    rows = [*suggested, *back_to(renderer, "new").inline_keyboard]
    await context.show(Screen("\n".join(lines), Keyboard(inline_keyboard=rows)))


async def confirm_filed(context: ButtonContext, heard: Heard) -> None:
    """Say where kept words went. The confirmation of a new ticket is on its way, to the place of
    the message: one message, not two.
    """
    if heard.outcome is Outcome.OPENED or heard.ticket is None:
        await context.toast()
    else:
        number = {"number": heard.ticket.id}
        await context.show(context.responder.html("customer.filed.joined", number))


async def go_back(context: ButtonContext) -> None:
    """No new ticket after all."""
    await context.desk.run(customer_dialogue.stop_describing, context.sender)
    await context.show(context.responder.html("customer.back"))


async def show_tickets(context: MessageContext) -> None:
    """Send the list."""
    await context.show(await _first_page(context))


async def edit_to_tickets(context: ButtonContext) -> None:
    """Edit the screen back into the list."""
    await context.show(await _first_page(context))


async def _first_page(context: MessageContext | ButtonContext) -> Screen:
    page = await context.desk.read(customer_tickets.list_own, context.sender.address)
    return draw_list(context.renderer, page)


async def turn_ticket_page(context: ButtonContext, data: ListPage) -> None:
    """Another page of one's own list; one that is empty by now is outdated."""
    if data.view != OWN:
        raise Refusal("refusal.outdated")
    cursor = cursor_of(data.cursor)
    page = await context.desk.read(
        customer_tickets.list_own, context.sender.address, cursor, newer=data.backward
    )
    if not page.tickets:
        raise Refusal("refusal.outdated")
    await context.show(draw_list(context.renderer, page))


async def show_ticket(context: ButtonContext, data: OwnTicketOpened) -> None:
    """Show the conversation; what the person writes next belongs to it."""
    ticket, words = await context.desk.run(
        customer_tickets.look_at_own, context.sender, data.ticket_id
    )
    await context.show(draw_ticket(context.renderer, ticket, words))


async def close_own(context: ButtonContext, data: CloseOwn) -> None:
    """The customer closes their ticket; the screen asks first, then says what was done."""
    if not data.sure:
        await context.show(ask_to_close(context.renderer, data.ticket_id))
        return
    await context.desk.run(customer_dialogue.withdraw, context.sender, data.ticket_id)
    await context.show(draw_withdrawn(context.renderer, data.ticket_id))


async def confirm(context: ButtonContext, data: Confirm) -> None:
    """Closed, or back to work; the question becomes what was done."""
    rate = await context.desk.run(
        customer_dialogue.say_whether_helped,
        context.sender,
        data.ticket_id,
        content=data.yes,
        question=context.place,
    )
    if not data.yes:
        text = context.responder.html("customer.verdict.disputed", {"number": data.ticket_id})
        await context.show(text)
        return
    await context.show(draw_closed(context.renderer, data.ticket_id, rate=rate))


async def rate(context: ButtonContext, data: Rate) -> None:
    """A rating; the question becomes what follows from it. Another one may be chosen after it."""
    number, rating = data.ticket_id, data.rating
    ended = await context.desk.run(
        customer_dialogue.rate_work, context.sender, number, rating, context.place
    )
    await context.show(draw_rated(context.renderer, number, rating, ended=ended))


async def go_on_rating(context: ButtonContext, data: RatingStep) -> None:
    """What they write next is about our work; or another rating."""
    if data.step == "change":
        await context.show(draw_another_rating(context.renderer, data.ticket_id))
        return
    await context.desk.run(customer_dialogue.invite_comment, context.sender, data.ticket_id)
    await context.show(context.responder.html("customer.rate_words", {"number": data.ticket_id}))


async def answer_field(context: ButtonContext, data: AnswerField) -> None:
    """The question becomes the answer; what else is asked comes by itself."""
    title, choice = await context.desk.run(
        customer_dialogue.answer_field, context.sender, data.ticket_id, data.field, data.choice
    )
    if choice is None:
        text = context.responder.html("customer.field.skipped", {"number": data.ticket_id})
    else:
        value = Key(f"field.{choice}") if choice in {"yes", "no"} else choice
        text = context.responder.html("customer.field.answered", {"asked": title, "value": value})
    await context.show(text)
