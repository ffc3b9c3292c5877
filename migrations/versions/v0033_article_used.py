"""The article that helped, with each ending of a ticket (B20)."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0033"
down_revision: Final = "0029"
ADDS_ONLY: Final = True


def upgrade() -> None:
    op.add_column("resolution", sa.Column("article", sa.String(32)))
    named = sa.text("article IS NOT NULL")
    op.create_index(
        "ix_resolution_article",
        "resolution",
        ["article"],
        sqlite_where=named,
        postgresql_where=named,
    )


def downgrade() -> None:
    op.drop_index("ix_resolution_article", "resolution")
    op.drop_column("resolution", "article")
