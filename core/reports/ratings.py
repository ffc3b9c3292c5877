"""What customers say of our work in a period, in figures (B14, H1)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from core.models import Resolution, TicketMetrics
from core.reports.export import days
from core.tx import ReadTx


@dataclass(frozen=True, slots=True)
class Ratings:
    """Of ``asked`` resolutions of a period, ``rated`` were rated, at ``average`` on the whole."""

    asked: int
    rated: int
    average: float | None


async def find_ratings(
    tx: ReadTx, since: date, until: date, column: str, value: str | int | None
) -> Ratings:
    """Return the ratings of what was resolved from one day to another, both included.

    ``column`` and ``value``: only of tickets whose `TicketMetrics` has this value there; an
    ``assignee_id`` is who resolved it. Tests and junk, which have no such row, are not counted.
    """
    period = days(since, until, tx.company.zone)
    table: Any = Resolution if column == "assignee_id" else TicketMetrics
    scope = [getattr(table, column) == value] if column else []
    query = (
        select(
            func.count(),
            func.count(Resolution.rating),
            func.coalesce(func.sum(Resolution.rating), 0),
        )
        .join(TicketMetrics, TicketMetrics.ticket_id == Resolution.ticket_id)
        .where(Resolution.asked.is_(True), *period.bounds(Resolution.at), *scope)
    )
    ((asked, rated, total),) = await tx.rows(query)
    return Ratings(asked, rated, (total or 0) / rated if rated else None)
