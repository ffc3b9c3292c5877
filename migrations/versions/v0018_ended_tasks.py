"""The list of ended tasks is found by when they ended (B21)."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0018"
down_revision: Final = "0017"
ADDS_ONLY: Final = True


def upgrade() -> None:
    ended: Any = sa.text("closed_at IS NOT NULL")
    op.create_index(
        "ix_task_ended",
        "task",
        ["closed_at", "id"],
        sqlite_where=ended,
        postgresql_where=ended,
    )


def downgrade() -> None:
    op.drop_index("ix_task_ended", "task")
