"""Cameras: whose they are, and a fault of one (A2, A3)."""

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.equipment import cameras
from core.equipment.camera_import import note_import
from core.equipment.cameras import (
    PAGE,
    begin_choosing,
    find_own,
    has_cameras,
    list_own,
    look_at_page,
)
from core.equipment.faults import STEP, Known, choose_camera, describing
from core.errors import Refusal
from core.models import (
    Camera,
    CameraOwner,
    Classification,
    ContactPoint,
    Person,
    Task,
    TicketParent,
)
from core.people.contact_points import verify_phone
from core.people.identity import Sender
from core.tickets.customer_tickets import list_own as own_tickets
from core.tickets.intake import Heard, Outcome, hear
from core.tickets.lifecycle import move
from tests.actions.equipment_factories import brings, camera, tells, title
from tests.actions.people import ALICE, BORIS, EVE, OPERATORS, operator, says
from tests.actions.store import Store

PHONE = "+79161234567"


async def numbers(desk: Desk, sender: Sender, words: str = "") -> list[str]:
    page = await desk.read(list_own, sender.address, words)
    return [facts.number for facts in page.cameras]


async def says_words(desk: Desk, sender: Sender, words: str, **more: object) -> Heard:
    steps = {cameras.STEP: cameras.search, STEP: describing(title)}
    return await desk.run(hear, sender, says(sender, words, **more), step_of=steps.get)  # type: ignore[arg-type]


# ------------------------------------------------------------------ the file


async def test_a_file_can_be_imported_again_and_says_what_it_changed(
    desk: Desk, store: Store
) -> None:
    first = await brings(desk, camera("1", ALICE), camera("2", ALICE, BORIS))
    assert (len(first.new), len(first.changed), first.unchanged) == (2, 0, 0)
    before = await store.everything()
    again = await brings(desk, camera("1", ALICE), camera("2", ALICE, BORIS))
    assert not again and again.unchanged == 2
    assert await store.everything() == before
    other = await brings(desk, camera("1", ALICE, name="Gate"), camera("2", BORIS))
    assert (len(other.new), len(other.changed), other.unchanged) == (0, 2, 0)
    assert await numbers(desk, ALICE) == ["1"]
    assert await numbers(desk, BORIS) == ["2"]


@pytest.mark.parametrize(
    "spelt", ["КАМ-12", "kam-12", "№ KAM-12", "\u202dKAM‑12\u202c", "#кам-12", "kam - 12"]
)
async def test_a_camera_is_found_in_any_spelling_of_its_number(desk: Desk, spelt: str) -> None:
    await brings(desk, camera("KAM-12", ALICE), camera("KAM-13", ALICE), camera("KAM-14", BORIS))
    assert await numbers(desk, ALICE, spelt) == ["KAM-12"]
    found = await desk.read(find_own, ALICE.address, number=spelt)
    assert found.number == "KAM-12"
    with pytest.raises(Refusal):
        await desk.read(find_own, BORIS.address, number=spelt)


async def test_cameras_that_a_file_does_not_name_stay_unless_told_otherwise(desk: Desk) -> None:
    await brings(desk, camera("1", ALICE), camera("2", ALICE))
    await brings(desk, camera("1", ALICE))
    assert await numbers(desk, ALICE) == ["1", "2"]
    plan = await brings(desk, camera("1", ALICE), deactivate_missing=True)
    assert len(plan.gone) == 1
    assert await numbers(desk, ALICE) == ["1"]
    back = await brings(desk, camera("1", ALICE), camera("2", ALICE))
    assert len(back.changed) == 1
    assert await numbers(desk, ALICE) == ["1", "2"]


async def test_an_import_is_in_the_journal(desk: Desk, store: Store) -> None:
    await desk.run(note_import, await brings(desk, camera("1", ALICE)))
    (facts,) = await store.facts(None, "cameras_imported")
    assert facts == {"new": 1, "changed": 0, "unchanged": 0, "deactivated": 0}


async def test_a_company_without_active_cameras_has_none(desk: Desk) -> None:
    assert not await desk.read(has_cameras)
    with pytest.raises(Refusal, match="no_cameras"):
        await desk.run(begin_choosing, ALICE)
    await brings(desk, camera("1", BORIS))
    assert await desk.read(has_cameras)
    await brings(desk, deactivate_missing=True)
    assert not await desk.read(has_cameras)


# ------------------------------------------------------------------ whose they are


async def test_a_phone_counts_only_once_it_is_shared(desk: Desk, store: Store) -> None:
    await brings(desk, camera("1", PHONE))
    offered = await desk.run(begin_choosing, ALICE)
    assert offered.page.total == 0 and not offered.phones
    assert await desk.read(cameras.wants_phone, ALICE.address) == "asked"
    await desk.run(verify_phone, ALICE, PHONE)
    assert await numbers(desk, ALICE) == ["1"]
    (facts,) = await store.facts(None, "phone_verified")
    assert (facts["phone"], facts["before"]) == (PHONE, None)
    assert await desk.read(cameras.wants_phone, ALICE.address) is None


async def test_what_was_only_said_of_somebody_opens_nothing(desk: Desk) -> None:
    await brings(desk, camera("1", PHONE), camera("2", "a@example.org"))
    await desk.run(verify_phone, ALICE, "+79990000000")

    async def noted(tx: object) -> None:
        (person,) = await tx.session.scalars(select(Person))  # type: ignore[attr-defined]
        for kind, value in (("phone", PHONE), ("email", "a@example.org")):
            point = ContactPoint(person_id=person.id, kind=kind, value=value, verified_at=None)
            tx.session.add(point)  # type: ignore[attr-defined]

    await desk.run(noted)
    assert await numbers(desk, ALICE) == []


async def test_a_phone_is_the_latest_holders(desk: Desk, store: Store) -> None:
    await brings(desk, camera("1", PHONE))
    await desk.run(verify_phone, ALICE, PHONE)
    await desk.run(verify_phone, BORIS, PHONE)
    assert await numbers(desk, ALICE) == []
    assert await numbers(desk, BORIS) == ["1"]
    await desk.run(verify_phone, BORIS, PHONE)  # once more changes nothing
    assert len(await store.facts(None, "phone_verified")) == 2
    await desk.run(verify_phone, ALICE, PHONE)
    assert await numbers(desk, ALICE) == ["1"]


async def test_nobody_learns_whether_a_camera_exists(desk: Desk, store: Store) -> None:
    await brings(desk, camera("1", ALICE), camera("2", BORIS))
    before = await store.everything()
    refused = []
    for number in ("1", "404"):
        with pytest.raises(Refusal) as why:
            await desk.run(choose_camera, EVE, number=number)
        refused.append((why.value.key, why.value.facts))
    assert refused[0] == refused[1]
    with pytest.raises(Refusal, match="no_such_camera"):
        await tells(desk, EVE, "1")
    assert await store.everything() == before


# ------------------------------------------------------------------ many of them


async def test_many_cameras_come_in_pages_and_are_found_by_words(desk: Desk) -> None:
    many = [camera(f"MOS_{at:02}", ALICE, name=f"Дверь {at}") for at in range(20)]
    await brings(desk, *many, camera("MOS_99", BORIS))
    offered = await desk.run(begin_choosing, ALICE)
    assert (len(offered.page.cameras), offered.page.pages, offered.page.total) == (PAGE, 3, 20)
    last = await desk.read(look_at_page, ALICE, 99)
    assert (last.page.page, len(last.page.cameras)) == (2, 4)
    heard = await says_words(desk, ALICE, "дверь 15")
    assert heard.outcome is Outcome.SEARCHES
    found = await desk.read(look_at_page, ALICE, 0)
    assert found.words == "дверь 15" and found.page.total == 1
    assert (await desk.read(own_tickets, ALICE.address)).tickets == ()


@pytest.mark.parametrize("words", ["_1", "%", "MOS%", "mos_1 birch", "st 1"])
async def test_signs_of_the_store_are_signs_of_the_words(desk: Desk, words: str) -> None:
    await brings(desk, camera("MOS_1", ALICE), camera("MOSX2", ALICE))
    expected = [] if "%" in words else ["MOS_1"] if "_" in words else ["MOSX2", "MOS_1"]
    assert sorted(await numbers(desk, ALICE, words)) == sorted(expected)


async def test_what_is_no_words_is_no_search(desk: Desk) -> None:
    await brings(desk, *(camera(str(at), ALICE) for at in range(9)))
    await desk.run(begin_choosing, ALICE)
    assert (await says_words(desk, ALICE, "", kind="photo")).outcome is Outcome.ASK_WHETHER


# ------------------------------------------------------------------ a fault


async def test_a_fault_is_a_ticket_and_a_task_in_one(desk: Desk, store: Store) -> None:
    await brings(desk, camera("MOS_1", ALICE, name="porch"))
    heard = await tells(desk, ALICE, "MOS_1")
    assert heard.outcome is Outcome.OPENED and heard.ticket is not None
    number = heard.ticket.id
    assert (heard.ticket.title, heard.ticket.topic) == (
        "Fault of camera MOS_1, 1 Birch St, porch",
        "camera",
    )
    (task,) = await store.rows(select(Task))
    assert (task.kind, task.ticket_id, task.state) == ("equipment", number, "open")
    (kind,) = await store.rows(select(Classification))
    assert (kind.ticket_id, kind.category) == (number, "incident")
    assert "fault_reported" in await store.journal(number)
    assert await store.told(ALICE.address.chat) == ["ticket.opened"]
    assert await store.told(OPERATORS) == ["card"]


async def test_words_after_choosing_a_camera_are_about_it(desk: Desk, store: Store) -> None:
    await brings(desk, camera("1", ALICE))
    chosen = await desk.run(choose_camera, ALICE, number="1")
    assert chosen.new and chosen.known is None
    heard = await says_words(desk, ALICE, "It blinks", kind="photo")
    assert heard.outcome is Outcome.OPENED and heard.ticket is not None
    assert heard.ticket.title.startswith("Fault of camera 1")
    later = await says_words(desk, ALICE, "And it hums")
    assert later.outcome is Outcome.JOINED
    assert [m.text for m in await store.messages(heard.ticket.id)] == ["It blinks", "And it hums"]


async def test_words_for_a_camera_that_is_theirs_no_more_are_heard_all_the_same(
    desk: Desk, store: Store
) -> None:
    await brings(desk, camera("1", ALICE))
    await desk.run(choose_camera, ALICE, number="1")
    await brings(desk, camera("1", BORIS))
    assert (await says_words(desk, ALICE, "It blinks")).outcome is Outcome.ASK_WHETHER
    assert [m.text for m in await store.messages(None)] == ["It blinks"]


async def test_the_same_owner_again_joins_their_ticket(desk: Desk, store: Store) -> None:
    await brings(desk, camera("1", ALICE))
    first = await tells(desk, ALICE, "1")
    chosen = await desk.run(choose_camera, ALICE, number="1")
    assert chosen.known is not None and chosen.known.mine is not None
    assert first.ticket is not None and chosen.known.mine.number == first.ticket.id
    again = await tells(desk, ALICE, "1", "Still nothing")
    assert again.outcome is Outcome.JOINED
    assert len(await store.tickets()) == 1 and len(await store.rows(select(Task))) == 1


async def test_a_solved_fault_that_is_back_reopens_its_ticket(desk: Desk, store: Store) -> None:
    await brings(desk, camera("1", ALICE))
    first = await tells(desk, ALICE, "1")
    assert first.ticket is not None
    await desk.run_as(await operator(desk), move, first.ticket.id, "resolve")
    await tells(desk, ALICE, "1", "Dark again")
    assert (await store.ticket(first.ticket.id)).state == "reopened"
    assert len(await store.tickets()) == 1


async def test_an_ended_fault_makes_room_for_a_new_one(desk: Desk, store: Store) -> None:
    await brings(desk, camera("1", ALICE))
    first = await tells(desk, ALICE, "1")
    assert first.ticket is not None
    await desk.run_as(await operator(desk), move, first.ticket.id, "close")
    assert (await tells(desk, ALICE, "1")).outcome is Outcome.OPENED
    assert len(await store.tickets()) == 2


async def test_another_owner_is_told_that_it_is_known_and_gets_no_second_task(
    desk: Desk, store: Store
) -> None:
    await brings(desk, camera("1", ALICE, BORIS))
    first = await tells(desk, ALICE, "1")
    chosen = await desk.run(choose_camera, BORIS, number="1")
    assert chosen.known == Known()  # nothing of whose ticket it is
    second = await tells(desk, BORIS, "1")
    assert first.ticket is not None and second.ticket is not None
    (part,) = await store.rows(select(TicketParent))
    assert (part.child_id, part.parent_id) == (second.ticket.id, first.ticket.id)
    assert len(await store.rows(select(Task))) == 1
    assert await store.told(BORIS.address.chat) == ["ticket.known"]
    row = await store.ticket(second.ticket.id)
    assert row.waiting_since is None and await store.timers(row.id) == {}


async def test_a_renamed_camera_leaves_old_titles_alone(desk: Desk, store: Store) -> None:
    await brings(desk, camera("1", ALICE, name="porch"))
    heard = await tells(desk, ALICE, "1")
    await brings(desk, camera("1", ALICE, name="gate"))
    assert heard.ticket is not None
    assert (await store.ticket(heard.ticket.id)).title.endswith("porch")


async def test_the_owners_of_a_camera_are_those_of_the_last_file(desk: Desk, store: Store) -> None:
    await brings(desk, camera("1", ALICE, PHONE, "a@example.org"))
    await brings(desk, camera("1", BORIS))
    rows = await store.rows(select(CameraOwner))
    assert [(row.kind, row.value) for row in rows] == [("telegram", BORIS.address.chat)]
    (only,) = await store.rows(select(Camera))
    found = await desk.read(find_own, BORIS.address, camera_id=only.id)
    assert found.number == "1"
