"""Topics of customers' private chats, and whose ticket's words stand in which (X7)."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0022"
down_revision: Final = "0021"
ADDS_ONLY: Final = True

BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "private_topic",
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("chat", sa.String(200), nullable=False),
        sa.Column("thread", sa.String(200), nullable=False),
        sa.Column(
            "ticket_id",
            BIG_ID,
            sa.ForeignKey("ticket.id", name="fk_private_topic_ticket_id_ticket"),
        ),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("looks", sa.String(64)),
        sa.PrimaryKeyConstraint("channel", "chat", "thread", name="pk_private_topic"),
    )
    # «IS TRUE» is said alike on both databases
    is_current: Any = sa.text("current IS TRUE")
    op.create_index(
        "uq_private_topic_current",
        "private_topic",
        ["ticket_id"],
        unique=True,
        sqlite_where=is_current,
        postgresql_where=is_current,
    )


def downgrade() -> None:
    op.drop_table("private_topic")
