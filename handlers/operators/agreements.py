"""Commands about what was agreed: the kind of work, its deadlines and why, the next contact."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from channels.telegram import keyboards
from channels.telegram.callbacks import Classify
from channels.telegram.voice import Voice
from core.agreements import classifying, contact
from core.agreements.times import Times, times_of
from core.agreements.why import Why, why
from core.errors import NoSuchTicket, Refusal, Unreadable
from core.texts import Key
from core.tickets.card import Card, card_of
from core.tickets.classes import CATEGORY, PRIORITY, SERVICE, Classes, classes_of
from core.tx import Look
from core.words.aliases import NEVER
from core.words.when import NotATime, TimeInPast, parse_when
from handlers.operators.arithmetic import drawn
from handlers.operators.asking import Asked, Visit

_OF_CLASS: Final = (SERVICE, CATEGORY)
_OF_PRIORITY: Final = (PRIORITY,)
_SAID: Final = 40


async def class_(asked: Asked) -> None:
    """Say what kind of work it is, or show what there is to choose from."""
    await _classify(asked, "class", _OF_CLASS)


async def priority(asked: Asked) -> None:
    """Say how urgent it is, or show what there is to choose from."""
    await _classify(asked, "priority", _OF_PRIORITY)


async def _classify(asked: Asked, name: str, aspects: tuple[str, ...]) -> None:
    if not asked.command.words:
        card, classes = await asked.look(_kinds, asked.number)
        await asked.say(*_choice(asked, name, card, classes, aspects))
        return
    action = classifying.classify if name == "class" else classifying.prioritise
    await asked.act(action, asked.number, asked.command.words)
    if asked.said.reply_to is None:
        await asked.speech.react(asked.message, "👌")


async def _kinds(look: Look, number: int) -> tuple[Card, Classes]:
    card = await card_of(look, number)
    if card is None:
        raise NoSuchTicket(number)
    return card, await classes_of(look)


def _choice(
    visit: Visit, name: str, card: Card, classes: Classes, aspects: tuple[str, ...]
) -> tuple[str, keyboards.Keyboard]:
    speech = visit.speech
    facts = {
        "number": card.number,
        "kind": " · ".join(card.promised.titles(speech.locale)) or Key("operators.kind.none"),
    }
    text = "\n".join(
        (speech.html("operators.kind", facts), speech.html(f"operators.kind.{name}", facts))
    )
    offered = [
        (Classify(one.aspect, one.code, card.number), one.title(speech.locale), one.code)
        for aspect in aspects
        for one in classes.offered(aspect)
    ]
    chosen = {(one.aspect, one.code) for one in card.promised.kind}
    return text, keyboards.kinds(
        [(wish, title, (wish.aspect, code) in chosen) for wish, title, code in offered]
    )


async def chosen(pressed: Visit, wish: Classify) -> tuple[str, tuple[str, keyboards.Keyboard]]:
    """One of the buttons: what was chosen, and the screen as it is now."""
    await pressed.act(classifying.choose, wish.number, wish.aspect, wish.code)
    card, classes = await pressed.look(_kinds, wish.number)
    one = classes.get(wish.aspect, wish.code)
    name, aspects = ("priority", _OF_PRIORITY) if wish.aspect == PRIORITY else ("class", _OF_CLASS)
    title = "" if one is None else one.title(pressed.speech.locale)
    return title, _choice(pressed, name, card, classes, aspects)


async def why_(asked: Asked) -> None:
    """The arithmetic of the deadlines, line by line."""
    await show_why(asked, asked.number)


async def show_why(visit: Visit, number: int) -> None:
    """The same for a command and for a button. Times are those of the calendar's zone."""
    found: list[Why] = await visit.look(why, number)
    if not found:
        raise Refusal("refusal.no_clocks", number=number)
    blocks: list[str] = []
    for one in found:
        voice = visit.speech.voice
        there = Voice(voice.texts, voice.locale, voice.now, one.zone)
        space = "\n" if blocks else ""  # two deadlines are two paragraphs
        blocks.append(space + "\n".join(drawn(there, number, one)))
    await visit.say(blocks)


async def next_(asked: Asked) -> None:
    """When the customer is to hear from us next."""
    words, number = asked.command.words, asked.number
    at = None
    if words.strip().casefold() not in NEVER:
        at = _read_contact(words, asked.desk.clock(), asked.desk.company.zone, number)
    await asked.act(contact.plan_contact, number, at)


def _read_contact(words: str, now: datetime, zone: ZoneInfo, number: int) -> datetime:
    facts = {"words": words[:_SAID], "number": number}
    try:
        when = parse_when(words, now, zone)
    except TimeInPast:
        raise Unreadable("refusal.contact_past", **facts) from None
    except NotATime:
        raise Unreadable("refusal.no_contact_time", **facts) from None
    if when.at is None or when.rest:
        raise Unreadable("refusal.no_contact_time", **facts)
    return when.at


async def times(asked: Asked) -> None:
    """Where the time of a ticket went."""
    found: Times | None = await asked.look(times_of, asked.number)
    if found is None:
        raise NoSuchTicket(asked.number)
    await asked.say("\n".join(_told(asked, found)))


def _told(asked: Asked, found: Times) -> list[str]:
    speech, measures = asked.speech, found.real
    lines = [speech.html("times.head", {"number": asked.number})]
    first = "times.first" if measures.first_response is not None else "times.first_none"
    lines.append(speech.html(first, {"span": measures.first_response}))
    lines.append(speech.html("times.life", {"span": measures.life}))
    by_us = "times.by_us" if found.worked is None else "times.by_us_worked"
    worked = None if found.worked is None else found.worked.by_us
    lines.append(speech.html(by_us, {"span": measures.by_us, "worked": worked}))
    lines.append(speech.html("times.by_customer", {"span": measures.by_customer}))
    lines += [
        speech.html(f"times.category.{category}", {"span": span})
        for category, span in found.categories.items()
        if span >= timedelta(seconds=1)
    ]
    return lines
