"""Tags that the company lists, with their titles (D3)."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0037"
down_revision: Final = "0034"
ADDS_ONLY: Final = True

OBJECT: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "tag",
        sa.Column("word", sa.String(32), primary_key=True, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("titles", OBJECT, nullable=False),
        sa.Column("marker", sa.String(8), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("tag")
