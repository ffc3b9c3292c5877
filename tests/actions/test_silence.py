"""A customer in a chat who does not react to an answer gets it by mail, too (F8)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from core.company import Company
from core.db import Database
from core.delivery.channel import Sent
from core.delivery.outbox_store import claim
from core.desk import Desk
from core.models import ContactPoint, OutboxRow, Person, Ticket
from core.people.contact_points import Point, add_point
from core.people.identity import recognise
from core.subscriptions import SUBSCRIBERS
from core.tickets.conversation import answer_delivered, reply, undo
from core.tickets.customer_dialogue import react
from core.tickets.delivery_results import arrived, refused, report_undelivered
from core.tickets.intake import hear
from core.tickets.lifecycle import move
from core.tickets.parents import set_parent
from core.tickets.sweep import sweep
from core.tx import Tx
from core.words.contact_values import EMAIL
from tests.actions.people import ALICE, BORIS, EVE, OPERATORS, opens, operator, ref, says, writes
from tests.actions.store import Store
from tests.clock import Clock

HERS: Final = "alice@x.test"


@pytest.fixture
def desk(database: Database, clock: Clock, company: Company) -> Desk:
    """A desk with mail, where customers in chats may be silent for four hours."""
    silent = timedelta(hours=4)
    with_mail = replace(company, letter_channels=frozenset({EMAIL}), mail_when_silent=silent)
    return Desk(database, with_mail, SUBSCRIBERS, clock=clock)


async def known_ticket(desk: Desk, *addresses: str) -> Ticket:
    """A ticket of Alice, of whom staff have noted these addresses."""
    ticket = await opens(desk)
    for address in addresses:
        await desk.run(note_address, ticket.customer_id, address)
    return ticket


async def note_address(tx: Tx, person_id: int, address: str) -> None:
    await add_point(tx, await tx.get(Person, person_id), Point(EMAIL, address))


async def prove(desk: Desk, person_id: int, address: str) -> None:
    """They have written from this address."""

    async def proved(tx: Tx) -> None:
        await tx.insert(
            ContactPoint(person_id=person_id, kind=EMAIL, value=address, verified_at=tx.now)
        )

    await desk.run(proved)


async def answer(desk: Desk, store: Store, clock: Clock, ticket_id: int) -> int:
    """Olga's answer arrives in the chat a minute later, as message 77; returns its id."""
    await desk.run_as(await operator(desk), reply, ticket_id, writes("Restart it."))
    clock.move(minutes=1)
    waiting = [row.id for row in await store.outbox(ALICE.address.chat, kind="content")]
    for delivery in await desk.run(claim, waiting, {}):
        await desk.run(arrived, delivery, Sent(("77",)))
    message = (await store.messages(ticket_id))[-1]
    await desk.run(answer_delivered, [message.id])
    return message.id


async def mailed(desk: Desk, store: Store, clock: Clock, hours: float = 0) -> list[OutboxRow]:
    """What has gone by mail so many hours later."""
    clock.move(hours=hours)
    for _ in range(2):
        await desk.run(sweep)
    return await store.outbox(kind="unread")


async def test_answers_without_a_reaction_are_one_mail_and_each_goes_once(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket = await known_ticket(desk, HERS)
    first = await answer(desk, store, clock, ticket.id)
    clock.move(hours=1)
    second = await answer(desk, store, clock, ticket.id)
    assert await mailed(desk, store, clock, hours=2.9) == []
    (row,) = await mailed(desk, store, clock, hours=0.1)
    assert (row.channel, row.address, row.locale) == (EMAIL, HERS, "en")
    assert row.facts["messages"] == [first, second]
    third = await answer(desk, store, clock, ticket.id)
    rows = await mailed(desk, store, clock, hours=30)
    assert [row.facts["messages"] for row in rows] == [[first, second], [third]]
    assert (await store.journal(ticket.id)).count("silent_customer_mailed") == 2


async def writes_again(desk: Desk, _ticket: Ticket) -> None:
    await desk.run(hear, ALICE, says(ALICE, "Thanks, I will try"))


async def reacts(desk: Desk, _ticket: Ticket) -> None:
    await desk.run(react, ALICE, ref(ALICE.address.chat, 77), "👍")


async def is_closed(desk: Desk, ticket: Ticket) -> None:
    await desk.run_as(await operator(desk), move, ticket.id, "close")


async def switched_off(desk: Desk, _ticket: Ticket) -> None:
    desk.company = replace(desk.company, mail_when_silent=None)


@pytest.mark.parametrize("sign", [writes_again, reacts, is_closed, switched_off])
async def test_a_sign_of_the_customer_the_end_or_the_setting_takes_the_mail_back(
    desk: Desk, store: Store, clock: Clock, sign: Callable[[Desk, Ticket], Awaitable[None]]
) -> None:
    ticket = await known_ticket(desk, HERS)
    await answer(desk, store, clock, ticket.id)
    clock.move(hours=3)
    await sign(desk, ticket)
    assert await mailed(desk, store, clock, hours=30) == []


async def test_an_answer_that_was_taken_back_is_not_mailed(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket, said = await known_ticket(desk, HERS), writes("Restart it.")
    olga = await operator(desk)
    await desk.run_as(olga, reply, ticket.id, said)
    clock.move(minutes=1)
    await desk.run(answer_delivered, [(await store.messages(ticket.id))[-1].id])
    await desk.run_as(olga, undo, said.ref)
    assert await mailed(desk, store, clock, hours=30) == []


async def test_what_comes_after_the_customers_words_waits_for_its_own_four_hours(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket = await known_ticket(desk, HERS)
    await answer(desk, store, clock, ticket.id)
    clock.move(hours=3)
    await writes_again(desk, ticket)
    last = await answer(desk, store, clock, ticket.id)
    assert await mailed(desk, store, clock, hours=2) == []
    (row,) = await mailed(desk, store, clock, hours=2)
    assert row.facts["messages"] == [last]


async def test_off_at_first_and_without_an_address_nothing_goes(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket = await opens(desk)
    await answer(desk, store, clock, ticket.id)
    assert await mailed(desk, store, clock, hours=30) == []
    assert Company().mail_when_silent is None


async def test_a_proved_address_goes_first_and_somebody_elses_is_never_used(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket = await known_ticket(desk, "boris@x.test")

    async def boris(tx: Tx) -> int:
        return (await recognise(tx, BORIS)).id

    await prove(desk, await desk.run(boris), "boris@x.test")
    await answer(desk, store, clock, ticket.id)
    assert await mailed(desk, store, clock, hours=30) == []
    await prove(desk, ticket.customer_id, "own@x.test")
    await answer(desk, store, clock, ticket.id)
    (row,) = await mailed(desk, store, clock, hours=30)
    assert row.address == "own@x.test"


async def test_a_mail_that_does_not_arrive_is_told_and_the_answer_stays_delivered(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket = await known_ticket(desk, HERS)
    number = await answer(desk, store, clock, ticket.id)
    (row,) = await mailed(desk, store, clock, hours=5)
    (delivery,) = await desk.run(claim, [row.id], {})
    await desk.run(refused, delivery, "blocked")
    assert "group.copy_not_mailed" in await store.told(OPERATORS)
    assert "answer_failed" not in await store.journal(ticket.id)
    (customer,) = [m for m in await store.messages(ticket.id) if m.id == number]
    assert customer.delivered_at is not None


async def test_a_bounce_of_the_mail_is_told_too(desk: Desk, store: Store, clock: Clock) -> None:
    ticket = await known_ticket(desk, HERS)
    await answer(desk, store, clock, ticket.id)
    (row,) = await mailed(desk, store, clock, hours=5)

    async def sent(tx: Tx) -> None:
        (await tx.get(OutboxRow, row.id)).state = "sent"

    await desk.run(sent)
    await desk.run(report_undelivered, row.id, ticket.id, "blocked")
    assert "group.copy_not_mailed" in await store.told(OPERATORS)
    assert "person_unreachable" not in await store.journal(ticket.id)


async def test_a_copy_of_an_answer_to_many_is_mailed_to_whoever_is_silent(
    desk: Desk, store: Store, clock: Clock
) -> None:
    """Alice and Boris are told by their parent ticket; Boris reacts."""
    parent, hers = await opens(desk, EVE), await known_ticket(desk, HERS)
    his = await opens(desk, BORIS)
    await desk.run(note_address, his.customer_id, "boris@x.test")
    olga = await operator(desk)
    for part in (hers, his):
        await desk.run_as(olga, set_parent, part.id, parent.id)
    await desk.run_as(olga, reply, parent.id, writes("It will last"), to_all=True)
    clock.move(minutes=1)
    for each in (EVE, ALICE, BORIS):
        for row in await store.outbox(each.address.chat, kind="content"):
            (delivery,) = await desk.run(claim, [row.id], {})
            await desk.run(arrived, delivery, Sent((f"8{each.address.chat}",)))
    clock.move(hours=1)
    await desk.run(react, BORIS, ref(BORIS.address.chat, int(f"8{BORIS.address.chat}")), "👍")
    (row,) = await mailed(desk, store, clock, hours=5)
    assert (row.address, row.ticket_id) == (HERS, hers.id)
    assert len(await mailed(desk, store, clock, hours=30)) == 1
