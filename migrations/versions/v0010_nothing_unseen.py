"""Resolved tickets get a list, and pauses without an end a day on which they are told of (X15)."""

from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0010"
down_revision: Final = "0009"

_RESOLVED: Final = "SELECT code FROM state WHERE resolution"
_PAUSED: Final = "SELECT code FROM state WHERE pause"


def upgrade() -> None:
    op.execute(
        "UPDATE ticket SET queue_rank = 3, queue_at = resolved_at"  # noqa: S608
        f" WHERE state IN ({_RESOLVED}) AND resolved_at IS NOT NULL"
    )
    now = datetime.now(UTC)
    if op.get_bind().dialect.name == "sqlite":
        now = now.replace(tzinfo=None)  # it keeps no zone
    due = sa.bindparam("due", now + timedelta(days=7), sa.DateTime(timezone=True))
    review = sa.text(
        "INSERT INTO timer (ticket_id, kind, due_at)"  # noqa: S608
        " SELECT id, 'review', :due FROM ticket"
        f" WHERE state IN ({_PAUSED}) AND frozen_until IS NULL"
    )
    op.execute(review.bindparams(due))


def downgrade() -> None:
    op.execute("UPDATE ticket SET queue_rank = NULL, queue_at = NULL WHERE queue_rank = 3")
    op.execute("DELETE FROM timer WHERE kind = 'review'")
