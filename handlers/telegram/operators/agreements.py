"""Commands about what was agreed: the kind of work, its deadlines and why, the next contact."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from channels.telegram.messages.renderer import Renderer
from channels.telegram.screens import keyboards
from channels.telegram.screens.callbacks import Classify
from core.errors import NoSuchTicket, Refusal, Unreadable
from core.sla.explanation import Why, why
from core.texts import Key
from core.tickets import classification, next_contact
from core.tickets.card import Card, card_of
from core.tickets.classes import CATEGORY, PRIORITY, SERVICE, Classes, classes_of
from core.tickets.metrics import Times, times_of
from core.tx import ReadTx
from core.words.aliases import NEVER
from core.words.when import NotATime, TimeInPast, parse_when
from handlers.telegram.operators.context import CommandContext, OperatorContext
from handlers.telegram.operators.deadline_explanation import drawn

_OF_CLASS: Final = (SERVICE, CATEGORY)
_OF_PRIORITY: Final = (PRIORITY,)
_SAID: Final = 40


async def class_(context: CommandContext) -> None:
    """Say what kind of work it is, or show what there is to choose from."""
    await _classify(context, "class", _OF_CLASS)


async def priority(context: CommandContext) -> None:
    """Say how urgent it is, or show what there is to choose from."""
    await _classify(context, "priority", _OF_PRIORITY)


async def _classify(context: CommandContext, name: str, aspects: tuple[str, ...]) -> None:
    if not context.command.words:
        card, classes = await context.look(_kinds, context.number)
        await context.say(*_choice(context, name, card, classes, aspects))
        return
    action = classification.classify if name == "class" else classification.prioritise
    await context.act(action, context.number, context.command.words)
    if context.said.reply_to is None:
        await context.responder.react(context.message, "👌")


async def _kinds(tx: ReadTx, ticket_id: int) -> tuple[Card, Classes]:
    card = await card_of(tx, ticket_id)
    if card is None:
        raise NoSuchTicket(ticket_id)
    return card, await classes_of(tx)


def _choice(
    context: OperatorContext, name: str, card: Card, classes: Classes, aspects: tuple[str, ...]
) -> tuple[str, keyboards.Keyboard]:
    responder = context.responder
    facts = {
        "number": card.number,
        "kind": " · ".join(card.promised.titles(responder.locale)) or Key("operators.kind.none"),
    }
    text = "\n".join(
        (responder.html("operators.kind", facts), responder.html(f"operators.kind.{name}", facts))
    )
    offered = [
        (Classify(one.aspect, one.code, card.number), one.title(responder.locale), one.code)
        for aspect in aspects
        for one in classes.offered(aspect)
    ]
    chosen = {(one.aspect, one.code) for one in card.promised.kind}
    return text, keyboards.kinds(
        [(wish, title, (wish.aspect, code) in chosen) for wish, title, code in offered]
    )


async def chosen(
    pressed: OperatorContext, wish: Classify
) -> tuple[str, tuple[str, keyboards.Keyboard]]:
    """One of the buttons: what was chosen, and the screen as it is now."""
    await pressed.act(classification.choose, wish.number, wish.aspect, wish.code)
    card, classes = await pressed.look(_kinds, wish.number)
    one = classes.get(wish.aspect, wish.code)
    name, aspects = ("priority", _OF_PRIORITY) if wish.aspect == PRIORITY else ("class", _OF_CLASS)
    title = "" if one is None else one.title(pressed.responder.locale)
    return title, _choice(pressed, name, card, classes, aspects)


async def why_(context: CommandContext) -> None:
    """The arithmetic of the deadlines, line by line."""
    await show_why(context, context.number)


async def show_why(context: OperatorContext, ticket_id: int) -> None:
    """The same for a command and for a button. Times are those of the calendar's zone."""
    found: list[Why] = await context.look(why, ticket_id)
    if not found:
        raise Refusal("refusal.no_clocks", number=ticket_id)
    blocks: list[str] = []
    for one in found:
        renderer = context.responder.renderer
        there = Renderer(renderer.texts, renderer.locale, renderer.now, one.zone)
        space = "\n" if blocks else ""  # two deadlines are two paragraphs
        blocks.append(space + "\n".join(drawn(there, ticket_id, one)))
    await context.say(blocks)


async def next_(context: CommandContext) -> None:
    """When the customer is to hear from us next."""
    words, number = context.command.words, context.number
    at = None
    if words.strip().casefold() not in NEVER:
        at = _read_contact(words, context.desk.clock(), context.desk.company.zone, number)
    await context.act(next_contact.plan_contact, number, at)


def _read_contact(words: str, now: datetime, zone: ZoneInfo, ticket_id: int) -> datetime:
    facts = {"words": words[:_SAID], "number": ticket_id}
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
    found: Times | None = await context.look(times_of, context.number)
    if found is None:
        raise NoSuchTicket(context.number)
    await context.say("\n".join(_told(context, found)))


def _told(context: CommandContext, found: Times) -> list[str]:
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
