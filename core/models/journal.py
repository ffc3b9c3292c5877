"""The journal: who did what and when, append-only (D6)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import BigId, Row


class JournalEntry(Row):
    """One fact. ``actor_id`` is empty when the clock or the machine acted."""

    __tablename__ = "journal"
    __table_args__ = (Index("ix_journal_ticket_id_id", "ticket_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    event: Mapped[str] = mapped_column(String(40))
    facts: Mapped[dict[str, Any]]
