"""An area's faults as one: offered, decided, told, ended (X9)."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from core.desk import Desk
from core.equipment import outage_commands, outage_detection
from core.equipment.faults import choose_camera
from core.errors import NotAllowed, NothingToDo, Refusal
from core.models import Clock as WorkClock
from core.models import Outage, OutboxRow, Task, Ticket, TicketParent
from core.people.identity import Sender
from core.tasks.task_actions import Choice, resolve
from core.tickets import parents
from core.tickets.conversation import answer_delivered, reply, undo
from core.tickets.lifecycle import confirm, move
from core.tickets.new_ticket_digest import post_digest
from core.tickets.parents import leave_parent, set_parent
from core.tickets.sweep import sweep
from tests.actions.agreement_factories import agrees
from tests.actions.equipment_factories import AREA, brings, camera, crowd, tells
from tests.actions.journal_replay import present, replayed
from tests.actions.people import ALICE, OPERATORS, customer, opens, operator, writes
from tests.actions.store import Store
from tests.actions.test_hot_path import measured
from tests.clock import Clock

ROUND = crowd(3)
LATER = crowd(3, 6000)


async def reported(desk: Desk, who: list[Sender], area: str = AREA) -> list[int]:
    """Everybody has a camera in the area, and reports it."""
    await brings(desk, *(camera(f"C{each.address.chat}", each, area=area) for each in who))
    heard = [await tells(desk, each, f"C{each.address.chat}") for each in who]
    return [each.ticket.id for each in heard if each.ticket is not None]


async def opened(desk: Desk, number: int, until: Any = None, words: str = "") -> Ticket:
    ticket, _ = await desk.run_as(
        await operator(desk),
        outage_commands.open_outage,
        number,
        until=until,
        title=lambda area: f"Outage: {area}",
        words=words,
    )
    return ticket


async def offered(store: Store) -> list[Any]:
    return [row for row in await store.outbox(OPERATORS) if row.key == "group.outage_offer"]


# ------------------------------------------------------------------ the offer


async def test_three_faults_of_an_area_are_offered_as_one_once(desk: Desk, store: Store) -> None:
    numbers = await reported(desk, ROUND[:2])
    assert not await offered(store)
    numbers += await reported(desk, ROUND[2:])
    (row,) = await offered(store)
    assert (row.facts["area"], row.facts["tickets"]) == (AREA, numbers)
    await reported(desk, LATER)
    assert len(await offered(store)) == 1


async def test_the_same_camera_three_times_is_one_fault(desk: Desk, store: Store) -> None:
    await brings(desk, camera("1", *ROUND))
    for each in ROUND:
        await tells(desk, each, "1")
    assert not await offered(store)


@pytest.mark.parametrize("area", ["", "apart"])
async def test_faults_apart_are_no_outage(desk: Desk, store: Store, area: str) -> None:
    for place, each in enumerate(ROUND):
        await reported(desk, [each], f"{area}{place}" if area else "")
    assert not await offered(store)


async def test_faults_long_after_each_other_are_no_outage(
    desk: Desk, store: Store, clock: Clock
) -> None:
    for each in ROUND:
        await reported(desk, [each])
        clock.move(minutes=20)
    assert not await offered(store)


async def test_a_new_window_makes_a_new_offer(desk: Desk, store: Store, clock: Clock) -> None:
    await reported(desk, ROUND)
    clock.move(minutes=31)
    await reported(desk, LATER)
    assert len(await offered(store)) == 2


async def test_a_company_may_want_more_faults_or_no_offers(
    desk: Desk, store: Store, company: Any
) -> None:
    from dataclasses import replace

    desk.company = replace(company, outage_faults=0)
    await reported(desk, ROUND)
    assert not await offered(store)
    desk.company = replace(company, outage_faults=5)
    await reported(desk, LATER)
    assert len(await offered(store)) == 1


async def test_while_operators_decide_faults_wait_without_cards(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await reported(desk, ROUND)
    clock.move(seconds=1)
    held = await reported(desk, LATER)
    cards = [row.ticket_id for row in await store.outbox(OPERATORS, kind="card")]
    assert not set(held) & set(cards)
    for each in LATER:
        assert await store.told(each.address.chat) == ["ticket.opened"]
    actor = await operator(desk)
    assert await desk.run_as(actor, outage_detection.decline, held[0]) == AREA
    cards = [row.ticket_id for row in await store.outbox(OPERATORS, kind="card")]
    assert set(held) <= set(cards)
    with pytest.raises(NothingToDo):
        await desk.run_as(actor, outage_detection.decline, held[0])


async def test_nobody_decides_in_time_and_the_cards_come(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await reported(desk, ROUND)
    clock.move(seconds=1)
    (held,) = await reported(desk, LATER[:1])
    assert await desk.run(outage_detection.settle_offers) == 0
    clock.now += outage_detection.HOLD
    assert await desk.run(outage_detection.settle_offers) == 1
    assert held in [row.ticket_id for row in await store.outbox(OPERATORS, kind="card")]
    assert await desk.run(outage_detection.settle_offers) == 0
    (facts,) = await store.facts(None, "outage_declined")
    assert facts["by_time"] and facts["tickets"] == [held]


async def test_customers_decide_nothing(desk: Desk, store: Store) -> None:
    first, *_ = await reported(desk, ROUND)
    await customer(desk, ALICE)
    before = await store.everything()
    alice = await customer(desk, ALICE)
    with pytest.raises(NotAllowed):
        await desk.run_as(alice, outage_detection.decline, first)
    with pytest.raises(NotAllowed):
        await desk.run_as(alice, outage_commands.open_outage, first, until=None, title=str)
    assert await store.everything() == before


# ------------------------------------------------------------------ the outage


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


# ------------------------------------------------------------------ talking to all of them


async def test_an_answer_to_the_outage_reaches_everybody(desk: Desk, store: Store) -> None:
    numbers = await reported(desk, ROUND)
    parent = await opened(desk, numbers[0])
    olga = await operator(desk)
    said = writes("The power is back, cameras are starting")
    await desk.run_as(olga, reply, parent.id, said)
    copies = [row for row in await store.outbox(kind="content") if row.person_id is not None]
    assert [row.ticket_id for row in copies] == numbers
    assert {row.message_id for row in copies} == {(await store.messages(parent.id))[0].id}
    message_id = copies[0].message_id
    assert message_id is not None
    await desk.run(answer_delivered, [message_id])
    assert "answer_delivered" in await store.journal(parent.id)
    await desk.run_as(olga, undo, said.ref)
    gone = await store.outbox(kind="delete")
    assert [row.address for row in gone] == [each.address.chat for each in ROUND]


async def test_what_operators_learn_is_told_to_all(desk: Desk, store: Store, clock: Clock) -> None:
    numbers = await reported(desk, ROUND)
    parent = await opened(desk, numbers[0])
    olga, until = await operator(desk), clock.now + timedelta(hours=5)
    await desk.run_as(
        olga, outage_commands.restate_outage, parent.id, until=until, words="a cut cable"
    )
    for each in ROUND:
        assert (await store.told(each.address.chat))[-1] == "ticket.outage_news"
    assert (await store.ticket(parent.id)).answer_due == until
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, outage_commands.restate_outage, parent.id, until=until, words=None)
    with pytest.raises(Refusal, match="no_outage"):
        await desk.run_as(olga, outage_commands.restate_outage, numbers[0], until=until, words="x")


async def test_a_broadcast_needs_somebody_to_hear_it(desk: Desk, store: Store) -> None:
    numbers = await reported(desk, ROUND[:2])
    with pytest.raises(Refusal, match="nobody_to_tell"):
        await desk.run_as(await operator(desk), reply, numbers[0], writes(), to_all=True)


async def test_a_broadcast_goes_from_any_parent_to_its_parts(desk: Desk, store: Store) -> None:
    await brings(desk, camera("1", *ROUND))
    heard = [await tells(desk, each, "1") for each in ROUND]
    first = heard[0].ticket
    assert first is not None
    olga = await operator(desk)
    await desk.run_as(olga, reply, first.id, writes("To you alone"))
    assert [r.address for r in await store.outbox(kind="content") if r.person_id] == [
        ROUND[0].address.chat
    ]
    await desk.run_as(olga, reply, first.id, writes("To all of you"), to_all=True)
    told = [r.address for r in await store.outbox(kind="content") if r.person_id]
    assert sorted(told[1:]) == sorted(each.address.chat for each in ROUND)


# ------------------------------------------------------------------ the end


async def test_its_solution_is_everybodys_and_its_close_nobodys(desk: Desk, store: Store) -> None:
    numbers = await reported(desk, ROUND)
    parent = await opened(desk, numbers[0])
    olga = await operator(desk)
    await desk.run_as(olga, move, parent.id, "resolve", reason="a new power supply")
    for number, each in zip(numbers, ROUND, strict=True):
        assert (await store.ticket(number)).state == "resolved"
        assert (await store.told(each.address.chat))[-1] == "ticket.resolved_reason"
    await desk.run_as(olga, move, parent.id, "close")
    assert {(await store.ticket(number)).state for number in numbers} == {"resolved"}
    (outage,) = await store.rows(select(Outage))
    assert outage.closed_at is not None


async def test_whoever_is_not_content_comes_back_alone(desk: Desk, store: Store) -> None:
    numbers = await reported(desk, ROUND)
    parent = await opened(desk, numbers[0])
    await desk.run_as(await operator(desk), move, parent.id, "resolve")
    who = await customer(desk, ROUND[0])
    await desk.run_as(who, confirm, numbers[0], content=False)
    assert (await store.ticket(numbers[0])).waiting_since is not None
    assert (await store.ticket(numbers[1])).state == "resolved"
    assert (await store.ticket(parent.id)).state == "resolved"


@pytest.mark.parametrize("verb", ["cancel", "close"])
async def test_an_end_without_a_solution_owes_everybody_an_answer(
    desk: Desk, store: Store, verb: str
) -> None:
    numbers = await reported(desk, ROUND)
    parent = await opened(desk, numbers[0])
    await desk.run_as(await operator(desk), move, parent.id, verb)
    for number in numbers:
        row = await store.ticket(number)
        assert (row.state, row.waiting_since is not None) == ("new", True)
        assert "answer" in await store.timers(number)
        assert (await store.journal(number))[-1] == "fault_alone"
    await reported(desk, LATER[:1])
    assert await store.told(LATER[0].address.chat) == ["ticket.opened"]


async def test_an_outage_that_is_back_takes_reporters_in_again(desk: Desk, store: Store) -> None:
    numbers = await reported(desk, ROUND)
    parent = await opened(desk, numbers[0])
    olga = await operator(desk)
    await desk.run_as(olga, move, parent.id, "resolve")
    await desk.run_as(olga, move, parent.id, "reopen")
    await reported(desk, LATER[:1])
    assert await store.told(LATER[0].address.chat) == ["ticket.known_area"]


@pytest.mark.parametrize("verb", ["resolve", "cancel"])
async def test_the_journal_gives_the_same_tickets_again(
    desk: Desk, store: Store, clock: Clock, verb: str
) -> None:
    numbers = await reported(desk, ROUND)
    parent = await opened(desk, numbers[0], clock.now + timedelta(hours=1), "no power")
    clock.move(minutes=5)
    numbers += await reported(desk, LATER)
    olga, later = await operator(desk), clock.now + timedelta(hours=2)
    await desk.run_as(olga, outage_commands.restate_outage, parent.id, until=later, words=None)
    await desk.run_as(olga, move, parent.id, verb)
    for number in (parent.id, *numbers):
        assert await replayed(store, number) == await present(store, number)


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
