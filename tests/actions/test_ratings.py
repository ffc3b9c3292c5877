"""How tickets end: ratings, reasons, time spent, and what closes by itself (B14, B15, B20)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.errors import NothingToDo, Refusal, Unreadable
from core.models import Message, Resolution
from core.people.staff import by_operator, enrol
from core.reports.statistics import Statistics, find_statistics
from core.reports.ticket_metrics import BATCH as METRICS_BATCH
from core.reports.ticket_metrics import keep_metrics
from core.tasks.task_actions import resolve
from core.tickets import conversation
from core.tickets.card import card_of
from core.tickets.closing import describe, set_overdue_ratings, tell_closed
from core.tickets.customer_dialogue import (
    begin_ticket,
    invite_comment,
    rate_work,
    say_whether_helped,
)
from core.tickets.intake import hear
from core.tickets.lifecycle import move, take
from core.tickets.sweep import sweep
from tests.actions.people import (
    ALICE,
    BORIS,
    OLEG,
    OLGA,
    OPERATORS,
    hears,
    leaves_dialogue,
    opens,
    operator,
    says,
    writes,
)
from tests.actions.store import Store
from tests.clock import Clock

REASONS = """
[[closing_reason]]
code = "cable"
titles = { en = "New cable", ru = "Замена кабеля" }

[[closing_reason]]
code = "advice"
titles = { en = "Advice", ru = "Совет" }
"""


async def resolved(desk: Desk, **how: Any) -> int:
    """A ticket of Alice that Olga has resolved."""
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, take, ticket.id)
    await desk.run_as(olga, resolve, ticket.id, **how)
    await leaves_dialogue(desk, ALICE)
    return ticket.id


async def endings(store: Store, number: int) -> list[Resolution]:
    return await store.rows(
        select(Resolution).where(Resolution.ticket_id == number).order_by(Resolution.at)
    )


async def statistics(desk: Desk, words: str = "") -> Statistics:
    """Of the last seven days."""
    while await desk.run(keep_metrics) == METRICS_BATCH:
        pass
    today = desk.clock().astimezone(desk.company.zone).date()
    since = today - timedelta(days=6)
    return await desk.read(find_statistics, since, today, words)


async def ending(store: Store, number: int) -> Resolution:
    return (await endings(store, number))[-1]


# Rating


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


async def test_after_a_bad_rating_the_next_words_say_why_and_are_a_message(
    desk: Desk, store: Store
) -> None:
    number = await resolved(desk)
    await desk.run(rate_work, ALICE, number, 2)
    await hears(desk, ALICE, says(ALICE, "It went dark again"), says(ALICE, "at night"))
    assert (await ending(store, number)).comment == "It went dark again"
    said = [message.text for message in await store.messages(number)]
    assert said[-2:] == ["It went dark again", "at night"]
    assert "group.rating_explained" not in await store.told(OPERATORS)


async def test_words_to_a_good_rating_are_shown_to_operators_and_open_nothing(
    desk: Desk, store: Store
) -> None:
    number = await resolved(desk)
    await desk.run(rate_work, ALICE, number, 5)
    await desk.run(invite_comment, ALICE, number)
    await desk.run(hear, ALICE, says(ALICE, "Quick and kind"))
    assert (await ending(store, number)).comment == "Quick and kind"
    assert len(await store.tickets()) == 1 and (await store.ticket(number)).state == "closed"
    (shown,) = await store.outbox(OPERATORS, key="group.rating_explained")
    assert (shown.facts["comment"], shown.facts["value"]) == ("Quick and kind", 5)
    card = await desk.read(card_of, number)
    assert card is not None and card.ending is not None
    assert (card.ending.rating, card.ending.comment) == (5, "Quick and kind")


@pytest.mark.parametrize("said", ["pressed", "typed"])
@pytest.mark.parametrize("rating", [3, 5])
@pytest.mark.parametrize("others", [0, 2])
async def test_words_right_after_a_rating_are_of_it_unasked(
    desk: Desk, store: Store, rating: int, said: str, others: int
) -> None:
    number = await resolved(desk)
    for _ in range(others):
        await opens(desk)
    await leaves_dialogue(desk, ALICE)
    if said == "pressed":
        await desk.run(rate_work, ALICE, number, rating)
    else:
        to = (await store.messages(number))[0].source
        await desk.run(hear, ALICE, says(ALICE, str(rating), reply_to=to))
    await hears(desk, ALICE, says(ALICE, "Спасибо"), says(ALICE, "спасибо, быстро"))
    assert (await ending(store, number)).comment == "спасибо, быстро"
    assert len(await store.tickets()) == 1 + others
    assert (await store.ticket(number)).state == ("resolved" if rating == 3 else "closed")
    (shown,) = await store.outbox(OPERATORS, key="group.rating_explained")
    assert shown.facts["comment"] == "спасибо, быстро"
    await desk.run(hear, ALICE, says(ALICE, "и вежливо"))
    assert (await ending(store, number)).comment == "спасибо, быстро"


async def test_right_after_a_rating_the_conversation_goes_on_as_it_did(
    desk: Desk, store: Store
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, resolve, ticket.id)
    await desk.run(rate_work, ALICE, ticket.id, 5)
    await desk.run(hear, ALICE, says(ALICE, "Спасибо, очень быстро"))
    assert (await ending(store, ticket.id)).comment == "Спасибо, очень быстро"
    await desk.run(hear, ALICE, says(ALICE, "А где посмотреть архив?"))
    (_, next_one) = await store.tickets()
    assert [one.text for one in await store.messages(next_one.id)] == ["А где посмотреть архив?"]


@pytest.mark.parametrize("words", ["А когда включат вторую?", "Опять темно"])
async def test_a_question_right_after_a_rating_is_none_of_its_words(
    desk: Desk, store: Store, words: str
) -> None:
    number = await resolved(desk)
    await desk.run(rate_work, ALICE, number, 5)
    await desk.run(hear, ALICE, says(ALICE, words))
    assert (await ending(store, number)).comment is None
    assert len(await store.rows(select(Message).where(Message.ticket_id.is_(None)))) == 1
    await desk.run(hear, ALICE, says(ALICE, "спасибо, быстро"))
    assert (await ending(store, number)).comment is None


async def test_a_bad_rating_in_words_is_explained_by_the_next_ones(
    desk: Desk, store: Store
) -> None:
    number = await resolved(desk)
    await hears(desk, ALICE, says(ALICE, "2"), says(ALICE, "It went dark again"))
    assert (await ending(store, number)).comment == "It went dark again"
    assert (await store.messages(number))[-1].text == "It went dark again"


async def test_a_rating_ends_no_other_dialogue(desk: Desk, store: Store) -> None:
    number = await resolved(desk)
    await desk.run(begin_ticket, ALICE)
    await desk.run(rate_work, ALICE, number, 5)
    await desk.run(hear, ALICE, says(ALICE, "Посоветуйте тариф"))
    assert [one.title for one in await store.tickets()][1:] == ["Посоветуйте тариф"]
    assert (await ending(store, number)).comment is None


async def test_a_photo_instead_of_such_words_is_not_lost(desk: Desk, store: Store) -> None:
    number = await resolved(desk)
    await desk.run(rate_work, ALICE, number, 5)
    await desk.run(invite_comment, ALICE, number)
    await desk.run(hear, ALICE, says(ALICE, "", kind="photo"))
    assert len(await store.rows(select(Message).where(Message.ticket_id.is_(None)))) == 1
    assert (await ending(store, number)).comment is None


async def test_an_invitation_that_is_too_old_takes_no_words(
    desk: Desk, store: Store, clock: Clock
) -> None:
    number = await resolved(desk)
    await desk.run(rate_work, ALICE, number, 5)
    await desk.run(invite_comment, ALICE, number)
    clock.move(minutes=16)
    await desk.run(hear, ALICE, says(ALICE, "A new question"))
    assert (await ending(store, number)).comment is None


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


@pytest.mark.parametrize(
    ("words", "rating"),
    [("5", 5), ("4!", 4), ("5/5", 5), ("оценка 3", 3), ("⭐⭐⭐⭐⭐", 5), ("2", 2)],
)
async def test_a_figure_in_words_is_a_rating(
    desk: Desk, store: Store, words: str, rating: int
) -> None:
    number = await resolved(desk)
    await desk.run(hear, ALICE, says(ALICE, words))
    assert (await ending(store, number)).rating == rating
    verdict = {2: "bad", 3: "fair"}.get(rating, "good")
    assert f"customer.rated.{verdict}" in await store.told(ALICE.address.chat)


@pytest.mark.parametrize("others", [0, 2])
async def test_a_figure_after_a_yes_is_a_rating_and_no_new_ticket(
    desk: Desk, store: Store, others: int
) -> None:
    number = await resolved(desk)
    await desk.run(say_whether_helped, ALICE, number, content=True)
    for _ in range(others):
        await opens(desk)
    await leaves_dialogue(desk, ALICE)
    heard = await desk.run(hear, ALICE, says(ALICE, "5"))
    assert heard.ticket is not None and heard.ticket.id == number
    assert (await ending(store, number)).rating == 5
    assert (await store.ticket(number)).state == "closed"
    assert "customer.rated.good" in await store.told(ALICE.address.chat)


async def test_a_figure_in_answer_to_what_has_ended_is_a_rating(desk: Desk, store: Store) -> None:
    number = await resolved(desk)
    await desk.run(say_whether_helped, ALICE, number, content=True)
    said = (await store.messages(number))[0].source
    heard = await desk.run(hear, ALICE, says(ALICE, "1", reply_to=said))
    assert heard.ticket is not None and heard.ticket.id == number
    assert (await ending(store, number)).rating == 1
    assert (await store.ticket(number)).state == "reopened"


async def test_a_figure_long_after_the_end_is_words(desk: Desk, store: Store, clock: Clock) -> None:
    number = await resolved(desk)
    await desk.run(say_whether_helped, ALICE, number, content=True)
    clock.move(hours=24 * 15)
    heard = await desk.run(hear, ALICE, says(ALICE, "5"))
    assert heard.ticket is None or heard.ticket.id != number
    assert (await ending(store, number)).rating is None


@pytest.mark.parametrize("words", ["6", "15", "0", "5 камер не работает", "⭐" * 6])
async def test_another_figure_is_words(desk: Desk, store: Store, words: str) -> None:
    number = await resolved(desk)
    await desk.run(hear, ALICE, says(ALICE, words))
    assert (await ending(store, number)).rating is None
    assert (await store.ticket(number)).state == "reopened"


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


# The reminder


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


# Neither yes nor no


async def test_what_is_neither_yes_nor_no_is_asked_about_and_shown_to_operators(
    desk: Desk, store: Store
) -> None:
    number = await resolved(desk)
    await desk.run(hear, ALICE, says(ALICE, "Посмотрю вечером"))
    assert (await store.ticket(number)).state == "resolved"
    (asked,) = await store.outbox(ALICE.address.chat, key="ticket.unclear")
    assert asked.ticket_id == number
    shown = (await store.outbox(OPERATORS, kind="content"))[-1]
    assert shown.facts["thanks"] is True  # with the button «it is a question»


async def test_who_is_unclear_again_is_read_by_people(desk: Desk, store: Store) -> None:
    number = await resolved(desk)
    for words in ("Посмотрю вечером", "Ну такое"):
        await desk.run(hear, ALICE, says(ALICE, words))
    assert (await store.ticket(number)).state == "reopened"
    assert len(await store.outbox(ALICE.address.chat, key="ticket.unclear")) == 1


async def test_an_answer_to_that_question_closes_the_ticket(desk: Desk, store: Store) -> None:
    number = await resolved(desk)
    for words in ("Посмотрю вечером", "Да, работает"):
        await desk.run(hear, ALICE, says(ALICE, words))
    assert (await store.ticket(number)).state == "closed"


async def test_what_was_unclear_to_the_end_goes_back_to_work_and_is_not_closed(
    desk: Desk, store: Store, clock: Clock
) -> None:
    number = await resolved(desk)
    await desk.run(hear, ALICE, says(ALICE, "Ну такое"))
    clock.move(days=3, minutes=1)
    await desk.run(sweep)
    ticket = await store.ticket(number)
    assert (ticket.state, ticket.waiting_since) == ("reopened", clock.now)


async def test_a_later_resolution_is_asked_about_for_itself(
    desk: Desk, store: Store, clock: Clock
) -> None:
    number = await resolved(desk)
    for words in ("Посмотрю вечером", "нет"):
        await desk.run(hear, ALICE, says(ALICE, words))
    clock.move(hours=1)
    await desk.run_as(await operator(desk), move, number, "resolve")
    await desk.run(hear, ALICE, says(ALICE, "Посмотрю вечером"))
    assert (await store.ticket(number)).state == "resolved"
    assert len(await store.outbox(ALICE.address.chat, key="ticket.unclear")) == 2


# What closed by itself


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


# Reasons and time


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


# Figures


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
