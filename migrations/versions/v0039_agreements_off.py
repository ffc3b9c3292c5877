"""Calendars and agreements can be switched off (C4, X12)."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0039"
down_revision: Final = "0038"
ADDS_ONLY: Final = True

_TABLES: Final = ("calendar", "agreement")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(
            table, sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true())
        )


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "active")
