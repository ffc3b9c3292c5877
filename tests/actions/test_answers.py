"""Operators answer; only what has been delivered ends the customer's waiting."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.delivery.channel import Sent
from core.delivery.outbox_store import claim, end
from core.desk import Desk
from core.errors import (
    MoveRefused,
    NotAllowed,
    NothingToDo,
    Refusal,
    Unreadable,
)
from core.models import Note
from core.people.identity import arrive
from core.tickets.card import card_of, list_notes, list_words
from core.tickets.conversation import (
    answer_delivered,
    answer_failed,
    note,
    question_after_all,
    reply,
    retry,
    undo,
)
from core.tickets.delivery_results import arrived
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import hear
from core.tickets.lifecycle import move, release, take
from core.tickets.workflow import Marker
from core.tx import Actor, Tx
from tests.actions.people import (
    ALICE,
    ANNA,
    OLEG,
    OPERATORS,
    opens,
    operator,
    ref,
    says,
    writes,
)
from tests.actions.store import Store
from tests.clock import Clock


async def answers(
    desk: Desk, who: Actor, number: int, incoming: IncomingMessage | None = None
) -> int:
    """The operator answers; the message's id."""
    await desk.run_as(who, reply, number, incoming or writes())
    return (await Store(desk.database).messages(number))[-1].id


async def test_who_answers_first_becomes_the_assignee(desk: Desk, store: Store) -> None:
    ticket, olga, oleg = await opens(desk), await operator(desk), await operator(desk, OLEG)
    await answers(desk, olga, ticket.id)
    await answers(desk, oleg, ticket.id)
    kept = await store.ticket(ticket.id)
    assert (kept.assignee_id, kept.state) == (olga.person_id, "in_progress")
    assert await store.told(ALICE.address.chat) == ["ticket.opened", "content", "content"]


async def test_only_a_delivered_answer_ends_the_waiting(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    message = await answers(desk, olga, ticket.id)
    assert (await store.ticket(ticket.id)).waiting_since is not None
    assert {"answer", "reminder"} == set(await store.timers(ticket.id))
    clock.move(seconds=3)
    await desk.run(answer_delivered, [message])
    kept = await store.ticket(ticket.id)
    assert (kept.waiting_since, kept.answer_due) == (None, None)
    assert await store.timers(ticket.id) == {}
    assert "reaction" in await store.told(OPERATORS)
    await desk.run(answer_delivered, [message])
    assert (await store.journal(ticket.id)).count("answer_delivered") == 1


async def test_customers_words_that_reach_the_group_answer_nobody(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket = await opens(desk)
    await desk.run(hear, ALICE, says(ALICE, "And the camera too"))
    clock.move(seconds=2)
    relayed = await desk.run(claim, [row.id for row in await store.outbox(kind="content")], {})
    assert [delivery.address for delivery in relayed] == [str(OPERATORS)]
    before = await store.journal(ticket.id)
    await desk.run(arrived, relayed[0], Sent(("77",)))
    assert await store.journal(ticket.id) == before
    assert (await store.ticket(ticket.id)).waiting_since == ticket.waiting_since
    assert [message.delivered_at for message in await store.messages(ticket.id)] == [None, None]
    assert await store.outbox(kind="reaction") == []


async def test_what_was_written_before_the_delivery_still_waits(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    message = await answers(desk, olga, ticket.id)
    asked = clock.move(seconds=5)
    await desk.run(hear, ALICE, says(ALICE, "And one thing more?"))
    clock.move(seconds=5)
    await desk.run(answer_delivered, [message])
    kept = await store.ticket(ticket.id)
    assert kept.waiting_since == asked
    assert kept.answer_due == asked + timedelta(days=3)


async def test_further_messages_do_not_move_the_deadline(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket = await opens(desk)
    due = ticket.answer_due
    clock.move(hours=5)
    await desk.run(hear, ALICE, says(ALICE, "anybody?"))
    assert (await store.ticket(ticket.id)).answer_due == due


async def test_whoever_waits_and_writes_into_a_frozen_ticket_has_the_time_left_and_no_new_deadline(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    assert ticket.answer_due is not None
    left = ticket.answer_due - clock.move(hours=5)
    await desk.run_as(olga, move, ticket.id, "freeze")
    now = clock.move(days=1)
    await desk.run(hear, ALICE, says(ALICE, "Not yet!"))
    kept = await store.ticket(ticket.id)
    assert kept.state == "reopened"
    assert kept.answer_due == now + left


async def test_an_answer_without_words_is_refused(desk: Desk, store: Store) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    before = await store.everything()
    with pytest.raises(Unreadable):
        await desk.run_as(olga, reply, ticket.id, writes("  "))
    assert await store.everything() == before
    await desk.run_as(olga, reply, ticket.id, writes("", kind="photo"))


async def test_an_album_is_one_answer(desk: Desk, store: Store) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    first = writes("", kind="photo", album="x")
    await answers(desk, olga, ticket.id, first)
    await answers(desk, olga, ticket.id, writes("", kind="photo", album="x"))
    assert await store.told(ALICE.address.chat) == ["ticket.opened", "content"]
    mine = [m.id for m in await store.messages(ticket.id) if not m.from_customer]
    await desk.run(answer_delivered, mine)
    assert (await store.ticket(ticket.id)).waiting_since is None


# Waiting for the customer


async def test_a_question_waits_for_the_customer_and_their_answer_brings_it_back(
    desk: Desk, store: Store
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, reply, ticket.id, writes("Which flat?"), wait=True)
    kept = await store.ticket(ticket.id)
    assert (kept.state, kept.assignee_id) == ("waiting", olga.person_id)
    await desk.run(answer_delivered, [(await store.messages(ticket.id))[-1].id])
    assert (await store.ticket(ticket.id)).waiting_since is None
    await desk.run(hear, ALICE, says(ALICE, "Flat 5"))
    kept = await store.ticket(ticket.id)
    assert (kept.state, kept.assignee_id) == ("reopened", None)
    assert kept.waiting_since is not None
    assert "ticket.reopened" not in await store.told(ALICE.address.chat)


async def test_a_question_that_was_never_delivered_leaves_the_customer_waiting(
    desk: Desk, store: Store
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, reply, ticket.id, writes("Which flat?"), wait=True)
    message = (await store.messages(ticket.id))[-1].id
    await desk.run(answer_failed, message, "bad_request")
    kept = await store.ticket(ticket.id)
    assert (kept.waiting_since, kept.answer_due) == (ticket.waiting_since, ticket.answer_due)
    assert set(await store.timers(ticket.id)) == {"answer", "reminder", "review"}
    await desk.run(answer_delivered, [message])
    kept = await store.ticket(ticket.id)
    assert (kept.state, kept.waiting_since) == ("waiting", None)


@pytest.mark.parametrize("verb", ["wait", "freeze", "resolve"])
@pytest.mark.parametrize("keep", [False, True])
async def test_a_message_brings_a_ticket_back_from_a_pause_or_a_resolution(
    desk: Desk, store: Store, verb: str, keep: bool
) -> None:

    desk.company = replace(desk.company, keep_assignee_on_reopen=keep)
    ticket, olga = await opens(desk), await operator(desk)
    await answers(desk, olga, ticket.id)
    await desk.run_as(olga, move, ticket.id, verb)
    await desk.run(hear, ALICE, says(ALICE, "Not yet!"))
    kept = await store.ticket(ticket.id)
    assert kept.state == "reopened"
    assert kept.waiting_since is not None
    assert kept.assignee_id == (olga.person_id if keep else None)
    assert kept.earlier_assignee_id == olga.person_id
    card = await desk.read(card_of, ticket.id)
    assert card and card.earlier_assignee == (None if keep else "Olga")


async def test_who_gave_a_ticket_back_is_known_when_its_customer_brings_it_back(
    desk: Desk, store: Store
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, take, ticket.id)
    await desk.run_as(olga, release, ticket.id)
    await desk.run_as(olga, move, ticket.id, "freeze")
    await desk.run(hear, ALICE, says(ALICE, "Any news?"))
    kept = await store.ticket(ticket.id)
    assert (kept.state, kept.assignee_id) == ("reopened", None)
    assert kept.earlier_assignee_id == olga.person_id


# Thanks


@pytest.mark.parametrize("verb", [None, "wait", "freeze", "resolve"])
@pytest.mark.parametrize("kind", ["text", "sticker"])
async def test_thanks_are_kept_and_move_nothing(
    desk: Desk, store: Store, verb: str | None, kind: str
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run(answer_delivered, [await answers(desk, olga, ticket.id)])
    if verb:
        await desk.run_as(olga, move, ticket.id, verb)
    before = await store.ticket(ticket.id)
    await desk.run(hear, ALICE, says(ALICE, "Thank you 🙏", kind=kind))
    after = await store.ticket(ticket.id)
    assert (after.state, after.assignee_id) == (before.state, olga.person_id)
    assert after.waiting_since is None
    assert (await store.messages(ticket.id))[-1].counts is False
    assert (await store.outbox(OPERATORS, kind="content"))[-1].facts["thanks"] is True


@pytest.mark.parametrize("words", ["Yes!", "It works, thanks", "всё работает", "+"])
async def test_a_plain_yes_to_does_everything_work_closes_the_ticket(
    desk: Desk, store: Store, words: str
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, move, ticket.id, "resolve")
    await desk.run(hear, ALICE, says(ALICE, words))
    assert (await store.ticket(ticket.id)).state == "closed"
    assert (await store.told(ALICE.address.chat))[-2:] == ["customer.verdict.content", "unask"]
    assert (await store.outbox(OPERATORS, kind="content"))[-1].facts["thanks"] is False


@pytest.mark.parametrize("words", ["No", "нет, не работает", "Works, but slowly"])
async def test_anything_but_a_yes_or_thanks_brings_a_solved_ticket_back(
    desk: Desk, store: Store, words: str
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, move, ticket.id, "resolve")
    await desk.run(hear, ALICE, says(ALICE, words))
    assert (await store.ticket(ticket.id)).state == "reopened"


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("words", ["ок", "Договорились", "принято", "👍"])
async def test_agreement_answers_a_question_of_ours(
    desk: Desk, store: Store, words: str, waits: bool
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    asked = await answers(desk, olga, ticket.id, writes("Shall we come on Monday?"))
    await desk.run(answer_delivered, [asked])
    if waits:
        await desk.run_as(olga, move, ticket.id, "wait")
    await desk.run(hear, ALICE, says(ALICE, words))
    assert (await store.ticket(ticket.id)).waiting_since is not None


async def test_an_operator_says_that_it_is_a_question_after_all(desk: Desk, store: Store) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run(answer_delivered, [await answers(desk, olga, ticket.id)])
    await desk.run(hear, ALICE, says(ALICE, "ok"))
    message = (await store.messages(ticket.id))[-1].id
    await desk.run_as(olga, question_after_all, message)
    assert (await store.ticket(ticket.id)).waiting_since is not None
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, question_after_all, message)
    with pytest.raises(Refusal):
        await desk.run_as(olga, question_after_all, 10_000)


async def test_thanks_before_any_answer_count_like_everything_else(
    desk: Desk, store: Store
) -> None:
    ticket = await opens(desk)
    await desk.run(hear, ALICE, says(ALICE, "thanks"))
    assert (await store.messages(ticket.id))[-1].counts is True


async def test_thanks_for_the_word_of_a_freeze_do_not_end_it(desk: Desk, store: Store) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, move, ticket.id, "freeze", reason="the cable comes on Monday")
    await desk.run(hear, ALICE, says(ALICE, "ok, thanks"))
    kept = await store.ticket(ticket.id)
    assert (kept.state, kept.waiting_since) == ("frozen", ticket.waiting_since)
    await desk.run(hear, ALICE, says(ALICE, "Why so late?"))
    kept = await store.ticket(ticket.id)
    assert (kept.state, kept.waiting_since) == ("reopened", ticket.waiting_since)


# Taking back and trying again


async def test_an_answer_taken_back_makes_the_customer_wait_again(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    said = writes("Wrong flat")
    await desk.run(answer_delivered, [await answers(desk, olga, ticket.id, said)])
    clock.move(minutes=5)
    await desk.run_as(olga, undo, said.ref)
    kept = await store.ticket(ticket.id)
    assert (kept.waiting_since, kept.answer_due) == (ticket.waiting_since, ticket.answer_due)
    assert (await store.outbox(ALICE.address.chat))[-1].kind == "delete"
    assert (await store.facts(ticket.id, "answer_withdrawn"))[0]["old"] == "Wrong flat"
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, undo, said.ref)


async def test_an_album_is_taken_back_as_one_whichever_piece_is_meant(
    desk: Desk, store: Store
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    pieces = [writes(text, kind="photo", album="x") for text in ("", "the plan", "the meter")]
    numbers = [await answers(desk, olga, ticket.id, piece) for piece in pieces]
    await desk.run(answer_delivered, numbers)
    await desk.run_as(olga, undo, pieces[2].ref)
    (told,) = await store.facts(ticket.id, "answer_withdrawn")
    assert told["old"] == "the plan\nthe meter" and told["messages"] == numbers
    (receipt,) = await store.outbox(OPERATORS, kind="reaction")
    assert (receipt.facts["reply"], receipt.facts["emoji"]) == (pieces[0].ref.message, None)


async def test_an_answer_is_taken_back_in_time_by_its_author_or_an_admin(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    first, second = writes("one"), writes("two")
    for said in (first, second):
        await desk.run(answer_delivered, [await answers(desk, olga, ticket.id, said)])
    with pytest.raises(NotAllowed):
        await desk.run_as(await operator(desk, OLEG), undo, first.ref)
    with pytest.raises(Unreadable):
        await desk.run_as(olga, undo, ref(OPERATORS, 5))
    await desk.run_as(await operator(desk, ANNA), undo, first.ref)
    clock.move(hours=49)
    with pytest.raises(Refusal, match="undo_late"):
        await desk.run_as(olga, undo, second.ref)


async def test_an_answer_taken_back_on_its_way_gets_no_receipt(desk: Desk, store: Store) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    said = writes()
    message = await answers(desk, olga, ticket.id, said)
    await desk.run_as(olga, undo, said.ref)
    await desk.run(answer_delivered, [message])
    (receipt,) = await store.outbox(OPERATORS, kind="reaction")
    assert receipt.facts["emoji"] is None
    assert (await store.ticket(ticket.id)).waiting_since == ticket.waiting_since


async def test_taking_back_in_a_frozen_ticket_does_not_start_its_clock(
    desk: Desk, store: Store
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    said = writes()
    await desk.run(answer_delivered, [await answers(desk, olga, ticket.id, said)])
    await desk.run_as(olga, move, ticket.id, "freeze")
    await desk.run_as(olga, undo, said.ref)
    kept = await store.ticket(ticket.id)
    assert (kept.waiting_since, kept.answer_due) == (ticket.waiting_since, None)
    assert kept.answer_left == 3 * 86400
    assert set(await store.timers(ticket.id)) == {"review"}


async def test_a_failed_answer_is_said_aloud_and_sent_again_once(desk: Desk, store: Store) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    message = await answers(desk, olga, ticket.id)
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, retry, message)
    (row,) = await store.outbox(ALICE.address.chat, kind="content")
    await desk.run(end, row.id, "failed", error="network")
    await desk.run(answer_failed, message, "network")
    assert "answer.failed.other" in await store.told(OPERATORS)
    assert (await store.ticket(ticket.id)).waiting_since == ticket.waiting_since
    await desk.run_as(olga, retry, message)
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, retry, message)
    assert len(await store.outbox(ALICE.address.chat, kind="content")) == 2


async def test_retrying_what_is_no_answer_is_refused(desk: Desk, store: Store) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    theirs = (await store.messages(ticket.id))[0].id
    for message in (theirs, 10_000):
        with pytest.raises(Refusal):
            await desk.run_as(olga, retry, message)


# Notes


async def test_notes_live_apart_and_never_leave_the_house(desk: Desk, store: Store) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, note, ticket.id, writes("he is angry"))
    with pytest.raises(Unreadable):
        await desk.run_as(olga, note, ticket.id, writes(" "))
    assert [row.text for row in await store.rows(select(Note))] == ["he is angry"]
    assert [words.text for words in await desk.read(list_words, ticket.id)] == [ticket.opening]
    assert [text for _, _, text in await desk.read(list_notes, ticket.id)] == ["he is angry"]
    assert all("angry" not in str(row.facts) for row in await store.outbox(ALICE.address.chat))
    assert (await store.ticket(ticket.id)).waiting_since is not None


async def test_a_closed_ticket_takes_notes_but_no_answer(desk: Desk, store: Store) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, move, ticket.id, "close")
    await desk.run_as(olga, note, ticket.id, writes("for the record"))
    with pytest.raises(MoveRefused):
        await desk.run_as(olga, reply, ticket.id, writes())
    card = await desk.read(card_of, ticket.id)
    assert card and card.marker is Marker.CLOSED


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
async def test_who_answers_does_not_wait_for_the_customer_who_writes_meanwhile(
    desk: Desk,
) -> None:
    """The customer's message holds the person and asks for the ticket, the answer holds the ticket
    and writes a row about the person: each waited for the other until PostgreSQL ended one.
    """
    ticket, olga = await opens(desk), await operator(desk)
    begun, answered = asyncio.Event(), asyncio.Event()

    async def write(tx: Tx) -> None:
        await arrive(tx, ALICE, "customer")
        begun.set()
        await answered.wait()
        await hear(tx, ALICE, says(ALICE, "And another thing"))

    writing = asyncio.create_task(desk.run(write))
    await begun.wait()
    answering = asyncio.create_task(desk.run_as(olga, reply, ticket.id, writes()))
    done, _ = await asyncio.wait({answering}, timeout=60)
    answered.set()
    await asyncio.gather(writing, answering)
    assert done
