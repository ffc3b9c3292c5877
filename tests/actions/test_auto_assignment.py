"""A team's tickets given to those on duty, by load or in turn, off at first (D2)."""

import pytest

from core.desk import Desk
from core.directory.kinds.teams import TeamEntry
from core.directory.reader import Item
from core.directory.store import put_items
from core.links.merge_undo import undo_merge
from core.links.ticket_merge import merge_tickets
from core.teams.members import begin_duty, end_duty
from core.tickets.intake import hear
from core.tickets.lifecycle import move, release, take
from core.tx import Actor
from tests.actions.people import (
    ALICE,
    ANNA,
    BORIS,
    EVE,
    OLEG,
    OLGA,
    OPERATORS,
    number,
    opens,
    says,
)
from tests.actions.store import Store
from tests.actions.test_handing import give, operator_here, raise_
from tests.actions.test_merged_tickets import two
from tests.clock import Clock

NAMES = ("Olga", "Oleg", "Anna")


@pytest.fixture
async def staff(desk: Desk) -> dict[str, Actor]:
    """Olga, Oleg and Anna are in the second line, which gives nothing out yet; the first two are on
    duty.
    """
    people = {who.name: await operator_here(desk, who) for who in (OLGA, OLEG, ANNA)}
    await gives_out(desk, None)
    for name in ("Olga", "Oleg"):
        await desk.run_as(people[name], begin_duty)
    return people


async def gives_out(desk: Desk, how: str | None, title: str = "Second line") -> None:
    members = [number(who) for who in (OLGA, OLEG, ANNA)]
    entry = TeamEntry(
        code="second", titles={"en": title}, level=2, members=[*members], auto_assign=how
    )
    await desk.run(put_items, [Item(entry)])


async def holder(store: Store, staff: dict[str, Actor], number: int) -> str | None:
    names = {actor.person_id: name for name, actor in staff.items()}
    return names.get((await store.ticket(number)).assignee_id)


async def given(desk: Desk, store: Store, staff: dict[str, Actor], number: int) -> str | None:
    """Whose the ticket is once Anna has given it to the second line."""
    await give(desk, staff["Anna"], number, "second")
    return await holder(store, staff, number)


async def test_it_is_off_at_first_and_nobody_gets_back_what_they_gave(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    first, second = await opens(desk), await opens(desk, BORIS)
    assert await given(desk, store, staff, first.id) is None
    await gives_out(desk, "load")
    await desk.run_as(staff["Olga"], take, second.id)
    await give(desk, staff["Olga"], second.id, "second")
    assert await holder(store, staff, second.id) == "Oleg"


async def test_by_load_whoever_has_the_fewest_gets_it(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    await gives_out(desk, "load")
    busy, one, other = await opens(desk), await opens(desk, BORIS), await opens(desk, EVE)
    await desk.run_as(staff["Oleg"], take, busy.id)
    assert await given(desk, store, staff, one.id) == "Olga"
    assert await given(desk, store, staff, other.id) == "Oleg", "of equals, whose turn it is"


async def test_by_load_what_has_ended_does_not_count(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    await gives_out(desk, "load")
    for _ in range(2):
        ended = await opens(desk)
        await desk.run_as(staff["Olga"], take, ended.id)
        await desk.run_as(staff["Olga"], move, ended.id, "close")
    await desk.run_as(staff["Oleg"], take, (await opens(desk, BORIS)).id)
    assert await given(desk, store, staff, (await opens(desk, EVE)).id) == "Olga"


async def test_it_is_told_once_as_a_ticket_that_somebody_hands_over(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    await gives_out(desk, "turn")
    ticket = await opens(desk)
    name = await given(desk, store, staff, ticket.id)
    (fact,) = await store.facts(ticket.id, "ticket_assigned")
    assert (fact["to"], fact["by"], fact["team"]) == (name, "Anna", "second")
    chat = {"Olga": OLGA, "Oleg": OLEG}[name or ""].address.chat
    assert await store.told(chat) == ["staff.assigned"]
    assert "group.assigned.team" not in await store.told(OPERATORS)
    assert await store.told(ALICE.address.chat) == ["ticket.opened", "ticket.taken"]


async def test_in_turn_each_gets_one_and_an_edited_team_keeps_its_turns(
    desk: Desk, store: Store, clock: Clock, staff: dict[str, Actor]
) -> None:
    await gives_out(desk, "turn")
    got = []
    for who in (ALICE, BORIS, EVE):
        clock.move(minutes=1)
        got.append(await given(desk, store, staff, (await opens(desk, who)).id))
    assert got in (["Olga", "Oleg", "Olga"], ["Oleg", "Olga", "Oleg"])
    await gives_out(desk, "turn", "The second")
    clock.move(minutes=1)
    assert await given(desk, store, staff, (await opens(desk, ANNA)).id) == got[1]


async def test_with_nobody_on_duty_it_stays_in_the_queue(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    await gives_out(desk, "load")
    for name in ("Olga", "Oleg"):
        await desk.run_as(staff[name], end_duty)
    ticket = await opens(desk)
    assert await given(desk, store, staff, ticket.id) is None
    assert "group.assigned.team" in await store.told(OPERATORS)
    assert (await store.ticket(ticket.id)).queue_rank is not None


async def test_an_escalated_ticket_is_given_out_too(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    await gives_out(desk, "load")
    ticket = await opens(desk)
    await desk.run_as(staff["Oleg"], take, ticket.id)
    await raise_(desk, staff["Oleg"], ticket.id)
    assert await holder(store, staff, ticket.id) == "Olga"


async def test_what_comes_back_as_nobodys_is_given_out_and_what_is_put_back_is_not(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    await gives_out(desk, "load")
    ticket = await opens(desk)
    name = await given(desk, store, staff, ticket.id) or ""
    await desk.run_as(staff[name], move, ticket.id, "resolve")
    await desk.run(hear, ALICE, says(ALICE, "dark again"))
    assert await holder(store, staff, ticket.id) in {"Olga", "Oleg"}
    back = (await store.facts(ticket.id, "ticket_assigned"))[-1]
    assert back["by"] == "Second line"
    name = await holder(store, staff, ticket.id) or ""
    await desk.run_as(staff[name], release, ticket.id)
    assert await holder(store, staff, ticket.id) is None


async def test_a_ticket_that_a_merge_had_ended_is_nobodys_again_once_that_is_taken_back(
    desk: Desk, store: Store, clock: Clock, staff: dict[str, Actor]
) -> None:
    one, other = await two(desk, clock)
    assert await given(desk, store, staff, other) is None
    await gives_out(desk, "load")
    await desk.run_as(staff["Olga"], merge_tickets, one, other)
    await desk.run_as(staff["Olga"], undo_merge, one)
    assert await holder(store, staff, other) is None
