"""What is counted of tickets, so that statistics need not read the journal; reports on schedule."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import BigId, Row

# By these, statistics are asked for apart: with them a span is read from its index alone.
_SCOPES: Final = ("topic", "team", "assignee_id")


class TicketMetrics(Row):
    """What the journal tells of a ticket, in numbers (H1, C8). A cache: the journal gives it again.

    Days are proleptic ordinals of the company's calendar: when it was opened, when it ended first
    and last; the last is empty while it goes on. Spans are seconds: to our first delivered answer
    and to the last end, as calendar and as working time, which is empty without working hours; and
    whose the time of an ended ticket was, ours, the customer's or others'. ``kept`` and ``missed``
    count answer deadlines, ``agreed_…`` those of its agreement. ``counted``: it was not
    cancelled, so that its times mean something. ``ratings``: for each ending that its customer was
    asked to rate, its day, whose the ticket was, and the rating. ``reason``: why an ended ticket
    ended, by the code of a closing reason. Tests and junk have no row.
    """

    __tablename__ = "ticket_metrics"
    __table_args__ = (
        Index("ix_ticket_metrics_opened", "opened_day", "counted", "first_answer", *_SCOPES),
        Index(
            "ix_ticket_metrics_opened_worked",
            *("opened_day", "counted", "first_answer_worked"),
            *_SCOPES,
        ),
        Index("ix_ticket_metrics_ended", "ended_day", "counted", "resolution", *_SCOPES),
        Index(
            "ix_ticket_metrics_ended_worked",
            *("ended_day", "counted", "resolution_worked"),
            *_SCOPES,
        ),
    )

    ticket_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("ticket.id"), primary_key=True, autoincrement=False
    )
    opened_day: Mapped[int]
    first_ended_day: Mapped[int | None]
    ended_day: Mapped[int | None]
    counted: Mapped[bool]
    topic: Mapped[str | None] = mapped_column(String(32))
    category: Mapped[str | None] = mapped_column(String(32))
    team: Mapped[str | None] = mapped_column(String(32))
    assignee_id: Mapped[int | None] = mapped_column(BigId)
    first_answer: Mapped[int | None]
    first_answer_worked: Mapped[int | None]
    resolution: Mapped[int | None]
    resolution_worked: Mapped[int | None]
    by_us: Mapped[int]
    by_customer: Mapped[int]
    by_others: Mapped[int]
    answers: Mapped[int]
    reopened: Mapped[int]
    kept: Mapped[int]
    missed: Mapped[int]
    agreed_kept: Mapped[int]
    agreed_missed: Mapped[int]
    camera_id: Mapped[int | None] = mapped_column(BigId)
    reason: Mapped[str | None] = mapped_column(String(32))
    ratings: Mapped[list[Any] | None] = mapped_column(
        JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    )


class DayFigures(Row):
    """The sums of all `TicketMetrics` on one day, in one ``scope``: of all tickets, where that is
    empty, or of a topic's, a team's, an operator's. What is so now stands on the day 0.

    ``figures`` is JSON: by name and value, how many; see `core/reports/day_figures.py`.
    """

    __tablename__ = "day_figures"

    scope: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    opened: Mapped[int]
    ended: Mapped[int]
    figures: Mapped[str] = mapped_column(Text)


class ReportRow(Row):
    """A report that is sent on schedule (C7, H1): ``what`` on these ``days`` of the week, under
    ``days``, at so many minutes after midnight. ``receiver`` is a chat of the desk's own.
    ``done_until``: times up to then are over; empty until the desk has looked at it first.
    """

    __tablename__ = "report"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    what: Mapped[str] = mapped_column(String(16))
    days: Mapped[dict[str, Any]]
    minute: Mapped[int]
    receiver: Mapped[str] = mapped_column(String(16))
    active: Mapped[bool] = mapped_column(default=True)
    done_until: Mapped[datetime | None]
