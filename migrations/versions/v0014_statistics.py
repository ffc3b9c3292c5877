"""What is counted of each ticket; other systems that are called; whose data were erased."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0014"
down_revision: Final = "0013"

BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT: Final = sa.DateTime(timezone=True)
TEXTS: Final = ("topic", "category", "team")
SPANS: Final = ("first_answer", "first_answer_worked", "resolution", "resolution_worked")
COUNTS: Final = (
    *("by_us", "by_customer", "by_others", "answers", "reopened", "kept", "missed"),
    *("agreed_kept", "agreed_missed"),
)


def upgrade() -> None:
    op.create_table(
        "ticket_metrics",
        sa.Column(
            "ticket_id",
            BIG_ID,
            sa.ForeignKey("ticket.id", name="fk_ticket_metrics_ticket_id_ticket"),
            primary_key=True,
            nullable=False,
        ),
        sa.Column("opened_day", sa.Integer(), nullable=False),
        sa.Column("first_ended_day", sa.Integer()),
        sa.Column("ended_day", sa.Integer()),
        sa.Column("counted", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.String(32)) for name in TEXTS),
        sa.Column("assignee_id", BIG_ID),
        *(sa.Column(name, sa.Integer()) for name in SPANS),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
    )
    for name, *columns in (
        ("ix_ticket_metrics_opened", "opened_day", "counted", "first_answer", "topic"),
        ("ix_ticket_metrics_ended", "ended_day"),
        ("ix_ticket_metrics_first_ended", "first_ended_day", "reopened"),
    ):
        op.create_index(name, "ticket_metrics", columns)
    going_on = sa.text("ended_day IS NULL")
    op.create_index(
        "ix_ticket_metrics_open",
        "ticket_metrics",
        ["assignee_id"],
        sqlite_where=going_on,
        postgresql_where=going_on,
    )
    op.create_table(
        "webhook",
        sa.Column("id", BIG_ID, primary_key=True, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.String(100), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("stopped_at", INSTANT),
        sa.UniqueConstraint("name", name="uq_webhook_name"),
    )
    op.create_table(
        "erasure",
        sa.Column("person_id", BIG_ID, primary_key=True, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )


def downgrade() -> None:
    for name in ("erasure", "webhook", "ticket_metrics"):
        op.drop_table(name)
