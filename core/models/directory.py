"""Versions of the company's directory; the mailboxes that customers write to."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.addresses import LONGEST_CHAT
from core.db import BigId, Row


class DirectoryVersion(Row):
    """The whole directory as it was from this instant on, as a file, and who made it so.

    ``origin``: ``file``, ``chat``, ``screen``, ``restore`` or ``erasure``; ``start`` is what was
    there before the first change.
    """

    __tablename__ = "directory_version"

    number: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    origin: Mapped[str] = mapped_column(String(8))
    document: Mapped[str] = mapped_column(Text)


class MailboxRow(Row):
    """An address that customers write to, and what a ticket is that begins there (F1).

    ``title``: the sender's name of its answers. ``texts``: its signature, by language. ``send_as``:
    answers leave from it; else only answers to them come there.
    """

    __tablename__ = "mailbox"

    address: Mapped[str] = mapped_column(String(LONGEST_CHAT), primary_key=True)
    position: Mapped[int]
    title: Mapped[str | None] = mapped_column(String(100))
    topic: Mapped[str | None] = mapped_column(ForeignKey("topic.code"))
    service: Mapped[str | None] = mapped_column(ForeignKey("service.code"))
    category: Mapped[str | None] = mapped_column(ForeignKey("category.code"))
    priority: Mapped[str | None] = mapped_column(ForeignKey("priority.code"))
    agreement: Mapped[str | None] = mapped_column(ForeignKey("agreement.code"))
    team: Mapped[str | None] = mapped_column(ForeignKey("team.code"))
    language: Mapped[str | None] = mapped_column(String(16))
    texts: Mapped[dict[str, Any]]
    confirm: Mapped[bool] = mapped_column(default=True)
    send_as: Mapped[bool] = mapped_column(default=True)
    active: Mapped[bool] = mapped_column(default=True)


class TicketMailbox(Row):
    """The mailbox that a ticket began in: its answers go out from there."""

    __tablename__ = "ticket_mailbox"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    mailbox: Mapped[str] = mapped_column(ForeignKey("mailbox.address"))
