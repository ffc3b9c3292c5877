"""Alerts that stand in a chat, and what each of their lines tells of (C5, X5)."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0019"
down_revision: Final = "0018"
ADDS_ONLY: Final = True

BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT: Final = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("chat", sa.String(200), nullable=False),
        sa.Column("message", sa.String(200), nullable=False),
        sa.Column("more", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
    )
    op.create_table(
        "alert_line",
        _to("alert_id", "alert", nullable=False),
        _to("ticket_id", "ticket", nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("deadline", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("outcome", sa.String(24)),
        _to("person_id", "person"),
        sa.PrimaryKeyConstraint("alert_id", "ticket_id", "kind", name="pk_alert_line"),
    )
    open_lines: Any = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_alert_line_open",
        "alert_line",
        ["ticket_id"],
        sqlite_where=open_lines,
        postgresql_where=open_lines,
    )


def _to(column: str, table: str, *, nullable: bool = True) -> Any:
    name = f"fk_alert_line_{column}_{table}"
    return sa.Column(column, BIG_ID, sa.ForeignKey(f"{table}.id", name=name), nullable=nullable)


def downgrade() -> None:
    op.drop_table("alert_line")
    op.drop_table("alert")
