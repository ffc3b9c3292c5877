"""What tickets are found by of their customers and cameras (D5). The index reads the journal anew:
it learns names of files, solutions, phones and numbers from it.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0038"
down_revision: Final = "0037"
ADDS_ONLY: Final = True

BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT: Final = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "search_subject",
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("subject_id", BIG_ID, nullable=False, autoincrement=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("mixed", sa.Boolean(), nullable=False),
        sa.Column("behind_since", INSTANT),
        sa.PrimaryKeyConstraint("kind", "subject_id", name="pk_search_subject"),
    )
    op.create_index(
        "ix_search_subject_behind",
        "search_subject",
        ["behind_since"],
        sqlite_where=sa.text("behind_since IS NOT NULL"),
        postgresql_where=sa.text("behind_since IS NOT NULL"),
    )
    op.execute("DELETE FROM system_state WHERE name = 'search'")


def downgrade() -> None:
    op.drop_table("search_subject")
    op.execute("DELETE FROM system_state WHERE name = 'search'")
