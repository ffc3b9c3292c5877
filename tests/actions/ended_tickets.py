"""Tickets whose work is done, and what is kept of their endings."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from core.desk import Desk
from core.models import Resolution
from core.reports.statistics import Statistics, find_statistics
from core.reports.ticket_metrics import BATCH as METRICS_BATCH
from core.reports.ticket_metrics import keep_metrics
from core.tasks.task_actions import resolve
from core.tickets.lifecycle import take
from tests.actions.people import (
    ALICE,
    leaves_dialogue,
    opens,
    operator,
)
from tests.actions.store import Store

REASONS = """
[[closing_reason]]
code = "cable"
titles = { en = "New cable", ru = "Замена кабеля" }

[[closing_reason]]
code = "advice"
titles = { en = "Advice", ru = "Совет" }
"""


async def resolved(desk: Desk, **how: Any) -> int:
    """A ticket of Alice that Olga has resolved."""
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, take, ticket.id)
    await desk.run_as(olga, resolve, ticket.id, **how)
    await leaves_dialogue(desk, ALICE)
    return ticket.id


async def endings(store: Store, number: int) -> list[Resolution]:
    return await store.rows(
        select(Resolution).where(Resolution.ticket_id == number).order_by(Resolution.at)
    )


async def statistics(desk: Desk, words: str = "") -> Statistics:
    """Of the last seven days."""
    while await desk.run(keep_metrics) == METRICS_BATCH:
        pass
    today = desk.clock().astimezone(desk.company.zone).date()
    since = today - timedelta(days=6)
    return await desk.read(find_statistics, since, today, words)


async def ending(store: Store, number: int) -> Resolution:
    return (await endings(store, number))[-1]
