"""Timers are rows: what is to happen to a ticket, and when."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Row


class Timer(Row):
    """One pending instant of a ticket. It fires once: firing empties ``due_at``."""

    __tablename__ = "timer"
    __table_args__ = (
        # the sweep: what is due, oldest first
        Index(
            "ix_timer_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    due_at: Mapped[datetime | None]
