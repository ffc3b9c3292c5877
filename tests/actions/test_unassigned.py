"""Words without a press reach somebody: they become a ticket by themselves (A4)."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from core.desk import Desk
from core.models import Ticket
from core.tickets.intake import Outcome, hear
from core.tickets.unassigned import (
    drop_unassigned_messages,
    file_unassigned_messages,
    file_waiting,
    find_unassigned,
)
from tests.actions.people import ALICE, BORIS, OPERATORS, opens, says
from tests.actions.store import Store
from tests.clock import Clock

WAIT = timedelta(minutes=10)


async def newest(store: Store) -> Ticket:
    found: list[Ticket] = await store.rows(select(Ticket).order_by(Ticket.id))
    return found[-1]


async def keeps(desk: Desk, *words: str) -> None:
    for text in words:
        heard = await desk.run(hear, ALICE, says(ALICE, text))
        assert heard.ticket is None


async def test_words_that_nobody_confirmed_become_one_ticket_and_everybody_hears_of_it(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await keeps(desk, "Fire in the server room", "third floor")
    assert await desk.run(file_waiting) == 0
    clock.now += WAIT
    assert await desk.run(file_waiting) == 1
    assert await desk.run(file_waiting) == 0
    ticket = await newest(store)
    assert (ticket.title, ticket.origin) == ("Fire in the server room", "telegram")
    assert "ticket.opened" in await store.told(ALICE.address.chat)
    assert "card" in await store.told(OPERATORS)


async def test_whoever_waits_longest_is_first(desk: Desk, store: Store, clock: Clock) -> None:
    await desk.run(hear, BORIS, says(BORIS, "I am second to be known"))
    await desk.run(drop_unassigned_messages, BORIS)
    await keeps(desk, "Alice came first")
    clock.move(minutes=1)
    await desk.run(hear, BORIS, says(BORIS, "Boris came later"))
    clock.move(minutes=20)
    assert await desk.run(file_waiting) == 1
    assert (await newest(store)).title == "Alice came first"


async def test_what_follows_joins_that_ticket_and_a_late_press_changes_nothing(
    desk: Desk, clock: Clock
) -> None:
    await keeps(desk, "Fire in the server room")
    clock.now += WAIT
    await desk.run(file_waiting)
    assert await desk.run(file_unassigned_messages, ALICE, None) is None
    heard = await desk.run(hear, ALICE, says(ALICE, "Hurry"))
    assert heard.outcome is Outcome.JOINED and heard.ticket is not None
    assert heard.ticket.title == "Fire in the server room"


async def test_with_several_open_tickets_they_become_another_one(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await opens(desk, ALICE, "One", "payment")
    await opens(desk, ALICE, "Two", "payment")
    clock.now += timedelta(hours=1)
    await keeps(desk, "Fire in the server room")
    clock.now += WAIT
    assert await desk.run(file_waiting) == 1
    assert (await newest(store)).title == "Fire in the server room"


async def test_mere_thanks_make_no_ticket_and_hold_up_nobody(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await keeps(desk, "Thank you")
    heard = await desk.run(hear, BORIS, says(BORIS, "Пожар"))
    assert heard.ticket is None
    clock.now += WAIT
    assert await desk.run(file_waiting) == 1
    assert await desk.run(file_waiting) == 1
    assert await desk.run(file_waiting) == 0
    assert (await newest(store)).title == "Пожар"


async def test_a_company_may_leave_it_to_the_customer(desk: Desk, clock: Clock) -> None:
    desk.company = replace(desk.company, unassigned_wait=None)
    await keeps(desk, "Fire in the server room")
    clock.now += timedelta(days=1)
    assert await desk.run(file_waiting) == 0


async def test_they_are_found_before_they_are_a_ticket(desk: Desk, clock: Clock) -> None:
    await keeps(desk, "Fire in the server room", "third floor")
    (found,) = await desk.read(find_unassigned, "server fire")
    assert (found.name, found.text) == ("Alice", "Fire in the server room")
    assert len(await desk.read(find_unassigned, "alice")) == 2
    assert await desk.read(find_unassigned, "water") == []
    clock.now += WAIT
    await desk.run(file_waiting)
    assert await desk.read(find_unassigned, "server fire") == []
