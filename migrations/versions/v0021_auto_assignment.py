"""Teams whose tickets are given to those on duty (D2)."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0021"
down_revision: Final = "0020"
ADDS_ONLY: Final = True


def upgrade() -> None:
    op.add_column("team", sa.Column("auto_assign", sa.String(8)))
    op.add_column("team_member", sa.Column("given_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("team_member", "given_at")
    op.drop_column("team", "auto_assign")
