"""What came in, what happened, and what the desk remembers of itself."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.addresses import LONGEST_ADDRESS
from core.db import BigId, Row


class InboxRow(Row):
    """A raw update or mail. ``state``: ``new``, ``done``, ``quarantined``,
    or ``held`` until who sent it has consented.

    ``source`` gave it the id ``external_id``. Rows with the same ``ordering_key`` are handled one
    after the other.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index(
            "ix_inbox_unfinished",
            "id",
            sqlite_where=text("state = 'new'"),
            postgresql_where=text("state = 'new'"),
        ),
        Index(
            "ix_inbox_quarantined",
            "id",
            sqlite_where=text("state = 'quarantined'"),
            postgresql_where=text("state = 'quarantined'"),
        ),
        Index("ix_inbox_received_at", "received_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    external_id: Mapped[str] = mapped_column(String(200))
    ordering_key: Mapped[str] = mapped_column(String(LONGEST_ADDRESS))
    raw: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), default="new")
    error: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[datetime]


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


class SystemState(Row):
    """A named value with the instant it was noted."""

    __tablename__ = "system_state"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class Setting(Row):
    """A field of the company that an admin chose; its value stands under ``is``."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class ApiKey(Row):
    """A key of another system: its digest, and what it is for, scopes separated by spaces."""

    __tablename__ = "api_key"
    __table_args__ = (
        Index(
            "uq_api_key_name",
            "name",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ApiCall(Row):
    """What a call of another system was answered: the same call again has no effect."""

    __tablename__ = "api_call"
    __table_args__ = (Index("ix_api_call_at", "at"),)

    key_id: Mapped[int] = mapped_column(ForeignKey("api_key.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    answer: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class ContactReadRow(Row):
    """Within an hour a ``reader`` (an address, or ``key:3``) was shown the contact data of a person
    (0: of everybody) at a place, so many ``times`` (S36). The number outlives an erased person.
    """

    __tablename__ = "contact_read"
    __table_args__ = (
        UniqueConstraint("hour", "reader", "person_id", "place", name="uq_contact_read"),
        Index("ix_contact_read_person", "person_id", "last_at"),
        Index("ix_contact_read_last", "last_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    hour: Mapped[datetime]
    reader: Mapped[str] = mapped_column(String(LONGEST_ADDRESS))
    person_id: Mapped[int] = mapped_column(BigId)
    place: Mapped[str] = mapped_column(String(16))
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    times: Mapped[int]


class Webhook(Row):
    """Another system that is called when something happens to a ticket (A13).

    ``secret`` signs the calls. ``stopped_at``: it took none for too long, and is called no more.
    """

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    url: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
