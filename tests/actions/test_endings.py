"""How tickets end: who is asked again, what closes by itself, reasons and time (B14, B15, B20)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.errors import NothingToDo, Refusal, Unreadable
from core.people.staff import by_operator, enrol
from core.tasks.task_actions import resolve
from core.tickets import conversation
from core.tickets.card import card_of
from core.tickets.closing import describe, set_overdue_ratings, tell_closed
from core.tickets.customer_dialogue import (
    rate_work,
)
from core.tickets.intake import hear
from core.tickets.lifecycle import take
from core.tickets.sweep import sweep
from tests.actions.ended_tickets import REASONS, ending, endings, resolved, statistics
from tests.actions.people import (
    ALICE,
    OLEG,
    OLGA,
    OPERATORS,
    opens,
    operator,
    says,
    writes,
)
from tests.actions.store import Store
from tests.clock import Clock


async def test_who_says_nothing_is_asked_once_more(desk: Desk, store: Store, clock: Clock) -> None:
    number = await resolved(desk)
    clock.move(days=1, seconds=-1)
    await desk.run(sweep)
    assert "rating_asked" not in await store.journal(number)
    clock.move(seconds=1)
    for _ in range(3):
        await desk.run(sweep)
        clock.move(hours=6)
    (asked,) = await store.outbox(ALICE.address.chat, key="ticket.unjudged_closes")
    assert asked.facts["closes"] is not None
    assert (await store.journal(number)).count("rating_asked") == 1


async def test_who_has_rated_is_not_asked_again(desk: Desk, store: Store, clock: Clock) -> None:
    number = await resolved(desk)
    await desk.run(rate_work, ALICE, number, 3)
    clock.move(days=1)
    await desk.run(sweep)
    assert "rating_asked" not in await store.journal(number)


async def test_where_nothing_closes_the_reminder_names_no_day(
    desk: Desk, store: Store, clock: Clock
) -> None:
    desk.company = replace(desk.company, rating_wait=None)
    number = await resolved(desk)
    clock.move(days=1)
    await desk.run(sweep)
    assert "ticket.unjudged" in await store.told(ALICE.address.chat)
    assert (await store.ticket(number)).state == "resolved"


async def test_after_a_downtime_nobody_is_asked_about_what_closes_now(
    desk: Desk, store: Store, clock: Clock
) -> None:
    number = await resolved(desk)
    clock.move(days=10)
    await desk.run(sweep)
    assert (await store.ticket(number)).state == "closed"
    assert "rating_asked" not in await store.journal(number)


async def test_what_closed_by_itself_is_said_once_in_the_morning(
    desk: Desk, store: Store, clock: Clock
) -> None:
    first, second = await resolved(desk), await resolved(desk)
    clock.now = datetime(2026, 12, 20, 12, tzinfo=UTC)
    await desk.run(sweep)
    assert await desk.run(tell_closed) == 0, "not before the morning"
    clock.now = datetime(2026, 12, 21, 5, 59, tzinfo=UTC)
    assert await desk.run(tell_closed) == 0, "it is 8:59 in Moscow"
    clock.move(minutes=1)
    assert await desk.run(tell_closed) == 2
    assert await desk.run(tell_closed) == 0
    (said,) = await store.outbox(OPERATORS, key="group.closed_by_itself")
    assert (said.facts["tickets"], said.facts["total"]) == ([first, second], 2)
    clock.move(days=1)
    assert await desk.run(tell_closed) == 0, "nothing is said of nothing"


async def test_what_is_switched_off_closes_and_says_nothing(
    desk: Desk, store: Store, clock: Clock
) -> None:
    number = await resolved(desk)
    desk.company = replace(desk.company, rating_wait=None)
    clock.move(days=30)
    await desk.run(sweep)
    assert await desk.run(set_overdue_ratings) == 0
    assert await desk.run(tell_closed) == 0
    assert (await store.ticket(number)).state == "resolved"


async def test_a_resolution_keeps_its_solution_and_its_reason(desk: Desk, store: Store) -> None:
    await desk.run(apply_directory, read_directory(REASONS))
    number = await resolved(desk, reason="changed it", closing="cable")
    await desk.run(rate_work, ALICE, number, 5)
    kept = await ending(store, number)
    assert (kept.reason, kept.solution) == ("cable", "changed it")
    card = await desk.read(card_of, number)
    assert card is not None and card.ending is not None
    assert (card.ending.reason, card.ending.solution) == ("New cable", "changed it")


async def test_reason_and_time_can_be_said_afterwards_and_corrected(
    desk: Desk, store: Store
) -> None:
    await desk.run(apply_directory, read_directory(REASONS))
    number, olga = await resolved(desk), await operator(desk)
    await desk.run_as(olga, describe, number, reason="замена")
    await desk.run_as(olga, describe, number, spent=timedelta(minutes=90))
    kept = await ending(store, number)
    assert (kept.reason, kept.spent) == ("cable", 5400)
    assert (await store.journal(number)).count("ending_described") == 2
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, describe, number, reason="cable")
    with pytest.raises(Unreadable, match=r"refusal\.no_such_reason") as refused:
        await desk.run_as(olga, describe, number, reason="weather")
    assert "New cable" in refused.value.facts["allowed"]
    with pytest.raises(Unreadable, match=r"refusal\.spent_too_long"):
        await desk.run_as(olga, describe, number, spent=timedelta(days=400))


async def test_what_goes_on_has_no_reason_yet(desk: Desk) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    with pytest.raises(Refusal, match=r"refusal\.not_resolved"):
        await desk.run_as(olga, describe, ticket.id, spent=timedelta(hours=1))


async def test_the_time_in_work_is_measured_for_each_ending(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    clock.move(hours=5)
    await desk.run_as(olga, take, ticket.id)
    clock.move(hours=1)
    await desk.run_as(olga, conversation.reply, ticket.id, writes(), wait=True)
    clock.move(days=2)
    await desk.run(hear, ALICE, says(ALICE, "Yes, still"))
    await desk.run_as(olga, take, ticket.id)
    clock.move(minutes=30)
    await desk.run_as(olga, resolve, ticket.id)
    assert (await ending(store, ticket.id)).measured == 90 * 60
    clock.move(hours=1)
    await desk.run(rate_work, ALICE, ticket.id, 1)
    clock.move(minutes=10)
    await desk.run_as(olga, resolve, ticket.id)
    assert [one.measured for one in await endings(store, ticket.id)] == [90 * 60, 10 * 60]


async def test_statistics_have_the_average_and_how_many_answered(desk: Desk, clock: Clock) -> None:
    numbers = [await resolved(desk) for _ in range(4)]
    for number, rating in zip(numbers, (5, 4, 1), strict=False):
        await desk.run(rate_work, ALICE, number, rating)
    found = (await statistics(desk)).ratings
    assert (found.asked, found.rated, found.average) == (4, 3, 10 / 3)
    for colleague in (OLGA, OLEG):
        await desk.run(by_operator, colleague, enrol)
    assert (await statistics(desk, "@olga")).ratings == found, "by who resolved it"
    assert (await statistics(desk, "@oleg")).ratings.asked == 0
    assert (await statistics(desk, "access")).ratings.asked == 0
    clock.move(days=10)
    assert (await statistics(desk)).ratings.average is None
