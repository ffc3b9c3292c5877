"""An area's faults are one ticket, and everybody who reports hears of it (X9)."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from core.desk import Desk
from core.equipment import outage_detection
from core.equipment.faults import choose_camera
from core.errors import NothingToDo, Refusal
from core.models import Clock as WorkClock
from core.models import Outage, OutboxRow, Task, Ticket, TicketParent
from core.tasks.task_actions import Choice, resolve
from core.tickets import parents
from core.tickets.conversation import reply
from core.tickets.new_ticket_digest import post_digest
from core.tickets.parents import leave_parent, set_parent
from core.tickets.sweep import sweep
from tests.actions.agreement_factories import agrees
from tests.actions.equipment_factories import AREA, brings, camera, crowd, tells
from tests.actions.journal_replay import present, replayed
from tests.actions.outage_factories import LATER, ROUND, opened, reported
from tests.actions.people import ALICE, OPERATORS, opens, operator, writes
from tests.actions.store import Store
from tests.actions.test_hot_path import measured
from tests.clock import Clock


async def test_of_an_agreement_s_deadlines_only_those_of_the_outage_are_told(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    numbers = await reported(desk, ROUND)
    parent = await opened(desk, numbers[0])
    clock.move(days=10)
    await desk.run(sweep)
    told = [row for row in await store.outbox() if "clock" in (row.key or "")]
    assert {row.ticket_id for row in told} == {parent.id}
    missed = select(WorkClock.ticket_id).where(WorkClock.missed_at.is_not(None))
    late = set(await store.rows(missed.order_by(WorkClock.ticket_id)))
    assert late == {parent.id, *numbers}  # what was promised to each is still known


async def test_accepted_it_is_one_ticket_and_everybody_hears(
    desk: Desk, store: Store, clock: Clock
) -> None:
    numbers = await reported(desk, ROUND) + await reported(desk, LATER)
    until = clock.now + timedelta(hours=3)
    parent = await opened(desk, numbers[0], until, "no power")
    parts = await store.rows(select(TicketParent).order_by(TicketParent.child_id))
    assert {part.child_id for part in parts} == set(numbers)
    assert {part.parent_id for part in parts} == {parent.id}
    for each in (*ROUND, *LATER):
        assert await store.told(each.address.chat) == ["ticket.opened", "ticket.joined_area"]
    (row,) = [r for r in await store.outbox(ROUND[0].address.chat) if r.key != "ticket.opened"]
    assert (row.facts["area"], row.facts["words"]) == (AREA, "no power")
    assert row.facts["until"] == {"$time": until.isoformat()}
    for number in numbers:
        assert (await store.ticket(number)).waiting_since is None
        assert await store.timers(number) == {}
    tasks = await store.rows(select(Task).order_by(Task.id))
    assert [task.ticket_id for task in tasks if task.state == "open"] == [parent.id]
    assert (await store.ticket(parent.id)).answer_due == until


async def test_many_reports_are_united_in_as_many_statements_as_few(
    desk: Desk, clock: Clock
) -> None:
    few, many = await reported(desk, ROUND), await reported(desk, crowd(20, 7000), "South")
    await opened(desk, few[0])
    clock.move(minutes=1)
    again = await reported(desk, LATER, "East")
    with measured(desk) as cost:
        await opened(desk, again[0])
    with measured(desk) as more:
        await opened(desk, many[0])
    assert len(more.statements) == len(cost.statements), f"\n{more}"


async def test_new_reporters_are_told_before_and_after_they_report(
    desk: Desk, store: Store, clock: Clock
) -> None:
    numbers = await reported(desk, ROUND)
    until = clock.now + timedelta(hours=3)
    parent = await opened(desk, numbers[0], until, "no power")
    tasks = await _count(store, Task.id)
    posts = len(await store.outbox(OPERATORS))
    newcomer = LATER[0]
    await brings(desk, camera("C9", newcomer))
    chosen = await desk.run(choose_camera, newcomer, number="C9")
    assert chosen.known is not None and chosen.known.outage is not None
    assert (chosen.known.outage.words, chosen.known.outage.until) == ("no power", until)
    heard = await tells(desk, newcomer, "C9")
    assert heard.ticket is not None
    assert await store.told(newcomer.address.chat) == ["ticket.known_area"]
    assert await _count(store, Task.id) == tasks
    new = (await store.outbox(OPERATORS))[posts:]
    assert [(row.kind, row.ticket_id) for row in new] == [("card", parent.id)]  # its count


async def test_another_area_goes_its_own_way(desk: Desk, store: Store) -> None:
    numbers = await reported(desk, ROUND)
    await opened(desk, numbers[0])
    await reported(desk, LATER[:1], "South")
    assert await store.told(LATER[0].address.chat) == ["ticket.opened"]


async def test_an_area_has_one_outage(desk: Desk) -> None:
    numbers = await reported(desk, ROUND)
    await opened(desk, numbers[0])
    with pytest.raises(NothingToDo, match="outage_open"):
        await opened(desk, numbers[1])
    with pytest.raises(NothingToDo):
        await desk.run_as(await operator(desk), outage_detection.decline, numbers[1])


async def test_a_ticket_about_no_camera_stands_for_no_area(desk: Desk) -> None:
    numbers = await reported(desk, ROUND)
    parent = await opened(desk, numbers[0])
    for number in (parent.id, 999):
        with pytest.raises(Refusal, match="outdated"):
            await opened(desk, number)


async def test_parts_of_a_part_come_along(desk: Desk, store: Store) -> None:
    await brings(desk, camera("1", ROUND[0], ALICE))
    await tells(desk, ROUND[0], "1")
    second = await tells(desk, ALICE, "1")
    numbers = await reported(desk, ROUND[1:] + LATER[:1])
    parent = await opened(desk, numbers[0])
    assert second.ticket is not None
    joined = await store.rows(select(TicketParent).order_by(TicketParent.child_id))
    parts = {one.child_id: one.parent_id for one in joined}
    assert parts[second.ticket.id] == parent.id and len(set(parts.values())) == 1
    assert await store.told(ALICE.address.chat) == ["ticket.known", "ticket.joined_area"]
    for number in parts:
        assert await replayed(store, number) == await present(store, number)


async def test_what_is_no_fault_of_the_area_comes_along_without_a_word(
    desk: Desk, store: Store
) -> None:
    olga, other = await operator(desk), await opens(desk, ALICE)
    numbers = await reported(desk, ROUND)
    await desk.run_as(olga, set_parent, other.id, numbers[0])
    parent = await opened(desk, numbers[0])
    assert await store.facts(other.id, "parent_set") == [
        {"parent": numbers[0], "old": None},
        {"parent": parent.id, "old": numbers[0]},
    ]
    assert await store.told(ALICE.address.chat) == ["ticket.opened"]
    assert await replayed(store, other.id) == await present(store, other.id)


async def test_an_outage_is_part_of_nothing_though_nobody_has_reported_it_yet(
    desk: Desk, store: Store
) -> None:
    numbers = await reported(desk, ROUND)
    parent = await opened(desk, numbers[0])
    olga, other = await operator(desk), await opens(desk, ALICE)
    for number in numbers:
        await desk.run_as(olga, leave_parent, number)
    with pytest.raises(Refusal, match="child_is_outage"):
        await desk.run_as(olga, set_parent, parent.id, other.id)
    await reported(desk, LATER[:1])
    (part,) = await store.rows(select(TicketParent))
    assert part.parent_id == parent.id


# ------------------------------------------------------------------ a thousand


async def test_a_thousand_reports_are_one_ticket_and_twenty_posts(
    desk: Desk, store: Store, clock: Clock
) -> None:
    """Ten minutes of them; operators decide in the second minute."""
    size, minutes = (1000 if desk.database.is_sqlite else 100), 10
    many = crowd(size, 10_000)
    await brings(desk, *(camera(f"C{each.address.chat}", each) for each in many))
    parent: Ticket | None = None
    for at, each in enumerate(many):
        heard = await tells(desk, each, f"C{each.address.chat}")
        clock.move(seconds=60 * minutes / size)
        assert heard.ticket is not None
        if at % 10 == 0:
            await desk.run(post_digest)
        if at == size // 5:
            until = clock.now + timedelta(hours=3)
            parent = await opened(desk, heard.ticket.id, until, "no power")
    assert parent is not None
    await desk.run(post_digest)
    assert await _count(store, Outage.ticket_id) == 1
    assert await _count(store, TicketParent.child_id, TicketParent.parent_id == parent.id) == size
    acks = await store.rows(
        select(OutboxRow.address)
        .where(OutboxRow.key.in_(("ticket.joined_area", "ticket.known_area")))
        .distinct()
        .order_by(OutboxRow.address)
    )
    assert len(acks) == size
    assert await _posts(store) <= 20
    assert await _count(store, Task.id, Task.state == "open") == 1
    before = await _posts(store)
    await desk.run_as(await operator(desk), reply, parent.id, writes("A generator is coming"))
    over: dict[str, Any] = {"reason": "power is back", "choice": Choice.COMPLETE}
    await desk.run_as(await operator(desk), resolve, parent.id, **over)
    while await desk.run(parents.resolve_children):
        pass
    assert await _count(store, OutboxRow.id, OutboxRow.key == "ticket.resolved_reason") == size
    told = OutboxRow.kind == "content", OutboxRow.person_id.is_not(None)
    assert await _count(store, OutboxRow.id, *told) == size
    assert await _posts(store) == before  # the cards that stand are edited


async def _posts(store: Store) -> int:
    """What is a message of its own in the group: a ticket's first card, a text, copied words."""
    rows = await store.outbox(OPERATORS)
    left = [row for row in rows if row.state != "dropped"]
    cards = {row.ticket_id for row in left if row.kind == "card"}
    return len(cards) + sum(row.kind in {"text", "content"} for row in left)


async def _count(store: Store, column: Any, *where: Any) -> int:
    return int((await store.rows(select(func.count(column)).where(*where)))[0])
