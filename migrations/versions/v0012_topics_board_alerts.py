"""Topics of tickets, boards, and alerts that are taken back, get their rows (X6, X7)."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0012"
down_revision: Final = "0011"

BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT: Final = sa.DateTime(timezone=True)
# name, table, columns, unique, of which rows
PARTIAL: Final = (
    ("uq_sent_message_topic", "sent_message", ("ticket_id",), True, "role = 'topic'"),
    ("uq_sent_message_board", "sent_message", ("channel", "chat"), True, "role = 'board'"),
    ("ix_alert_line_open", "alert_line", ("ticket_id",), False, "ended_at IS NULL"),
)


def upgrade() -> None:
    op.add_column("sent_message", sa.Column("thread", sa.String(200)))
    op.create_table(
        "alert",
        sa.Column("id", BIG_ID, primary_key=True, nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("chat", sa.String(200), nullable=False),
        sa.Column("message", sa.String(200)),
        sa.Column("digest", sa.String(64)),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_table(
        "alert_line",
        _part("alert_id", "alert"),
        _part("ticket_id", "ticket"),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("deadline", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("outcome", sa.String(24)),
        _part("person_id", "person", nullable=True),
        sa.PrimaryKeyConstraint("alert_id", "ticket_id", "kind", name="pk_alert_line"),
    )
    for name, table, columns, unique, rows in PARTIAL:
        where: Any = sa.text(rows)
        op.create_index(
            name, table, list(columns), unique=unique, sqlite_where=where, postgresql_where=where
        )


def _part(column: str, of: str, *, nullable: bool = False) -> sa.Column[int]:
    key = sa.ForeignKey(f"{of}.id", name=f"fk_alert_line_{column}_{of}")
    return sa.Column(column, BIG_ID, key, nullable=nullable)


def downgrade() -> None:
    for name, table, *_ in reversed(PARTIAL):
        op.drop_index(name, table)
    op.drop_table("alert_line")
    op.drop_table("alert")
    op.execute("DELETE FROM sent_message WHERE role IN ('topic', 'former_topic', 'board')")
    op.drop_column("sent_message", "thread")
