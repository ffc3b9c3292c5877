"""What customers say of our work by a rating, and what follows from it (B14)."""

import pytest

from core.desk import Desk
from core.errors import Refusal
from core.tasks.task_actions import resolve
from core.tickets.customer_dialogue import (
    invite_comment,
    rate_work,
    say_whether_helped,
)
from core.tickets.intake import hear
from core.tickets.lifecycle import move
from tests.actions.ended_tickets import ending, endings, resolved
from tests.actions.people import (
    ALICE,
    BORIS,
    OPERATORS,
    opens,
    operator,
    says,
)
from tests.actions.store import Store
from tests.clock import Clock


@pytest.mark.parametrize(
    ("rating", "state"),
    [(1, "reopened"), (2, "reopened"), (3, "resolved"), (4, "closed"), (5, "closed")],
)
async def test_a_rating_closes_what_is_well_and_brings_back_what_is_not(
    desk: Desk, store: Store, clock: Clock, rating: int, state: str
) -> None:
    number = await resolved(desk)
    clock.move(minutes=5)
    await desk.run(rate_work, ALICE, number, rating)
    assert (await store.ticket(number)).state == state
    kept = await ending(store, number)
    assert (kept.rating, kept.rated_at, kept.asked) == (rating, clock.now, True)
    (told,) = await store.facts(number, "ticket_rated")
    assert (told["value"], told["before"]) == (rating, None)
    bad = rating <= 2
    assert ("group.rated" in await store.told(OPERATORS)) is bad
    assert "group.disputed" not in await store.told(OPERATORS), "it is said once"


async def test_what_is_brought_back_waits_for_an_answer_and_for_an_assignee(
    desk: Desk, store: Store, clock: Clock
) -> None:
    number = await resolved(desk)
    await desk.run(rate_work, ALICE, number, 1)
    ticket = await store.ticket(number)
    assert (ticket.waiting_since, ticket.assignee_id) == (clock.now, None)
    assert "answer" in await store.timers(number)


async def test_only_the_customer_of_the_ticket_rates(desk: Desk, store: Store) -> None:
    number = await resolved(desk)
    await opens(desk, BORIS)
    before = await store.everything()
    for action, rest in ((rate_work, (number, 5)), (invite_comment, (number,))):
        with pytest.raises(Refusal, match=r"refusal\.outdated"):
            await desk.run(action, BORIS, *rest)
    assert await store.everything() == before


async def test_a_rating_can_be_changed_for_a_day(desk: Desk, store: Store, clock: Clock) -> None:
    number = await resolved(desk)
    await desk.run(rate_work, ALICE, number, 5)
    clock.move(hours=23)
    await desk.run(rate_work, ALICE, number, 2)
    assert (await store.ticket(number)).state == "reopened", "a closed ticket comes back"
    first, second = await store.facts(number, "ticket_rated")
    assert (first["value"], second["value"], second["before"]) == (5, 2, 5)
    assert "ticket.reopened" not in await store.told(ALICE.address.chat), "it is said once"
    clock.move(hours=2)
    with pytest.raises(Refusal, match=r"refusal\.rating_kept"):
        await desk.run(rate_work, ALICE, number, 5)
    assert (await ending(store, number)).rating == 2


async def test_a_slip_of_the_finger_is_mended_unless_something_was_said_since(
    desk: Desk, store: Store
) -> None:
    number = await resolved(desk)
    await desk.run(rate_work, ALICE, number, 1)
    await desk.run(rate_work, ALICE, number, 5)
    assert (await store.ticket(number)).state == "closed"
    other = await resolved(desk)
    await desk.run(rate_work, ALICE, other, 1)
    await desk.run(hear, ALICE, says(ALICE, "Still dark"))
    assert not await desk.run(rate_work, ALICE, other, 5)
    assert (await store.ticket(other)).state == "reopened"
    assert (await ending(store, other)).rating == 5


async def test_the_same_rating_twice_is_one(desk: Desk, store: Store) -> None:
    number = await resolved(desk)
    await desk.run(rate_work, ALICE, number, 5)
    await desk.run(rate_work, ALICE, number, 5)
    assert (await store.journal(number)).count("ticket_rated") == 1


async def test_what_was_resolved_long_ago_is_not_rated_any_more(
    desk: Desk, store: Store, clock: Clock
) -> None:
    number = await resolved(desk)
    clock.move(days=14, seconds=1)
    with pytest.raises(Refusal, match=r"refusal\.rating_late"):
        await desk.run(rate_work, ALICE, number, 1)
    assert (await ending(store, number)).rating is None


async def test_each_resolution_is_rated_for_itself(desk: Desk, store: Store, clock: Clock) -> None:
    number, olga = await resolved(desk), await operator(desk)
    await desk.run(rate_work, ALICE, number, 1)
    clock.move(hours=1)
    await desk.run_as(olga, resolve, number)
    await desk.run(rate_work, ALICE, number, 5)
    assert [one.rating for one in await endings(store, number)] == [1, 5]


async def test_a_yes_may_be_rated_and_a_no_may_not(desk: Desk) -> None:
    one, other = await resolved(desk), await resolved(desk)
    assert await desk.run(say_whether_helped, ALICE, one, content=True)
    assert not await desk.run(say_whether_helped, ALICE, other, content=False)


async def test_who_closes_without_a_resolution_asks_nothing(desk: Desk, store: Store) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, move, ticket.id, "close", reason="by phone")
    kept = await ending(store, ticket.id)
    assert (kept.asked, kept.solution) == (False, "by phone")
    with pytest.raises(Refusal, match=r"refusal\.outdated"):
        await desk.run(rate_work, ALICE, ticket.id, 5)
    other = await opens(desk)
    await desk.run_as(olga, move, other.id, "cancel")
    assert await endings(store, other.id) == []
