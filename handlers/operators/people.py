"""Who somebody is, what is known of them, and who is one with whom."""

from collections.abc import Awaitable, Callable
from typing import Any

from channels.telegram.callbacks import Who
from channels.telegram.people import (
    found_keyboard,
    person_card,
    person_keyboard,
    person_line,
    sure_keyboard,
)
from core.contacts.contracts import sign
from core.contacts.describing import describe
from core.contacts.finding import PersonFacts, find_people, person_facts
from core.contacts.merging import merge
from core.errors import Refusal, Unreadable
from core.models import Person
from core.tickets.access import access
from core.tx import Look, Tx
from core.words.aliases import SURE
from core.words.names import clean_name, is_blank
from core.words.numbers import find_number
from handlers.operators.asking import Asked, example
from handlers.speech import Speech

Looking = Callable[..., Awaitable[Any]]
"""A way to look, as whoever asks."""


async def who(asked: Asked) -> None:
    """Look somebody up by phone, name, @username, address or a ticket's number."""
    await show_found(asked.look, asked.speech, asked.message, asked.command.rest)


async def show_found(look: Looking, speech: Speech, message: Any, words: str) -> None:
    """One person is shown at once; of several, the operator says whom they mean."""
    if is_blank(words):
        raise Unreadable("operators.missing_words", example=example("who"))
    people = await look(find_people, words)
    chat, below = message.chat.id, message.message_id
    shown = words.strip()[:40]
    if not people:
        raise Unreadable("refusal.nobody_found", words=shown)
    if len(people) == 1:
        facts = await look(person_facts, people[0].id)
        if facts is None:
            raise Unreadable("refusal.nobody_found", words=shown)
        text, keyboard = "\n".join(person_card(speech.voice, facts)), _keyboard(speech, facts)
        await speech.say(chat, text, keyboard=keyboard, reply_to=below)
        return
    lines = [speech.html("who.found", {"words": shown})]
    lines += [person_line(speech.voice, one) for one in people]
    await speech.say(chat, "\n".join(lines), keyboard=found_keyboard(people), reply_to=below)


def _keyboard(speech: Speech, facts: PersonFacts) -> Any:
    return person_keyboard(speech.voice, facts)


async def on_who(pressed: Any, wish: Who) -> None:
    """A button under a person: show somebody, or say that two are one."""
    facts = await pressed.look(person_facts, wish.person)
    if facts is None:
        raise Refusal("refusal.outdated")
    voice, speech = pressed.speech.voice, pressed.speech
    if wish.verb == "merge":
        other = await pressed.look(person_facts, wish.other)
        if other is None:
            raise Refusal("refusal.outdated")
        lines = (person_line(voice, facts.known), person_line(voice, other.known))
        text = "\n".join((speech.html("who.sure"), *lines))
        await pressed.toast()
        keyboard = sure_keyboard(voice, wish.person, wish.other)
        await speech.edit(pressed.message, text, keyboard=keyboard)
        return
    if wish.verb == "merge!":
        stays = await pressed.act(merge, wish.person, wish.other)
        facts = await pressed.look(person_facts, stays.id) or facts
    await pressed.toast()
    text = "\n".join(person_card(voice, facts))
    await speech.edit(pressed.message, text, keyboard=_keyboard(speech, facts))


async def merge_(asked: Asked) -> None:
    """The customers of two tickets are one person."""
    found = find_number(asked.command.words, asked.desk.company.number_mask)
    rest = "" if found is None else found[1].strip().casefold()
    if found is None or (rest and rest not in SURE):
        shown = asked.command.words[:40]
        raise Unreadable("operators.malformed", words=shown, example=example("merge"))
    stays = await asked.act(_merge_customers, asked.number, found[0], insist=bool(rest))
    facts = await asked.look(_facts_of, stays.id)
    head = asked.speech.html("who.merged", {"name": clean_name(stays.name)})
    await asked.say("\n".join((head, *person_card(asked.speech.voice, facts))))


async def _merge_customers(tx: Tx, number: int, other: int, *, insist: bool) -> Person:
    one = await access(tx, number, "merge")
    two = await access(tx, other, "merge")
    return await merge(tx, one.customer_id, two.customer_id, insist=insist)


async def _facts_of(look: Look, person_id: int) -> PersonFacts:
    facts = await person_facts(look, person_id)
    if facts is None:
        raise Refusal("refusal.outdated")
    return facts


async def contact(asked: Asked) -> None:
    """Note a phone, an address, a name, a language, a zone or a company of the customer."""
    person = await asked.act(describe, asked.number, asked.command.words)
    facts = await asked.look(_facts_of, person.id)
    voice = asked.speech.voice
    await asked.say("\n".join(person_card(voice, facts)), person_keyboard(voice, facts))


async def contract(asked: Asked) -> None:
    """Write down what a company has agreed with us."""
    account, signed = await asked.act(sign, asked.command.rest)
    facts = {"account": clean_name(account.name), "contract": signed.number}
    await asked.say(asked.speech.html("who.signed", facts))
