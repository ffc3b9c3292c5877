"""How people are reached and whose they are: phones, e-mail addresses, accounts, contracts."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import BigId, Row


class ContactPoint(Row):
    """A phone (``+79161234567``) or an e-mail address (in lower case) of a person.

    ``verified_at``: they proved it themselves, by sharing their own contact or writing from it.
    Only one person has a verified one.
    """

    __tablename__ = "contact_point"
    __table_args__ = (
        Index("ix_contact_point_kind_value", "kind", "value"),
        Index(
            "uq_contact_point_verified",
            "kind",
            "value",
            unique=True,
            sqlite_where=text("verified_at IS NOT NULL"),
            postgresql_where=text("verified_at IS NOT NULL"),
        ),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    value: Mapped[str] = mapped_column(String(200), primary_key=True)
    verified_at: Mapped[datetime | None]


class Account(Row):
    """A company or household that people belong to."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)


class AccountMember(Row):
    """Whose account somebody belongs to."""

    __tablename__ = "account_member"
    __table_args__ = (Index("ix_account_member_account_id", "account_id"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))


class Merge(Row):
    """Somebody turned out to be somebody known; the row of the first stays only as a signpost."""

    __tablename__ = "merge"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    into_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class Contract(Row):
    """What an account has agreed with us, from a day to a day; its agreement goes first (C4)."""

    __tablename__ = "contract"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    number: Mapped[str] = mapped_column(String(64), unique=True)
    agreement: Mapped[str | None] = mapped_column(ForeignKey("agreement.code"))
    since: Mapped[date | None]
    until: Mapped[date | None]
