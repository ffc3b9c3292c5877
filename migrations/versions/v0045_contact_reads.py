"""Who looked at customers' contact data is kept, an hour of a reader's in one row (S36)."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0045"
down_revision: Final = "0044"
ADDS_ONLY: Final = True

INSTANT: Final = sa.DateTime(timezone=True)
BIG: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "contact_read",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("hour", INSTANT, nullable=False),
        sa.Column("reader", sa.String(220), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("place", sa.String(16), nullable=False),
        sa.Column("first_at", INSTANT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.UniqueConstraint("hour", "reader", "person_id", "place", name="uq_contact_read"),
    )
    op.create_index("ix_contact_read_person", "contact_read", ["person_id", "last_at"])
    op.create_index("ix_contact_read_last", "contact_read", ["last_at"])


def downgrade() -> None:
    op.drop_table("contact_read")
