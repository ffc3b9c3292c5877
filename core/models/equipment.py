"""Cameras, whose they are, and faults that many report at once."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.addresses import LONGEST_CHAT
from core.db import BigId, Row


class Camera(Row):
    """A piece of equipment that subscribers know by its number.

    ``folded`` is number, name and address in one case, for the search. ``fields`` are the free
    columns of the file it came from. One that is not ``active`` takes no new faults.
    """

    __tablename__ = "camera"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(300))
    area: Mapped[str] = mapped_column(String(100), index=True)
    fields: Mapped[dict[str, Any]]
    folded: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(default=True)
    updated_at: Mapped[datetime]


class CameraOwner(Row):
    """Whose a camera is, as the file said it: kind and value of a contact point.

    It counts for whoever has verified it, or writes from there.
    """

    __tablename__ = "camera_owner"
    __table_args__ = (Index("ix_camera_owner_kind_value", "kind", "value"),)

    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    value: Mapped[str] = mapped_column(String(LONGEST_CHAT), primary_key=True)


class TicketCamera(Row):
    """Which camera a ticket is about (A2)."""

    __tablename__ = "ticket_camera"
    __table_args__ = (Index("ix_ticket_camera_camera_id", "camera_id"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"))


class Outage(Row):
    """A known fault of an area (X9): its ticket is the parent of those who report it.

    ``until`` is when it should be over, as operators said; ``words`` is what reporters are told.
    """

    __tablename__ = "outage"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    area: Mapped[str] = mapped_column(String(100), index=True)
    words: Mapped[str] = mapped_column(Text)
    until: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class OutageOffer(Row):
    """Operators were offered one parent for the faults of an area; once in its window."""

    __tablename__ = "outage_offer"

    area: Mapped[str] = mapped_column(String(100), primary_key=True)
    offered_at: Mapped[datetime]
    declined_at: Mapped[datetime | None]
