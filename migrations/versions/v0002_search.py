"""The index of the search. It fills itself from the journal, from the first entry on."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"

# SQLite gives a row id only to a column declared INTEGER; references are declared alike.
BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Byte order on both databases: stems with one beginning stand together.
STEM: Final = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "search_word",
        sa.Column("word", STEM, nullable=False),
        sa.Column("ticket_id", BIG_ID, nullable=False),
        sa.PrimaryKeyConstraint("word", "ticket_id", name="pk_search_word"),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name="fk_search_word_ticket_id_ticket"
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.execute("DELETE FROM fact WHERE name = 'search'")
    op.drop_table("search_word")
