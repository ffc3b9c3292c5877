"""What waits for an address is found along an index, however much waits for the others."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0044"
down_revision: Final = "0043"
ADDS_ONLY: Final = True

_QUEUED: Final = sa.text("state = 'queued'")


def upgrade() -> None:
    op.create_index(
        "ix_outbox_address",
        "outbox",
        ["address", "order_at", "id"],
        sqlite_where=_QUEUED,
        postgresql_where=_QUEUED,
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_address", "outbox")
