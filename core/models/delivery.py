"""Messages to be sent, where sent ones are, and the chats that have a role."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.addresses import LONGEST_CHAT, Address
from core.db import BigId, Row

LONGEST_DEDUP_KEY: Final = 80
"""Characters."""
# The chat, and what in it comes one after the other.
_LONGEST_ORDERING_KEY: Final = 400


class OutboxRow(Row):
    """Something somebody must receive: symbolic, rendered when it is sent.

    Rows with the same ``ordering_key`` leave one after the other. ``dedup_key`` is unique among
    queued rows: a second one with the same key is the same thing (coalesced card edits).
    ``order_at`` orders what is ready: the instant it was due, later by its lack of urgency, so
    that the urgent go first and nobody waits for ever. ``probe_context`` is what the channel noted
    before the call, to find out whether a lost one arrived.
    ``state``: ``queued``, ``sending``, ``sent``, ``failed`` or ``dropped``.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_pending",
            "ordering_key",
            "id",
            sqlite_where=text("state IN ('queued', 'sending')"),
            postgresql_where=text("state IN ('queued', 'sending')"),
        ),
        Index(
            "ix_outbox_ready",
            "order_at",
            "id",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "ix_outbox_address",
            "address",
            "order_at",
            "id",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "uq_outbox_dedup_key",
            "dedup_key",
            unique=True,
            sqlite_where=text("state = 'queued' AND dedup_key IS NOT NULL"),
            postgresql_where=text("state = 'queued' AND dedup_key IS NOT NULL"),
        ),
        Index("ix_outbox_created_at", "created_at"),
        Index(
            "ix_outbox_failed",
            "id",
            sqlite_where=text("state = 'failed'"),
            postgresql_where=text("state = 'failed'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(LONGEST_CHAT))
    ordering_key: Mapped[str] = mapped_column(String(_LONGEST_ORDERING_KEY))
    locale: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(16))
    key: Mapped[str | None] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]]
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    priority: Mapped[int]
    dedup_key: Mapped[str | None] = mapped_column(String(LONGEST_DEDUP_KEY))
    state: Mapped[str] = mapped_column(String(12), default="queued")
    not_before: Mapped[datetime]
    order_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    probe_context: Mapped[dict[str, Any] | None]
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class SentMessage(Row):
    """A message of ours that stands in a chat and belongs to a ticket.

    By it a reply finds its ticket and an edit finds its copies. ``role``: ``notice``, ``copy`` of
    a message, ``flood`` (sums up what begins with a message), ``card`` or ``former_card``,
    ``topic`` (the message that opened the ticket's topic) or ``former_topic``, ``question`` (its
    answer is words of the command in ``digest``). A ticket
    has one card and one topic; ``thread`` is where a card stands, and ``digest`` is how a card
    or a topic looked last. Where people's own messages stand is in ``message`` and ``note``.
    """

    __tablename__ = "sent_message"
    __table_args__ = (
        UniqueConstraint("channel", "chat", "message"),
        Index("ix_sent_message_message_id", "message_id"),
        Index(
            "uq_sent_message_card",
            "ticket_id",
            unique=True,
            sqlite_where=text("role = 'card'"),
            postgresql_where=text("role = 'card'"),
        ),
        Index(
            "uq_sent_message_topic",
            "ticket_id",
            unique=True,
            sqlite_where=text("role = 'topic'"),
            postgresql_where=text("role = 'topic'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    chat: Mapped[str] = mapped_column(String(LONGEST_CHAT))
    message: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(16))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    digest: Mapped[str | None] = mapped_column(String(64))
    thread: Mapped[str | None] = mapped_column(String(200))


class PrivateTopic(Row):
    """A topic of somebody's private chat, and the ticket whose words stand in it, if any do.

    Its ``thread`` is numbered apart from the chat's messages. Of a ticket's topics the ``current``
    one is where its customer wrote last; what is sent stands there. ``named``: a person gave it its
    name, which stays. ``looks`` is how it looked last.
    """

    __tablename__ = "private_topic"
    __table_args__ = (
        Index(
            "uq_private_topic_current",
            "ticket_id",
            unique=True,
            sqlite_where=text("current IS TRUE"),
            postgresql_where=text("current IS TRUE"),
        ),
    )

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    chat: Mapped[str] = mapped_column(String(LONGEST_CHAT), primary_key=True)
    thread: Mapped[str] = mapped_column(String(200), primary_key=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    current: Mapped[bool] = mapped_column(default=False)
    named: Mapped[bool] = mapped_column(default=False)
    looks: Mapped[str | None] = mapped_column(String(64))


class Alert(Row):
    """A message that tells a chat of deadlines: of all that fell due together (X5). Beyond its
    lines it told of so many ``more`` tickets.
    """

    __tablename__ = "alert"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    chat: Mapped[str] = mapped_column(String(LONGEST_CHAT))
    message: Mapped[str] = mapped_column(String(200))
    more: Mapped[int]
    created_at: Mapped[datetime]


class AlertLine(Row):
    """What an alert says of one ticket: which ``deadline``, and since ``ended_at`` how it ended:
    ``outcome`` by ``person_id``.
    """

    __tablename__ = "alert_line"
    __table_args__ = (
        Index(
            "ix_alert_line_open",
            "ticket_id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    alert_id: Mapped[int] = mapped_column(ForeignKey("alert.id"), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    deadline: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(24))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class LinkedChat(Row):
    """A chat with a role: ``operators`` or ``alerts``.

    ``configured`` is what the environment said, or an admin; ``chat`` follows when
    its channel gives the group a new id, so that a restart does not go back to the old one.
    """

    __tablename__ = "linked_chat"

    role: Mapped[str] = mapped_column(String(16), primary_key=True)
    configured: Mapped[Address]
    chat: Mapped[Address]
