"""A customer writes: the words open a ticket, join one, or wait until it is said which."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.delivery.channel import Delivery, Sent
from core.desk import Desk
from core.errors import NoSuchTicket
from core.events import Event, TicketOpened
from core.models import Ticket
from core.subscribers import Subscriber
from core.tickets.conversation import reply
from core.tickets.customer_message import open_ticket
from core.tickets.delivery_results import arrived
from core.tickets.intake import Outcome, hear
from core.tickets.lifecycle import move
from core.tickets.unassigned import drop_unassigned_messages, file_unassigned_messages
from core.tx import Tx
from tests.actions.people import (
    ALERTS,
    ALICE,
    BORIS,
    OLGA,
    OPERATORS,
    describe,
    hears,
    leaves_dialogue,
    opens,
    operator,
    ref,
    says,
)
from tests.actions.store import Store
from tests.clock import Clock


async def close(desk: Desk, number: int) -> None:
    await desk.run_as(await operator(desk, OLGA), move, number, "close")


# Opening


async def test_a_topic_gives_the_ticket_its_title_and_everybody_hears_of_it(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket = await opens(desk, ALICE, "I paid twice", "payment")
    kept = await store.ticket(ticket.id)
    assert (kept.title, kept.topic, kept.opening) == ("Payment", "payment", "I paid twice")
    assert kept.answer_due == clock.now + timedelta(days=3)
    assert kept.waiting_since == clock.now
    assert await store.journal(ticket.id) == ["ticket_opened", "customer_wrote"]
    assert await store.told(ALICE.address.chat) == ["ticket.opened"]
    assert await store.told(OPERATORS) == ["card"]
    assert await store.told("staff@example.org") == ["mail.ticket_opened"]
    assert await store.told(ALERTS) == []


async def test_a_free_question_is_the_title_itself(desk: Desk, store: Store) -> None:
    ticket = await opens(desk, ALICE, "Why is\nthe   gate shut? " + "x" * 200, None)
    title = (await store.ticket(ticket.id)).title
    assert title.startswith("Why is the gate shut? xxx")
    assert len(title) <= 120


async def test_the_customer_is_never_told_the_title(desk: Desk, store: Store) -> None:
    await opens(desk, ALICE, "secret words", None)
    (told,) = await store.outbox(ALICE.address.chat)
    assert set(told.facts) == {"number", "due"}


async def test_words_the_card_shows_are_not_posted_again_but_others_are(
    desk: Desk, store: Store
) -> None:
    await desk.run(describe, ALICE, "other")
    heard = await desk.run(hear, ALICE, says(ALICE, "look", kind="photo"))
    assert heard.ticket is not None
    assert await store.told(OPERATORS) == ["card", "content"]
    long = await opens(desk, BORIS, "word " * 300, "other")
    assert len((await store.ticket(long.id)).opening) <= 700
    assert [m.in_card for m in await store.messages(long.id)] == [False]


async def test_nothing_is_left_of_an_action_that_breaks(desk: Desk, store: Store) -> None:
    async def breaks(tx: Tx) -> None:
        person = await describe(tx, ALICE, None)
        await open_ticket(tx, person, [says(ALICE)], topic="other")
        assert isinstance(tx.events[0], TicketOpened)
        raise ZeroDivisionError

    before = await store.everything()
    with pytest.raises(ZeroDivisionError):
        await desk.run(breaks)
    assert await store.everything() == before


async def test_nothing_is_left_when_a_subscriber_breaks(desk: Desk, store: Store) -> None:
    async def breaks(tx: Tx, events: object) -> None:
        raise ZeroDivisionError

    before = await store.everything()
    desk.subscribers = (*desk.subscribers, Subscriber("broken", (Event,), breaks))
    with pytest.raises(ZeroDivisionError):
        await opens(desk)
    desk.subscribers = desk.subscribers[:-1]
    assert (await store.everything())["ticket"] == before["ticket"]
    assert (await store.everything())["journal"] == before["journal"]


# Joining


async def test_what_follows_joins_the_ticket_just_opened(desk: Desk, store: Store) -> None:
    ticket = await opens(desk, ALICE, "one")
    more = await hears(desk, ALICE, says(ALICE, "two"), says(ALICE, "three"))
    assert [heard.outcome for heard in more] == [Outcome.JOINED] * 2
    assert [m.text for m in await store.messages(ticket.id)] == ["one", "two", "three"]
    assert await store.told(OPERATORS) == ["card", "content", "content"]


async def test_after_an_answer_in_another_ticket_it_is_asked_which_is_meant(
    desk: Desk, store: Store
) -> None:
    earlier = await opens(desk, ALICE, "one", "other")
    later = await opens(desk, ALICE, "two", "payment")
    olga = await operator(desk, OLGA)
    await desk.run_as(olga, reply, later.id, says(OLGA, "Which sum?"))
    heard = await desk.run(hear, ALICE, says(ALICE, "one thousand"))
    assert heard.outcome is Outcome.JOINED, "nothing else was answered"
    await desk.run_as(olga, reply, earlier.id, says(OLGA, "Have you a picture?"))
    heard = await desk.run(hear, ALICE, says(ALICE, "here it is", kind="photo"))
    assert heard.outcome is Outcome.ASK_WHICH
    assert {ticket.id for ticket in heard.choices} == {earlier.id, later.id}
    assert len(await store.messages(later.id)) == 3


async def test_an_album_is_one_parcel_and_keeps_its_pieces_in_one_ticket(
    desk: Desk, store: Store
) -> None:
    await desk.run(describe, ALICE, "picture")
    pieces = [says(ALICE, "", kind="photo", album="a1") for _ in range(3)]
    heard = await hears(desk, ALICE, *pieces)
    number = {h.ticket.id for h in heard if h.ticket}
    assert len(number) == 1
    assert len(await store.messages(number.pop())) == 3
    assert await store.told(OPERATORS) == ["card", "content"]


async def test_the_only_open_ticket_takes_free_text(desk: Desk, store: Store) -> None:
    ticket = await opens(desk)
    await leaves_dialogue(desk, ALICE)
    heard = await desk.run(hear, ALICE, says(ALICE))
    assert heard.outcome is Outcome.JOINED
    assert len(await store.messages(ticket.id)) == 2


async def test_a_reply_continues_its_own_ticket(desk: Desk, store: Store) -> None:
    await desk.run(describe, ALICE, "payment")
    question = says(ALICE, "first")
    first = (await desk.run(hear, ALICE, question)).ticket
    second = await opens(desk, ALICE, "second", "access")
    assert first is not None
    heard = await desk.run(hear, ALICE, says(ALICE, "more", reply_to=question.ref))
    assert heard.ticket and heard.ticket.id == first.id != second.id


async def test_a_reply_to_our_notice_continues_its_ticket(desk: Desk, store: Store) -> None:
    first, second = await opens(desk), await opens(desk, ALICE, "again", "other")
    notice = (await store.outbox(ALICE.address.chat, ticket_id=first.id))[0]
    delivery = Delivery(
        notice.id, "telegram", notice.address, "en", "text", notice.key, {}, first.id, desk.clock()
    )
    await desk.run(arrived, delivery, Sent(("77",)))
    heard = await desk.run(
        hear, ALICE, says(ALICE, "this one", reply_to=ref(ALICE.address.chat, 77))
    )
    assert heard.ticket and heard.ticket.id == first.id != second.id


async def test_a_reply_to_somebody_elses_message_does_not_reach_their_ticket(
    desk: Desk, store: Store
) -> None:
    theirs = await opens(desk, BORIS)
    said = says(ALICE, "mine", reply_to=(await store.messages(theirs.id))[0].source)
    said = replace(said, ref=ref(102, 1))
    heard = await desk.run(hear, ALICE, said)
    assert heard.outcome is Outcome.ASK_WHETHER
    assert len(await store.messages(theirs.id)) == 1


async def test_words_for_an_ended_ticket_open_one_that_follows_it(desk: Desk, store: Store) -> None:
    question = says(ALICE, "first")
    await desk.run(describe, ALICE, "payment")
    old = (await desk.run(hear, ALICE, question)).ticket
    assert old is not None
    await close(desk, old.id)
    heard = await desk.run(hear, ALICE, says(ALICE, "still broken", reply_to=question.ref))
    assert heard.outcome is Outcome.OPENED and heard.ticket is not None
    new = await store.ticket(heard.ticket.id)
    assert (new.follows_id, new.topic) == (old.id, "payment")
    assert (await store.ticket(old.id)).closed_at is not None


async def test_an_album_for_an_ended_ticket_opens_only_one(desk: Desk, store: Store) -> None:
    question = says(ALICE, "first")
    await desk.run(describe, ALICE, "payment")
    old = (await desk.run(hear, ALICE, question)).ticket
    assert old is not None
    await desk.run(hear, ALICE, says(ALICE, "", kind="photo", album="a"))
    await close(desk, old.id)
    later = [says(ALICE, "", kind="photo", album="a") for _ in range(3)]
    await hears(desk, ALICE, *later)
    assert len(await store.tickets()) == 2


async def test_thanks_for_an_ended_ticket_are_kept_and_open_nothing(
    desk: Desk, store: Store
) -> None:
    ticket = await opens(desk)
    await close(desk, ticket.id)
    heard = await desk.run(hear, ALICE, says(ALICE, "Thank you!"))
    assert heard.outcome is Outcome.JOINED
    assert len(await store.tickets()) == 1
    assert (await store.ticket(ticket.id)).waiting_since is None


# Words without a place


async def test_free_text_without_a_ticket_is_kept_and_asked_about_once_in_a_burst(
    desk: Desk, store: Store, clock: Clock
) -> None:
    words = [says(ALICE, "one"), says(ALICE, "two"), says(ALICE, "", kind="photo", album="b")]
    outcomes = [heard.outcome for heard in await hears(desk, ALICE, *words)]
    assert outcomes == [Outcome.ASK_WHETHER, Outcome.KEPT, Outcome.KEPT]
    clock.move(minutes=1)
    assert (await desk.run(hear, ALICE, says(ALICE, "hello?"))).outcome is Outcome.ASK_WHETHER
    assert len(await store.messages(None)) == 4
    assert await store.tickets() == []
    assert await store.told(OPERATORS) == []


async def test_kept_words_become_a_ticket_without_being_typed_again(
    desk: Desk, store: Store
) -> None:
    await hears(desk, ALICE, says(ALICE, "one"), says(ALICE, "two"))
    heard = await desk.run(file_unassigned_messages, ALICE, None)
    assert heard and heard.outcome is Outcome.OPENED and heard.ticket
    assert [m.text for m in await store.messages(heard.ticket.id)] == ["one", "two"]
    assert await store.messages(None) == []
    assert await store.told(OPERATORS) == ["card", "content"]
    assert await desk.run(file_unassigned_messages, ALICE, None) is None


async def test_with_several_open_tickets_the_customer_says_which(desk: Desk, store: Store) -> None:
    first, second = await opens(desk), await opens(desk, ALICE, "another", "access")
    await leaves_dialogue(desk, ALICE)
    heard = await desk.run(hear, ALICE, says(ALICE, "and this"))
    assert heard.outcome is Outcome.ASK_WHICH
    assert [ticket.id for ticket in heard.choices] == [second.id, first.id]
    await desk.run(file_unassigned_messages, ALICE, first.id)
    assert [m.text for m in await store.messages(first.id)][-1] == "and this"


async def test_kept_words_are_not_filed_into_somebody_elses_ticket(
    desk: Desk, store: Store
) -> None:
    theirs = await opens(desk, BORIS)
    await desk.run(hear, ALICE, says(ALICE, "spy"))
    before = await store.everything()
    with pytest.raises(NoSuchTicket):
        await desk.run(file_unassigned_messages, ALICE, theirs.id)
    assert await store.everything() == before


async def test_words_written_by_accident_are_forgotten(desk: Desk, store: Store) -> None:
    await hears(desk, ALICE, says(ALICE, "oops"), says(ALICE, "oops"))
    assert await desk.run(drop_unassigned_messages, ALICE) == 2
    assert await store.messages(None) == []
    assert await desk.run(file_unassigned_messages, ALICE, None) is None


async def test_a_piece_of_a_kept_album_that_comes_late_follows_the_others(
    desk: Desk, store: Store
) -> None:
    await desk.run(hear, ALICE, says(ALICE, "", kind="photo", album="c"))
    heard = await desk.run(file_unassigned_messages, ALICE, None)
    assert heard and heard.ticket
    await desk.run(hear, ALICE, says(ALICE, "", kind="photo", album="c"))
    assert len(await store.messages(heard.ticket.id)) == 2


async def test_a_dialogue_about_a_ticket_ends_after_a_while(
    desk: Desk, store: Store, clock: Clock
) -> None:
    first: Ticket = await opens(desk)
    await opens(desk, ALICE, "another", "access")
    clock.move(minutes=16)
    assert (await desk.run(hear, ALICE, says(ALICE))).outcome is Outcome.ASK_WHICH
    assert len(await store.messages(first.id)) == 1
