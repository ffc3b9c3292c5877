"""The weeks before: what the sandbox's statistics say of them, and what they leave behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.app import desk_of
from bot.demo.past import QUIET, WEEKS, plan
from bot.demo.past_time import Cast, Past
from bot.demo.seed import seed_company
from bot.settings import load_settings
from channels.telegram.addresses import chat_address
from core.company import Company
from core.db import Database
from core.desk import Desk
from core.models import (
    DayFigures,
    OutboxRow,
    SentMessage,
    Task,
    Ticket,
    TicketMetrics,
    Timer,
)
from core.people.identity import Sender
from core.reports.statistics import ALL, Statistics, statistics_of
from core.reports.ticket_metrics import count_all, count_anew
from core.tx import ReadTx
from sandbox import demo
from sandbox.past import PAST
from scheduler.jobs import JOBS

SUNDAY = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module", params=["ru", "en"])
async def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desk]:
    """The desk of a company that has worked before, in this language; no bot runs."""
    folder = tmp_path_factory.mktemp("past")
    async with demo.start() as world:
        there = demo.build(world, language=request.param)
        url = f"sqlite+aiosqlite:///{folder}/desk.db"
        settings = load_settings(there.environment() | {"DATABASE_URL": url})
        weeks = WEEKS if request.param == "ru" else 1
        await seed_company(settings, there, weeks=weeks, clock=lambda: SUNDAY)
        database = Database(url)
        yield desk_of(settings, database, clock=lambda: SUNDAY)
        await database.close()


async def _rows(tx: ReadTx, query: Any) -> Sequence[Any]:
    return await tx.rows(query)


async def _month(desk: Desk) -> Statistics:
    today = desk.clock().astimezone(desk.company.zone).date()
    return await desk.read(statistics_of, today - timedelta(days=29), today, ALL)


async def test_the_statistics_have_something_to_say(desk: Desk) -> None:
    found = await _month(desk)
    assert found.opened and found.ended and found.open == 0
    assert found.first and found.first_worked and found.resolution and found.resolution_worked
    assert found.kept > found.missed and found.agreed_kept
    assert found.ratings.rated and found.operators and found.topics and found.categories
    assert found.by_us and not found.behind
    if desk.company.language == "ru":  # who has worked for weeks has of everything
        assert found.opened >= 40 and sum(day.opened > 0 for day in found.days) >= 20
        assert len(found.operators) == 3 and len(found.topics) >= 4 and len(found.cameras) == 2
        assert found.missed and found.reopened and found.by_customer and found.by_others


async def _counted(desk: Desk) -> list[Sequence[Any]]:
    await count_all(desk)
    metrics = select(TicketMetrics.__table__).order_by(TicketMetrics.ticket_id)
    days = select(DayFigures.__table__).order_by(DayFigures.scope, DayFigures.day)
    return [await desk.read(_rows, query) for query in (metrics, days)]


async def test_the_same_comes_of_the_journal_when_it_is_counted_anew(desk: Desk) -> None:
    before = await _counted(desk)
    await desk.run(count_anew)
    assert await _counted(desk) == before and all(before)


async def test_the_desk_has_nothing_to_say_of_it_when_it_starts(desk: Desk) -> None:
    for job in JOBS:
        await desk.run(job.action)
    assert await desk.read(_rows, select(OutboxRow.id)) == []


async def test_nothing_of_it_is_left_to_be_done_or_to_be_said(desk: Desk) -> None:
    tickets = await desk.read(_rows, select(Ticket.state, func.count()).group_by(Ticket.state))
    tasks = await desk.read(_rows, select(Task.state).distinct())
    assert [state for state, _ in tickets] == ["closed"]
    assert {state for (state,) in tasks} == {"done"}
    for left in (
        select(OutboxRow.id),
        select(SentMessage.chat),
        select(Timer.ticket_id).where(Timer.due_at.is_not(None)),
    ):
        assert await desk.read(_rows, left) == []


def _planned(tmp: Any, now: datetime) -> Past:
    words = PAST["ru"]
    customers = tuple(Sender(chat_address(1 + at), name) for at, name in enumerate(words.customers))
    cast = Cast((Sender(chat_address(99), "Olga"),), customers, -100, words)
    desk = Desk(Database(f"sqlite+aiosqlite:///{tmp}/none.db"), Company(), QUIET)
    return plan(Past(desk, cast, now.astimezone(desk.company.zone)), WEEKS)


def test_on_one_day_it_is_always_the_same(tmp_path: Any) -> None:
    one, other = (_planned(tmp_path, SUNDAY) for _ in range(2))
    assert [moment for moment, *_ in one.ahead] == [moment for moment, *_ in other.ahead]


@pytest.mark.parametrize("day", range(7))
def test_on_every_day_of_a_week_it_ends_yesterday(tmp_path: Any, day: int) -> None:
    now = SUNDAY + timedelta(days=day)
    past = _planned(tmp_path, now)
    moments = [moment for moment, *_ in past.ahead]
    assert max(moments).date() == past.now.date() - timedelta(days=1)
    weeks = Counter((past.now.date() - moment.date()).days // 7 for moment in moments)
    assert all(weeks[week] > 30 for week in range(1, WEEKS))
