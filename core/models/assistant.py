"""What the assistant was asked and suggests, and what a day of it has cost (X17)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import BigId, Row


class Suggestion(Row):
    """One question to the assistant that has not ended, asked by ``person_id``.

    ``kind``: `draft`, `summary`, `translation` or `answer`. ``answered``: what it suggests is in
    ``text``, with its sources and what is to be known of it in ``facts``; ``shown``: whoever asked
    has seen it. ``day``: on whose budget, from which ``reserved`` tokens were taken ahead. The row
    is deleted when somebody has decided: nothing of it is kept beside the ticket.
    """

    __tablename__ = "suggestion"
    __table_args__ = (
        # a ticket has one question under way, in whichever process
        Index(
            "uq_suggestion_asked",
            "ticket_id",
            unique=True,
            sqlite_where=text("answered IS FALSE"),
            postgresql_where=text("answered IS FALSE"),
        ),
        Index("ix_suggestion_ticket_id", "ticket_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(16))
    answered: Mapped[bool] = mapped_column(default=False)
    shown: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    day: Mapped[date]
    reserved: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]]


class AssistantDay(Row):
    """So many calls and tokens of a day of the company's."""

    __tablename__ = "assistant_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    calls: Mapped[int]
    tokens: Mapped[int]
