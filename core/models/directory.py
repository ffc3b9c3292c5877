"""Versions of the directory, custom fields, notices, and how tickets ended."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import BigId, Row


class DirectoryVersion(Row):
    """The whole directory as it was from this instant on, as a file, and who made it so.

    ``origin``: ``file``, ``chat``, ``screen`` or ``restore``; ``start`` is what was there before
    the first change.
    """

    __tablename__ = "directory_version"

    number: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    origin: Mapped[str] = mapped_column(String(8))
    document: Mapped[str] = mapped_column(Text)


class FieldRow(Row):
    """A field that a company added to its tickets (B18).

    ``kind``: ``text``, ``number``, ``date``, ``choice``, ``person``, ``camera`` or ``yes_no``.
    ``scope``: under ``topics`` and ``categories`` the codes of those whose tickets have it, under
    ``choices`` what may be chosen. ``required``: empty, or when it must be filled in: ``opening``,
    ``resolving`` or ``closing``.
    """

    __tablename__ = "field"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    titles: Mapped[dict[str, Any]]
    kind: Mapped[str] = mapped_column(String(8))
    scope: Mapped[dict[str, Any]]
    required: Mapped[str | None] = mapped_column(String(12))
    active: Mapped[bool] = mapped_column(default=True)


class FieldValue(Row):
    """What a ticket has in a field, in the form in which it is compared and read again."""

    __tablename__ = "field_value"
    __table_args__ = (Index("ix_field_value_field_value", "field", "value"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    field: Mapped[str] = mapped_column(ForeignKey("field.code"), primary_key=True)
    value: Mapped[str] = mapped_column(String(300))


class NoticeRow(Row):
    """A text of the desk in a company's own words, by language; not ``active``: it is not sent."""

    __tablename__ = "notice"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    texts: Mapped[dict[str, Any]]
    active: Mapped[bool] = mapped_column(default=True)


class ClosingReason(Row):
    """Why tickets end, to choose from (B20)."""

    __tablename__ = "closing_reason"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    titles: Mapped[dict[str, Any]]
    active: Mapped[bool] = mapped_column(default=True)


class Closing(Row):
    """How a ticket was solved: its reason, the solution in words, seconds of work.

    ``spent`` is what somebody said; while it is empty, what was measured counts.
    """

    __tablename__ = "closing"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    reason: Mapped[str | None] = mapped_column(ForeignKey("closing_reason.code"))
    solution: Mapped[str | None] = mapped_column(Text)
    spent: Mapped[int | None]


class Rating(Row):
    """What a customer thinks of a resolution: 1 to 5, and a comment (B14)."""

    __tablename__ = "rating"
    __table_args__ = (UniqueConstraint("ticket_id", "resolved_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    resolved_at: Mapped[datetime]
    score: Mapped[int]
    comment: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]
