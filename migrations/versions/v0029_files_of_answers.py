"""Files that canned responses and articles go with (E1, B13)."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0029"
down_revision: Final = "0028"
ADDS_ONLY: Final = True

OBJECT: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
INSTANT: Final = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "company_file",
        sa.Column("name", sa.String(64), primary_key=True, nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("versioned", sa.Boolean(), nullable=False),
    )
    op.add_column("response", sa.Column("options", OBJECT, nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("response", "options")
    op.drop_table("company_file")
