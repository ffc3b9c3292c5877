"""The sums of each day, so that statistics read days and not tickets (H1); lists by state (D2).

All tickets are counted anew, so processes of an earlier release may not count beside this one.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0026"
down_revision: Final = "0025"

BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LIST: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
SCOPES: Final = ("topic", "team", "assignee_id")
INDEXES: Final = {
    "ix_ticket_metrics_opened": ("opened_day", "counted", "first_answer", *SCOPES),
    "ix_ticket_metrics_opened_worked": ("opened_day", "counted", "first_answer_worked", *SCOPES),
    "ix_ticket_metrics_ended": ("ended_day", "counted", "resolution", *SCOPES),
    "ix_ticket_metrics_ended_worked": ("ended_day", "counted", "resolution_worked", *SCOPES),
}
BEFORE: Final = {
    "ix_ticket_metrics_opened": ("opened_day", "counted", "first_answer", "topic"),
    "ix_ticket_metrics_ended": ("ended_day",),
    "ix_ticket_metrics_first_ended": ("first_ended_day", "reopened"),
}


def upgrade() -> None:
    _forget()
    op.create_table(
        "day_figures",
        sa.Column("scope", sa.String(64), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("ended", sa.Integer(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "day", name="pk_day_figures"),
    )
    op.add_column("ticket_metrics", sa.Column("camera_id", BIG_ID))
    op.add_column("ticket_metrics", sa.Column("ratings", LIST))
    for name in (*BEFORE, "ix_ticket_metrics_open"):
        op.drop_index(name, "ticket_metrics")
    for name, columns in INDEXES.items():
        op.create_index(name, "ticket_metrics", columns)
    queued = sa.text("queue_rank IS NOT NULL")
    op.create_index(
        "ix_ticket_state_queue",
        "ticket",
        ["state", "queue_rank", "queue_at", "id"],
        sqlite_where=queued,
        postgresql_where=queued,
    )


def downgrade() -> None:
    op.drop_index("ix_ticket_state_queue", "ticket")
    _forget()
    for name in INDEXES:
        op.drop_index(name, "ticket_metrics")
    op.drop_column("ticket_metrics", "ratings")
    op.drop_column("ticket_metrics", "camera_id")
    for name, columns in BEFORE.items():
        op.create_index(name, "ticket_metrics", columns)
    going_on = sa.text("ended_day IS NULL")
    op.create_index(
        "ix_ticket_metrics_open",
        "ticket_metrics",
        ["assignee_id"],
        sqlite_where=going_on,
        postgresql_where=going_on,
    )
    op.drop_table("day_figures")


def _forget() -> None:
    op.execute("DELETE FROM ticket_metrics")
    op.execute("DELETE FROM system_state WHERE name = 'ticket_metrics'")
