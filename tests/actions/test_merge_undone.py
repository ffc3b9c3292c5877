"""What a merge must keep of both tickets, and an undo must bring back as it was (A6)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.contacts.erasure import erase
from core.delivery.channel import Delivery
from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.errors import NothingToDo, Refusal
from core.links.merge_undo import undo_merge
from core.links.ticket_links import link, unlink
from core.links.ticket_merge import merge_tickets
from core.models import Camera, Link, OutboxRow, Task, TicketCamera
from core.sla.clock_recorder import recompute
from core.sla.clock_store import stored
from core.tasks.task_actions import take_task
from core.tasks.task_opening import create_task
from core.tickets.conversation import answer_delivered, reply
from core.tickets.delivery_results import refused
from core.tickets.field_edits import set_field
from core.tickets.fields import values_of
from core.tickets.intake import hear
from core.tickets.lifecycle import move, take
from core.tickets.next_contact import contact_of, plan_contact
from core.tickets.search import search
from core.tickets.search_index import index_new
from core.tx import Actor, Tx
from tests.actions.agreement_factories import agrees
from tests.actions.people import ALICE, OLEG, OLGA, OPERATORS, leaves_dialogue, opens, says, writes
from tests.actions.store import Store
from tests.actions.test_handing import operator_here
from tests.actions.test_merged_tickets import replays, two
from tests.clock import Clock


@pytest.fixture
async def olga(desk: Desk) -> Actor:
    return await operator_here(desk, OLGA)


@pytest.fixture
async def oleg(desk: Desk) -> Actor:
    return await operator_here(desk, OLEG)


# ------------------------------------------------------------------ tasks


async def has_cameras(desk: Desk, *pairs: tuple[int, str]) -> None:
    async def set_up(tx: Tx) -> None:
        known: dict[str, Camera] = {}
        for ticket, number in pairs:
            if number not in known:
                facts: dict[str, Any] = {"name": number, "address": "", "area": "", "fields": {}}
                known[number] = Camera(
                    number=number, folded=number.lower(), updated_at=tx.now, **facts
                )
                await tx.insert(known[number])
            await tx.insert(TicketCamera(ticket_id=ticket, camera_id=known[number].id))

    await desk.run(set_up)


async def open_tasks(store: Store, number: int) -> list[tuple[str, int | None]]:
    query = select(Task).where(Task.ticket_id == number, Task.state == "open").order_by(Task.id)
    return [(task.title, task.assignee_id) for task in await store.rows(query)]


@pytest.mark.parametrize("of_older", [True, False])
async def test_tasks_for_one_camera_are_one_whoever_has_it(
    desk: Desk, store: Store, clock: Clock, olga: Actor, oleg: Actor, *, of_older: bool
) -> None:
    one, other = await two(desk, clock)
    await has_cameras(desk, (one, "A1"), (other, "A1"))
    tasks = [await desk.run_as(olga, create_task, number) for number in (one, other)]
    taken = tasks[0] if of_older else tasks[1]
    await desk.run_as(oleg, take_task, taken.id)
    before = [await open_tasks(store, number) for number in (one, other)]
    await desk.run_as(olga, merge_tickets, one, other)
    assert await open_tasks(store, one) == [(taken.title, oleg.person_id)]
    assert await open_tasks(store, other) == []
    await desk.run_as(olga, undo_merge, one)
    assert [await open_tasks(store, number) for number in (one, other)] == before
    await replays(store, one, other)


async def test_tasks_for_two_cameras_are_two(
    desk: Desk, store: Store, clock: Clock, olga: Actor, oleg: Actor
) -> None:
    one, other = await two(desk, clock)
    await has_cameras(desk, (one, "A1"), (other, "B2"))
    first, second = [await desk.run_as(olga, create_task, number) for number in (one, other)]
    before = await store.everything()
    with pytest.raises(Refusal, match="merge_tasks"):  # a ticket has one task of nobody
        await desk.run_as(olga, merge_tickets, one, other)
    assert await store.everything() == before
    await desk.run_as(oleg, take_task, first.id)
    await desk.run_as(olga, merge_tickets, one, other)
    both = [(first.title, oleg.person_id), (second.title, None)]
    assert await open_tasks(store, one) == both


async def test_tasks_without_a_camera_are_one_by_their_title(
    desk: Desk, store: Store, clock: Clock, olga: Actor, oleg: Actor
) -> None:
    one, other = await two(desk, clock)
    mast = await desk.run_as(olga, create_task, one, "Mend the mast")
    await desk.run_as(oleg, take_task, mast.id)
    await desk.run_as(olga, create_task, other, "Mend the roof")
    await desk.run_as(olga, merge_tickets, one, other)
    assert [title for title, _ in await open_tasks(store, one)] == [
        "Mend the mast",
        "Mend the roof",
    ]
    await desk.run_as(olga, undo_merge, one)
    third = await opens_third(desk, clock)
    await desk.run_as(olga, create_task, third, "mend the mast")
    await desk.run_as(olga, merge_tickets, one, third)
    assert await open_tasks(store, one) == [("Mend the mast", oleg.person_id)]


async def opens_third(desk: Desk, clock: Clock) -> int:
    clock.move(minutes=1)
    await leaves_dialogue(desk, ALICE)
    return int((await opens(desk, ALICE, "And the door")).id)


# ------------------------------------------------------------------ state and clocks


async def clocks_of(store: Store, desk: Desk, number: int) -> dict[str, Any]:
    ticket = await store.ticket(number)
    _, readings = await desk.read(stored, number)
    assert readings == await desk.read(recompute, number)
    return {
        "state": (ticket.state, ticket.reason, ticket.frozen_until, ticket.assignee_id),
        "answer": (ticket.waiting_since, ticket.answer_due, ticket.answer_left),
        "queue": (ticket.queue_rank, ticket.queue_at, ticket.earlier_assignee_id),
        "timers": await store.timers(number),
        "clocks": readings,
    }


PAUSES: dict[str, dict[str, Any]] = {
    "frozen until a day": {"verb": "freeze", "reason": "parts", "days": 3},
    "frozen for long": {"verb": "freeze", "reason": "parts"},
    "waiting for the customer": {"verb": "wait"},
    "in work": {},
}


@pytest.mark.parametrize("pause", PAUSES)
async def test_the_one_that_stayed_is_as_it_was_before(
    desk: Desk, store: Store, clock: Clock, olga: Actor, pause: str
) -> None:
    await agrees(desk)
    one, other = await two(desk, clock)
    how = dict(PAUSES[pause])
    verb, days = how.pop("verb", None), how.pop("days", None)
    if verb == "wait":
        await desk.run_as(olga, reply, one, writes("Which camera?"))
        await desk.run(answer_delivered, [(await store.messages(one))[-1].id])
    if verb is not None:
        until = None if days is None else clock() + timedelta(days=days)
        await desk.run_as(olga, move, one, verb, until=until, **how)
    clock.move(minutes=7)
    before = [await clocks_of(store, desk, number) for number in (one, other)]
    await desk.run_as(olga, merge_tickets, one, other)
    assert (await store.ticket(one)).answer_due is not None
    assert (await store.ticket(one)).frozen_until is None
    clock.move(minutes=6)
    await desk.run_as(olga, undo_merge, one)
    assert [await clocks_of(store, desk, number) for number in (one, other)] == before
    await replays(store, one, other)


async def test_what_was_done_since_the_merge_is_not_undone(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    one, other = await two(desk, clock)
    await desk.run_as(olga, move, one, "freeze", reason="parts")
    left = (await store.ticket(one)).answer_left
    await desk.run_as(olga, merge_tickets, one, other)
    await leaves_dialogue(desk, ALICE)
    await desk.run(hear, ALICE, says(ALICE, "Any news?"))
    clock.move(minutes=5)
    await desk.run_as(olga, undo_merge, one)
    kept = await store.ticket(one)
    assert (kept.state, kept.frozen_until) == ("reopened", None), "they wrote: the pause is over"
    assert left is not None and kept.answer_due == clock() + timedelta(seconds=left)
    await replays(store, one, other)


async def test_a_ticket_frozen_since_the_merge_keeps_its_own_time_left(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    one, other = await two(desk, clock)
    await desk.run_as(olga, reply, one, writes("Done"))
    await desk.run(answer_delivered, [(await store.messages(one))[-1].id])
    await desk.run_as(olga, merge_tickets, one, other)
    await desk.run_as(olga, move, one, "freeze", reason="parts")
    await desk.run_as(olga, undo_merge, one)
    kept = await store.ticket(one)
    assert (kept.state, kept.reason) == ("frozen", "parts")
    assert (kept.waiting_since, kept.answer_left) == (None, None), "it was answered"
    await replays(store, one, other)


async def test_what_was_answered_since_and_asked_again_has_its_own_deadline(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    one, other = await two(desk, clock)
    await desk.run_as(olga, merge_tickets, one, other)
    await desk.run_as(olga, reply, one, writes("Soon"))
    await desk.run(answer_delivered, [(await store.messages(one))[-1].id])
    clock.move(minutes=5)
    await leaves_dialogue(desk, ALICE)
    await desk.run(hear, ALICE, says(ALICE, "When?"))
    asked = clock()
    clock.move(minutes=5)
    await desk.run_as(olga, undo_merge, one)
    assert (await store.ticket(one)).waiting_since == asked


async def test_who_had_it_since_another_time_is_not_forgotten(
    desk: Desk, store: Store, clock: Clock, olga: Actor, oleg: Actor
) -> None:
    one, other = await two(desk, clock)
    await desk.run_as(oleg, take, other)
    before = [await clocks_of(store, desk, number) for number in (one, other)]
    await desk.run_as(olga, merge_tickets, one, other)
    assert (await store.ticket(one)).assignee_id == oleg.person_id
    await desk.run_as(olga, undo_merge, one)
    assert [await clocks_of(store, desk, number) for number in (one, other)] == before
    await replays(store, one, other)


# ------------------------------------------------------------------ the next contact


@pytest.mark.parametrize(("of_older", "expected"), [(None, 2), (1, 1), (3, 2)])
async def test_a_promised_day_moves_and_comes_back(
    desk: Desk, store: Store, clock: Clock, olga: Actor, of_older: int | None, expected: int
) -> None:
    one, other = await two(desk, clock)
    days = {n: clock() + timedelta(days=n) for n in (1, 2, 3)}
    if of_older is not None:
        await desk.run_as(olga, plan_contact, one, days[of_older])
    await desk.run_as(olga, plan_contact, other, days[2])
    before = [await desk.read(contact_of, number) for number in (one, other)]
    await desk.run_as(olga, merge_tickets, one, other)
    assert await desk.read(contact_of, one) == days[expected]
    assert (await store.timers(one))["contact"] == days[expected]
    assert await desk.read(contact_of, other) is None
    await replays(store, one, other)
    await desk.run_as(olga, undo_merge, one)
    assert [await desk.read(contact_of, number) for number in (one, other)] == before
    await replays(store, one, other)


async def test_a_day_that_was_planned_or_kept_since_the_merge_stays_so(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    one, other = await two(desk, clock)
    days = {n: clock() + timedelta(days=n) for n in (2, 3, 4)}
    await desk.run_as(olga, plan_contact, one, days[3])
    await desk.run_as(olga, plan_contact, other, days[2])
    await desk.run_as(olga, merge_tickets, one, other)
    await desk.run_as(olga, plan_contact, one, days[4])
    await desk.run_as(olga, undo_merge, one)
    assert await desk.read(contact_of, one) == days[4]
    assert await desk.read(contact_of, other) == days[2]
    await desk.run_as(olga, merge_tickets, one, other)
    await desk.run_as(olga, plan_contact, one, None)
    await desk.run_as(olga, undo_merge, one)
    assert [await desk.read(contact_of, number) for number in (one, other)] == [None, None]


# ------------------------------------------------------------------ what is refused


async def test_the_link_of_a_merge_is_not_removed_by_hand(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    one, other = await two(desk, clock)
    await desk.run_as(olga, link, other, f"#{one}")
    await desk.run_as(olga, merge_tickets, one, other)
    await desk.run_as(olga, unlink, other, f"#{one}")  # the plain one goes
    for number, far in ((other, one), (one, other)):
        with pytest.raises(Refusal, match="unlink_merged") as told:
            await desk.run_as(olga, unlink, number, f"#{far}")
        assert (told.value.facts["number"], told.value.facts["other"]) == (other, one)
    assert [row.kind for row in await store.rows(select(Link))] == ["merged"]
    await desk.run_as(olga, undo_merge, other)
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, unlink, other, f"#{one}")


async def test_of_two_merges_into_one_ticket_the_later_is_undone_first(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    one, other = await two(desk, clock)
    third = await opens_third(desk, clock)
    before = [await clocks_of(store, desk, number) for number in (one, other, third)]
    await desk.run_as(olga, move, one, "freeze", reason="parts")
    frozen = await clocks_of(store, desk, one)
    await desk.run_as(olga, merge_tickets, one, other)
    await desk.run_as(olga, merge_tickets, one, third)
    with pytest.raises(Refusal, match="unmerge_later") as told:
        await desk.run_as(olga, undo_merge, other)
    assert (told.value.facts["number"], told.value.facts["other"]) == (one, third)
    await desk.run_as(olga, undo_merge, third)
    await desk.run_as(olga, undo_merge, other)
    after = [await clocks_of(store, desk, number) for number in (one, other, third)]
    assert after == [frozen, *before[1:]]
    await replays(store, one, other, third)


async def test_who_was_erased_since_has_nothing_to_come_back(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    one, other = await two(desk, clock)
    await desk.run_as(olga, merge_tickets, one, other)
    await desk.run_as(olga, move, one, "close", reason="done")
    await desk.run(erase, (await store.ticket(one)).customer_id)
    for number in (one, other):
        with pytest.raises(Refusal, match="unmerge_erased"):
            await desk.run_as(olga, undo_merge, number)


# ------------------------------------------------------------------ answers and search


async def delivery_of(store: Store, number: int) -> Delivery:
    query = select(OutboxRow).where(OutboxRow.kind == "content", OutboxRow.ticket_id == number)
    to_people = query.where(OutboxRow.person_id.is_not(None)).order_by(OutboxRow.id)
    row = (await store.rows(to_people))[-1]
    names = Delivery.__dataclass_fields__.keys() - {"probe_context", "found"}
    return Delivery(**{name: getattr(row, name) for name in names}, probe_context={})


@pytest.mark.parametrize("undone", [True, False])
async def test_an_answer_that_was_under_way_and_is_refused_is_told(
    desk: Desk, store: Store, clock: Clock, olga: Actor, *, undone: bool
) -> None:
    one, other = await two(desk, clock)
    await desk.run_as(olga, reply, other, writes("On our way"))
    under_way = await delivery_of(store, other)
    await desk.run_as(olga, merge_tickets, one, other)
    if undone:
        await desk.run_as(olga, undo_merge, one)
    await desk.run(refused, under_way, "bad_request")
    assert "answer_failed" in await store.journal(other if undone else one)
    assert "answer.failed.other" in await store.told(OPERATORS)


async def test_words_are_found_where_they_are_after_an_undo(
    desk: Desk, clock: Clock, olga: Actor
) -> None:
    one = (await opens(desk, ALICE, "No picture")).id
    clock.move(hours=1)
    await leaves_dialogue(desk, ALICE)
    other = (await opens(desk, ALICE, "Help")).id
    await index_all(desk, clock)
    await desk.run(hear, ALICE, says(ALICE, "a wasp nest"))
    await desk.run_as(olga, merge_tickets, one, other)
    await index_all(desk, clock)
    assert (await desk.read(search, "wasp")).numbers == (one,)
    await desk.run_as(olga, undo_merge, other)
    await index_all(desk, clock)
    assert (await desk.read(search, "wasp")).numbers == (other,)
    assert (await desk.read(search, "picture")).numbers == (one,)


async def index_all(desk: Desk, clock: Clock) -> None:
    clock.move(minutes=1)
    while await desk.run(index_new):
        pass


FIELDS = """
[[field]]
code = "flat"
titles = { en = "Flat" }
kind = "text"

[[field]]
code = "act"
titles = { en = "Act" }
kind = "text"
"""


async def test_a_field_that_was_filled_anew_since_the_merge_stays(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    await desk.run(apply_directory, read_directory(FIELDS))
    one, other = await two(desk, clock)
    for words in ("flat 12", "act 7"):
        await desk.run_as(olga, set_field, other, words)
    await desk.run_as(olga, merge_tickets, one, other)
    await desk.run_as(olga, set_field, one, "flat 14")
    await desk.run_as(olga, undo_merge, one)
    assert await desk.read(values_of, one) == {"flat": "14"}
    assert await desk.read(values_of, other) == {"flat": "12", "act": "7"}
    await replays(store, one, other)


async def test_an_answer_that_nobody_reacts_to_is_mailed_after_a_merge_as_well(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    silent = timedelta(hours=4)
    desk.company = replace(
        desk.company, letter_channels=frozenset({"email"}), mail_when_silent=silent
    )
    one, other = await two(desk, clock)
    await desk.run_as(olga, reply, other, writes("Restart it"))
    await desk.run(answer_delivered, [(await store.messages(other))[-1].id])
    due = clock() + silent
    assert (await store.timers(other))["silence"] == due
    await desk.run_as(olga, merge_tickets, one, other)
    assert (await store.timers(one))["silence"] == due
    await desk.run_as(olga, undo_merge, one)
    assert (await store.timers(other))["silence"] == due
    assert "silence" not in await store.timers(one)
