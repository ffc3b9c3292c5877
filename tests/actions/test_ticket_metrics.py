"""What is counted of tickets: right for a story, and the same whenever the journal is read."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.models import TicketMetrics
from core.people.staff import by_operator, enrol, for_admin
from core.reports import ticket_metrics
from core.reports.statistics import Statistics, find_statistics
from core.reports.ticket_metrics import count_anew, keep_metrics
from core.setup.test_ticket import send_test_ticket
from core.tickets.closing import describe
from core.tickets.conversation import answer_delivered, reply
from core.tickets.lifecycle import move, take
from core.tickets.sweep import sweep
from core.tx import ReadTx
from tests.actions.agreement_factories import agrees
from tests.actions.people import (
    ALICE,
    ANNA,
    BORIS,
    OLGA,
    leaves_dialogue,
    opens,
    operator,
    says,
    writes,
)
from tests.actions.store import Store
from tests.clock import Clock

REASONS = """
[[closing_reason]]
code = "cable"
titles = { en = "New cable" }

[[closing_reason]]
code = "advice"
titles = { en = "Advice" }
"""


async def counted(desk: Desk) -> dict[int, Any]:
    """All rows by ticket, after whatever is new was counted."""
    while await desk.run(keep_metrics) == ticket_metrics.BATCH:
        pass

    async def rows(tx: ReadTx) -> Sequence[Any]:
        return await tx.rows(select(TicketMetrics.__table__))

    return {row.ticket_id: row for row in await desk.read(rows)}


async def answers(desk: Desk, store: Store, number: int) -> None:
    await desk.run_as(await operator(desk), reply, number, writes())
    await desk.run(answer_delivered, [(await store.messages(number))[-1].id])


async def statistics(desk: Desk, words: str = "", *, days: int = 7) -> Statistics:
    today = desk.clock().astimezone(desk.company.zone).date()
    since = today - timedelta(days=days - 1)
    return await desk.read(for_admin, ANNA, find_statistics, since, today, words)


async def test_a_tickets_times_and_deadlines_are_counted(
    desk: Desk, store: Store, clock: Clock
) -> None:
    number = (await opens(desk)).id
    opened = desk.clock().astimezone(desk.company.zone).toordinal()
    clock.move(hours=2)
    await answers(desk, store, number)
    olga = await operator(desk)
    await desk.run_as(olga, move, number, "wait")
    clock.move(hours=5)
    await desk.run_as(olga, move, number, "freeze")
    clock.move(hours=3)
    await desk.run_as(olga, move, number, "resolve")
    row = (await counted(desk))[number]
    assert (row.opened_day, row.first_answer) == (opened, 2 * 3600)
    assert (row.resolution, row.by_us, row.by_customer, row.by_others) == (
        *(10 * 3600, 2 * 3600, 5 * 3600, 3 * 3600),
    )
    assert (row.kept, row.missed, row.answers, row.reopened) == (1, 0, 1, 0)
    assert row.first_answer_worked is None  # nobody has said when we work
    await desk.run_as(olga, move, number, "reopen")
    row = (await counted(desk))[number]
    assert (row.ended_day, row.reopened) == (None, 1) and row.first_ended_day == opened


async def test_a_missed_deadline_is_counted_once_it_is_answered(
    desk: Desk, store: Store, clock: Clock
) -> None:
    number = (await opens(desk)).id
    clock.move(days=4)
    await desk.run(sweep)
    await answers(desk, store, number)
    row = (await counted(desk))[number]
    assert (row.kept, row.missed) == (0, 1)


async def test_working_time_is_that_of_the_agreement(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    number = (await opens(desk)).id
    clock.move(days=1)
    await answers(desk, store, number)
    row = (await counted(desk))[number]
    assert row.first_answer == 24 * 3600
    assert 0 < row.first_answer_worked < 24 * 3600
    assert row.agreed_kept + row.agreed_missed == 0  # it goes on


async def test_what_is_cancelled_has_no_times(desk: Desk, store: Store) -> None:
    number = (await opens(desk)).id
    await answers(desk, store, number)
    await desk.run_as(await operator(desk), move, number, "cancel")
    assert not (await counted(desk))[number].counted
    found = await statistics(desk)
    assert (found.opened, found.ended, found.open) == (1, 1, 0)
    assert found.first is None and found.resolution is None


async def test_long_journals_are_not_read_at_once(
    desk: Desk, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for who in (ALICE, BORIS):
        number = (await opens(desk, who)).id
        for _ in range(4):
            clock.move(minutes=5)
            await answers(desk, store, number)
    at_once = await counted(desk)
    read, rows = list[int](), ReadTx.rows

    async def watched(tx: ReadTx, *query: Any, **options: Any) -> list[Any]:
        found: list[Any] = await rows(tx, *query, **options)
        read.append(sum("facts" in row._fields for row in found))
        return found

    monkeypatch.setattr(ticket_metrics, "ENTRIES", 3)
    monkeypatch.setattr(ReadTx, "rows", watched)
    await desk.run(count_anew)
    await desk.run(keep_metrics)
    stories = [entries for entries in read if entries]
    assert len(stories) == len(at_once) == 2 and min(stories) > 3
    assert await counted(desk) == at_once


async def test_the_same_comes_of_it_when_everything_is_counted_anew(
    desk: Desk, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [(await opens(desk, who)).id for who in (ALICE, BORIS)]
    olga = await operator(desk)
    for number in numbers:
        await desk.run_as(olga, take, number)
        await counted(desk)
        clock.move(minutes=90)
        await answers(desk, store, number)
        await desk.run_as(olga, move, number, "resolve")
    before = await counted(desk)
    await desk.run(count_anew)
    monkeypatch.setattr(ticket_metrics, "BATCH", 3)  # in many steps
    assert await counted(desk) == before and len(before) == 2


async def test_a_period_has_its_days_its_people_and_its_subjects(
    desk: Desk, store: Store, clock: Clock
) -> None:
    first = (await opens(desk, ALICE, topic="payment")).id
    await leaves_dialogue(desk, ALICE)
    clock.move(days=1)
    second = (await opens(desk, BORIS, topic="access")).id
    await leaves_dialogue(desk, BORIS)
    await desk.run(by_operator, OLGA, enrol)
    olga = await operator(desk)
    for number, minutes in ((first, 30), (second, 60)):
        clock.move(minutes=minutes)
        await answers(desk, store, number)
    await desk.run_as(olga, move, first, "resolve")
    clock.move(days=1)
    await opens(desk, ALICE, topic="payment")
    await counted(desk)
    found = await statistics(desk)
    assert [(d.opened, d.ended, d.open) for d in found.days[-3:]] == [
        (1, 0, 1),
        (1, 1, 1),
        (1, 0, 2),
    ]
    assert (found.opened, found.ended, found.open) == (3, 1, 2)
    assert [(one.code, one.n) for one in found.topics] == [("payment", 2), ("access", 1)]
    assert [(one.name, one.ended, one.open) for one in found.operators] == [("Olga", 1, 1)]
    assert found.first is not None and found.first.n == 2
    assert found.first.median == timedelta(minutes=90)
    assert (found.kept, found.missed, found.solved, found.reopened) == (2, 0, 1, 0)
    assert (await statistics(desk, "access")).opened == 1
    assert (await statistics(desk, f"@{OLGA.handle}")).opened == 2
    assert not (await statistics(desk, days=1)).topics[1:]


async def test_why_tickets_ended_is_counted_and_follows_what_is_said_later(
    desk: Desk, store: Store, clock: Clock
) -> None:
    numbers = [(await opens(desk, who)).id for who in (ALICE, BORIS)]
    await desk.run(apply_directory, read_directory(REASONS))
    olga = await operator(desk)
    for number, reason in zip(numbers, ("cable", None), strict=True):
        await answers(desk, store, number)
        await desk.run_as(olga, move, number, "resolve", closing=reason)
    await counted(desk)
    assert [(one.code, one.n) for one in (await statistics(desk)).reasons] == [
        (None, 1),
        ("cable", 1),
    ]
    clock.move(days=1)
    await desk.run_as(olga, describe, numbers[1], reason="advice")
    await desk.run_as(olga, describe, numbers[0], reason="Advice")
    await counted(desk)
    found = await statistics(desk)
    assert [(one.title, one.n) for one in found.reasons] == [("Advice", 2)]
    await desk.run_as(olga, move, numbers[0], "reopen")
    await desk.run_as(olga, describe, numbers[0], reason="cable")  # of the ending before
    before = await counted(desk)
    assert [one.n for one in (await statistics(desk)).reasons] == [1]
    assert [before[number].reason for number in numbers] == [None, "advice"]
    await desk.run(count_anew)
    assert await counted(desk) == before
    await desk.run_as(olga, move, numbers[0], "resolve")
    assert (await counted(desk))[numbers[0]].reason is None


async def test_a_test_of_the_way_is_not_counted(desk: Desk) -> None:
    await desk.run(send_test_ticket, ANNA, says(ANNA, "Is anybody there?"))
    assert not await counted(desk)
