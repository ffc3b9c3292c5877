"""Who has blocked the bot is answered by mail, and operators are told (F8, X2)."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from sqlalchemy import select

from core.addresses import Address, MessageRef
from core.company import Company
from core.db import Database
from core.delivery.channel import Delivery, Sent
from core.delivery.outbox_store import claim
from core.desk import Desk
from core.errors import Refusal
from core.models import ContactPoint, OutboxRow, Person, Ticket
from core.people.contact_points import Point, add_point, make_contact
from core.people.identity import Sender, regain
from core.subscriptions import SUBSCRIBERS
from core.tickets.conversation import edit, reply
from core.tickets.correspondence import Arrival, receive
from core.tickets.customer_message import open_ticket
from core.tickets.delivery_results import arrived, lose_sender, refused
from core.tickets.incoming import IncomingMessage
from core.tickets.lifecycle import move
from core.tx import Tx
from core.words.contact_values import EMAIL
from tests.actions.people import ALICE, BORIS, OLGA, OPERATORS, opens, operator, writes
from tests.actions.store import Store
from tests.clock import Clock

HERS: Final = "alice@x.test"
MAIL: Final = Address(EMAIL, HERS)


@pytest.fixture
def desk(database: Database, clock: Clock, company: Company) -> Desk:
    """A desk with mail, which does not mail silent customers."""
    with_mail = replace(company, letter_channels=frozenset({EMAIL}))
    return Desk(database, with_mail, SUBSCRIBERS, clock=clock)


async def known(desk: Desk, *, proved: bool = False) -> Ticket:
    """A ticket of Alice, who wrote in Telegram; staff noted her address, or she wrote from it."""
    ticket = await opens(desk)

    async def note(tx: Tx) -> None:
        row = ContactPoint(person_id=ticket.customer_id, kind=EMAIL, value=HERS)
        row.verified_at = tx.now if proved else None
        await tx.insert(row)

    await desk.run(note)
    return ticket


async def taken(desk: Desk, row: OutboxRow) -> Delivery:
    (delivery,) = await desk.run(claim, [row.id], {})
    return delivery


async def blocks(desk: Desk, row: OutboxRow) -> None:
    """What this row carries is refused, because the bot is blocked."""
    await desk.run(refused, await taken(desk, row), "blocked")


async def answers(desk: Desk, store: Store, ticket: Ticket) -> OutboxRow:
    """Olga answers; returns the row that goes to Telegram."""
    await desk.run_as(await operator(desk), reply, ticket.id, writes())
    return (await store.outbox(ALICE.address.chat, kind="content"))[-1]


async def where(store: Store, ticket: Ticket) -> Person:
    people: list[Person] = await store.rows(select(Person).where(Person.id == ticket.customer_id))
    return people[0]


@pytest.mark.parametrize("proved", [True, False])
async def test_a_refused_answer_goes_by_mail_and_operators_are_told(
    desk: Desk, store: Store, proved: bool
) -> None:
    ticket = await known(desk, proved=proved)
    row = await answers(desk, store, ticket)
    await blocks(desk, row)
    (letter,) = await store.outbox(HERS)
    assert (letter.channel, letter.kind, letter.message_id) == (EMAIL, "content", row.message_id)
    (told,) = await store.outbox(OPERATORS, key="answer.redirected")
    assert told.facts["to"] == HERS and told.facts["reply"]
    said = await store.told(OPERATORS)
    assert not {"answer.failed.blocked", "group.unreachable", "group.redirected"} & set(said)
    assert (await where(store, ticket)).unreachable_since is None
    await desk.run(arrived, await taken(desk, letter), Sent(("<1@desk.test>",)))
    (message,) = [one for one in await store.messages(ticket.id) if not one.from_customer]
    assert message.delivered_at is not None
    assert (await store.journal(ticket.id)).count("answer_redirected") == 1


async def test_what_follows_goes_by_mail_until_the_customer_is_back(
    desk: Desk, store: Store
) -> None:
    ticket = await known(desk)
    await blocks(desk, await answers(desk, store, ticket))
    await desk.run_as(await operator(desk), reply, ticket.id, writes("More"))
    assert [row.kind for row in await store.outbox(HERS)] == ["content", "content"]
    await desk.run(regain, ALICE)
    assert (await where(store, ticket)).address == ALICE.address
    await answers(desk, store, ticket)
    assert len(await store.outbox(HERS)) == 2


async def test_who_writes_a_mail_is_answered_by_mail_and_in_the_chat_once_they_write_there(
    desk: Desk, store: Store
) -> None:
    ticket = await known(desk, proved=True)
    ref = MessageRef(EMAIL, HERS, "1@x.test")
    said = IncomingMessage(ref, "text", "Well?", {"kind": "text", "text": "Well?"})
    arrival = Arrival(Sender(MAIL, "Alice"), [said], "Well?", numbers=(ticket.id,))
    joined = await desk.run(receive, arrival)
    assert joined is not None and joined.id == ticket.id
    await desk.run_as(await operator(desk), reply, ticket.id, writes())
    assert [row.kind for row in await store.outbox(HERS)] == ["content"]
    await opens(desk)
    await desk.run_as(await operator(desk), reply, ticket.id, writes())
    assert len(await store.outbox(HERS)) == 1
    assert await store.outbox(ALICE.address.chat, kind="content")


async def test_a_mail_that_fails_too_says_so_and_goes_nowhere_else(
    desk: Desk, store: Store
) -> None:
    ticket = await known(desk)
    await blocks(desk, await answers(desk, store, ticket))
    (letter,) = await store.outbox(HERS)
    await blocks(desk, letter)
    assert "answer.failed.letter_blocked" in await store.told(OPERATORS)
    assert len(await store.outbox(HERS)) == 1
    person = await where(store, ticket)
    assert person.unreachable_since is not None


@pytest.mark.parametrize(("reason", "key"), [("bad_request", "other"), ("blocked", "blocked")])
async def test_a_failed_mail_does_not_speak_of_telegram(
    desk: Desk, store: Store, reason: str, key: str
) -> None:
    ticket = await known(desk)
    await desk.run_as(await operator(desk), reply, ticket.id, writes(), by=EMAIL)
    (letter,) = await store.outbox(HERS)
    await desk.run(refused, await taken(desk, letter), reason)
    assert f"answer.failed.letter_{key}" in await store.told(OPERATORS)


async def test_answers_that_waited_for_the_chat_go_by_mail_each_once(
    desk: Desk, store: Store
) -> None:
    ticket = await known(desk)
    first, second = await answers(desk, store, ticket), await answers(desk, store, ticket)
    await blocks(desk, first)
    await blocks(desk, second)
    letters = await store.outbox(HERS)
    assert [row.message_id for row in letters] == [first.message_id, second.message_id]


async def test_without_an_address_the_refusal_is_told_as_before(desk: Desk, store: Store) -> None:
    ticket = await opens(desk)
    await blocks(desk, await answers(desk, store, ticket))
    assert "answer.failed.blocked" in await store.told(OPERATORS)


async def test_an_address_that_is_somebody_elses_is_never_used(desk: Desk, store: Store) -> None:
    ticket, boris = await known(desk), await opens(desk, BORIS)

    async def prove(tx: Tx) -> None:
        await tx.insert(
            ContactPoint(person_id=boris.customer_id, kind=EMAIL, value=HERS, verified_at=tx.now)
        )

    await desk.run(prove)
    await blocks(desk, await answers(desk, store, ticket))
    assert "answer.failed.blocked" in await store.told(OPERATORS)
    with pytest.raises(Refusal, match=r"refusal\.no_address"):
        await desk.run_as(await operator(desk), reply, ticket.id, writes(), by=EMAIL)
    assert await store.outbox(HERS) == []


@pytest.mark.parametrize("setting", [None, timedelta(hours=4)])
@pytest.mark.parametrize("proved", [True, False])
async def test_who_blocks_the_bot_is_mailed_at_an_address_of_theirs_or_by_the_setting(
    desk: Desk, store: Store, proved: bool, setting: timedelta | None
) -> None:
    """No operator has written: an address that was only noted is used where the company mails."""
    desk.company = replace(desk.company, mail_when_silent=setting)
    ticket = await known(desk, proved=proved)
    await desk.run(lose_sender, ALICE, "blocked")
    by_mail = proved or setting is not None
    key = "group.redirected" if by_mail else "group.unreachable_noted"
    assert [one for one in await store.told(OPERATORS) if one.startswith("group.")] == [key]
    assert (await where(store, ticket)).address == (MAIL if by_mail else ALICE.address)
    (told,) = await store.outbox(OPERATORS, key=key)
    assert told.facts["to"] == HERS
    await desk.run_as(await operator(desk), move, ticket.id, "resolve", reason="A new cable")
    assert bool(await store.outbox(HERS, key="ticket.resolved_reason")) is by_mail


async def test_who_blocks_the_bot_and_has_a_noted_address_is_answered_there_as_operators_read(
    desk: Desk, store: Store
) -> None:
    ticket = await known(desk)
    await desk.run(lose_sender, ALICE, "blocked")
    assert "group.unreachable_noted" in await store.told(OPERATORS)
    await blocks(desk, await answers(desk, store, ticket))
    assert [row.kind for row in await store.outbox(HERS)] == ["content"]


async def test_who_blocks_the_bot_and_has_no_address_is_lost(desk: Desk, store: Store) -> None:
    await opens(desk)
    await desk.run(lose_sender, ALICE, "blocked")
    (told,) = await store.outbox(OPERATORS, key="group.unreachable")
    assert not told.facts.get("to")


async def test_a_notice_that_was_on_its_way_goes_by_mail(desk: Desk, store: Store) -> None:
    ticket = await known(desk, proved=True)
    await desk.run_as(await operator(desk), move, ticket.id, "resolve", reason="A new cable")
    (row,) = await store.outbox(ALICE.address.chat, key="ticket.resolved_reason")
    await blocks(desk, row)
    (letter,) = await store.outbox(HERS)
    assert (letter.key, letter.facts, letter.locale) == (row.key, row.facts, row.locale)


async def test_a_correction_that_was_on_its_way_goes_by_mail(desk: Desk, store: Store) -> None:
    ticket, said = await known(desk, proved=True), writes("Restart it")
    olga = await operator(desk)
    await desk.run_as(olga, reply, ticket.id, said)
    await desk.run_as(olga, edit, replace(said, text="Restart it twice"))
    (row,) = await store.outbox(ALICE.address.chat, kind="edit")
    await blocks(desk, row)
    assert [row.kind for row in await store.outbox(HERS)] == ["edit"]


async def test_colleagues_are_not_written_to_by_mail(desk: Desk, store: Store) -> None:
    ticket = await opens(desk, OLGA)

    async def note(tx: Tx) -> None:
        await tx.insert(
            ContactPoint(person_id=ticket.customer_id, kind=EMAIL, value=HERS, verified_at=tx.now)
        )
        (await tx.get(Person, ticket.customer_id)).operator_since = tx.now

    await desk.run(note)
    await desk.run(lose_sender, OLGA, "blocked")
    assert (await where(store, ticket)).address == OLGA.address


async def test_who_is_known_by_an_address_only_is_answered_there(desk: Desk, store: Store) -> None:
    async def by_hand(tx: Tx) -> Ticket:
        person = await make_contact(tx, "Vera", [])
        await add_point(tx, person, Point(EMAIL, HERS))
        return await open_ticket(tx, person, [], topic=None, origin="operator", title="A call")

    ticket = await desk.run(by_hand)
    await desk.run_as(await operator(desk), reply, ticket.id, writes())
    assert [row.kind for row in await store.outbox(HERS)] == ["content"]


async def test_who_has_a_long_address_is_told_what_was_edited(desk: Desk, store: Store) -> None:
    there = f"{'a' * 60}@{'x' * 120}"
    said = IncomingMessage(MessageRef(EMAIL, there, "1@x.test"), "text", "Well?", {"kind": "text"})
    ticket = await desk.run(receive, Arrival(Sender(Address(EMAIL, there), "Alice"), [said], "W"))
    assert ticket is not None
    olga, answer = await operator(desk), writes()
    await desk.run_as(olga, reply, ticket.id, answer)
    (row,) = await store.outbox(there, kind="content")
    await desk.run(arrived, await taken(desk, row), Sent(("<1@desk.test>",)))
    for words in ("Restart it twice", "Restart it now"):
        await desk.run_as(olga, edit, replace(answer, text=words))
    assert len(await store.outbox(there, kind="edit")) == 1
