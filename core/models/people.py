"""People: customers and those who help them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from core.addresses import LONGEST_CHAT, Address
from core.db import BigId, Row
from core.models.queue_positions import Placed, indexes_by


class Person(Row):
    """Somebody the desk talks with.

    ``address`` is where they wrote from last, and are answered; who was only told of has none.
    ``dialogue`` is the step of a dialogue they are in, so that it survives a restart.
    ``unreachable_since`` is set when their channel says that they blocked us (R12).
    ``operator_since`` is set while they are a member of the operator group (G1).
    ``admin_since`` is set when they were made an admin here; ``ADMIN_IDS`` makes others.
    ``zone`` is their own time zone, if they have said it.
    ``restricted_until`` is the end of the `Restriction` that an operator has put on them.
    """

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    address: Mapped[Address | None]
    name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8))
    language_chosen: Mapped[bool] = mapped_column(default=False)
    dialogue: Mapped[dict[str, Any] | None]
    unreachable_since: Mapped[datetime | None]
    operator_since: Mapped[datetime | None]
    operator_left: Mapped[datetime | None]
    admin_since: Mapped[datetime | None]
    zone: Mapped[str | None] = mapped_column(String(64))
    restricted_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Restriction(Row):
    """What somebody may not do until ``until``, and why.

    ``kind``: ``mute`` (their messages are kept and post nothing) or ``block`` (they open and add
    nothing), both put by ``by_id``; ``messages`` or ``tickets``: the desk's own limits, of which
    they were told. ``told_at`` is when they were told.
    """

    __tablename__ = "restriction"
    __table_args__ = (Index("ix_restriction_until", "until"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    reason: Mapped[str | None] = mapped_column(Text)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    since: Mapped[datetime]
    until: Mapped[datetime]
    told_at: Mapped[datetime | None]


class ContactPoint(Row):
    """A way to reach a person: a phone (``+79161234567``), an e-mail address (in lower case), or
    their chat in a channel, whose name is the ``kind`` then.

    ``verified_at``: they proved it themselves, by sharing their own contact or writing from it.
    Only one person has a verified one. ``handle`` is the public name that the channel finds them
    by, in lower case: whoever was seen with it last.
    """

    __tablename__ = "contact_point"
    __table_args__ = (
        Index("ix_contact_point_kind_value", "kind", "value"),
        Index("ix_contact_point_handle", "handle"),
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
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    value: Mapped[str] = mapped_column(String(LONGEST_CHAT), primary_key=True)
    verified_at: Mapped[datetime | None]
    handle: Mapped[str | None] = mapped_column(String(64))


class Account(Row):
    """A company or household that people belong to. ``fields``: its technical data, the free
    columns of the file that named it last.
    """

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    fields: Mapped[dict[str, Any]] = mapped_column(default={})


class AccountDomain(Row):
    """Whoever writes from an address of this domain belongs to the account (F8)."""

    __tablename__ = "account_domain"

    domain: Mapped[str] = mapped_column(String(LONGEST_CHAT), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)


class AccountMember(Row):
    """Whose account somebody belongs to."""

    __tablename__ = "account_member"
    __table_args__ = (Index("ix_account_member_account_id", "account_id"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))


class PersonMerge(Row):
    """Somebody turned out to be somebody known; the row of the first stays as a redirect."""

    __tablename__ = "person_merge"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    into_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class Contract(Row):
    """What an account has agreed with us, from a day to a day; its agreement goes first (C4).

    ``fields``: technical data, as those of an account.
    """

    __tablename__ = "contract"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    number: Mapped[str] = mapped_column(String(64), unique=True)
    agreement: Mapped[str | None] = mapped_column(ForeignKey("agreement.code"))
    since: Mapped[date | None]
    until: Mapped[date | None]
    fields: Mapped[dict[str, Any]] = mapped_column(default={})


class Team(Row):
    """A group of operators with a support ``level``; ``chat``: an operator group of its own.

    ``auto_assign``: its tickets are given to those on duty, by `load` or in `turn`; empty: not.
    """

    __tablename__ = "team"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    titles: Mapped[dict[str, Any]]
    level: Mapped[int] = mapped_column(default=1)
    chat: Mapped[Address | None] = mapped_column(unique=True)
    active: Mapped[bool] = mapped_column(default=True)
    auto_assign: Mapped[str | None] = mapped_column(String(8))


class TeamMember(Row):
    """Somebody works in a team. ``given_at``: when the desk last gave them a ticket of it."""

    __tablename__ = "team_member"
    __table_args__ = (Index("ix_team_member_person_id", "person_id"),)

    team: Mapped[str] = mapped_column(ForeignKey("team.code"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    given_at: Mapped[datetime | None]


class Duty(Row):
    """Somebody is on duty since then; no row: they are not."""

    __tablename__ = "duty"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    since: Mapped[datetime]


class TicketTeam(Placed, Row):
    """The team and the support level that a ticket is with."""

    __tablename__ = "ticket_team"
    __table_args__ = (Index("ix_ticket_team_team", "team"), *indexes_by("ticket_team", "team"))

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    team: Mapped[str | None] = mapped_column(ForeignKey("team.code"))
    level: Mapped[int] = mapped_column(default=1)


class Erasure(Row):
    """A person whose data were erased; a backup of before is erased of them when it is restored."""

    __tablename__ = "erasure"

    person_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    at: Mapped[datetime]


class Consent(Row):
    """Somebody has agreed to this version of what the company does with their data (S31).

    ``origin``: the channel where they were asked.
    """

    __tablename__ = "consent"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    version: Mapped[str] = mapped_column(String(16), primary_key=True)
    origin: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
