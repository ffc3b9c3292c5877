"""Consent by correspondence on both databases: who is asked, and what counts (S31)."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core import inbox
from core.addresses import Address, MessageRef
from core.contacts.consents import (
    HELD_FOR,
    UNPROVED,
    Visitor,
    agree,
    record_consent,
    settle_held,
)
from core.contacts.erasure import erase_own
from core.contacts.erasure_remains import clear_traces, find_remains, has_traces
from core.contacts.written_consents import Step, Written, is_about_consent, take_written
from core.delivery.consent_letters import LATE
from core.delivery.outbox import row, write
from core.delivery.pacing import Priority
from core.delivery.waiting_rows import requeue_interrupted
from core.desk import Desk
from core.models import (
    Consent,
    InboxRow,
    OutboxRow,
    Person,
)
from core.people.contact_points import Point, add_point, remove_point
from core.people.identity import Sender, recognise
from core.people.restrictions import BLOCK, restrict
from core.tickets.correspondence import Arrival, receive
from core.tickets.incoming import IncomingMessage
from core.tx import Actor, Tx
from core.words.consent_answers import ConsentWord
from tests.actions.people import ALICE, BORIS
from tests.actions.store import Store
from tests.actions.written_consent_factories import (
    ANNA,
    ask_for_consent,
    held,
    mail,
    proves_to_have,
    question,
    sent,
    waiting,
    written,
)
from tests.clock import Clock


@pytest.fixture(autouse=True)
def asked(desk: Desk) -> None:
    ask_for_consent(desk)


async def test_a_yes_releases_what_is_held_into_the_order_it_came_under(
    desk: Desk, store: Store
) -> None:
    assert await desk.read(is_about_consent, written())
    assert await mail(desk, written()) is Step.HOLD
    assert await mail(desk, written()) is Step.HOLD
    assert await held(store) == ["anna@x.test"] * 2 and await store.rows(select(Person.id)) == []
    answered = await sent(desk, store)
    yes = written(word=ConsentWord.YES, answered=answered)
    assert await mail(desk, yes) is Step.AGREE
    assert await waiting(desk) == ["mail:1"] * 2 and await held(store) == []
    assert [one.origin for one in await store.rows(select(Consent))] == ["email"]
    assert await desk.read(is_about_consent, yes), "the same yes once more is no words"
    assert not await desk.read(is_about_consent, written())
    assert await mail(desk, yes) is Step.PASS


class Killed(Exception):
    """The process ends here."""


async def test_a_yes_that_is_not_committed_has_released_nothing_and_counts_when_it_comes_again(
    desk: Desk, store: Store
) -> None:
    async def dies(tx: Tx, said: Written) -> None:
        await take_written(tx, said)
        await tx.write()
        raise Killed

    await mail(desk, written())
    yes = written(word=ConsentWord.YES, answered=await sent(desk, store))
    with pytest.raises(Killed):
        await mail(desk, yes, dies)
    assert await held(store) == ["anna@x.test"] and await store.rows(select(Consent)) == []
    (again,) = await desk.read(inbox.list_unfinished, 0, 10)
    with desk.handling(again.id):
        assert await desk.run(take_written, yes) is Step.AGREE
    assert await waiting(desk) == ["mail:1"]


async def test_a_no_forgets_it_with_its_file_and_leaves_others_alone(
    desk: Desk, store: Store
) -> None:
    boris = Sender(Address("email", "boris@x.test"), "Boris")
    await mail(desk, written())
    file = json.loads((await store.rows(select(InboxRow.raw)))[0])[inbox.FILE]
    await mail(desk, written(boris))
    no = written(word=ConsentWord.NO, answered=await sent(desk, store))
    assert await mail(desk, no) is Step.REFUSE
    assert await held(store) == ["boris@x.test"] and await store.rows(select(Person.id)) == []
    remains = await desk.read(find_remains)
    assert remains is not None and file in remains.files and len(remains.files) == 2
    raws = await store.rows(select(InboxRow.raw).order_by(InboxRow.id))
    assert [raw == inbox.NOTHING_SAID for raw in raws] == [True, False, True]


async def test_a_no_once_more_erases_nothing_that_came_later_and_is_not_answered(
    desk: Desk, store: Store
) -> None:
    await mail(desk, written())
    no = written(word=ConsentWord.NO, answered=await sent(desk, store))
    assert await mail(desk, no) is Step.REFUSE
    await mail(desk, written())
    told = await store.told(ANNA.address.chat)
    assert told == ["letter.consent_ask", "letter.consent_erased", "letter.consent_ask"]
    assert await mail(desk, no) is Step.PASS
    assert await held(store) == [ANNA.address.chat]
    assert await store.told(ANNA.address.chat) == told
    raws = await store.rows(select(InboxRow.raw).order_by(InboxRow.id))
    assert [raw == inbox.NOTHING_SAID for raw in raws] == [True, True, False, True]
    yes = written(word=ConsentWord.YES, answered=await sent(desk, store))
    assert await mail(desk, yes) is Step.AGREE and await waiting(desk) == ["mail:1"]


async def test_a_no_counts_to_a_question_that_came_although_its_sending_failed(
    desk: Desk, store: Store
) -> None:
    await mail(desk, written())
    answered = await question(store)

    async def fails(tx: Tx) -> None:
        (await tx.get(OutboxRow, answered)).state = "failed"

    await desk.run(fails)
    no = written(word=ConsentWord.NO, answered=answered)
    assert await mail(desk, no) is Step.REFUSE and await held(store) == []


async def test_a_yes_to_an_earlier_text_that_says_more_is_held(desk: Desk, store: Store) -> None:
    await mail(desk, written())
    earlier = await sent(desk, store)
    desk.company = replace(desk.company, consent_version="2")
    yes = written(word=ConsentWord.YES, answered=earlier, says_more=True)
    assert await mail(desk, yes) is Step.FORGET
    assert await held(store) == [ANNA.address.chat] * 2
    agrees = written(word=ConsentWord.YES, answered=await sent(desk, store))
    assert await mail(desk, agrees) is Step.AGREE
    assert await waiting(desk) == ["mail:1"] * 2


async def test_a_yes_that_says_more_just_after_another_is_held_and_handled_soon(
    desk: Desk, store: Store
) -> None:
    await mail(desk, written())
    answered = await sent(desk, store)
    await mail(desk, written(word=ConsentWord.YES, answered=answered))
    more = written(word=ConsentWord.YES, answered=answered, says_more=True)
    assert not await desk.read(is_about_consent, more)
    assert await mail(desk, more) is Step.PASS, "the consent came after the look"
    assert await desk.run(settle_held) == 1
    assert await waiting(desk) == ["mail:1"] * 2


async def test_a_late_yes_that_says_more_is_told_that_the_mail_is_erased(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await mail(desk, written())
    answered = await sent(desk, store)
    clock.move(seconds=HELD_FOR.total_seconds() + 1)
    await desk.run(settle_held)
    late = written(word=ConsentWord.YES, answered=answered, says_more=True)
    assert await mail(desk, late) is Step.AGREE
    assert (await store.outbox(ANNA.address.chat))[-1].key == LATE
    assert await waiting(desk) == ["mail:1"]


async def test_a_yes_counts_although_somebody_else_was_erased_meanwhile(
    desk: Desk, store: Store
) -> None:
    """What letters say is forgotten then, everybody's."""
    await mail(desk, written())
    answered = await sent(desk, store)
    await desk.run(recognise, BORIS)
    await desk.run(erase_own, BORIS.address)
    while await desk.read(has_traces):
        await desk.run(clear_traces)
    yes = written(word=ConsentWord.YES, answered=answered)
    assert await mail(desk, yes) is Step.AGREE


async def test_a_yes_counts_to_a_question_whose_sending_was_interrupted(
    desk: Desk, store: Store
) -> None:
    await mail(desk, written())
    answered = await question(store)

    async def again(tx: Tx) -> None:
        (await tx.get(OutboxRow, answered)).state = "sending"
        await tx.write()
        await requeue_interrupted(tx)

    await desk.run(again)
    assert await mail(desk, written()) is Step.HOLD
    assert len(await store.outbox(ANNA.address.chat)) == 1, "it waits once more"
    assert await mail(desk, written(answered=answered)) is Step.HOLD
    told = [(one.key, one.state) for one in await store.outbox(ANNA.address.chat)]
    assert told == [("letter.consent_ask", "queued"), ("letter.consent_again", "queued")]
    yes = written(word=ConsentWord.YES, answered=answered)
    assert await mail(desk, yes) is Step.AGREE
    assert {one.state for one in await store.outbox(ANNA.address.chat)} == {"dropped"}


async def test_an_address_as_long_as_they_get_can_be_asked(desk: Desk, store: Store) -> None:
    there = f"{'a' * 60}@{'b' * 60}.{'c' * 60}.test"
    anna = Sender(Address("email", there), "Anna")
    await mail(desk, written(anna))
    assert await held(store) == [there]
    yes = written(anna, word=ConsentWord.YES, answered=await sent(desk, store, anna))
    assert await mail(desk, yes) is Step.AGREE


async def test_a_yes_in_the_chat_releases_mails_from_an_address_that_is_theirs(
    desk: Desk, store: Store
) -> None:
    async def both(tx: Tx) -> None:
        person = await recognise(tx, ALICE)
        await proves_to_have(tx, person, "anna@x.test")

    await desk.run(both)
    await mail(desk, written())
    chat = Visitor(ALICE.address, "en", ALICE.address.chat)
    await desk.run(agree, ALICE, chat, "1")
    assert await waiting(desk) == ["mail:1"]
    assert not await desk.read(is_about_consent, written())


async def test_what_is_held_of_somebody_who_has_agreed_elsewhere_is_handled_soon(
    desk: Desk, store: Store
) -> None:
    async def proves(tx: Tx) -> None:
        person = await recognise(tx, ALICE)
        await proves_to_have(tx, person, "anna@x.test")

    await mail(desk, written())
    await desk.run(agree, ALICE, Visitor(ALICE.address, "en", ALICE.address.chat), "1")
    await desk.run(proves)
    assert await desk.run(settle_held) == 1
    assert await waiting(desk) == ["mail:1"] and await desk.run(settle_held) == 0


async def test_who_is_blocked_is_not_asked(desk: Desk, store: Store) -> None:
    async def block(tx: Tx) -> None:
        person = await recognise(tx, ANNA)
        tx.actor = Actor("admin")
        await restrict(tx, person.id, BLOCK, tx.now + timedelta(days=1), "spam")

    await desk.run(block)
    assert not await desk.read(is_about_consent, written())
    assert await store.outbox(ANNA.address.chat) == []


async def agrees_and_is_written_to(desk: Desk, store: Store) -> int:
    """Alice has agreed in her chat, and reads a mail at an address that is noted of her, and then
    of Boris. Returns the mail.
    """
    there = ANNA.address

    async def known(tx: Tx) -> None:
        alice, boris = await recognise(tx, ALICE), await recognise(tx, BORIS)
        for person in (alice, boris):
            await add_point(tx, person, Point("email", there.chat))
        await record_consent(tx, alice.id, "1", "telegram")
        letter = row(tx, there, "text", Priority.ANSWER_TO_ACTOR, ordering_key="x", person=alice)
        await write(tx, [letter])

    await desk.run(known)
    return await question(store)


async def test_whose_words_go_unasked_is_who_has_agreed(desk: Desk, store: Store) -> None:
    answered = await agrees_and_is_written_to(desk, store)
    assert not await desk.read(is_about_consent, written(answered=answered))
    said = IncomingMessage(MessageRef("email", ANNA.address.chat, "2"), "text", "Still shut.")
    ticket = await desk.run(receive, Arrival(ANNA, [said], "x", answered=answered))
    assert ticket is not None
    assert await store.rows(select(Consent.person_id)) == [ticket.customer_id]


async def test_who_agreed_is_asked_where_the_address_is_noted_of_them_no_more(
    desk: Desk, store: Store
) -> None:
    answered = await agrees_and_is_written_to(desk, store)

    async def removes(tx: Tx) -> None:
        await remove_point(tx, await recognise(tx, ALICE), Point("email", ANNA.address.chat))

    await desk.run(removes)
    assert await desk.read(is_about_consent, written(answered=answered))


async def test_who_agreed_and_answers_a_mail_to_their_noted_address_is_not_asked_again(
    desk: Desk, store: Store
) -> None:
    """On the web form, or in a chat: by the answer to what was sent there they prove it theirs."""
    there = ANNA.address

    async def known(tx: Tx) -> None:
        person = await recognise(tx, ALICE)
        await add_point(tx, person, Point("email", there.chat))
        await record_consent(tx, person.id, "1", "web")
        letter = row(tx, there, "text", Priority.ANSWER_TO_ACTOR, ordering_key="x", person=person)
        await write(tx, [letter])

    await desk.run(known)
    answered = await question(store)
    assert not await desk.read(is_about_consent, written(answered=answered))
    assert await desk.read(is_about_consent, written())
    assert await desk.read(is_about_consent, written(answered=answered, unasked=UNPROVED))
    other = Sender(Address("email", "mallory@y.test"), "Mallory")
    assert await desk.read(is_about_consent, written(other, answered=answered))
    desk.company = replace(desk.company, consent_version="2")
    assert await desk.read(is_about_consent, written(answered=answered))
