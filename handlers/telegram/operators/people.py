"""Looking people up, what is known of them, merging duplicates."""

from datetime import datetime, timedelta
from typing import Any

from channels.telegram.screens.people import (
    ShowPerson,
    ask_how_long,
    confirm_merge,
    draw,
    draw_found,
    draw_list,
    draw_reads,
    draw_restricted,
    person_lines,
)
from core.contacts.contracts import sign
from core.contacts.edit import describe
from core.contacts.lookup import PersonFacts, find_people, person_facts
from core.contacts.merge import merge
from core.contacts.reads import reads_of
from core.errors import Refusal, Unreadable
from core.models import Person
from core.people.restrictions import (
    BLOCK,
    KINDS,
    MUTE,
    Restricted,
    lift,
    list_restricted,
    restrict,
)
from core.people.staff import for_admin
from core.tickets.lifecycle import access
from core.tx import ReadTx, Tx
from core.words.aliases import SURE
from core.words.names import clean_name, is_blank
from core.words.numbers import find_number
from handlers.telegram.operators.context import CommandContext, OperatorContext, example
from handlers.telegram.operators.ticket_commands import read_when


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
    await context.show(draw(context.renderer, facts, for_admin=_admin_alone(context)))


def _admin_alone(context: OperatorContext) -> bool:
    """What only admins may press is offered where nobody else sees it."""
    return context.in_private and context.sender.address in context.desk.company.admins


async def on_button(context: Any, data: ShowPerson) -> None:
    """A button below a person: show somebody, or merge two."""
    facts = await context.read(_facts_of, data.person)
    screen = draw(context.renderer, facts, for_admin=_admin_alone(context))
    if data.verb == "reads":
        found = await context.desk.read(for_admin, context.sender, reads_of, facts.known.id)
        screen = draw_reads(context.renderer, facts.known, found)
    elif data.verb == "lift":
        person = await context.act(lift, data.person)
        screen = draw(context.renderer, await context.read(_facts_of, person.id))
    elif data.verb in KINDS and not data.other:
        screen = ask_how_long(context.renderer, facts.known, data.verb)
    elif data.verb in KINDS:
        reason = context.renderer.plain("restricted.reason")
        until = context.desk.clock() + timedelta(hours=data.other)
        await context.act(restrict, data.person, data.verb, until, reason)
        screen = draw(context.renderer, await context.read(_facts_of, data.person))
    elif data.verb == "merge":
        other = await context.read(_facts_of, data.other)
        screen = confirm_merge(context.renderer, facts.known, other.known)
    elif data.verb == "merge!":
        stays = await context.act(merge, data.person, data.other)
        screen = draw(context.renderer, await context.read(_facts_of, stays.id))
    await context.toast()
    await context.edit(screen)


async def mute(context: CommandContext) -> None:
    """The customer's messages are kept, and the group sees nothing of them for a while."""
    await _restrict(context, MUTE)


async def block(context: CommandContext) -> None:
    """Nothing of the customer's is taken for a while."""
    await _restrict(context, BLOCK)


async def _restrict(context: CommandContext, kind: str) -> None:
    """Both need an end and a reason: whoever reads of it later must understand it."""
    zone = context.desk.company.zone
    when = read_when(context.reason or "", context.desk.clock(), zone, context.number)
    if when.at is None or not when.rest:
        raise Unreadable("operators.missing_words", example=example(kind))
    done = await context.act(_restrict_customer, context.number, kind, when.at, when.rest)
    await context.show(draw_restricted(context.renderer, done))


async def _restrict_customer(
    tx: Tx, ticket_id: int, kind: str, until: datetime, reason: str
) -> Restricted:
    ticket = await access(tx, ticket_id, "restrict")
    return await restrict(tx, ticket.customer_id, kind, until, reason)


async def unblock(context: CommandContext) -> None:
    """End what the customer is under."""
    person = await context.act(_lift_of_customer, context.number)
    await context.say(
        context.responder.html("restricted.lifted", {"name": clean_name(person.name)})
    )


async def _lift_of_customer(tx: Tx, ticket_id: int) -> Person:
    return await lift(tx, (await access(tx, ticket_id, "restrict")).customer_id)


async def blocked(context: CommandContext) -> None:
    """Everybody who is muted or blocked, for admins."""
    await context.show(draw_list(context.renderer, await context.read(list_restricted)))


async def merge_(context: CommandContext) -> None:
    """The customers of two tickets are one person."""
    found = find_number(context.command.words, *context.desk.company.number_masks)
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
