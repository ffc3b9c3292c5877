"""Consent by correspondence on both databases: held, released, forgotten with its file (S31)."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any, Final

import pytest
from sqlalchemy import select

from core import held_updates, inbox
from core.addresses import Address, MessageRef
from core.contacts.consents import (
    HELD_FOR,
    MOST_HELD,
    UNASKED_TOLD_EVERY,
    UNPROVED,
    Visitor,
    agree,
    hold_words,
    record_consent,
    settle_held,
)
from core.contacts.erasure import erase_own
from core.contacts.erasure_remains import clear_traces, find_remains, has_traces, unused
from core.contacts.retention import apply_retention
from core.contacts.written_consents import Step, Written, is_about_consent, take_written
from core.delivery.consent_letters import LATE
from core.delivery.outbox import row, write
from core.delivery.pacing import Priority
from core.delivery.waiting_rows import requeue_interrupted
from core.desk import AlreadyHandled, Desk
from core.inbox import HELD, Raw
from core.models import (
    Camera,
    CameraOwner,
    Consent,
    ContactPoint,
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
from tests.clock import Clock

TEXT: Final = {"en": "We keep your words for a year."}
ANNA: Final = Sender(Address("email", "anna@x.test"), "Anna")
_ids = count(1)


@pytest.fixture(autouse=True)
def asked(desk: Desk) -> None:
    channels = frozenset({"email"})
    desk.company = replace(desk.company, consent=TEXT, letter_channels=channels)


def written(who: Sender = ANNA, **what: Any) -> Written:
    about: dict[str, Any] = {"id": "m@x.test", "word": None, "answered": None}
    return Written(sender=who, **(about | what))


async def mail(
    desk: Desk, said: Written, action: Callable[[Tx, Written], Awaitable[Any]] = take_written
) -> Any:
    """A mail of theirs comes in and is handled."""
    number = next(_ids)
    raw = json.dumps({inbox.FILE: f"{number:064x}", inbox.FROM: said.sender.address.chat})
    await desk.run(inbox.store, "mail:box", [Raw(f"{number}", "mail:1", raw)])
    stored = (await desk.read(inbox.list_unfinished, 0, 100))[-1]
    with desk.handling(stored.id):
        return await desk.run(action, said)


async def question(store: Store, who: Sender = ANNA) -> int:
    """The newest question, as if it had left."""
    return int((await store.outbox(who.address.chat))[-1].id)


async def sent(desk: Desk, store: Store, who: Sender = ANNA) -> int:
    number = await question(store, who)

    async def leave(tx: Tx) -> None:
        (await tx.get(OutboxRow, number)).state = "sent"

    await desk.run(leave)
    return number


async def held(store: Store) -> list[str]:
    query = select(InboxRow.ordering_key).where(InboxRow.state == HELD)
    return await store.rows(query.order_by(InboxRow.id))


async def proves_to_have(tx: Tx, person: Person, there: str) -> None:
    point = ContactPoint(person_id=person.id, kind="email", value=there, verified_at=tx.now)
    await tx.insert(point)


async def waiting(desk: Desk) -> list[str]:
    return [one.ordering_key for one in await desk.read(inbox.list_unfinished, 0, 1000)]


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


async def test_the_file_of_a_mail_that_waits_is_not_deleted_with_that_of_another(
    desk: Desk, store: Store
) -> None:
    """Two mailboxes may have got one mail: the same bytes are one file."""
    await mail(desk, written())
    file = json.loads((await store.rows(select(InboxRow.raw)))[0])[inbox.FILE]
    assert await desk.read(unused, [file]) == ()
    await desk.run(held_updates.forget_held)
    assert await desk.read(unused, [file]) == (file,)


async def test_no_more_than_a_hundred_are_held_and_the_rest_is_forgotten(
    desk: Desk, store: Store
) -> None:
    for _ in range(MOST_HELD + 1):
        await mail(desk, written())
    assert len(await held(store)) == MOST_HELD
    raws = await store.rows(select(InboxRow.raw).order_by(InboxRow.id))
    assert raws[-1] == inbox.NOTHING_SAID and inbox.NOTHING_SAID not in raws[:-1]
    assert len(await store.outbox(ANNA.address.chat)) == 1


async def test_an_erasure_takes_held_mails_and_the_question_along(desk: Desk, store: Store) -> None:
    await desk.run(recognise, ANNA)
    await mail(desk, written())
    erased = await desk.run(erase_own, ANNA.address)
    assert await held(store) == [] and len(erased.files) == 1
    assert not await store.rows(select(InboxRow.id).where(InboxRow.raw.contains("anna")))
    (letter,) = await store.outbox()
    assert (letter.state, letter.address, letter.dedup_key, letter.facts) == (
        "dropped",
        "",
        None,
        {},
    )


async def noted_of_boris(tx: Tx) -> None:
    await add_point(tx, await recognise(tx, BORIS), Point("email", ANNA.address.chat))


async def test_a_stranger_is_not_erased_with_whom_their_address_was_noted_of(
    desk: Desk, store: Store
) -> None:
    await desk.run(noted_of_boris)
    await mail(desk, written())
    answered = await sent(desk, store)
    erased = await desk.run(erase_own, BORIS.address)
    assert await held(store) == [ANNA.address.chat] and erased.files == ()
    yes = written(word=ConsentWord.YES, answered=answered)
    assert await mail(desk, yes) is Step.AGREE and await waiting(desk) == ["mail:1"]


async def test_a_strangers_question_that_waits_is_sent_although_somebody_is_erased(
    desk: Desk, store: Store
) -> None:
    await desk.run(noted_of_boris)
    await mail(desk, written())
    await desk.run(erase_own, BORIS.address)
    (letter,) = await store.outbox(ANNA.address.chat)
    assert letter.state == "queued" and letter.facts["version"] == "1"


async def test_whose_address_it_proved_to_be_loses_nothing_with_whom_it_was_noted_of(
    desk: Desk, store: Store
) -> None:
    there = ANNA.address

    async def sends(tx: Tx) -> None:
        anna = await recognise(tx, ANNA)
        letter = row(tx, there, "text", Priority.ANSWER_TO_ACTOR, ordering_key="x", person=anna)
        await write(tx, [letter])
        names = dict.fromkeys(("number", "name", "address", "area", "folded"), "gate")
        await tx.insert(Camera(id=1, fields={}, updated_at=tx.now, **names))
        await tx.insert(CameraOwner(camera_id=1, kind="email", value=there.chat))

    await desk.run(sends)
    await sent(desk, store)
    await desk.run(noted_of_boris)
    await mail(desk, written())
    answered = await sent(desk, store)
    await desk.run(erase_own, BORIS.address)
    assert len(await store.outbox(there.chat)) == 2
    assert await store.rows(select(CameraOwner.value)) == [there.chat]
    yes = written(word=ConsentWord.YES, answered=answered)
    assert await mail(desk, yes) is Step.AGREE and await waiting(desk) == ["mail:1"]


async def test_mails_of_unproved_senders_are_told_to_admins_each_week_and_no_other(
    desk: Desk, store: Store, clock: Clock
) -> None:
    admin = Address("telegram", "77")
    desk.company = replace(desk.company, admins=frozenset({admin}))
    await desk.run(recognise, Sender(admin, "Admin"))
    for why in ("automatic", "unwanted", None):
        await mail(desk, written(unasked=why))
    await desk.run(settle_held)
    assert await store.outbox(admin.chat) == []
    for who in (ANNA, Sender(Address("email", "boris@x.test"), "Boris")):
        await mail(desk, written(who, unasked=UNPROVED))
    for _ in range(2):
        await desk.run(settle_held)
    (told,) = await store.outbox(admin.chat)
    assert (told.key, told.facts["count"]) == ("consent.unasked", 2)
    clock.move(seconds=UNASKED_TOLD_EVERY.total_seconds() + 1)
    await desk.run(settle_held)
    assert len(await store.outbox(admin.chat)) == 2
    clock.move(seconds=UNASKED_TOLD_EVERY.total_seconds() + 1)
    await desk.run(settle_held)
    assert await held(store) == []


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


async def test_mails_in_somebodys_name_take_no_room_of_theirs(desk: Desk, store: Store) -> None:
    for _ in range(MOST_HELD + 1):
        await mail(desk, written(unasked=UNPROVED))
    assert len(await held(store)) == MOST_HELD and not await store.outbox(ANNA.address.chat)
    await mail(desk, written())
    assert len(await held(store)) == MOST_HELD + 1
    assert len(await store.outbox(ANNA.address.chat)) == 1


async def released(desk: Desk, store: Store, who: Sender = ANNA) -> list[str]:
    """A mail was held and handled after the yes; the names of its file and of the answer's."""
    await mail(desk, written(who))
    answered = await sent(desk, store, who)
    await mail(desk, written(who, word=ConsentWord.YES, answered=answered))
    for stored in await desk.read(inbox.list_unfinished, 0, 10):
        with desk.handling(stored.id):
            await desk.run(inbox.change_nothing)
    return [f"{number - back:064x}" for number in [next(_ids)] for back in (2, 1)]


async def pending(desk: Desk) -> tuple[str, ...]:
    remains = await desk.read(find_remains)
    return () if remains is None else remains.files


async def test_the_mail_that_agrees_is_not_kept(desk: Desk, store: Store) -> None:
    _, answer = await released(desk, store)
    assert await pending(desk) == (answer,)
    raws = await store.rows(select(InboxRow.raw).order_by(InboxRow.id))
    assert sorted(raw == inbox.NOTHING_SAID for raw in raws) == [False, True]


async def test_an_erasure_takes_the_file_of_a_mail_along_that_was_held(
    desk: Desk, store: Store
) -> None:
    joanna = Sender(Address("email", "joanna@x.test"), "Joanna")
    first, _ = await released(desk, store)
    await released(desk, store, joanna)
    erased = await desk.run(erase_own, ANNA.address)
    assert erased.files == (first,)


async def test_the_file_of_a_mail_that_was_held_goes_with_its_row(
    desk: Desk, store: Store, clock: Clock
) -> None:
    first, answer = await released(desk, store)
    newest = [Raw("newest", "mail:1", "{}")]
    await desk.run(inbox.store, "mail:box", newest)
    clock.move(seconds=desk.company.keep_updates.total_seconds() + 1)
    await desk.run(apply_retention)
    assert not await store.rows(select(InboxRow.id).where(InboxRow.state == "done"))
    assert await pending(desk) == tuple(sorted((first, answer)))


async def test_the_file_of_a_mail_that_was_held_goes_when_somebody_else_is_erased(
    desk: Desk, store: Store
) -> None:
    """Then all that is handled is forgotten, and nobody would know whose the file was."""
    first, answer = await released(desk, store)
    await desk.run(recognise, BORIS)
    await desk.run(erase_own, BORIS.address)
    while await desk.read(has_traces):
        await desk.run(clear_traces)
    assert await pending(desk) == tuple(sorted((first, answer)))


async def test_mails_that_nobody_answered_go_with_their_files_and_the_database_is_not_rewritten(
    desk: Desk, store: Store, clock: Clock
) -> None:
    """One unwanted mail a day would have it rewritten each night."""
    await mail(desk, written())
    clock.move(seconds=HELD_FOR.total_seconds() + 1)
    assert await desk.run(settle_held) == 1
    remains = await desk.read(find_remains)
    assert remains is not None and len(remains.files) == 1 and remains.rewritten


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


async def test_words_of_the_chat_are_held_as_before(desk: Desk, store: Store) -> None:
    await desk.run(inbox.store, "telegram", [Raw("9", ALICE.address.chat, "{}")])
    (stored,) = await desk.read(inbox.list_unfinished, 0, 10)
    with desk.handling(stored.id):
        await desk.run(hold_words, Visitor(ALICE.address, "en", ALICE.address.chat))
    await mail(desk, written())
    assert await held(store) == [ALICE.address.chat, "anna@x.test"]


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


async def stores(desk: Desk, number: str, who: str) -> None:
    raw = json.dumps({inbox.FILE: number, inbox.FROM: who})
    await desk.run(inbox.store, "mail:box", [Raw(number, "mail:1", raw)])


async def test_what_waits_of_others_in_the_same_turn_stays_where_it_is(
    desk: Desk, store: Store
) -> None:
    await mail(desk, written())
    for number, who in (("a", "Anna <Anna@x.test>"), ("b", "boris@x.test"), ("c", "anna@x.test")):
        await stores(desk, number, who)
    await desk.run(held_updates.release_held, [ANNA.address.chat])
    found = await desk.read(inbox.list_unfinished, 0, 10)
    first = found[1].external_id
    assert [one.external_id for one in found] == ["b", first, "a", "c"] and first.isdigit()


async def test_what_was_read_before_it_was_moved_is_handled_once(desk: Desk, store: Store) -> None:
    await mail(desk, written())
    await stores(desk, "a", "anna@x.test")
    (read,) = await desk.read(inbox.list_unfinished, 0, 10)
    await desk.run(held_updates.release_held, [ANNA.address.chat])
    with desk.handling(read.id), pytest.raises(AlreadyHandled):
        await desk.run(inbox.change_nothing)
    assert len(await waiting(desk)) == 2


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
async def test_what_another_process_is_handling_is_not_moved(desk: Desk, store: Store) -> None:
    await mail(desk, written())
    await stores(desk, "a", "anna@x.test")
    (read,) = await desk.read(inbox.list_unfinished, 0, 10)
    begun, released = asyncio.Event(), asyncio.Event()

    async def handles(tx: Tx) -> None:
        begun.set()
        await released.wait()

    async def other() -> None:
        with desk.handling(read.id):
            await desk.run(handles)

    handling = asyncio.create_task(other())
    await begun.wait()
    assert await desk.run(held_updates.release_held, [ANNA.address.chat]) == 1
    released.set()
    await handling
    assert len(await waiting(desk)) == 1
