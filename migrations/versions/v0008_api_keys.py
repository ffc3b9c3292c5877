"""Keys of other systems, and what their calls were answered; failures are counted by an index."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0008"
down_revision: Final = "0007"

BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OBJECT: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
INSTANT: Final = sa.DateTime(timezone=True)
# name, table, column, unique, of which rows
PARTIAL: Final = (
    ("uq_api_key_name", "api_key", "name", True, "revoked_at IS NULL"),
    ("ix_outbox_failed", "outbox", "id", False, "state = 'failed'"),
    ("ix_inbox_quarantined", "inbox", "id", False, "state = 'quarantined'"),
)


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", BIG_ID, primary_key=True, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scopes", sa.String(200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.UniqueConstraint("digest", name="uq_api_key_digest"),
    )
    op.create_table(
        "api_call",
        sa.Column(
            "key_id",
            BIG_ID,
            sa.ForeignKey("api_key.id", name="fk_api_call_key_id_api_key"),
            nullable=False,
        ),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", OBJECT, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key_id", "name", name="pk_api_call"),
    )
    op.create_index("ix_api_call_at", "api_call", ["at"])
    for name, table, column, unique, rows in PARTIAL:
        where: Any = sa.text(rows)
        op.create_index(
            name, table, [column], unique=unique, sqlite_where=where, postgresql_where=where
        )


def downgrade() -> None:
    for name, table, *_ in reversed(PARTIAL):
        op.drop_index(name, table)
    op.drop_table("api_call")
    op.drop_table("api_key")
