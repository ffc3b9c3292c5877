"""How tickets end and how they are rated; fields of the company's own; since when a rule counts."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0017"
down_revision: Final = "0016"
ADDS_ONLY: Final = True

BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OBJECT: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
INSTANT: Final = sa.DateTime(timezone=True)
TABLES: Final = ("closing_reason", "resolution", "field", "ticket_field")


def upgrade() -> None:
    op.create_table("closing_reason", *_entry(), _active())
    op.create_table(
        "resolution",
        _to("resolution", "ticket_id", "ticket.id", nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        _to("resolution", "assignee_id", "person.id"),
        _to("resolution", "reason", "closing_reason.code"),
        sa.Column("solution", sa.Text()),
        sa.Column("measured", sa.Integer(), nullable=False),
        sa.Column("spent", sa.Integer()),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("rating", sa.Integer()),
        sa.Column("rated_at", INSTANT),
        sa.Column("comment", sa.Text()),
        sa.PrimaryKeyConstraint("ticket_id", "at", name="pk_resolution"),
    )
    op.create_index("ix_resolution_at", "resolution", ["at"])
    op.create_table(
        "field",
        *_entry(),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("options", OBJECT, nullable=False),
        sa.Column("required", sa.String(16)),
        _active(),
    )
    op.create_table(
        "ticket_field",
        _to("ticket_field", "ticket_id", "ticket.id", nullable=False),
        _to("ticket_field", "field", "field.code", nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "field", name="pk_ticket_field"),
    )
    op.add_column("rule", sa.Column("since", INSTANT))
    op.create_index("ix_rule_run_at", "rule_run", ["at"])


def _entry() -> list[sa.Column[Any]]:
    return [
        sa.Column("code", sa.String(32), primary_key=True, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("titles", OBJECT, nullable=False),
    ]


def _active() -> sa.Column[Any]:
    return sa.Column("active", sa.Boolean(), nullable=False)


def _to(table: str, column: str, target: str, **given: Any) -> sa.Column[Any]:
    name = f"fk_{table}_{column}_{target.partition('.')[0]}"
    kind: Any = BIG_ID if target.endswith(".id") else sa.String(32)
    return sa.Column(column, kind, sa.ForeignKey(target, name=name), **given)


def downgrade() -> None:
    op.drop_index("ix_rule_run_at", "rule_run")
    op.drop_column("rule", "since")
    for table in reversed(TABLES):
        op.drop_table(table)
