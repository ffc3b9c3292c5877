"""Timers are rows: what is to happen to a ticket, and when."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text, true
from sqlalchemy.orm import Mapped, mapped_column

from core.db import BigId, Row
from core.models.queue_positions import Placed, indexes_by


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


class Service(Row):
    """Something that customers have from us."""

    __tablename__ = "service"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    titles: Mapped[dict[str, Any]]
    active: Mapped[bool] = mapped_column(default=True)


class Category(Row):
    """Incident, service request, question, complaint. ``diagnosed``: it makes tasks (B9)."""

    __tablename__ = "category"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    titles: Mapped[dict[str, Any]]
    diagnosed: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)


class PriorityRow(Row):
    """How urgent: the smaller the ``rank``, the more."""

    __tablename__ = "priority"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    rank: Mapped[int]
    titles: Mapped[dict[str, Any]]
    active: Mapped[bool] = mapped_column(default=True)


class CalendarRow(Row):
    """Working hours. ``week``: under ``days`` seven lists from Monday of ``["09:00", "18:00"]``;
    ``days`` are exceptions by date, a holiday has an empty list. ``24:00`` ends a day.
    """

    __tablename__ = "calendar"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    zone: Mapped[str] = mapped_column(String(64))
    week: Mapped[dict[str, Any]]
    days: Mapped[dict[str, Any]]
    active: Mapped[bool] = mapped_column(default=True, server_default=true())


class Agreement(Row):
    """A service agreement. Chosen: the contract's, the account's, the default. One that is not
    ``active`` is promised to nobody any more; tickets keep it.
    """

    __tablename__ = "agreement"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    calendar: Mapped[str] = mapped_column(ForeignKey("calendar.code"))
    is_default: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True, server_default=true())


class AccountAgreement(Row):
    """The agreement of an account as a whole; a contract of its own goes before it (C4)."""

    __tablename__ = "account_agreement"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    agreement: Mapped[str] = mapped_column(ForeignKey("agreement.code"))


class AgreementTerm(Row):
    """Working seconds to react and to resolve; an empty field means any. The narrowest counts."""

    __tablename__ = "agreement_term"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    agreement: Mapped[str] = mapped_column(ForeignKey("agreement.code"), index=True)
    service: Mapped[str | None] = mapped_column(ForeignKey("service.code"))
    category: Mapped[str | None] = mapped_column(ForeignKey("category.code"))
    priority: Mapped[str | None] = mapped_column(ForeignKey("priority.code"))
    reaction: Mapped[int | None]
    resolution: Mapped[int | None]


class Classification(Placed, Row):
    """What a ticket was classified as; a ticket without a row is nothing in particular."""

    __tablename__ = "classification"
    __table_args__ = indexes_by("classification", "priority")

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    service: Mapped[str | None] = mapped_column(ForeignKey("service.code"))
    category: Mapped[str | None] = mapped_column(ForeignKey("category.code"))
    priority: Mapped[str | None] = mapped_column(ForeignKey("priority.code"))
    agreement: Mapped[str | None] = mapped_column(ForeignKey("agreement.code"))


class Clock(Row):
    """A clock of a ticket: ``reaction`` or ``resolution``. A cache: the journal gives it again.

    ``span`` and ``left`` are working seconds; ``left`` is kept while the clock is stopped.
    """

    __tablename__ = "clock"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    calendar: Mapped[str] = mapped_column(ForeignKey("calendar.code"))
    span: Mapped[int]
    started_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    left: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]


class NextContact(Row):
    """When the customer is to hear from us next, whatever happens meanwhile (C6)."""

    __tablename__ = "next_contact"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
