"""Words to a rating, ratings in words, and what is unclear (B14)."""

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.models import Message
from core.tasks.task_actions import resolve
from core.tickets.card import card_of
from core.tickets.customer_dialogue import (
    begin_ticket,
    invite_comment,
    rate_work,
    say_whether_helped,
)
from core.tickets.intake import hear
from core.tickets.lifecycle import move
from core.tickets.sweep import sweep
from tests.actions.ended_tickets import ending, resolved
from tests.actions.people import (
    ALICE,
    OPERATORS,
    hears,
    leaves_dialogue,
    opens,
    operator,
    says,
)
from tests.actions.store import Store
from tests.clock import Clock


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


@pytest.mark.parametrize(
    "words",
    ["А когда включат вторую?", "Опять темно", "Мне нужна ещё одна камера", "Пришлите счёт"],
)
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
