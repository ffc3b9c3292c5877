"""Who somebody is, what is known of them, and who is one with whom."""

from collections.abc import Awaitable, Callable
from typing import Any

from channels.telegram.screens.callbacks import Who
from channels.telegram.screens.people import (
    found_keyboard,
    person_card,
    person_keyboard,
    person_line,
    sure_keyboard,
)
from core.contacts.contracts import sign
from core.contacts.edit import describe
from core.contacts.lookup import PersonFacts, find_people, person_facts
from core.contacts.merge import merge
from core.errors import Refusal, Unreadable
from core.models import Person
from core.tickets.access import access
from core.tx import ReadTx, Tx
from core.words.aliases import SURE
from core.words.names import clean_name, is_blank
from core.words.numbers import find_number
from handlers.telegram.operators.context import CommandContext, example
from handlers.telegram.responder import Responder

Looking = Callable[..., Awaitable[Any]]
"""A way to look, as whoever asks."""


async def who(context: CommandContext) -> None:
    """Look somebody up by phone, name, @username, address or a ticket's number."""
    await show_found(context.look, context.responder, context.message, context.command.rest)


async def show_found(look: Looking, responder: Responder, message: Any, words: str) -> None:
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
        text, keyboard = (
            "\n".join(person_card(responder.renderer, facts)),
            _keyboard(responder, facts),
        )
        await responder.say(chat, text, keyboard=keyboard, reply_to=below)
        return
    lines = [responder.html("who.found", {"words": shown})]
    lines += [person_line(responder.renderer, one) for one in people]
    await responder.say(chat, "\n".join(lines), keyboard=found_keyboard(people), reply_to=below)


def _keyboard(responder: Responder, facts: PersonFacts) -> Any:
    return person_keyboard(responder.renderer, facts)


async def on_who(pressed: Any, wish: Who) -> None:
    """A button under a person: show somebody, or say that two are one."""
    facts = await pressed.look(person_facts, wish.person)
    if facts is None:
        raise Refusal("refusal.outdated")
    renderer, responder = pressed.responder.renderer, pressed.responder
    if wish.verb == "merge":
        other = await pressed.look(person_facts, wish.other)
        if other is None:
            raise Refusal("refusal.outdated")
        lines = (person_line(renderer, facts.known), person_line(renderer, other.known))
        text = "\n".join((responder.html("who.sure"), *lines))
        await pressed.toast()
        keyboard = sure_keyboard(renderer, wish.person, wish.other)
        await responder.edit(pressed.message, text, keyboard=keyboard)
        return
    if wish.verb == "merge!":
        stays = await pressed.act(merge, wish.person, wish.other)
        facts = await pressed.look(person_facts, stays.id) or facts
    await pressed.toast()
    text = "\n".join(person_card(renderer, facts))
    await responder.edit(pressed.message, text, keyboard=_keyboard(responder, facts))


async def merge_(context: CommandContext) -> None:
    """The customers of two tickets are one person."""
    found = find_number(context.command.words, context.desk.company.number_mask)
    rest = "" if found is None else found[1].strip().casefold()
    if found is None or (rest and rest not in SURE):
        shown = context.command.words[:40]
        raise Unreadable("operators.malformed", words=shown, example=example("merge"))
    stays = await context.act(_merge_customers, context.number, found[0], insist=bool(rest))
    facts = await context.look(_facts_of, stays.id)
    head = context.responder.html("who.merged", {"name": clean_name(stays.name)})
    await context.say("\n".join((head, *person_card(context.responder.renderer, facts))))


async def _merge_customers(tx: Tx, ticket_id: int, other: int, *, insist: bool) -> Person:
    one = await access(tx, ticket_id, "merge")
    two = await access(tx, other, "merge")
    return await merge(tx, one.customer_id, two.customer_id, insist=insist)


async def _facts_of(tx: ReadTx, person_id: int) -> PersonFacts:
    facts = await person_facts(tx, person_id)
    if facts is None:
        raise Refusal("refusal.outdated")
    return facts


async def contact(context: CommandContext) -> None:
    """Note a phone, an address, a name, a language, a zone or a company of the customer."""
    person = await context.act(describe, context.number, context.command.words)
    facts = await context.look(_facts_of, person.id)
    renderer = context.responder.renderer
    await context.say("\n".join(person_card(renderer, facts)), person_keyboard(renderer, facts))


async def contract(context: CommandContext) -> None:
    """Write down what a company has agreed with us."""
    account, signed = await context.act(sign, context.command.rest)
    facts = {"account": clean_name(account.name), "contract": signed.number}
    await context.say(context.responder.html("who.signed", facts))
