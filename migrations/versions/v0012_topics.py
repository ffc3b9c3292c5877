"""Topics of tickets get their rows (X7)."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0012"
down_revision: Final = "0011"

INDEX: Final = "uq_sent_message_topic"
TOPICS: Final = sa.text("role = 'topic'")


def upgrade() -> None:
    op.add_column("sent_message", sa.Column("thread", sa.String(200)))
    op.create_index(
        INDEX,
        "sent_message",
        ["ticket_id"],
        unique=True,
        sqlite_where=TOPICS,
        postgresql_where=TOPICS,
    )


def downgrade() -> None:
    op.drop_index(INDEX, "sent_message")
    op.execute("DELETE FROM sent_message WHERE role IN ('topic', 'former_topic')")
    op.drop_column("sent_message", "thread")
