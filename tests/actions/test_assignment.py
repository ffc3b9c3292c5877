"""Who holds a ticket: one winner, and nobody gives away what is another's."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from channels.telegram.addresses import chat_address
from core.desk import Desk
from core.errors import AlreadyTaken, NothingToDo, NotYours
from core.models import Person, Ticket
from core.people.identity import Sender
from core.tickets.intake import hear
from core.tickets.lifecycle import move, release, take
from tests.actions.people import ALICE, ANNA, OLEG, OLGA, opens, operator, says
from tests.actions.store import Store
from tests.clock import Clock


@pytest.mark.parametrize("takers", [2, 50])
async def test_of_many_who_take_at_once_one_wins_and_the_others_learn_who(
    desk: Desk, store: Store, takers: int
) -> None:
    ticket = await opens(desk)
    people = [
        await operator(desk, Sender(chat_address(1000 + n), f"Op {n}")) for n in range(takers)
    ]
    results = await asyncio.gather(
        *(desk.run_as(who, take, ticket.id) for who in people), return_exceptions=True
    )
    winners = [who for who, got in zip(people, results, strict=True) if isinstance(got, Ticket)]
    losers = [got for got in results if not isinstance(got, Ticket)]
    assert len(winners) == 1
    assert (await store.ticket(ticket.id)).assignee_id == winners[0].person_id
    assert len(losers) == takers - 1
    for refusal in losers:
        assert isinstance(refusal, AlreadyTaken)
        assert refusal.facts["assignee"] == winners[0].name
        assert refusal.facts["ago"] == timedelta(0)
    assert (await store.journal(ticket.id)).count("ticket_taken") == 1


async def test_a_late_taker_learns_for_how_long_it_has_been_taken(desk: Desk, clock: Clock) -> None:
    ticket, olga, oleg = await opens(desk), await operator(desk), await operator(desk, OLEG)
    await desk.run_as(olga, take, ticket.id)
    clock.move(seconds=12)
    with pytest.raises(AlreadyTaken) as refused:
        await desk.run_as(oleg, take, ticket.id)
    assert refused.value.facts == {
        "number": ticket.id,
        "assignee": "Olga",
        "ago": timedelta(seconds=12),
    }


async def test_taking_twice_is_nothing_to_do_and_the_customer_hears_of_the_first_only(
    desk: Desk, store: Store
) -> None:
    ticket, olga, oleg = await opens(desk), await operator(desk), await operator(desk, OLEG)
    await desk.run_as(olga, take, ticket.id)
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, take, ticket.id)
    await desk.run_as(olga, release, ticket.id)
    await desk.run_as(oleg, take, ticket.id)
    assert await store.told(ALICE.address.chat) == ["ticket.opened", "ticket.taken"]
    assert (await store.ticket(ticket.id)).state == "in_progress"


async def test_taking_keeps_the_deadline_set_at_registration(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    clock.move(hours=1)
    await desk.run_as(olga, take, ticket.id)
    assert (await store.ticket(ticket.id)).answer_due == ticket.answer_due


async def test_a_ticket_is_given_back_by_its_assignee_or_an_admin(desk: Desk, store: Store) -> None:
    ticket, olga, oleg = await opens(desk), await operator(desk), await operator(desk, OLEG)
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, release, ticket.id)
    await desk.run_as(olga, take, ticket.id)
    with pytest.raises(NotYours) as refused:
        await desk.run_as(oleg, release, ticket.id)
    assert refused.value.facts["assignee"] == "Olga"
    await desk.run_as(await operator(desk, ANNA), release, ticket.id)
    kept = await store.ticket(ticket.id)
    assert (kept.assignee_id, kept.assigned_at, kept.state) == (None, None, "new")
    assert kept.earlier_assignee_id == olga.person_id


async def test_taking_or_releasing_a_frozen_ticket_leaves_its_sleep_alone(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    until = clock.now + timedelta(days=2)
    await desk.run_as(olga, move, ticket.id, "freeze", until=until, reason="parts")
    await desk.run_as(olga, take, ticket.id)
    await desk.run_as(olga, release, ticket.id)
    kept = await store.ticket(ticket.id)
    assert (kept.state, kept.frozen_until, kept.reason) == ("frozen", until, "parts")
    assert await store.timers(ticket.id) == {"wake": until}


async def test_two_first_words_of_one_person_at_once_make_one_person(
    desk: Desk, store: Store
) -> None:
    await asyncio.gather(*(desk.run(hear, OLGA, says(OLGA)) for _ in range(5)))
    people = await store.rows(select(Person).where(Person.address == OLGA.address))
    assert len(people) == 1
    assert len(await store.messages(None)) == 5
