"""Reports on schedule: each time once, whoever runs and for however long nobody did (C7, H1)."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from core.addresses import Address
from core.delivery.report_posts import REPORT
from core.desk import Desk
from core.directory.kinds.reports import ReportEntry
from core.directory.reader import Item
from core.directory.store import put_items
from core.models import OutboxRow, ReportRow
from core.reports.schedule import send_due
from core.sla.terms import Kind, Spans, Term
from tests.actions.company_directory import agreement, calendar
from tests.actions.store import Store
from tests.clock import Clock

CHANNEL = Address("telegram", "-1009")
# Monday, 09:00 in Moscow is six in the morning here.
MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
WORKDAYS = [[["09:00", "18:00"]]] * 5 + [[], []]


async def put(desk: Desk, *entries: ReportEntry) -> None:
    await desk.run(put_items, [Item(one, at) for at, one in enumerate(entries)])


def entry(code: str = "week", **given: Any) -> ReportEntry:
    return ReportEntry(**{"code": code, "what": "week", "days": ["mon"], **given})


async def sent(store: Store) -> list[dict[str, Any]]:
    return [row.facts for row in await store.outbox(CHANNEL.chat, kind=REPORT)]


@pytest.fixture
def at(desk: Desk, clock: Clock) -> Clock:
    """The Friday before, with an alert channel."""
    desk.company = replace(desk.company, alerts_chat=CHANNEL)
    clock.now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    return clock


async def test_a_report_goes_once_when_its_time_comes(desk: Desk, store: Store, at: Clock) -> None:
    await put(desk, entry())
    assert await desk.run(send_due) == 0
    at.now = MONDAY
    at.move(seconds=-1)
    assert await desk.run(send_due) == 0
    at.move(seconds=1)
    assert await desk.run(send_due) == 1
    for _ in range(3):
        at.move(hours=30)
        assert await desk.run(send_due) == 0
    (facts,) = await sent(store)
    assert facts == {"what": "week", "since": "2026-11-16", "until": "2026-11-22"}


async def test_two_processes_send_one(desk: Desk, store: Store, at: Clock) -> None:
    await put(desk, entry())
    at.now = MONDAY
    await asyncio.gather(*(desk.run(send_due) for _ in range(4)))
    assert len(await sent(store)) == 1


async def test_five_weeks_of_silence_are_one_report_of_the_last_week(
    desk: Desk, store: Store, at: Clock
) -> None:
    await put(desk, entry(), entry("late", what="overdue", days=["mon", "tue", "wed"]))
    at.move(weeks=5)
    assert await desk.run(send_due) == 2
    assert await desk.run(send_due) == 0
    assert await sent(store) == [
        {"what": "week", "since": "2026-12-14", "until": "2026-12-20"},
        {"what": "overdue"},
    ]


async def test_a_desk_that_is_new_begins_with_the_next_time(
    desk: Desk, store: Store, at: Clock
) -> None:
    await put(desk, entry())

    async def never_looked(tx: Any) -> None:
        (await tx.find(ReportRow, "week")).done_until = None

    await desk.run(never_looked)
    assert await desk.run(send_due) == 0
    at.now = MONDAY
    assert await desk.run(send_due) == 1


async def test_what_is_off_is_silent_and_switched_on_it_begins_with_its_next_time(
    desk: Desk, store: Store, at: Clock
) -> None:
    await put(desk, entry(active=False))
    at.move(weeks=2)
    assert await desk.run(send_due) == 0
    await put(desk, entry())
    assert await desk.run(send_due) == 0, "the Mondays while it was off are over"
    at.move(weeks=1)
    assert await desk.run(send_due) == 1


async def test_another_hour_of_today_does_not_send_it_twice(
    desk: Desk, store: Store, at: Clock
) -> None:
    await put(desk, entry())
    at.now = MONDAY
    assert await desk.run(send_due) == 1
    await put(desk, entry(to="alerts"))
    assert await desk.run(send_due) == 0, "nothing of its time was changed"
    at.move(hours=2)
    await put(desk, entry(at="10:00"))
    assert await desk.run(send_due) == 0
    at.move(weeks=1)
    assert await desk.run(send_due) == 1


async def test_without_a_chat_nothing_waits_for_one(desk: Desk, store: Store, at: Clock) -> None:
    await put(desk, entry(to="operators"))
    desk.company = replace(desk.company, operators_chat=None)
    at.now = MONDAY
    assert await desk.run(send_due) == 0
    desk.company = replace(desk.company, operators_chat=CHANNEL)
    at.move(hours=1)
    assert await desk.run(send_due) == 0
    at.move(weeks=1)
    assert await desk.run(send_due) == 1
    assert len(await sent(store)) == 1


async def test_a_holiday_puts_it_off(desk: Desk, store: Store, at: Clock) -> None:
    hours = calendar("office", "Office", zone="Europe/Moscow", week=WORKDAYS)
    holiday = hours.entry.model_copy(update={"holidays": ["2026-11-23"]})
    term = Term(Kind(), Spans(3600, None))
    agreed = agreement("all", "All", calendar="office", terms=[term], default=True)
    await desk.run(put_items, [Item(holiday), agreed, Item(entry())])
    at.now = MONDAY
    assert await desk.run(send_due) == 0
    at.move(days=1)
    assert await desk.run(send_due) == 1


async def test_its_row_is_not_written_while_nothing_is_due(
    desk: Desk, store: Store, at: Clock
) -> None:
    await put(desk, entry())
    before = await store.rows(select(ReportRow.done_until))
    at.move(hours=5)
    await desk.run(send_due)
    assert await store.rows(select(ReportRow.done_until)) == before
    assert await store.rows(select(func.count()).select_from(OutboxRow)) == [0]
