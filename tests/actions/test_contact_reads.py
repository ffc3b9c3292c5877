"""Who looks at customers' contact data is written down, shown, kept for a time, and too much of it
told (S36).
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.background import ReadsJournal
from core.addresses import Address
from core.contacts.erasure import erase_again
from core.contacts.lookup import find_people, person_facts
from core.contacts.reads import reads_of
from core.contacts.retention import apply_retention
from core.desk import Desk
from core.integrations.keys import READ, by_key, create_key, list_keys
from core.models import ContactPoint, ContactReadRow, JournalEntry, Person
from core.people.contact_points import Point, make_contact
from core.people.identity import Sender
from core.people.staff import as_admin, by_operator, enrol, for_operator, for_worker
from core.reports.export import ALWAYS, Wish, note_export, rows_of
from core.reports.transcript import make_transcript
from core.tickets.card import card_of
from core.tickets.facts import list_messages
from core.tx import Tx
from tests.actions.people import ALICE, ANNA, OLGA, opens
from tests.actions.store import Store
from tests.clock import Clock

PHONE = "+74950001122"


async def known(desk: Desk, name: str, phone: str = PHONE) -> int:
    async def make(tx: Tx) -> int:
        person = await make_contact(tx, name, [Point("phone", phone)])
        await tx.write()
        return person.id

    return await desk.run(make)


async def journal(desk: Desk, store: Store) -> list[tuple[str, int, str, int]]:
    await ReadsJournal(desk).write()
    rows = await store.rows(select(ContactReadRow).order_by(ContactReadRow.id))
    return [(row.reader, row.person_id, row.place, row.times) for row in rows]


@pytest.fixture
async def olga(desk: Desk) -> Sender:
    await desk.run(by_operator, OLGA, enrol)
    desk.contact_reads.take()
    return OLGA


async def test_many_looks_at_one_person_within_an_hour_are_one_row(
    desk: Desk, store: Store, clock: Clock, olga: Sender
) -> None:
    person, reader = await known(desk, "Вера"), str(olga.address)
    began = clock().replace(minute=5, second=0, microsecond=0)
    clock.move(seconds=(began + timedelta(hours=1) - clock()).total_seconds())
    first = clock()
    for _ in range(3):
        await desk.read(for_operator, olga, person_facts, person)
        clock.move(minutes=10)
    await ReadsJournal(desk).write()
    await desk.read(for_operator, olga, person_facts, person)
    last = clock()
    assert await journal(desk, store) == [(reader, person, "person", 4)]
    (row,) = await store.rows(select(ContactReadRow))
    assert (row.first_at, row.last_at) == (first, last)
    clock.move(hours=1)
    other = await known(desk, "Вера вторая")
    desk.contact_reads.take()
    await desk.read(for_operator, olga, find_people, PHONE)
    assert sorted((await journal(desk, store))[1:]) == [
        (reader, each, "found", 1) for each in (person, other)
    ]


async def test_what_is_read_for_nobody_or_fails_is_not_noted(
    desk: Desk, store: Store, olga: Sender
) -> None:
    person = await known(desk, "Вера")

    async def fails(tx: Tx) -> None:
        await person_facts(tx, person)
        raise RuntimeError

    await desk.read(person_facts, person)
    with pytest.raises(RuntimeError):
        await desk.run(by_operator, olga, fails)
    assert await journal(desk, store) == []


async def test_transcripts_exports_and_other_systems_are_in_it(
    desk: Desk, store: Store, olga: Sender
) -> None:
    ticket = await opens(desk)
    desk.company = replace(desk.company, admins=frozenset({ANNA.address}))
    await desk.run(create_key, "crm", [READ])
    (key,) = await desk.read(list_keys)
    await desk.run(by_operator, olga, make_transcript, ticket.id, internal=False)
    await desk.run(as_admin, ANNA, _exports)
    await desk.read(by_key, key, list_messages, ticket.id, 0, 10)
    assert sorted(await journal(desk, store)) == sorted(
        [
            (str(olga.address), ticket.customer_id, "transcript", 1),
            (str(ANNA.address), 0, "export", 1),
            (f"key:{key.id}", ticket.customer_id, "conversation", 1),
        ]
    )
    shown = await desk.read(reads_of, ticket.customer_id)
    assert {(one.reader, one.place) for one in shown} == {
        ("Olga", "transcript"),
        ("crm", "conversation"),
    }
    exported = [row async for page in rows_of(desk, "reads", Wish()) for row in page]
    assert len(exported) == 3
    assert [page async for page in rows_of(desk, "reads", Wish(numbers=[ticket.id]))] == []


async def _exports(tx: Tx) -> None:
    tx.actor = replace(tx.actor, role="admin")
    await note_export(tx, ALWAYS)


async def test_a_customers_message_costs_no_statement_for_it(desk: Desk, olga: Sender) -> None:
    ticket = await opens(desk)
    await desk.read(card_of, ticket.id)
    assert not desk.contact_reads


async def test_who_looks_at_too_many_within_an_hour_is_told_of_once_a_day(
    desk: Desk, store: Store, clock: Clock, olga: Sender
) -> None:
    desk.company = replace(desk.company, reads_an_hour=3, admins=frozenset({ANNA.address}))
    await desk.run(by_operator, ANNA, enrol)
    people = [await known(desk, f"Вера {n}", f"+7495000110{n}") for n in range(5)]

    async def look(count: int) -> None:
        for person in people[:count]:
            await desk.read(for_operator, olga, person_facts, person)
        await ReadsJournal(desk).write()

    async def told() -> list[dict[str, object]]:
        query = select(JournalEntry.facts).where(JournalEntry.event == "contacts_read_often")
        return await store.rows(query.order_by(JournalEntry.id))

    clock.move(seconds=3600 - clock().timestamp() % 3600)
    await look(3)
    assert await told() == []
    await look(5)
    await look(5)
    (one,) = await told()
    assert one == {"reader": str(olga.address), "name": "Olga", "people": 5}
    assert len(await store.outbox(ANNA.address.chat, key="contacts.read_often")) == 1
    clock.move(hours=2)
    await look(5)
    assert len(await told()) == 1
    clock.move(hours=23)
    await look(5)
    assert len(await told()) == 2
    desk.company = replace(desk.company, reads_an_hour=None)
    clock.move(hours=25)
    await look(5)
    assert len(await told()) == 2


async def test_it_is_kept_as_long_as_the_company_says_and_outlives_an_erased_person_as_a_number(
    desk: Desk, store: Store, clock: Clock, olga: Sender
) -> None:
    person = await known(desk, "Вера Канарейкина")
    await desk.read(for_operator, olga, person_facts, person)
    kept = await journal(desk, store)
    await desk.run(erase_again, person)
    assert await journal(desk, store) == kept == [(str(olga.address), person, "person", 1)]
    (named,) = [row async for page in rows_of(desk, "reads", Wish()) for row in page]
    assert "Вера" not in str(named)
    clock.move(days=179)
    await _night(desk)
    assert await journal(desk, store) == kept
    clock.move(days=2)
    await _night(desk)
    assert await journal(desk, store) == []


async def test_of_a_reader_who_is_erased_a_number_stays(
    desk: Desk, store: Store, olga: Sender
) -> None:
    person = await known(desk, "Вера")
    await desk.read(for_operator, olga, person_facts, person)
    await ReadsJournal(desk).write()
    (reader,) = await store.rows(select(Person.id).where(Person.address == olga.address))
    await desk.run(erase_again, reader)
    assert await journal(desk, store) == [(f"erased:{reader}:telegram", person, "person", 1)]
    (shown,) = await desk.read(reads_of, person)
    assert shown.reader == f"erased:{reader}:telegram"


async def test_a_reader_of_two_chats_who_is_erased_is_erased_in_both(
    desk: Desk, store: Store, olga: Sender, clock: Clock
) -> None:
    person, second = await known(desk, "Вера"), Address("telegram", "900900")
    (reader,) = await store.rows(select(Person.id).where(Person.address == olga.address))

    async def moves_in(tx: Tx) -> None:
        await tx.insert(ContactPoint(person_id=reader, kind="telegram", value=second.chat))

    await desk.run(moves_in)
    for address in (olga.address, second):
        desk.contact_reads.note(str(address), [(person, "person")], clock())
    await ReadsJournal(desk).write()
    await desk.run(erase_again, reader)
    erased = {name for name, *_ in await journal(desk, store)}
    assert len(erased) == 2 and all(name.startswith(f"erased:{reader}:") for name in erased)


async def _night(desk: Desk) -> None:
    while await desk.run(apply_retention):
        pass


async def test_what_could_not_be_written_is_written_the_next_time(
    desk: Desk, store: Store, olga: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await known(desk, "Вера")
    await desk.read(for_worker, olga, person_facts, person)

    async def fails(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(Desk, "run", fails)
        await ReadsJournal(desk).write()
    await desk.read(for_worker, olga, person_facts, person)
    assert await journal(desk, store) == [(str(olga.address), person, "person", 2)]


async def test_a_customer_who_reads_their_own_is_nobodys_reader(desk: Desk, store: Store) -> None:
    await opens(desk)
    customer = (await store.rows(select(Person.id).where(Person.address == ALICE.address)))[0]
    await desk.read(person_facts, customer)
    assert await journal(desk, store) == []
