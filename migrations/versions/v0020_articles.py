"""Articles: what they say, in which tickets they were used, whether they helped (B13)."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0020"
down_revision: Final = "0019"
ADDS_ONLY: Final = True

BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OBJECT: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
INSTANT: Final = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "article",
        sa.Column("code", sa.String(32), primary_key=True, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        _to("article", "topic", "topic.code"),
        sa.Column("options", OBJECT, nullable=False),
    )
    op.create_table(
        "ticket_article",
        _to("ticket_article", "ticket_id", "ticket.id", nullable=False),
        _to("ticket_article", "article", "article.code", nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "article", name="pk_ticket_article"),
    )
    op.create_index("ix_ticket_article_article", "ticket_article", ["article"])
    op.create_table(
        "article_opinion",
        _to("article_opinion", "article", "article.code", nullable=False),
        sa.Column("helped", sa.Integer(), nullable=False),
        sa.Column("not_helped", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("article", name="pk_article_opinion"),
    )


def _to(table: str, column: str, target: str, **given: Any) -> sa.Column[Any]:
    name = f"fk_{table}_{column}_{target.partition('.')[0]}"
    kind: Any = BIG_ID if target.endswith(".id") else sa.String(32)
    return sa.Column(column, kind, sa.ForeignKey(target, name=name), **given)


def downgrade() -> None:
    for table in ("article_opinion", "ticket_article", "article"):
        op.drop_table(table)
