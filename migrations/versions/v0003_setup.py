"""Admins who were appointed, and what they chose for the company."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0003"
down_revision: Final = "0002"

INSTANT: Final = sa.DateTime(timezone=True)
OBJECT: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column("person", sa.Column("admin_since", INSTANT, nullable=True))
    op.create_table(
        "setting",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", OBJECT, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_setting"),
    )


def downgrade() -> None:
    op.drop_table("setting")
    # not in a batch: copying the table would need every other table's references to rest
    op.execute("ALTER TABLE person DROP COLUMN admin_since")
