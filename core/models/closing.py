"""How tickets end, and the fields that a company asks for."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import BigId, Row


class ClosingReasonRow(Row):
    """Why a ticket was resolved or closed, to be chosen from (B20)."""

    __tablename__ = "closing_reason"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    titles: Mapped[dict[str, Any]]
    active: Mapped[bool] = mapped_column(default=True)


class Resolution(Row):
    """One ending of a ticket, by a resolution or a closing without one (B14, B20).

    ``solution`` in words; ``measured`` seconds in work until then, without those before an earlier
    ending; ``spent`` is what somebody has said instead. ``assignee_id``: whose it was then.
    ``asked``: its customer was asked to rate it; ``rating`` from 1 to 5. ``article``: the code of
    the one that helped.
    """

    __tablename__ = "resolution"
    __table_args__ = (
        Index("ix_resolution_at", "at"),
        Index(
            "ix_resolution_article",
            "article",
            sqlite_where=text("article IS NOT NULL"),
            postgresql_where=text("article IS NOT NULL"),
        ),
    )

    ticket_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("ticket.id"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime] = mapped_column(primary_key=True)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str | None] = mapped_column(ForeignKey("closing_reason.code"))
    solution: Mapped[str | None] = mapped_column(Text)
    measured: Mapped[int] = mapped_column(default=0)
    spent: Mapped[int | None]
    asked: Mapped[bool] = mapped_column(default=False)
    rating: Mapped[int | None]
    rated_at: Mapped[datetime | None]
    comment: Mapped[str | None] = mapped_column(Text)
    article: Mapped[str | None] = mapped_column(String(32))


class FieldRow(Row):
    """A field of the company's own (B18). ``options``: ``choices``, and the ``topics`` and
    ``categories`` whose tickets have it. ``required``: at what it must be filled, if at all.
    """

    __tablename__ = "field"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    titles: Mapped[dict[str, Any]]
    kind: Mapped[str] = mapped_column(String(16))
    options: Mapped[dict[str, Any]]
    required: Mapped[str | None] = mapped_column(String(16))
    active: Mapped[bool] = mapped_column(default=True)


class TicketField(Row):
    """What a field of a ticket holds, as text: a number, a day, a person's or camera's id too."""

    __tablename__ = "ticket_field"

    ticket_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("ticket.id"), primary_key=True, autoincrement=False
    )
    field: Mapped[str] = mapped_column(String(32), ForeignKey("field.code"), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
