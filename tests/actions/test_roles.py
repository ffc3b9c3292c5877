"""The table of roles, cell by cell: what is denied changes nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from core.desk import Desk
from core.errors import NoSuchTicket, NotAllowed, Refusal
from core.people.permissions import PERMISSIONS, may
from core.tickets import conversation
from core.tickets.classification import change_topic, retitle
from core.tickets.conversation import edit
from core.tickets.incoming import IncomingMessage
from core.tickets.lifecycle import access, confirm, move, release, take
from core.tickets.unassigned import file_unassigned_messages
from core.tx import Actor, Tx
from tests.actions.people import ALICE, EVE, OLEG, customer, opens, operator, says, writes
from tests.actions.store import Store

Try = Callable[[Desk, Actor, int], Awaitable[Any]]


def moves(verb: str) -> Try:
    return lambda desk, who, number: desk.run_as(who, move, number, verb)


ATTEMPTS: dict[str, Try] = {
    "take": lambda desk, who, number: desk.run_as(who, take, number),
    "release": lambda desk, who, number: desk.run_as(who, release, number),
    "reply": lambda desk, who, number: desk.run_as(who, conversation.reply, number, writes()),
    "note": lambda desk, who, number: desk.run_as(who, conversation.note, number, writes()),
    "title": lambda desk, who, number: desk.run_as(who, retitle, number, "mine"),
    "topic": lambda desk, who, number: desk.run_as(who, change_topic, number, "other"),
    "confirm": lambda desk, who, number: desk.run_as(who, confirm, number, content=True),
    "dispute": lambda desk, who, number: desk.run_as(who, confirm, number, content=False),
    **{
        verb: moves(verb)
        for verb in ("wait", "freeze", "unfreeze", "resolve", "close", "cancel", "reopen")
    },
    **{verb: moves(verb) for verb in ("wake", "expire", "hear", "no such verb")},
}


async def test_a_denied_verb_changes_nothing(desk: Desk, store: Store) -> None:
    ticket = await opens(desk)
    alice, eve = await customer(desk), await customer(desk, EVE)
    olga, anna = await operator(desk), Actor("admin", 1)
    nobody = Actor("stranger")
    before = await store.everything()
    tried = 0
    for who in (alice, eve, olga, anna, nobody):
        for verb, attempt in ATTEMPTS.items():
            if may(who.role, verb):
                continue
            with pytest.raises(NotAllowed):
                await attempt(desk, who, ticket.id)
            tried += 1
    assert tried > 40
    assert await store.everything() == before


async def test_a_customer_reaches_their_own_tickets_only(desk: Desk, store: Store) -> None:
    ticket, eve = await opens(desk), await customer(desk, EVE)
    before = await store.everything()

    async def reach(tx: Tx, verb: str) -> None:
        await access(tx, ticket.id, verb)

    for verb in (verb for verb, roles in PERMISSIONS.items() if "customer" in roles):
        with pytest.raises(NoSuchTicket):
            await desk.run_as(eve, reach, verb)
    with pytest.raises(NoSuchTicket):
        await desk.run_as(eve, confirm, ticket.id, content=True)
    assert await desk.run(file_unassigned_messages, EVE, ticket.id) is None
    assert await store.everything() == before


# Edits: only of one's own words


async def test_an_edit_keeps_the_old_words_in_the_journal(desk: Desk, store: Store) -> None:
    ticket, alice = await opens(desk), await customer(desk)
    first = (await store.messages(ticket.id))[0]
    changed = says(ALICE, "It does work", message_ref=int(first.source.message))
    await desk.run_as(alice, edit, changed)
    await desk.run_as(alice, edit, changed)
    assert [m.text for m in await store.messages(ticket.id)] == ["It does work"]
    assert (await store.ticket(ticket.id)).opening == "It does work"
    (edited,) = await store.facts(ticket.id, "message_edited")
    assert (edited["old"], edited["new"]) == ("It does not work", "It does work")


async def test_an_answers_edit_goes_to_the_customer(desk: Desk, store: Store) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    said = writes("Resatrt")
    await desk.run_as(olga, conversation.reply, ticket.id, said)
    await desk.run_as(olga, edit, writes_again(said, "Restart"))
    assert [row.kind for row in await store.outbox(ALICE.address.chat)][-1] == "edit"
    with pytest.raises(Refusal, match="answer_to_note"):
        await desk.run_as(olga, edit, writes_again(said, "// secret"))
    assert (await store.messages(ticket.id))[-1].text == "Restart"


def writes_again(incoming: IncomingMessage, text: str) -> IncomingMessage:
    return replace(incoming, text=text, content={"kind": "text", "text": text})


async def test_nobody_edits_anothers_words(desk: Desk, store: Store) -> None:
    ticket, olga, oleg = await opens(desk), await operator(desk), await operator(desk, OLEG)
    answer, remark = writes("Answer"), writes("Remark")
    await desk.run_as(olga, conversation.reply, ticket.id, answer)
    await desk.run_as(olga, conversation.note, ticket.id, remark)
    before = await store.everything()
    for said in (answer, remark, writes("of nothing")):
        assert await desk.run_as(oleg, edit, writes_again(said, "forged")) is None
    assert await store.everything() == before
    await desk.run_as(olga, edit, writes_again(remark, "Better remark"))
    assert (await store.facts(ticket.id, "note_edited"))[0]["old"] == "Remark"
