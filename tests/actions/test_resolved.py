"""Resolved tickets: who resolves at once, and when they are closed (B3, B15, C8)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.desk import Desk
from core.tasks.task_actions import resolve
from core.tickets.closing import set_overdue_ratings
from core.tickets.metrics import times_of
from core.tickets.sweep import sweep
from tests.actions.answer_factories import names_in, stored
from tests.actions.people import OLEG, opens, operator
from tests.clock import Clock

# Resolved tickets (B15)


def without_rating(desk: Desk) -> None:
    desk.company = replace(desk.company, rating_wait=None)


async def test_what_was_switched_off_closes_nothing_that_already_ran(
    desk: Desk, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, resolve, ticket.id)
    without_rating(desk)
    clock.move(days=30)
    await desk.run(sweep)
    await desk.run(set_overdue_ratings)
    await desk.run(sweep)
    assert (await stored(desk, ticket.id)).state == "resolved"
    assert await names_in(desk, "resolved") == [ticket.id]


async def test_what_was_resolved_while_it_was_off_is_closed_when_it_is_on_again(
    desk: Desk, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    on = desk.company
    without_rating(desk)
    await desk.run_as(olga, resolve, ticket.id)
    desk.company = on
    await desk.run(set_overdue_ratings)
    assert (await stored(desk, ticket.id)).state == "resolved"
    clock.move(days=3)
    await desk.run(set_overdue_ratings)
    await desk.run(sweep)
    assert (await stored(desk, ticket.id)).state == "closed"


async def test_a_longer_wait_counts_for_what_was_resolved_before(desk: Desk, clock: Clock) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, resolve, ticket.id)
    desk.company = replace(desk.company, rating_wait=timedelta(days=5))
    clock.move(days=3)
    await desk.run(sweep)
    assert (await stored(desk, ticket.id)).state == "resolved"
    clock.move(days=2)
    await desk.run(sweep)
    assert (await stored(desk, ticket.id)).state == "closed"


# Resolving at once (B3, C8)


async def test_who_resolves_a_ticket_of_nobody_is_its_assignee(desk: Desk) -> None:
    ticket, oleg = await opens(desk), await operator(desk, OLEG)
    await desk.run_as(oleg, resolve, ticket.id, reason="a new cable")
    assert (await stored(desk, ticket.id)).assignee_id == oleg.person_id


@pytest.mark.parametrize("words", ["a new cable", None])
async def test_a_solution_in_words_is_a_first_response(
    desk: Desk, clock: Clock, words: str | None
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    clock.move(hours=2)
    await desk.run_as(olga, resolve, ticket.id, reason=words)
    times = await desk.read(times_of, ticket.id)
    assert times is not None
    assert times.real.first_response == (timedelta(hours=2) if words else None)
