"""An address of mail may have 254 characters, and stands whole in every column that holds it."""

from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0048"
down_revision: Final = "0047"
ADDS_ONLY: Final = True

# An address, or the name of a chat in a channel.
CHAT: Final = 254
# An address with its channel, some of its signs written as three; a chat with what is said there.
WRITTEN: Final = 400
COLUMNS: Final[Mapping[str, Mapping[str, int]]] = {
    "account_domain": {"domain": CHAT},
    "alert": {"chat": CHAT},
    "camera_owner": {"value": CHAT},
    "contact_point": {"value": CHAT},
    "contact_read": {"reader": WRITTEN},
    "inbox": {"ordering_key": WRITTEN},
    "linked_chat": {"configured": WRITTEN, "chat": WRITTEN},
    "mailbox": {"address": CHAT},
    "message": {"source_chat": CHAT},
    "note": {"source_chat": CHAT},
    "outbox": {"address": CHAT, "ordering_key": WRITTEN},
    "person": {"address": WRITTEN},
    "private_topic": {"chat": CHAT},
    "sent_message": {"chat": CHAT},
    "team": {"chat": WRITTEN},
    "ticket_mailbox": {"mailbox": CHAT},
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return  # SQLite keeps text of any length
    op.execute("DROP INDEX ix_outbox_pending")  # made anew, its condition would be worded otherwise
    for table, columns in COLUMNS.items():
        wider = ", ".join(f"ALTER {name} TYPE VARCHAR({width})" for name, width in columns.items())
        # no row is written anew, and of indexes those of a part of the rows
        op.execute(f"ALTER TABLE {table} {wider}")
        op.execute(f"ANALYZE {table} ({', '.join(columns)})")  # what was counted is forgotten
    unfinished = sa.text("state IN ('queued', 'sending')")
    columns_of_it = ["ordering_key", "id"]
    op.create_index("ix_outbox_pending", "outbox", columns_of_it, postgresql_where=unfinished)


def downgrade() -> None:
    """The release before works with wider columns, and not all may fit into narrower ones."""
