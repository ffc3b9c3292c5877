"""Teams, their members, who is on duty, and which team a ticket is with."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Row


class Team(Row):
    """A group of operators with a support ``level``; ``chat``: an operator group of its own."""

    __tablename__ = "team"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    titles: Mapped[dict[str, Any]]
    level: Mapped[int] = mapped_column(default=1)
    chat: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    active: Mapped[bool] = mapped_column(default=True)


class TeamMember(Row):
    """Somebody works in a team."""

    __tablename__ = "team_member"
    __table_args__ = (Index("ix_team_member_person_id", "person_id"),)

    team: Mapped[str] = mapped_column(ForeignKey("team.code"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)


class Duty(Row):
    """Somebody is on duty since then; no row: they are not."""

    __tablename__ = "duty"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    since: Mapped[datetime]


class TicketTeam(Row):
    """The team and the support level that a ticket is with."""

    __tablename__ = "ticket_team"
    __table_args__ = (Index("ix_ticket_team_team", "team"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    team: Mapped[str | None] = mapped_column(ForeignKey("team.code"))
    level: Mapped[int] = mapped_column(default=1)
