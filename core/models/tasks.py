"""Tasks: work behind a ticket (B9, B21)."""

from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import BigId, Row, constant


class Task(Row):
    """``kind``: ``equipment`` or ``diagnose``. ``state``: ``open``, ``done`` or ``cancelled``.

    ``outcome`` is why it ended, by code (``solution_found`` …), ``result`` what somebody wrote.
    A ticket has one open task of a kind and assignee.
    """

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_ticket_id", "ticket_id"),
        Index(
            "uq_task_open",
            "ticket_id",
            "kind",
            "assignee_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "uq_task_open_unassigned",
            "ticket_id",
            "kind",
            unique=True,
            sqlite_where=text("state = 'open' AND assignee_id IS NULL"),
            postgresql_where=text("state = 'open' AND assignee_id IS NULL"),
        ),
        Index(
            "ix_task_open",
            "id",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    camera_id: Mapped[int | None] = mapped_column(ForeignKey("camera.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    team: Mapped[str | None] = mapped_column(ForeignKey("team.code"))
    level: Mapped[int] = mapped_column(default=1)
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), default="open")
    outcome: Mapped[str | None] = mapped_column(String(32))
    result: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


IS_OPEN: Final = Task.state == constant("open")
"""The condition as the indexes have it: SQLite finds open tasks by them only when it is put so."""
