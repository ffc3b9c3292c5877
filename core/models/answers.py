"""What helps to answer and to sort tickets: canned responses, tags, views, rules."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import BigId, Row
from core.models.queue_positions import Placed, indexes_by


class ResponseRow(Row):
    """A canned response (E1): its ``texts`` by language, for all topics or for one.

    ``actions`` are done with the ticket when it is sent: ``verb``, ``tags``, ``priority``,
    ``freeze`` (seconds); all of them may be absent. ``options``: its `files`.
    """

    __tablename__ = "response"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(100))
    texts: Mapped[dict[str, Any]]
    topic: Mapped[str | None] = mapped_column(ForeignKey("topic.code"))
    actions: Mapped[dict[str, Any]]
    active: Mapped[bool] = mapped_column(default=True)
    options: Mapped[dict[str, Any]] = mapped_column(server_default="{}")


class ResponseUse(Row):
    """How often a response was sent in tickets of a topic (empty: of none) and in a language."""

    __tablename__ = "response_use"

    response: Mapped[str] = mapped_column(ForeignKey("response.code"), primary_key=True)
    topic: Mapped[str] = mapped_column(String(32), primary_key=True)
    language: Mapped[str] = mapped_column(String(16), primary_key=True)
    uses: Mapped[int]


class TagRow(Row):
    """A tag that the company lists (D3): its ``titles`` by language, which may be none, and the
    sign that it is shown with.
    """

    __tablename__ = "tag"

    word: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    titles: Mapped[dict[str, Any]]
    marker: Mapped[str | None] = mapped_column(String(8))
    active: Mapped[bool] = mapped_column(default=True)


class TicketTag(Placed, Row):
    """A ticket has this tag, a word in lower case (D3)."""

    __tablename__ = "ticket_tag"
    __table_args__ = (
        Index("ix_ticket_tag_ticket_id", "ticket_id"),
        *indexes_by("ticket_tag", "tag"),
        {"sqlite_with_rowid": False},
    )

    tag: Mapped[str] = mapped_column(String(32), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)


class ViewRow(Row):
    """A saved list (D2): conditions of its tickets by field, and their order.

    ``role`` or ``team``: for whom it is; both empty: for everybody who works here.
    """

    __tablename__ = "view"

    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    position: Mapped[int]
    titles: Mapped[dict[str, Any]]
    conditions: Mapped[dict[str, Any]]
    order: Mapped[str] = mapped_column(String(16))
    role: Mapped[str | None] = mapped_column(String(16))
    team: Mapped[str | None] = mapped_column(ForeignKey("team.code"))
    active: Mapped[bool] = mapped_column(default=True)


class RuleRow(Row):
    """When this ``event`` happens (or ``after`` so many seconds in it) and all ``conditions`` hold,
    the ``actions`` are done (E2). ``since``: a span that had passed before counts no more.
    """

    __tablename__ = "rule"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(100))
    event: Mapped[str] = mapped_column(String(32))
    after: Mapped[int | None]
    since: Mapped[datetime | None]
    conditions: Mapped[dict[str, Any]]
    actions: Mapped[dict[str, Any]]
    active: Mapped[bool] = mapped_column(default=True)


class RuleRun(Row):
    """A rule has run for a ticket; ``cause`` names what for, so that it never does so twice."""

    __tablename__ = "rule_run"
    __table_args__ = (
        Index("ix_rule_run_ticket_id", "ticket_id"),
        Index("ix_rule_run_at", "at"),
    )

    rule: Mapped[str] = mapped_column(String(32), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(BigId, ForeignKey("ticket.id"), primary_key=True)
    cause: Mapped[str] = mapped_column(String(80), primary_key=True)
    at: Mapped[datetime]


class ArticleRow(Row):
    """An article (B13). ``status``: `draft`, `internal` for operators, `public` for customers;
    ``options``: its `tags` and `files`.
    """

    __tablename__ = "article"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(16))
    topic: Mapped[str | None] = mapped_column(ForeignKey("topic.code"))
    options: Mapped[dict[str, Any]]


class TicketArticle(Row):
    """The article was sent in the ticket, or linked with it."""

    __tablename__ = "ticket_article"
    __table_args__ = (Index("ix_ticket_article_article", "article"),)

    ticket_id: Mapped[int] = mapped_column(BigId, ForeignKey("ticket.id"), primary_key=True)
    article: Mapped[str] = mapped_column(ForeignKey("article.code"), primary_key=True)
    at: Mapped[datetime]


class ArticleOpinion(Row):
    """How many customers said of an article that it helped them, and that it did not."""

    __tablename__ = "article_opinion"

    article: Mapped[str] = mapped_column(ForeignKey("article.code"), primary_key=True)
    helped: Mapped[int]
    not_helped: Mapped[int]


class CompanyFile(Row):
    """A file that responses and articles go with (E1, B13). ``name``: of its bytes in the store;
    ``versioned``: a version of the directory names it, so it stays; else it goes a while after
    ``at``, when it came.
    """

    __tablename__ = "company_file"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]
    at: Mapped[datetime]
    versioned: Mapped[bool] = mapped_column(default=False)
