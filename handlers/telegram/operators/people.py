"""Looking people up, what is known of them, merging duplicates."""

from typing import Any

from channels.telegram.screens.people import (
    ShowPerson,
    confirm_merge,
    draw,
    draw_found,
    person_lines,
)
from core.contacts.contracts import sign
from core.contacts.edit import describe
from core.contacts.lookup import PersonFacts, find_people, person_facts
from core.contacts.merge import merge
from core.errors import Refusal, Unreadable
from core.models import Person
from core.tickets.lifecycle import access
from core.tx import ReadTx, Tx
from core.words.aliases import SURE
from core.words.names import clean_name, is_blank
from core.words.numbers import find_number
from handlers.telegram.operators.context import CommandContext, OperatorContext, example


async def who(context: CommandContext) -> None:
    """Look somebody up by phone, name, @username, address or a ticket's number."""
    await show_found(context, context.command.rest)


async def show_found(context: OperatorContext, words: str) -> None:
    """One person is shown at once; of several, the operator says whom they mean."""
    if is_blank(words):
        raise Unreadable("operators.missing_words", example=example("who"))
    people = await context.read(find_people, words)
    shown = words.strip()[:40]
    if len(people) > 1:
        await context.show(draw_found(context.renderer, shown, people))
        return
    facts = await context.read(person_facts, people[0].id) if people else None
    if facts is None:
        raise Unreadable("refusal.nobody_found", words=shown)
    await context.show(draw(context.renderer, facts))


async def on_button(context: Any, data: ShowPerson) -> None:
    """A button below a person: show somebody, or merge two."""
    facts = await context.read(_facts_of, data.person)
    screen = draw(context.renderer, facts)
    if data.verb == "merge":
        other = await context.read(_facts_of, data.other)
        screen = confirm_merge(context.renderer, facts.known, other.known)
    elif data.verb == "merge!":
        stays = await context.act(merge, data.person, data.other)
        screen = draw(context.renderer, await context.read(_facts_of, stays.id))
    await context.toast()
    await context.edit(screen)


async def merge_(context: CommandContext) -> None:
    """The customers of two tickets are one person."""
    found = find_number(context.command.words, context.desk.company.number_mask)
    rest = "" if found is None else found[1].strip().casefold()
    if found is None or (rest and rest not in SURE):
        shown = context.command.words[:40]
        raise Unreadable("operators.malformed", words=shown, example=example("merge"))
    stays = await context.act(_merge_customers, context.number, found[0], insist=bool(rest))
    facts = await context.read(_facts_of, stays.id)
    head = context.responder.html("who.merged", {"name": clean_name(stays.name)})
    await context.say("\n".join((head, *person_lines(context.renderer, facts))))


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
    facts = await context.read(_facts_of, person.id)
    await context.show(draw(context.renderer, facts))


async def contract(context: CommandContext) -> None:
    """Write down what a company has agreed with us."""
    account, signed = await context.act(sign, context.command.rest)
    facts = {"account": clean_name(account.name), "contract": signed.number}
    await context.say(context.responder.html("who.signed", facts))
