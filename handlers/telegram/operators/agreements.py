"""Commands about classification and deadlines: kind of work, why a deadline, the next contact."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from channels.telegram.screens import journal
from channels.telegram.screens import ticket_choices as classification_screen
from channels.telegram.screens.screen import Renderer, Screen
from channels.telegram.screens.ticket_choices import Classify, SetTopic
from core.errors import NoSuchTicket, Refusal, Unreadable
from core.sla.explanation import Why, why
from core.tickets import classification, next_contact
from core.tickets.card import Card, card_of
from core.tickets.catalog import Classes, classes_of, find_topic
from core.tickets.metrics import Times, times_of
from core.tx import ReadTx
from core.words.aliases import NEVER
from core.words.when import NotATime, TimeInPast, parse_when
from handlers.telegram.operators.context import CommandContext, OperatorContext
from handlers.telegram.responder import ShownAt

_QUOTED: Final = 40


async def class_(context: CommandContext) -> None:
    """Say what kind of work it is, or show what there is to choose from."""
    if not context.command.words:
        await _show_choice(context)
        return
    await context.act(classification.classify, context.number, context.command.words)
    context.acknowledge()


async def priority(context: CommandContext) -> None:
    """Say how urgent it is, or show what there is to choose from."""
    if not context.command.words:
        await _show_choice(context)
        return
    await context.act(classification.prioritise, context.number, context.command.words)
    context.acknowledge()


async def _show_choice(context: CommandContext) -> None:
    card, classes = await context.read(_classes, context.number)
    name = context.command.name
    await context.show(classification_screen.draw_classes(context.renderer, name, card, classes))


async def topic(context: CommandContext) -> None:
    """Move it to another topic, or show which there are."""
    if context.command.words:
        await context.act(classification.change_topic, context.number, context.command.words)
        context.acknowledge()
        return
    others = await context.read(classification.other_topics, context.number)
    await context.show(classification_screen.draw_topics(context.renderer, context.number, others))


async def choose_topic(context: OperatorContext, data: SetTopic) -> str:
    """One of its buttons; the title of the topic."""
    await context.act(classification.change_topic, data.ticket_id, data.code)
    topic = await context.read(find_topic, data.code)
    return topic.title(context.responder.locale)


async def _classes(tx: ReadTx, ticket_id: int) -> tuple[Card, Classes]:
    card = await card_of(tx, ticket_id)
    if card is None:
        raise NoSuchTicket(ticket_id)
    return card, await classes_of(tx)


async def choose(context: OperatorContext, data: Classify) -> tuple[str, Screen]:
    """One of the buttons: the title of what was chosen, and the screen as it is now."""
    await context.act(classification.choose, data.ticket_id, data.aspect, data.code)
    card, classes = await context.read(_classes, data.ticket_id)
    one = classes.get(data.aspect, data.code)
    title = "" if one is None else one.title(context.responder.locale)
    command = classification_screen.command_of(data.aspect)
    return title, classification_screen.draw_classes(context.renderer, command, card, classes)


async def why_(context: CommandContext) -> None:
    """Why the deadlines are when they are, line by line."""
    await show_why(context, context.number)


async def show_why(context: OperatorContext, ticket_id: int) -> ShownAt:
    """The same for a command and a button. Times are in the zone of the calendar."""
    found: list[Why] = await context.read(why, ticket_id)
    if not found:
        raise Refusal("refusal.no_clocks", number=ticket_id)
    blocks: list[str] = []
    for one in found:
        renderer = context.responder.renderer
        there = Renderer(renderer.texts, renderer.locale, renderer.now, one.zone)
        space = "\n" if blocks else ""  # two deadlines are two paragraphs
        blocks.append(space + "\n".join(journal.draw_explanation(there, ticket_id, one)))
    return await context.say(blocks)


async def next_(context: CommandContext) -> None:
    """When the customer is to hear from us next."""
    words, number = context.command.words, context.number
    at = None
    if words.strip().casefold() not in NEVER:
        at = _read_contact(words, context.desk.clock(), context.desk.company.zone, number)
    await context.act(next_contact.plan_contact, number, at)


def _read_contact(words: str, now: datetime, zone: ZoneInfo, ticket_id: int) -> datetime:
    facts = {"words": words[:_QUOTED], "number": ticket_id}
    try:
        when = parse_when(words, now, zone)
    except TimeInPast:
        raise Unreadable("refusal.contact_past", **facts) from None
    except NotATime:
        raise Unreadable("refusal.no_contact_time", **facts) from None
    if when.at is None or when.rest:
        raise Unreadable("refusal.no_contact_time", **facts)
    return when.at


async def times(context: CommandContext) -> None:
    """Where the time of a ticket went."""
    found: Times | None = await context.read(times_of, context.number)
    if found is None:
        raise NoSuchTicket(context.number)
    await context.say("\n".join(_times_lines(context, found)))


def _times_lines(context: CommandContext, found: Times) -> list[str]:
    responder, measures = context.responder, found.real
    lines = [responder.html("times.head", {"number": context.number})]
    first = "times.first" if measures.first_response is not None else "times.first_none"
    lines.append(responder.html(first, {"span": measures.first_response}))
    lines.append(responder.html("times.life", {"span": measures.life}))
    by_us = "times.by_us" if found.worked is None else "times.by_us_worked"
    worked = None if found.worked is None else found.worked.by_us
    lines.append(responder.html(by_us, {"span": measures.by_us, "worked": worked}))
    lines.append(responder.html("times.by_customer", {"span": measures.by_customer}))
    lines += [
        responder.html(f"times.category.{category}", {"span": span})
        for category, span in found.categories.items()
        if span >= timedelta(seconds=1)
    ]
    return lines
