"""Finding tickets by what is known of their customer and camera, whatever becomes of either."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from core.contacts.contracts import sign
from core.contacts.edit import describe
from core.contacts.erasure import erase
from core.contacts.merge import merge
from core.desk import Desk
from core.equipment.camera_import import note_import
from core.errors import Unreadable
from core.links.merge_undo import undo_merge
from core.links.similar import similar_to
from core.links.ticket_merge import merge_tickets
from core.models import SearchSubject, SearchWord, SystemState
from core.people.contact_points import verify_phone
from core.people.identity import arrive
from core.tickets import search_index, search_subjects
from core.tickets.classification import retitle
from core.tickets.found_lists import BEST, found_of
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import hear
from core.tickets.lifecycle import move
from core.tickets.search import search
from core.tickets.search_index import index_new
from core.tx import Tx
from tests.actions.equipment_factories import brings, camera, tells
from tests.actions.people import ALICE, ANNA, BORIS, EVE, leaves_dialogue, opens, operator, says
from tests.actions.store import Store
from tests.actions.test_contacts import contact
from tests.clock import Clock

PHONE = "+79161234567"


async def catches_up(desk: Desk, clock: Clock) -> None:
    clock.move(minutes=1)
    while await desk.run(index_new):
        pass


async def found(desk: Desk, words: str, *, inside: bool = True) -> list[int]:
    """What those who work here find, or what other systems do."""
    if inside:
        newest = await listed(desk, words)
        assert await ranked(desk, words) == newest
        return newest
    return list((await desk.read(search, words)).numbers)


async def listed(desk: Desk, words: str) -> list[int]:
    return [line.number for line in (await desk.read(found_of, words)).lines]


async def ranked(desk: Desk, words: str) -> list[int]:
    return sorted(line.number for line in (await desk.read(found_of, words, BEST)).lines)[::-1]


async def knows(desk: Desk, number: int, *facts: str) -> None:
    """An operator notes something of the ticket's customer."""
    olga = await operator(desk)
    for fact in facts:
        await desk.run_as(olga, describe, number, fact)


async def test_a_ticket_is_found_by_all_that_is_known_of_its_customer(
    desk: Desk, clock: Clock
) -> None:
    alice = replace(ALICE, handle="alice_1")
    one, other = (await opens(desk, alice)).id, (await opens(desk, BORIS)).id
    await catches_up(desk, clock)
    await knows(desk, one, PHONE, "Carol.Jones@example.org", "company ООО Ромашка")
    await desk.run_as(await operator(desk, ANNA), sign, "ООО Ромашка; Д-77/15")
    await catches_up(desk, clock)
    for words in (
        *(PHONE, "8 (916) 123-45-67", "9161234567", "123-45-67", "4567"),
        *("carol.jones@example.org", "jones", "@alice_1", "ромашки", "Д-77/15", "77/15"),
        *("work alice ромашка", "4567 work"),
    ):
        assert await found(desk, words) == [one], words
        assert await found(desk, words, inside=False) == [], words
    assert await found(desk, "alice", inside=False) == [one]
    assert await found(desk, "work") == [other, one]
    assert await found(desk, "@boris") == [other], "nobody has that public name, he has the name"
    assert await found(desk, "8 916 123-45-68") == []


async def test_what_is_corrected_is_found_and_what_is_wrong_is_not(
    desk: Desk, clock: Clock, store: Store
) -> None:
    await contact(desk, "Кэрол Джонс")
    (ticket,) = await store.tickets()
    await catches_up(desk, clock)
    assert await found(desk, "кэрол джонс") == await found(desk, PHONE) == [ticket.id]
    await knows(desk, ticket.id, "name Карина Джонс", f"-{PHONE}", "+79169998877", "company Роза")
    await catches_up(desk, clock)
    assert await found(desk, "карина джонс роза 9998877") == [ticket.id]
    assert await found(desk, "кэрол") == await found(desk, PHONE) == await found(desk, "4567") == []
    await knows(desk, ticket.id, "company Мимоза")
    await catches_up(desk, clock)
    assert await found(desk, "мимоза") == [ticket.id] and await found(desk, "роза") == []


async def test_tickets_of_two_who_are_one_are_found_by_what_was_known_of_either(
    desk: Desk, clock: Clock, store: Store
) -> None:
    goes, mine = await contact(desk, "Карол Йонс"), (await opens(desk, ALICE)).id
    theirs = min(ticket.id for ticket in await store.tickets())
    await catches_up(desk, clock)
    assert await found(desk, PHONE) == await found(desk, "карол") == [theirs]
    stays = (await store.ticket(mine)).customer_id
    await desk.run_as(await operator(desk, ANNA), merge, stays, goes)
    await catches_up(desk, clock)
    for words in (PHONE, "4567", "alice", "@alice"):
        assert await found(desk, words) == [mine, theirs], words
    assert await found(desk, "карол") == []
    assert await subjects(store) == [("person", stays, False)]


async def test_a_shared_phone_finds_tickets_of_before(desk: Desk, clock: Clock) -> None:
    number = (await opens(desk, ALICE)).id
    await catches_up(desk, clock)
    await desk.run(verify_phone, ALICE, PHONE)
    await catches_up(desk, clock)
    assert await found(desk, "8-916-123-45-67") == [number]
    await desk.run(verify_phone, EVE, PHONE)  # the number has a new owner
    await catches_up(desk, clock)
    assert await found(desk, PHONE) == [number], "it is still noted of her"


async def test_a_ticket_is_found_by_its_camera_as_it_is_called_now(
    desk: Desk, clock: Clock
) -> None:
    await brings(desk, camera("К-105", ALICE, name="Второй подъезд"))
    heard = await tells(desk, ALICE, "К-105")
    assert heard.ticket is not None
    number = heard.ticket.id
    await opens(desk, BORIS)
    await catches_up(desk, clock)
    for words in ("К-105", "к105", "birch подъезд", "105 birch"):
        assert await found(desk, words) == [number], words
    plan = await brings(desk, camera("К-105", ALICE, name="Чёрный ход"))
    await desk.run(note_import, plan)
    await catches_up(desk, clock)
    assert await found(desk, "черный ход") == await found(desk, "черный ход", inside=False)
    assert await found(desk, "черный ход") == [number]


async def test_a_camera_that_a_merge_has_brought_leaves_with_it(desk: Desk, clock: Clock) -> None:
    await brings(desk, camera("К-105", ALICE, name="Подъезд"))
    stays = (await opens(desk, ALICE, "It leaks")).id
    await leaves_dialogue(desk, ALICE)
    heard = await tells(desk, ALICE, "К-105")
    assert heard.ticket is not None
    goes = heard.ticket.id
    olga = await operator(desk)
    await desk.run_as(olga, merge_tickets, goes, stays)
    await catches_up(desk, clock)
    assert await found(desk, "birch") == [goes, stays]
    await desk.run_as(olga, undo_merge, goes)
    await catches_up(desk, clock)
    assert await found(desk, "birch") == [goes]
    assert await found(desk, "alice") == [goes, stays]


async def test_a_solution_and_the_name_of_a_file_are_found(desk: Desk, clock: Clock) -> None:
    number = (await opens(desk, ALICE)).id
    content = {"kind": "photo", "text": "", "file": {"name": "ab12", "title": "Акт-сверки 12.pdf"}}
    said = IncomingMessage(says(ALICE).ref, "photo", "", content)
    await desk.run(hear, ALICE, said)
    await desk.run_as(await operator(desk), move, number, "resolve", reason="Заменили коммутатор")
    await catches_up(desk, clock)
    assert await found(desk, "заменим коммутаторы акт сверки") == [number]
    assert await found(desk, "акт сверки", inside=False) == [number]
    assert await found(desk, "коммутатор", inside=False) == []


async def test_what_is_known_of_people_makes_no_tickets_alike(desk: Desk, clock: Clock) -> None:
    first = (await opens(desk, ALICE, "Темно")).id
    await leaves_dialogue(desk, ALICE)
    second = (await opens(desk, ALICE, "Шумно")).id
    await knows(desk, first, PHONE, "company ООО Ромашка Лютик Василёк")
    await catches_up(desk, clock)
    assert await found(desk, "ромашка") == [second, first]
    assert await desk.read(similar_to, second) == ()


async def test_erasing_takes_all_of_it_out(desk: Desk, clock: Clock, store: Store) -> None:
    number = (await opens(desk, ALICE)).id
    await knows(desk, number, PHONE, "carol@example.org", "company ООО Ромашка")
    await desk.run_as(await operator(desk), move, number, "resolve", reason="Заменили кабель")
    await catches_up(desk, clock)
    await knows(desk, number, "+79990001122")  # not in the index yet
    person = (await store.ticket(number)).customer_id
    await desk.run_as(await operator(desk, ANNA), move, number, "close")
    await desk.run(erase, person)
    for _ in range(2):
        assert await store.rows(select(SearchWord.word).where(SearchWord.ticket_id == number)) == []
        assert await subjects(store) == []
        await catches_up(desk, clock)


async def test_what_is_being_indexed_meanwhile_is_erased_all_the_same(
    desk: Desk, clock: Clock, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index has read the words before they were erased, and would write them afterwards."""
    number = (await opens(desk, ALICE)).id
    person = (await store.ticket(number)).customer_id
    for verb in ("resolve", "close"):
        await desk.run_as(await operator(desk), move, number, verb)
    await catches_up(desk, clock)
    await desk.run_as(await operator(desk), retitle, number, "Канарейка")
    clock.move(minutes=1)
    has_read, may_write, add = asyncio.Event(), asyncio.Event(), search_index._add

    async def waits(tx: Tx, words: Any) -> None:
        has_read.set()
        await may_write.wait()
        await add(tx, words)

    monkeypatch.setattr(search_index, "_add", waits)
    indexing = asyncio.create_task(desk.run(index_new))
    await has_read.wait()
    erasing = asyncio.create_task(desk.run(erase, person))
    await asyncio.wait({erasing}, timeout=0.3)  # however far it comes, the words must go
    may_write.set()
    await asyncio.gather(indexing, erasing)
    assert await store.rows(select(SearchWord.word).where(SearchWord.ticket_id == number)) == []
    assert await subjects(store) == []


async def subjects(store: Store) -> list[Any]:
    subject = SearchSubject
    rows = await store.rows(select(subject).order_by(subject.subject_id))
    return [(row.kind, row.subject_id, row.behind_since is not None) for row in rows]


async def test_who_has_very_many_tickets_holds_nobody_up(
    desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = []
    for _ in range(3):
        numbers.append((await opens(desk, ALICE)).id)
        await leaves_dialogue(desk, ALICE)
    await catches_up(desk, clock)
    await knows(desk, numbers[0], PHONE, "company ООО Ромашка")
    monkeypatch.setattr(search_subjects, "_MOST_CHANGED", 1)
    clock.move(minutes=1)
    steps = 0
    while await desk.run(index_new):
        steps += 1
        if steps == 1:  # one word of three is in; who writes meanwhile misses nothing
            numbers.append((await opens(desk, ALICE)).id)
    await catches_up(desk, clock)
    assert steps >= 3
    assert await found(desk, "ромашка") == await found(desk, PHONE) == numbers[::-1]


async def test_what_no_journal_tells_of_is_seen_when_they_write_or_within_a_day(
    desk: Desk, clock: Clock
) -> None:
    number = (await opens(desk, ALICE)).id
    await opens(desk, BORIS)
    await catches_up(desk, clock)
    await desk.run(arrive, replace(ALICE, name="Алиса", handle=None), "customer")
    await desk.run(arrive, replace(BORIS, handle="alice"), "customer")
    await catches_up(desk, clock)
    assert await found(desk, "алиса") == []
    clock.move(days=1)
    await catches_up(desk, clock)
    assert await found(desk, "алиса") == [number] != await found(desk, "@alice")
    await desk.run(hear, ALICE, says(replace(ALICE, name="Алевтина"), "И ещё"))
    await desk.run(hear, replace(ALICE, name="Алевтина"), says(ALICE, "И ещё"))
    await catches_up(desk, clock)
    assert await found(desk, "алевтина") == [number] and await found(desk, "алиса") == []


async def test_a_desk_of_an_earlier_release_is_indexed_anew(
    desk: Desk, clock: Clock, store: Store
) -> None:
    """As the migration leaves it: no place in the journal, and nothing known of subjects."""
    number = (await opens(desk, ALICE)).id
    await knows(desk, number, PHONE)
    await catches_up(desk, clock)

    async def as_before(tx: Tx) -> None:
        await tx.session.delete(await tx.get(SystemState, "search"))
        for model in (SearchSubject, SearchWord):
            for row in await tx.all(select(model)):
                await tx.session.delete(row)

    await desk.run(as_before)
    await catches_up(desk, clock)
    assert await found(desk, f"work {PHONE} alice") == [number]


async def test_an_unreadable_detail_changes_nothing(desk: Desk, clock: Clock) -> None:
    number = (await opens(desk, ALICE)).id
    with pytest.raises(Unreadable):
        await knows(desk, number, "phone nonsense")
    await catches_up(desk, clock)
    assert await found(desk, "nonsense") == []
