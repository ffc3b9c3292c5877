"""A ticket waits for its customer or is frozen, and wakes: what is owed is not evaded (B5, B17)."""

from datetime import timedelta

import pytest

from core.desk import Desk
from core.errors import Refusal
from core.tasks.task_actions import resolve
from core.tickets.lifecycle import confirm, move, take
from core.tickets.sweep import sweep
from tests.actions.answer_factories import answers, arrives, fails, names_in, stored, timers_of
from tests.actions.people import ALICE, OPERATORS, customer, hears, opens, operator, says
from tests.actions.store import Store
from tests.clock import Clock

# Waiting (B5)


async def test_waiting_without_a_question_is_refused_while_the_customer_waits(desk: Desk) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    for taken in (False, True):
        if taken:
            await desk.run_as(olga, take, ticket.id)
        with pytest.raises(Refusal) as refused:
            await desk.run_as(olga, move, ticket.id, "wait")
        assert refused.value.key == "refusal.wait_unasked"
    kept = await stored(desk, ticket.id)
    assert kept.answer_due is not None and kept.state == "in_progress"


async def test_waiting_after_an_answer_that_is_on_its_way_is_allowed(desk: Desk) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    message = await answers(desk, olga, ticket.id, "Which entrance?")
    await desk.run_as(olga, move, ticket.id, "wait")
    assert (await stored(desk, ticket.id)).answer_due is not None
    await arrives(desk, message)
    kept = await stored(desk, ticket.id)
    assert (kept.state, kept.answer_due) == ("waiting", None)


async def test_a_question_ends_the_deadline_only_when_it_is_delivered(desk: Desk) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    due = (await stored(desk, ticket.id)).answer_due
    message = await answers(desk, olga, ticket.id, "Which entrance?", wait=True)
    assert (await stored(desk, ticket.id)).answer_due == due
    await fails(desk, message)
    assert (await stored(desk, ticket.id)).answer_due == due
    with pytest.raises(Refusal):
        await desk.run_as(olga, move, ticket.id, "wait")


async def test_a_pause_without_an_end_is_told_of_every_week(
    desk: Desk, clock: Clock, store: Store
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await arrives(desk, await answers(desk, olga, ticket.id, "Which entrance?", wait=True))
    for weeks in (1, 2):
        clock.move(days=7, minutes=1)
        await desk.run(sweep)
        assert (await store.told(OPERATORS)).count("group.still.waiting") == weeks
    await hears(desk, ALICE, says(ALICE, "The second one"))
    assert "review" not in await timers_of(desk, ticket.id)


async def test_a_freeze_without_an_end_is_told_of_and_one_with_an_end_is_not(desk: Desk) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, move, ticket.id, "freeze")
    assert "review" in await timers_of(desk, ticket.id)
    until = desk.clock() + timedelta(days=30)
    await desk.run_as(olga, move, ticket.id, "freeze", until=until)
    assert {"wake"} == await timers_of(desk, ticket.id)


async def test_a_frozen_ticket_that_waits_for_its_customer_is_frozen_no_more(desk: Desk) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await arrives(desk, await answers(desk, olga, ticket.id, "Which entrance?"))
    await desk.run_as(olga, move, ticket.id, "freeze", until=desk.clock() + timedelta(days=30))
    await desk.run_as(olga, move, ticket.id, "wait")
    assert (await stored(desk, ticket.id)).frozen_until is None
    assert await timers_of(desk, ticket.id) == {"review"}, "nothing wakes it"


async def test_waiting_and_resolved_tickets_have_lists_of_their_own(desk: Desk) -> None:
    olga = await operator(desk)
    asked, solved = await opens(desk), await opens(desk)
    await arrives(desk, await answers(desk, olga, asked.id, "Which entrance?", wait=True))
    await desk.run_as(olga, resolve, solved.id)
    assert await names_in(desk, "waiting") == [asked.id]
    assert await names_in(desk, "resolved") == [solved.id]
    assert await names_in(desk, "queue") == [asked.id]


# Waking (B17)


@pytest.mark.parametrize("early", [False, True])
async def test_a_woken_ticket_needs_an_answer_with_a_fresh_deadline(
    desk: Desk, clock: Clock, *, early: bool
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await arrives(desk, await answers(desk, olga, ticket.id))
    await desk.run_as(olga, move, ticket.id, "freeze", until=clock.now + timedelta(days=9))
    if early:
        clock.move(days=2)
        await desk.run_as(olga, move, ticket.id, "unfreeze")
    else:
        clock.move(days=9)
        await desk.run(sweep)
    kept = await stored(desk, ticket.id)
    assert kept.waiting_since == clock.now
    assert kept.answer_due == clock.now + desk.company.answer_deadline


async def test_what_was_left_of_the_deadline_is_left_after_a_freeze(
    desk: Desk, clock: Clock
) -> None:
    """A short freeze buys no fresh deadline."""
    ticket, olga = await opens(desk), await operator(desk)
    clock.move(days=2)
    await desk.run_as(olga, move, ticket.id, "freeze", until=clock.now + timedelta(hours=1))
    clock.move(hours=1)
    await desk.run(sweep)
    assert (await stored(desk, ticket.id)).answer_due == clock.now + timedelta(days=1)


@pytest.mark.parametrize("how", ["woken", "disputed"])
async def test_an_answer_that_fails_does_not_end_what_is_owed_without_words(
    desk: Desk, clock: Clock, *, how: str
) -> None:
    """The deadline of a woken or disputed ticket has no message of the customer behind it."""
    ticket, olga = await opens(desk), await operator(desk)
    await arrives(desk, await answers(desk, olga, ticket.id))
    if how == "woken":
        await desk.run_as(olga, move, ticket.id, "freeze", until=clock.now + timedelta(days=1))
        clock.move(days=1)
        await desk.run(sweep)
    else:
        await desk.run_as(olga, resolve, ticket.id)
        clock.move(days=1)
        await desk.run_as(await customer(desk), confirm, ticket.id, content=False)
    due = (await stored(desk, ticket.id)).answer_due
    clock.move(hours=1)
    message = await answers(desk, olga, ticket.id)
    await fails(desk, message)
    assert due is not None and (await stored(desk, ticket.id)).answer_due == due
    await arrives(desk, await answers(desk, olga, ticket.id))
    assert (await stored(desk, ticket.id)).answer_due is None
