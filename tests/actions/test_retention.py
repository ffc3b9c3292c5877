"""What the company does not keep any longer is erased at night, step by step (S31)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from bot.app import LOCALES
from core import inbox
from core.contacts import retention
from core.contacts.erased_senders import sender_digest
from core.contacts.erasure import erase_own, list_erased
from core.contacts.erasure_remains import find_remains
from core.contacts.retention import apply_retention, last_round
from core.desk import Desk
from core.models import (
    ApiCall,
    ApiKey,
    DirectoryVersion,
    InboxRow,
    JournalEntry,
    Message,
    OutboxRow,
    Person,
    Ticket,
)
from core.people.contact_points import Point, add_point
from core.people.identity import Sender
from core.people.staff import by_operator, enrol
from core.signing_key import find_signing_key, make_signing_key
from core.texts import Texts
from core.tickets.intake import hear
from core.tickets.lifecycle import move
from core.tickets.search_index import index_new
from core.tx import Tx
from tests.actions.people import ALICE, ANNA, BORIS, OLGA, opens, says
from tests.actions.store import Store
from tests.actions.test_directory import apply
from tests.clock import Clock

WORDS, PEOPLE = timedelta(days=365), timedelta(days=730)


async def _round(desk: Desk) -> int:
    """Run the job as the scheduler does; return how many steps it took."""
    steps = 1
    while await desk.run(apply_retention):
        steps += 1
    return steps


async def _ended(desk: Desk, who: Sender, words: str) -> int:
    number = (await opens(desk, who, words)).id
    await desk.run(by_operator, OLGA, move, number, "close")
    await desk.run(index_new)
    return number


def _keep(desk: Desk, words: timedelta | None = WORDS, people: timedelta | None = PEOPLE) -> None:
    desk.company = replace(desk.company, keep_words=words, keep_people=people)


async def _told(store: Store) -> list[dict[str, int]]:
    query = select(JournalEntry.facts).where(JournalEntry.event == "retention_applied")
    return await store.rows(query.order_by(JournalEntry.id))


async def test_words_are_erased_when_their_time_is_over_and_figures_stay(
    desk: Desk, store: Store, clock: Clock
) -> None:
    _keep(desk)
    old = await _ended(desk, ALICE, "the canary is gone")
    clock.move(days=200)
    young = await _ended(desk, BORIS, "the sparrow is here")
    clock.move(days=170)
    await _round(desk)
    before, after = await store.ticket(young), await store.ticket(old)
    assert before.title and (after.title, after.opening) == ("", "")
    assert after.closed_at is not None and after.customer_id != before.customer_id
    assert [one.text for one in await store.messages(old)] == [""]
    assert await desk.read(list_erased) == []
    assert await _told(store) == [{"tickets": 1, "people": 0}]
    assert await store.rows(select(Person.name).where(Person.id == after.customer_id)) == ["Alice"]


async def test_a_customer_without_newer_tickets_is_forgotten(
    desk: Desk, store: Store, clock: Clock
) -> None:
    _keep(desk, words=None)
    gone = await _ended(desk, ALICE, "the canary is gone")
    back = await _ended(desk, BORIS, "the sparrow is here")
    clock.move(days=700)
    await _ended(desk, BORIS, "here again")
    clock.move(days=31)
    await _round(desk)
    alice = (await store.ticket(gone)).customer_id
    assert await desk.read(list_erased) == [alice]
    assert (await store.ticket(back)).title == "Payment"
    assert await _told(store) == [{"tickets": 0, "people": 1}]
    assert await desk.read(find_remains) is not None


@pytest.mark.parametrize("by_night", [True, False])
async def test_whoever_forgets_a_customer_leaves_a_digest_of_their_address_on_the_blacklist(
    desk: Desk, store: Store, clock: Clock, by_night: bool
) -> None:
    _keep(desk, words=None)
    number = await _ended(desk, ALICE, "the canary is gone")
    other = await _ended(desk, BORIS, "the sparrow is here")

    async def reach(tx: Tx) -> None:
        for ticket, address in ((number, "canary@x.test"), (other, "sparrow@x.test")):
            person = await tx.get(Person, (await tx.get(Ticket, ticket)).customer_id)
            await add_point(tx, person, Point("email", address))

    await desk.run(make_signing_key)
    await desk.run(reach)
    await apply(desk, '[settings]\nmail_blacklist = ["canary@x.test", "sparrow@x.test"]\n')
    if by_night:
        clock.move(days=700)
        await _ended(desk, BORIS, "here again")
        clock.move(days=31)
        await _round(desk)
    else:
        await desk.run(erase_own, ALICE.address)
    digest = sender_digest(await desk.read(find_signing_key), "canary@x.test")
    assert desk.company.mail_blacklist == (digest, "sparrow@x.test")
    kept = await store.rows(select(DirectoryVersion.document).order_by(DirectoryVersion.number))
    assert not [one for one in kept if "canary" in one] and digest in kept[-1]


async def test_open_tickets_and_the_staff_are_kept(desk: Desk, store: Store, clock: Clock) -> None:
    _keep(desk)
    number = (await opens(desk, ALICE, "the canary is gone")).id
    await desk.run(by_operator, OLGA, enrol)
    clock.move(days=4000)
    await _round(desk)
    assert (await store.ticket(number)).title and await desk.read(list_erased) == []
    assert "Olga" in await store.rows(select(Person.name).order_by(Person.id))
    assert await _told(store) == []


async def test_nothing_is_erased_where_nothing_was_chosen(
    desk: Desk, store: Store, clock: Clock
) -> None:
    number = await _ended(desk, ALICE, "the canary is gone")
    clock.move(days=4000)
    await _round(desk)
    assert (await store.ticket(number)).title and await _told(store) == []


async def test_admins_are_told_what_a_night_has_erased(
    desk: Desk, store: Store, clock: Clock
) -> None:
    _keep(desk)
    await desk.run(by_operator, ANNA, enrol)
    await _ended(desk, ALICE, "the canary is gone")
    clock.move(days=200)
    await _round(desk)
    assert await store.outbox(ANNA.address.chat, key="retention.applied") == [], (
        "nothing was erased"
    )
    clock.move(days=170)
    await _round(desk)
    (told,) = await store.outbox(ANNA.address.chat, key="retention.applied")
    words = Texts.load(LOCALES, "ru").say(
        "ru", told.key or "", told.facts, now=clock(), zone=desk.company.zone
    )
    assert "переписку обращений — 1, клиентов — 0" in words
    clock.move(days=1)
    await _round(desk)
    assert len(await store.outbox(ANNA.address.chat, key="retention.applied")) == 1


async def test_a_night_has_one_round_and_it_goes_in_small_steps(
    desk: Desk, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    _keep(desk, people=None)
    for number in range(5):
        await _ended(desk, ALICE, f"canary {number}")
    clock.move(days=400)
    assert await _round(desk) >= 3
    left = select(Message.text).where(Message.text != "")
    assert await store.rows(left) == []
    assert await _told(store) == [{"tickets": 5, "people": 0}]
    late = await _ended(desk, ALICE, "canary again")
    _keep(desk, words=timedelta(0), people=None)
    assert await _round(desk) == 1, "the night is over"
    assert (await store.ticket(late)).title
    clock.move(days=1)
    await _round(desk)
    assert not (await store.ticket(late)).title


async def test_who_writes_just_now_is_kept(desk: Desk, store: Store, clock: Clock) -> None:
    _keep(desk)
    number = await _ended(desk, ALICE, "the canary is gone")
    clock.move(days=800)
    await desk.run(hear, ALICE, says(ALICE, "hello again"))
    await _round(desk)
    assert not (await store.ticket(number)).title
    assert await desk.read(list_erased) == []


async def test_what_others_were_answered_is_silent_and_a_call_that_comes_again_has_no_effect(
    desk: Desk, store: Store, clock: Clock
) -> None:
    _keep(desk)
    old, young = await _ended(desk, ALICE, "the canary is gone"), await opens(desk, BORIS)
    clock.move(days=366)

    async def called(tx: Tx) -> None:
        key = ApiKey(name="shop", digest="d", scopes="x", created_at=tx.now)
        await tx.insert(key)
        for name, number in (("a", old), ("b", young.id)):
            answer = {"number": number, "subject": "the canary is gone"}
            row = {"name": name, "digest": "d", "status": 201, "answer": answer, "at": tx.now}
            await tx.insert(ApiCall(key_id=key.id, **row))

    await desk.run(called)
    await _round(desk)
    query = select(ApiCall.answer).order_by(ApiCall.name)
    assert await store.rows(query) == [
        {"number": old, "subject": ""},
        {"number": young.id, "subject": "the canary is gone"},
    ]


# The desk's own records


async def _records(store: Store) -> list[dict[str, int]]:
    query = select(JournalEntry.facts).where(JournalEntry.event == "records_erased")
    return await store.rows(query.order_by(JournalEntry.id))


async def _makes_records(desk: Desk, store: Store, at: datetime) -> None:
    """Three handled updates and one that is not, an ended delivery and one that waits, a call."""

    async def make(tx: Tx) -> None:
        raws = [inbox.Raw(f"{at}:{number}", "1", "{}") for number in range(4)]
        await inbox.store(tx, "telegram:1", raws)
        key = ApiKey(name=f"crm {at}", digest=f"{at}", scopes="", created_at=tx.now)
        await tx.insert(key)
        await tx.write()
        call = {"digest": "x", "status": 201, "answer": {}, "at": tx.now}
        await tx.insert(ApiCall(key_id=key.id, name="a", **call))

    await desk.run(make)
    ids = await store.rows(select(InboxRow.id).order_by(InboxRow.id.desc()).limit(4))
    async with desk.database.write() as session:
        done = update(InboxRow).where(InboxRow.id.in_(ids[1:])).values(state="done")
        await session.execute(done)


async def test_records_are_kept_as_long_as_the_company_says_and_the_night_is_told_of(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await opens(desk)
    async with desk.database.write() as session:
        first = select(func.min(OutboxRow.id)).scalar_subquery()
        await session.execute(update(OutboxRow).where(OutboxRow.id == first).values(state="sent"))
    await _makes_records(desk, store, clock())
    clock.move(days=4)
    await _round(desk)
    assert await _records(store) == [{"updates": 3, "deliveries": 0, "calls": 1, "reads": 0}]
    await _makes_records(desk, store, clock())
    longer, shorter = timedelta(days=10), timedelta(days=7)
    desk.company = replace(
        desk.company, keep_updates=longer, keep_calls=longer, keep_deliveries=shorter
    )
    clock.move(days=4)
    await _round(desk)
    assert (await _records(store))[1:] == [{"updates": 0, "deliveries": 1, "calls": 0, "reads": 0}]
    last = await desk.read(last_round)
    assert last is not None
    assert (last.updates, last.deliveries, last.calls, last.words) == (0, 1, 0, 0)
    clock.move(days=7)
    await _round(desk)
    assert (await _records(store))[2:] == [{"updates": 3, "deliveries": 0, "calls": 1, "reads": 0}]
    left = await store.rows(select(InboxRow.state).order_by(InboxRow.id))
    assert left == ["new", "new"], "what was not handled stays"
    assert await store.outbox() and not await _told(store)


async def test_many_records_go_in_small_steps(
    desk: Desk, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PURGED", 2)
    await _makes_records(desk, store, clock())
    clock.move(days=4)
    assert await _round(desk) >= 3
    assert await _records(store) == [{"updates": 3, "deliveries": 0, "calls": 1, "reads": 0}]
