"""What a ticket has to do with: other tickets, and objects elsewhere (B12, B19)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import BigId, Row


class Parentage(Row):
    """A ticket is part of another one's problem; it has one parent, and a parent has none."""

    __tablename__ = "parentage"
    __table_args__ = (Index("ix_parentage_parent_id", "parent_id"),)

    child_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    since: Mapped[datetime]


class Link(Row):
    """``kind``: ``ticket`` (``other_id``), ``split`` (came from it), or ``url``.

    ``state`` is how the object elsewhere fares, as somebody noted it.
    """

    __tablename__ = "link"
    __table_args__ = (
        Index("ix_link_ticket_id", "ticket_id"),
        Index("ix_link_other_id", "other_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    kind: Mapped[str] = mapped_column(String(8))
    other_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    url: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime]
