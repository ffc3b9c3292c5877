"""The next contact: planned, kept by a word of ours, and told when its day comes (C6)."""

from datetime import datetime

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.errors import NothingToDo
from core.models import NextContact
from core.tickets import next_contact
from core.tickets.lifecycle import move
from core.tickets.sweep import sweep
from tests.actions.clock_readings import answers, at
from tests.actions.people import OPERATORS, opens, operator
from tests.actions.store import Store
from tests.clock import Clock


async def test_the_next_contact_is_kept_and_told_when_its_day_comes(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket = await opens(desk)
    await desk.run_as(await operator(desk), next_contact.plan_contact, ticket.id, at(25, 9))
    assert (await store.timers(ticket.id))["contact"] == at(25, 9)
    clock.now = at(25, 9)
    await desk.run(sweep)
    await desk.run(sweep)
    assert (await store.told(OPERATORS)).count("group.contact") == 1
    assert await desk.read(next_contact.contact_of, ticket.id) == at(25, 9)


@pytest.mark.parametrize(
    ("hour", "keeps"), [(at(24, 12), False), (at(25, 5), True), (at(26, 12), True)]
)
async def test_a_word_of_ours_on_the_day_or_later_keeps_the_promise(
    desk: Desk, store: Store, clock: Clock, hour: datetime, keeps: bool
) -> None:
    ticket = await opens(desk)
    await desk.run_as(await operator(desk), next_contact.plan_contact, ticket.id, at(25, 9))
    clock.now = hour
    await answers(desk, store, ticket.id)
    assert (await store.rows(select(NextContact)) == []) is keeps
    assert ("contact" in await store.timers(ticket.id)) is not keeps


@pytest.mark.parametrize(("verb", "still"), [("resolve", 0), ("close", 0), ("wait", 1)])
async def test_an_end_needs_no_next_contact(
    desk: Desk, store: Store, verb: str, still: int
) -> None:
    ticket = await opens(desk)
    who = await operator(desk)
    await answers(desk, store, ticket.id)
    await desk.run_as(who, next_contact.plan_contact, ticket.id, at(25, 9))
    await desk.run_as(who, move, ticket.id, verb)
    assert len(await store.rows(select(NextContact))) == still


async def test_the_list_of_those_passed_comes_once_a_day_in_the_morning(
    desk: Desk, store: Store, clock: Clock
) -> None:
    who = await operator(desk)
    numbers = [(await opens(desk)).id for _ in range(3)]
    for number, day in zip(numbers, (25, 24, 27), strict=True):
        await desk.run_as(who, next_contact.plan_contact, number, at(day, 9))
    moments = [at(26, 5), at(26, 7), at(26, 12), at(27, 5), at(27, 7)]
    for moment in moments:  # in Moscow it is three hours later
        clock.now = moment
        await desk.run(next_contact.tell_passed)
    rows = [row for row in await store.outbox(OPERATORS) if row.key == "group.contacts_passed"]
    assert [row.facts["passed"]["facts"]["n"] for row in rows] == [2, 2]
    assert rows[0].facts["passed"]["facts"]["numbers"] == f"#{numbers[1]}, #{numbers[0]}"


async def test_a_day_is_set_only_where_there_is_something_to_say(desk: Desk, store: Store) -> None:
    ticket = await opens(desk)
    who = await operator(desk)
    with pytest.raises(NothingToDo):
        await desk.run_as(who, next_contact.plan_contact, ticket.id, None)
    await desk.run_as(who, next_contact.plan_contact, ticket.id, at(25, 9))
    await desk.run_as(who, next_contact.plan_contact, ticket.id, at(26, 9))
    await desk.run_as(who, next_contact.plan_contact, ticket.id, None)
    assert await store.rows(select(NextContact)) == []
    await desk.run_as(who, move, ticket.id, "close")
    with pytest.raises(Exception, match=r"refusal\.state\.closed"):
        await desk.run_as(who, next_contact.plan_contact, ticket.id, at(25, 9))
