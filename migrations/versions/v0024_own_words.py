"""Texts and notices in the company's own words (G3, G4)."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0024"
down_revision: Final = "0023"
ADDS_ONLY: Final = True

OBJECT: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "own_text",
        sa.Column("code", sa.String(100), primary_key=True, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("forms", OBJECT, nullable=False),
        sa.Column("former", OBJECT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "own_notice",
        sa.Column("code", sa.String(32), primary_key=True, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        _to("topic"),
        _to("category"),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("delay", sa.Integer(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("texts", OBJECT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
    )


def _to(table: str) -> sa.Column[Any]:
    key = sa.ForeignKey(f"{table}.code", name=f"fk_own_notice_{table}_{table}")
    return sa.Column(table, sa.String(32), key)


def downgrade() -> None:
    for table in ("own_notice", "own_text"):
        op.drop_table(table)
