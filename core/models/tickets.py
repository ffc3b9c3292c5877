"""Tickets, their topics, messages and internal notes."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, composite, mapped_column

from core.addresses import LONGEST_CHAT, MessageRef
from core.db import BigId, Row, constant
from core.models.queue_positions import needing_index, open_index


class Topic(Row):
    """What a ticket can be about, in the menu at its ``position``.

    ``titles`` by language; where a language has none, any of them is shown, and without any the
    code. ``answer_seconds``: the topic's own answer deadline; empty: the company's (C1). A topic
    that is not ``active`` is not offered any more; its tickets keep it.
    """

    __tablename__ = "topic"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    titles: Mapped[dict[str, Any] | None]
    answer_seconds: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)


_IN_TIME: Final = "answer_due IS NULL OR missed_due IS NULL OR missed_due <> answer_due"
# What a list of open tickets may be narrowed down by.
_LISTED_BY: Final = ("topic", "assignee_id", "state")


class Ticket(Row):
    """One case of one customer. Its id is its number.

    ``waiting_since`` is the moment of the oldest unanswered customer's message, ``answer_due`` the
    instant by which it must be answered; both are empty when the last word is ours (C1, C2).
    ``answer_left`` keeps the seconds that were left when a pause stopped the clock.
    ``queue_rank`` and ``queue_at`` order the queue and the list of resolved tickets; rank is empty
    after the end (D4). ``missed_due`` is the last ``answer_due`` that was found to have passed: the
    ticket is known to be late while both are the same, and whoever moves the deadline need not
    think of it.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        # the queue page: rank, then the instant, then the number (keyset paging)
        Index(
            "ix_ticket_queue",
            "queue_rank",
            "queue_at",
            "id",
            sqlite_where=text("queue_rank IS NOT NULL"),
            postgresql_where=text("queue_rank IS NOT NULL"),
        ),
        Index("ix_ticket_customer_id_id", "customer_id", "id"),
        Index(
            "ix_ticket_assignee_queue",
            "assignee_id",
            "queue_rank",
            "queue_at",
            "id",
            sqlite_where=text("queue_rank IS NOT NULL"),
            postgresql_where=text("queue_rank IS NOT NULL"),
        ),
        # the same of one state: few of very many may be in it
        Index(
            "ix_ticket_state_queue",
            "state",
            "queue_rank",
            "queue_at",
            "id",
            sqlite_where=text("queue_rank IS NOT NULL"),
            postgresql_where=text("queue_rank IS NOT NULL"),
        ),
        open_index("ix_ticket_topic_queue", "topic", "queue_rank", "queue_at", "id"),
        # by age, the oldest or the newest first
        open_index("ix_ticket_open", "id", "queue_rank"),
        *(open_index(f"ix_ticket_{one}_open", one, "id") for one in _LISTED_BY),
        # who needs an answer in time, and who was not answered in time, also by age
        needing_index("ix_ticket_in_time_queue", f"({_IN_TIME})", "queue_at", "id"),
        needing_index("ix_ticket_in_time_open", f"({_IN_TIME})", "id"),
        needing_index("ix_ticket_missed_open", "missed_due = answer_due", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    topic: Mapped[str | None] = mapped_column(ForeignKey("topic.code"))
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(ForeignKey("state.code"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    assigned_at: Mapped[datetime | None]
    earlier_assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    origin: Mapped[str] = mapped_column(String(16))
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    opened_at: Mapped[datetime]
    opening: Mapped[str] = mapped_column(Text)
    waiting_since: Mapped[datetime | None]
    answer_due: Mapped[datetime | None]
    answer_left: Mapped[int | None]
    missed_due: Mapped[datetime | None]
    frozen_until: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Text)
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reopened: Mapped[int] = mapped_column(default=0)
    queue_rank: Mapped[int | None]
    queue_at: Mapped[datetime | None]


class Message(Row):
    """Public words of a customer or an operator.

    ``content`` is what the channel needs to say it again: kind, text, entities, file.
    ``source`` is the message that the author wrote.
    ``ticket_id`` is empty while the customer has not said which ticket it belongs to; such a
    message is *unassigned* (A4). ``counts`` is false for thanks: it does not ask for an answer.
    ``in_card`` is true when the ticket's card shows all of it, so that it is not posted apart.
    ``flood_id`` is the first message of the flood that it is part of: one post sums that up.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_ticket_id_id", "ticket_id", "id"),
        Index(
            "ix_message_unfiled",
            "author_id",
            sqlite_where=text("ticket_id IS NULL"),
            postgresql_where=text("ticket_id IS NULL"),
        ),
        Index(
            "ix_message_album",
            "author_id",
            "album",
            sqlite_where=text("album IS NOT NULL"),
            postgresql_where=text("album IS NOT NULL"),
        ),
        Index(
            "ix_message_flood_id",
            "flood_id",
            sqlite_where=text("flood_id IS NOT NULL"),
            postgresql_where=text("flood_id IS NOT NULL"),
        ),
        # how many messages somebody has written lately
        Index("ix_message_author_id_id", "author_id", "id"),
        # an edit or a reply finds what it is about by where the author wrote it
        Index("ix_message_source", "source_channel", "source_chat", "source_message"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    from_customer: Mapped[bool]
    text: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]]
    album: Mapped[str | None] = mapped_column(String(64))
    counts: Mapped[bool] = mapped_column(default=True)
    in_card: Mapped[bool] = mapped_column(default=False)
    flood_id: Mapped[int | None] = mapped_column(BigId)
    source_channel: Mapped[str] = mapped_column(String(16))
    source_chat: Mapped[str] = mapped_column(String(LONGEST_CHAT))
    source_message: Mapped[str] = mapped_column(String(200))
    source: Mapped[MessageRef] = composite("source_channel", "source_chat", "source_message")
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class Note(Row):
    """An internal note. A table of its own: what is shown to customers cannot reach it (S24)."""

    __tablename__ = "note"
    __table_args__ = (
        Index("ix_note_ticket_id_id", "ticket_id", "id"),
        Index("ix_note_source", "source_channel", "source_chat", "source_message"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]]
    source_channel: Mapped[str] = mapped_column(String(16))
    source_chat: Mapped[str] = mapped_column(String(LONGEST_CHAT))
    source_message: Mapped[str] = mapped_column(String(200))
    source: Mapped[MessageRef] = composite("source_channel", "source_chat", "source_message")
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]


class StateRow(Row):
    """A state a ticket can be in. Behaviour follows the flags and the category, never the code.

    ``titles`` and ``description`` by language. ``entry``: under ``sources`` the codes of states
    from which people may move a ticket here, under ``roles`` who may, no roles: everybody of us;
    under ``closing_reason`` why its tickets end.
    ``marker`` replaces the calm markers; ``reason`` is noted where nobody gives one. After a move
    to a state with ``leave_list`` the next ticket is shown. One that is not ``active`` is entered
    no more.
    """

    __tablename__ = "state"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    category: Mapped[str] = mapped_column(String(16))
    initial: Mapped[bool] = mapped_column(default=False)
    pause: Mapped[bool] = mapped_column(default=False)
    resolution: Mapped[bool] = mapped_column(default=False)
    final: Mapped[bool] = mapped_column(default=False)
    titles: Mapped[dict[str, Any] | None]
    description: Mapped[dict[str, Any] | None]
    entry: Mapped[dict[str, Any] | None]
    marker: Mapped[str | None] = mapped_column(String(8))
    reason: Mapped[str | None] = mapped_column(String(200))
    leave_list: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)


class MoveRow(Row):
    """An allowed move: in ``source``, ``verb`` leads to ``target``."""

    __tablename__ = "move"

    source: Mapped[str] = mapped_column(ForeignKey("state.code"), primary_key=True)
    verb: Mapped[str] = mapped_column(String(16), primary_key=True)
    target: Mapped[str] = mapped_column(ForeignKey("state.code"))


class TicketParent(Row):
    """A ticket is part of another one's problem; it has one parent, and a parent has none."""

    __tablename__ = "ticket_parent"
    __table_args__ = (Index("ix_ticket_parent_parent_id", "parent_id"),)

    child_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    since: Mapped[datetime]


class JunkTicket(Row):
    """A ticket that was opened for junk, and ended at once, until somebody reopens it (F4)."""

    __tablename__ = "junk_ticket"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)


class Link(Row):
    """``kind``: ``ticket`` (``other_id``), ``split`` (came from it), ``merged`` (moved into it),
    ``follow`` (goes on from it), or ``url``.

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


class SearchWord(Row):
    """The stem of a word by which a ticket is found: of its title, messages, files and fields; with
    a mark before it (`core.words.questions`) of its customer, camera and solution.

    Stems are compared byte by byte, so that all with one beginning stand together.
    """

    __tablename__ = "search_word"
    __table_args__ = ({"sqlite_with_rowid": False},)

    word: Mapped[str] = mapped_column(
        String(64).with_variant(String(64, collation="C"), "postgresql"), primary_key=True
    )
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)


class SearchSubject(Row):
    """What the search knows of somebody who has tickets, or of something that tickets are about:
    ``kind`` is ``person`` or ``camera``.

    ``words``, with a space between them, are those by which any of its tickets may be found now;
    ``mixed``: they were two people's, so that some tickets lack words of the other one.
    ``behind_since``: they are not, or not all, what they should be, and the search mends that.
    """

    __tablename__ = "search_subject"
    __table_args__ = (
        Index(
            "ix_search_subject_behind",
            "behind_since",
            sqlite_where=text("behind_since IS NOT NULL"),
            postgresql_where=text("behind_since IS NOT NULL"),
        ),
    )

    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    subject_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    words: Mapped[str] = mapped_column(Text, default="")
    mixed: Mapped[bool] = mapped_column(default=False)
    behind_since: Mapped[datetime | None]


class Task(Row):
    """``kind``: ``equipment`` or ``diagnose``. ``state``: ``open``, ``done`` or ``cancelled``.

    ``outcome`` is why it ended, by code (``solution_found`` …), ``result`` what somebody wrote.
    A ticket has one open task of a kind and assignee.
    """

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_ticket_id", "ticket_id"),
        Index(
            "uq_task_open",
            "ticket_id",
            "kind",
            "assignee_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "uq_task_open_unassigned",
            "ticket_id",
            "kind",
            unique=True,
            sqlite_where=text("state = 'open' AND assignee_id IS NULL"),
            postgresql_where=text("state = 'open' AND assignee_id IS NULL"),
        ),
        Index(
            "ix_task_open",
            "id",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_task_ended",
            "closed_at",
            "id",
            sqlite_where=text("closed_at IS NOT NULL"),
            postgresql_where=text("closed_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    camera_id: Mapped[int | None] = mapped_column(ForeignKey("camera.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    team: Mapped[str | None] = mapped_column(ForeignKey("team.code"))
    level: Mapped[int] = mapped_column(default=1)
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), default="open")
    outcome: Mapped[str | None] = mapped_column(String(32))
    result: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


IS_OPEN: Final = Task.state == constant("open")
"""The condition as the indexes have it: SQLite finds open tasks by them only when it is put so."""
