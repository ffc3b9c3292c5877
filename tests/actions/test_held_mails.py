"""Mails that wait for a consent: their room, files, order, and what an erasure takes (S31)."""

import asyncio
import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from core import held_updates, inbox
from core.addresses import Address
from core.contacts.consents import (
    HELD_FOR,
    MOST_HELD,
    UNASKED_TOLD_EVERY,
    UNPROVED,
    Visitor,
    hold_words,
    settle_held,
)
from core.contacts.erasure import erase_own
from core.contacts.erasure_remains import clear_traces, find_remains, has_traces, unused
from core.contacts.retention import apply_retention
from core.contacts.written_consents import Step
from core.delivery.outbox import row, write
from core.delivery.pacing import Priority
from core.desk import AlreadyHandled, Desk
from core.inbox import Raw
from core.models import (
    Camera,
    CameraOwner,
    InboxRow,
)
from core.people.contact_points import Point, add_point
from core.people.identity import Sender, recognise
from core.tx import Tx
from core.words.consent_answers import ConsentWord
from tests.actions.people import ALICE, BORIS
from tests.actions.store import Store
from tests.actions.written_consent_factories import (
    ANNA,
    ask_for_consent,
    held,
    mail,
    released,
    sent,
    waiting,
    written,
)
from tests.clock import Clock


@pytest.fixture(autouse=True)
def asked(desk: Desk) -> None:
    ask_for_consent(desk)


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


async def test_mails_in_somebodys_name_take_no_room_of_theirs(desk: Desk, store: Store) -> None:
    for _ in range(MOST_HELD + 1):
        await mail(desk, written(unasked=UNPROVED))
    assert len(await held(store)) == MOST_HELD and not await store.outbox(ANNA.address.chat)
    await mail(desk, written())
    assert len(await held(store)) == MOST_HELD + 1
    assert len(await store.outbox(ANNA.address.chat)) == 1


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


async def test_words_of_the_chat_are_held_as_before(desk: Desk, store: Store) -> None:
    await desk.run(inbox.store, "telegram", [Raw("9", ALICE.address.chat, "{}")])
    (stored,) = await desk.read(inbox.list_unfinished, 0, 10)
    with desk.handling(stored.id):
        await desk.run(hold_words, Visitor(ALICE.address, "en", ALICE.address.chat))
    await mail(desk, written())
    assert await held(store) == [ALICE.address.chat, "anna@x.test"]


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
