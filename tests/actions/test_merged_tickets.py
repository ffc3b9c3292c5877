"""Two tickets of one customer become one, and two again within 15 minutes (A6)."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.errors import MoveRefused, NothingToDo, Refusal
from core.integrations.intake import add_by_page
from core.links.merge_undo import undo_merge
from core.links.ticket_links import link
from core.links.ticket_merge import merge_tickets
from core.models import Camera, Link, Task, Ticket, TicketCamera, TicketMetrics
from core.reports.ticket_metrics import keep_metrics
from core.tasks.task_opening import create_task
from core.tickets.card import card_of
from core.tickets.conversation import answer_delivered, note, reply
from core.tickets.customer_tickets import list_own
from core.tickets.intake import hear
from core.tickets.lifecycle import move, take
from core.tickets.parents import set_parent
from core.tickets.search import search
from core.tickets.search_index import index_new
from core.tickets.tags import tag
from core.tickets.ticket_page import followed_ticket
from core.tx import Actor, Tx
from tests.actions.journal_replay import present, replayed
from tests.actions.people import (
    ALICE,
    BORIS,
    OLEG,
    OLGA,
    leaves_dialogue,
    opens,
    says,
    writes,
)
from tests.actions.store import Store
from tests.actions.test_handing import operator_here
from tests.clock import Clock


@pytest.fixture
async def olga(desk: Desk) -> Actor:
    return await operator_here(desk, OLGA)


async def two(desk: Desk, clock: Clock) -> tuple[int, int]:
    """Two tickets of Alice's, an hour between them."""
    first = await opens(desk, ALICE, "No picture")
    clock.move(hours=1)
    await leaves_dialogue(desk, ALICE)
    second = await opens(desk, ALICE, "Still no picture")
    return first.id, second.id


async def texts(store: Store, number: int) -> list[str]:
    return [message.text for message in await store.messages(number)]


async def replays(store: Store, *numbers: int) -> None:
    for number in numbers:
        assert await replayed(store, number) == await present(store, number)


async def test_the_older_one_stays_and_has_all_that_was_said(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    one, other = await two(desk, clock)
    due = (await store.ticket(one)).answer_due
    await desk.run_as(olga, note, other, writes("see the roof"))
    await desk.run_as(olga, tag, other, "roof")
    stays, goes = await desk.run_as(olga, merge_tickets, one, other)
    assert (stays.id, goes.id) == (one, other)
    assert await texts(store, one) == ["No picture", "Still no picture"]
    assert await texts(store, other) == []
    kept = await store.ticket(one)
    assert (kept.answer_due, kept.waiting_since is not None) == (due, True)
    ended = await store.ticket(other)
    assert (ended.state, ended.queue_rank, ended.answer_due) == ("cancelled", None, None)
    card, gone = await desk.read(card_of, one), await desk.read(card_of, other)
    assert card is not None and gone is not None
    assert card.tags == ("roof",)
    assert [(at.kind, at.other) for at in card.relations.links] == [("merged_from", other)]
    assert [(at.kind, at.other) for at in gone.relations.links] == [("merged_into", one)]
    assert gone.verbs == frozenset(), "it is brought back by undoing the merge alone"
    assert "merge_received" in await store.journal(one)
    assert "ticket_merged" in await store.journal(other)
    await replays(store, one, other)


async def test_the_customer_is_told_once_and_writes_on_in_the_one_that_stays(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    one, other = await two(desk, clock)
    (said,) = await store.messages(other)
    await desk.run_as(olga, merge_tickets, other, one)
    told = [row for row in await store.outbox(ALICE.address.chat) if row.ticket_id == other]
    assert [row.key for row in told] == ["ticket.opened", "ticket.merged"]
    assert told[-1].facts["into"] == one and "kept" not in told[-1].facts
    await leaves_dialogue(desk, ALICE)
    await desk.run(hear, ALICE, says(ALICE, "As I said", reply_to=said.source))
    assert (await texts(store, one))[-1] == "As I said"
    own = await desk.read(list_own, ALICE.address)
    assert [ticket.number for ticket in own.tickets] == [one]


async def test_what_is_answered_in_the_one_that_ended_goes_to_the_other(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    one, other = await two(desk, clock)
    await desk.run_as(olga, merge_tickets, one, other)
    await desk.run_as(olga, reply, other, writes("We are on it"))
    assert (await texts(store, one))[-1] == "We are on it"
    with pytest.raises(Refusal, match=r"refusal\.merged"):
        await desk.run_as(olga, move, other, "reopen")


async def test_a_pause_is_over_where_the_other_one_waits_for_us(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    one, other = await two(desk, clock)
    await desk.run_as(olga, move, one, "freeze", reason="parts")
    due = (await store.ticket(other)).answer_due
    await desk.run_as(olga, merge_tickets, one, other)
    kept = await store.ticket(one)
    assert (kept.state, kept.answer_due) == ("reopened", due)
    assert (await store.timers(one))["answer"] == due
    await replays(store, one, other)


async def test_whoever_had_one_gets_what_was_nobodys_or_hears_who_has_it(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    oleg = await operator_here(desk, OLEG)
    one, other = await two(desk, clock)
    await desk.run_as(oleg, take, other)
    await desk.run_as(olga, merge_tickets, one, other)
    assert (await store.ticket(one)).assignee_id == oleg.person_id
    assert await store.told(OLEG.address.chat) == ["staff.assigned"]
    await desk.run_as(olga, undo_merge, other)
    assert (await store.ticket(one)).assignee_id is None
    await desk.run_as(olga, take, one)
    await desk.run_as(olga, merge_tickets, one, other)
    assert await store.told(OLEG.address.chat) == ["staff.assigned", "staff.merged"]
    await replays(store, one, other)


async def test_it_can_be_taken_back_and_all_is_as_it_was(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    one, other = await two(desk, clock)
    top, third = await opens(desk, BORIS, "All is dark"), await opens(desk, BORIS, "Me too")
    await desk.run(_has_camera, other)
    await desk.run_as(olga, create_task, other)
    await desk.run_as(olga, link, other, f"#{third.id}")
    await desk.run_as(olga, link, other, "https://shop.example.org/7 Cable")
    await desk.run_as(olga, tag, other, "roof")
    await desk.run_as(olga, note, other, writes("see the roof"))
    await desk.run_as(olga, set_parent, other, top.id)
    before = [await _all_of(store, number) for number in (one, other)]
    await desk.run_as(olga, merge_tickets, one, other)
    merged = await _all_of(store, one)
    assert merged["links"] == before[1]["links"] and merged["parent"] == top.id
    assert merged["camera"] == before[1]["camera"] and len(merged["tasks"]) == 1
    clock.move(minutes=14)
    stays, goes = await desk.run_as(olga, undo_merge, one)
    assert (stays.id, goes.id) == (one, other)
    assert [await _all_of(store, number) for number in (one, other)] == before
    assert await store.rows(select(Link).where(Link.kind == "merged")) == []
    told = [row.key for row in await store.outbox(ALICE.address.chat) if row.ticket_id == other]
    assert told[-2:] == ["ticket.merged", "ticket.unmerged"]
    await replays(store, one, other, top.id, third.id)


async def _has_camera(tx: Tx, number: int) -> None:
    camera = Camera(
        number="A1", name="Roof", address="", area="", fields={}, folded="a1", updated_at=tx.now
    )
    await tx.insert(camera)
    await tx.insert(TicketCamera(ticket_id=number, camera_id=camera.id))


async def _all_of(store: Store, number: int) -> dict[str, Any]:
    """What a ticket has, without what a merge may leave behind: ended tasks."""
    ticket, told = await store.ticket(number), await present(store, number)
    ends = select(Link).where((Link.ticket_id == number) | (Link.other_id == number))
    links = [one for one in await store.rows(ends.order_by(Link.id)) if one.kind != "merged"]
    tasks = select(Task.title).where(Task.ticket_id == number, Task.state == "open")
    camera = select(TicketCamera.camera_id).where(TicketCamera.ticket_id == number)
    return {
        "state": (ticket.state, ticket.assignee_id, ticket.reopened, ticket.closed_at),
        "clock": (ticket.waiting_since, ticket.answer_due, ticket.answer_left),
        "queue": (ticket.queue_rank, ticket.queue_at),
        "timers": {k: v for k, v in (await store.timers(number)).items() if v is not None},
        "texts": await texts(store, number),
        "parent": told.parent,
        "fields": told.fields,
        "links": [(one.url, one.id) for one in links],
        "tasks": await store.rows(tasks.order_by(Task.id)),
        "camera": await store.rows(camera),
    }


async def test_words_since_the_merge_stay_and_a_frozen_ticket_is_frozen_again(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    one, other = await two(desk, clock)
    until = clock() + timedelta(days=3)
    await desk.run_as(olga, move, other, "freeze", reason="parts", until=until)
    left = (await store.ticket(other)).answer_left
    await desk.run_as(olga, merge_tickets, one, other)
    await leaves_dialogue(desk, ALICE)
    await desk.run(hear, ALICE, says(ALICE, "Any news?"))
    await desk.run_as(olga, reply, one, writes("Tomorrow"))
    answer = (await store.messages(one))[-1]
    await desk.run(answer_delivered, [answer.id])
    await desk.run_as(olga, undo_merge, other)
    back = await store.ticket(other)
    assert (back.state, back.reason, back.frozen_until) == ("frozen", "parts", until)
    assert (back.answer_due, back.answer_left) == (None, left)
    assert await texts(store, one) == ["No picture", "Any news?", "Tomorrow"]
    assert (await store.ticket(one)).waiting_since is None, "it was answered since"
    await replays(store, one, other)


async def test_a_merged_ticket_is_counted_once_and_was_never_reopened(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    one, other = await two(desk, clock)

    async def counted() -> dict[int, tuple[bool, int]]:
        while await desk.run(keep_metrics):
            pass
        rows = await store.rows(select(TicketMetrics).order_by(TicketMetrics.ticket_id))
        return {row.ticket_id: (row.counted, row.reopened) for row in rows}

    await desk.run_as(olga, merge_tickets, one, other)
    assert await counted() == {one: (True, 0), other: (False, 0)}
    await desk.run_as(olga, undo_merge, other)
    assert await counted() == {one: (True, 0), other: (True, 0)}


async def test_after_fifteen_minutes_it_is_too_late(desk: Desk, clock: Clock, olga: Actor) -> None:
    one, other = await two(desk, clock)
    with pytest.raises(Refusal, match="not_merged"):
        await desk.run_as(olga, undo_merge, one)
    await desk.run_as(olga, merge_tickets, one, other)
    clock.move(minutes=15, seconds=1)
    with pytest.raises(Refusal, match="unmerge_late"):
        await desk.run_as(olga, undo_merge, other)


async def test_words_are_found_in_the_one_that_stays(desk: Desk, clock: Clock, olga: Actor) -> None:
    one = (await opens(desk, ALICE, "No picture")).id
    clock.move(hours=1)
    await leaves_dialogue(desk, ALICE)
    other = (await opens(desk, ALICE, "A wasp nest")).id
    await desk.run_as(olga, merge_tickets, one, other)
    clock.move(minutes=1)
    while await desk.run(index_new):
        pass
    assert one in (await desk.read(search, "wasp")).numbers


async def test_what_cannot_be_merged_is_refused_with_the_reason(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    one, other = await two(desk, clock)
    boris = await opens(desk, BORIS)
    before = await store.everything()
    with pytest.raises(NothingToDo, match="merge_itself"):
        await desk.run_as(olga, merge_tickets, one, one)
    with pytest.raises(Refusal, match="merge_customers"):
        await desk.run_as(olga, merge_tickets, one, boris.id)
    assert await store.everything() == before
    await desk.run_as(olga, set_parent, boris.id, other)
    with pytest.raises(Refusal, match="merge_parent"):
        await desk.run_as(olga, merge_tickets, one, other)
    await desk.run_as(olga, move, one, "resolve")
    with pytest.raises(MoveRefused):
        await desk.run_as(olga, merge_tickets, one, other)


async def test_merged_twice_the_last_one_has_it_all_and_they_come_apart_one_by_one(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    one, other = await two(desk, clock)
    await leaves_dialogue(desk, ALICE)
    third: Ticket = await opens(desk, ALICE, "And the door")
    await desk.run_as(olga, merge_tickets, other, third.id)
    with pytest.raises(NothingToDo, match=r"refusal\.merged"):
        await desk.run_as(olga, merge_tickets, one, third.id)
    await desk.run_as(olga, merge_tickets, one, other)
    assert await texts(store, one) == ["No picture", "Still no picture", "And the door"]
    await desk.run_as(olga, reply, third.id, writes("On our way"))
    assert (await texts(store, one))[-1] == "On our way"
    with pytest.raises(Refusal, match="unmerge_first"):
        await desk.run_as(olga, undo_merge, third.id)
    await desk.run_as(olga, undo_merge, one)
    await desk.run_as(olga, undo_merge, third.id)
    assert await texts(store, other) == ["Still no picture"]
    assert await texts(store, third.id) == ["And the door"]
    await replays(store, one, other, third.id)


async def test_whoever_has_a_link_sees_their_own_ticket_alone(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    one, other = await two(desk, clock)
    await desk.run_as(olga, merge_tickets, one, other)
    await leaves_dialogue(desk, ALICE)
    pages = [f"page {number}" for number in (one, other)]
    for number in (one, other):
        for _ in range(2):  # the second time it is there already
            brought = await desk.run(add_by_page, number, f"page {number}", f"once {number}")
            assert brought.ticket_id == number
    assert await texts(store, one) == ["No picture", "Still no picture", *pages]
    assert await on_page(desk, one) == (False, ["No picture", pages[0]])
    assert await on_page(desk, other) == (True, ["Still no picture", pages[1]])
    await desk.run_as(olga, undo_merge, one)
    assert await on_page(desk, other) == (False, ["Still no picture", pages[1]])
    assert await on_page(desk, one) == (False, ["No picture", pages[0]])


async def on_page(desk: Desk, number: int) -> tuple[bool, list[str]]:
    followed = await desk.read(followed_ticket, number)
    assert followed is not None
    return followed[0].merged, [said.text for said in followed[1]]
