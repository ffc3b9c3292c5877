"""Lists by “needs an answer” and “overdue” are read along indexes (D2): a deadline that has passed
is noted with its ticket, so that no index has to know what time it is.
"""

from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0046"
down_revision: Final = "0045"
ADDS_ONLY: Final = True

INSTANT: Final = sa.DateTime(timezone=True)
_IN_TIME: Final = (
    "queue_rank + 0 = 0 AND (answer_due IS NULL OR missed_due IS NULL OR missed_due <> answer_due)"
)
INDEXES: Final = {
    "ix_ticket_in_time_queue": (["queue_at", "id"], _IN_TIME),
    "ix_ticket_in_time_open": (["id"], _IN_TIME),
    "ix_ticket_missed_open": (["id"], "queue_rank + 0 = 0 AND missed_due = answer_due"),
}


def upgrade() -> None:
    op.add_column("ticket", sa.Column("missed_due", INSTANT))
    now = sa.bindparam("now", datetime.now(UTC), type_=INSTANT)
    late = "UPDATE ticket SET missed_due = answer_due WHERE queue_rank = 0 AND answer_due <= :now"
    op.execute(sa.text(late).bindparams(now))
    for name, (columns, where) in INDEXES.items():
        which = sa.text(where)
        op.create_index(name, "ticket", columns, sqlite_where=which, postgresql_where=which)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ANALYZE ticket")


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, "ticket")
    op.drop_column("ticket", "missed_due")
