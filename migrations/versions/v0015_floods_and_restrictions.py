"""Floods of messages, and what somebody may not do for a while (S10)."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0015"
down_revision: Final = "0014"

BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT: Final = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("message", sa.Column("flood_id", BIG_ID))
    op.add_column("person", sa.Column("restricted_until", INSTANT))
    flooded: Any = sa.text("flood_id IS NOT NULL")
    op.create_index(
        "ix_message_flood_id",
        "message",
        ["flood_id"],
        sqlite_where=flooded,
        postgresql_where=flooded,
    )
    op.create_index("ix_message_author_id_id", "message", ["author_id", "id"])
    op.create_table(
        "restriction",
        sa.Column("person_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("by_id", BIG_ID),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("told_at", INSTANT),
        sa.PrimaryKeyConstraint("person_id", "kind", name="pk_restriction"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_restriction_person_id_person"
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_restriction_by_id_person"),
    )
    op.create_index("ix_restriction_until", "restriction", ["until"])


def downgrade() -> None:
    op.drop_table("restriction")
    op.drop_index("ix_message_author_id_id", "message")
    op.drop_index("ix_message_flood_id", "message")
    op.drop_column("person", "restricted_until")
    op.drop_column("message", "flood_id")
