"""Closing reasons in the statistics (H1, B20).

All tickets are counted anew, so processes of an earlier release may not count beside this one.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0034"
down_revision: Final = "0033"


def upgrade() -> None:
    op.add_column("ticket_metrics", sa.Column("reason", sa.String(32)))
    _forget()


def downgrade() -> None:
    op.drop_column("ticket_metrics", "reason")
    _forget()


def _forget() -> None:
    op.execute("DELETE FROM day_figures")
    op.execute("DELETE FROM ticket_metrics")
    op.execute("DELETE FROM system_state WHERE name = 'ticket_metrics'")
