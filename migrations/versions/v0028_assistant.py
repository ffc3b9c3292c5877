"""What the assistant was asked and suggests, and what a day of it has cost (X17)."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0028"
down_revision: Final = "0027"
ADDS_ONLY: Final = True

BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OBJECT: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "suggestion",
        sa.Column("id", BIG_ID, nullable=False),
        _to("ticket_id", "ticket"),
        _to("person_id", "person"),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("facts", OBJECT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_suggestion"),
    )
    # «IS FALSE» is said alike on both databases
    is_asked: Any = sa.text("answered IS FALSE")
    op.create_index(
        "uq_suggestion_asked",
        "suggestion",
        ["ticket_id"],
        unique=True,
        sqlite_where=is_asked,
        postgresql_where=is_asked,
    )
    op.create_index("ix_suggestion_ticket_id", "suggestion", ["ticket_id"])
    op.create_table(
        "assistant_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_assistant_day"),
    )


def _to(name: str, table: str) -> sa.Column[Any]:
    """A column that refers to a table's ids."""
    key = sa.ForeignKey(f"{table}.id", name=f"fk_suggestion_{name}_{table}")
    return sa.Column(name, BIG_ID, key, nullable=False)


def downgrade() -> None:
    op.drop_table("assistant_day")
    op.drop_table("suggestion")
