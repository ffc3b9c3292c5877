"""Canned responses, tags, views and rules."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0013"
down_revision: Final = "0012"

BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OBJECT: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
INSTANT: Final = sa.DateTime(timezone=True)
TABLES: Final = ("response", "response_use", "ticket_tag", "view", "rule", "rule_run")


def _to(table: str, column: str, target: str, *, null: bool = True) -> sa.Column[Any]:
    kind: Any = BIG_ID if target == "ticket" else sa.String(32)
    key = "id" if target == "ticket" else "code"
    name = f"fk_{table}_{column}_{target}"
    return sa.Column(column, kind, sa.ForeignKey(f"{target}.{key}", name=name), nullable=null)


def _code(length: int = 32) -> list[sa.Column[Any]]:
    return [
        sa.Column("code", sa.String(length), primary_key=True, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
    ]


def _object(name: str) -> sa.Column[Any]:
    return sa.Column(name, OBJECT, nullable=False)


def _active() -> sa.Column[Any]:
    return sa.Column("active", sa.Boolean(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "response",
        *_code(),
        sa.Column("title", sa.String(100), nullable=False),
        _object("texts"),
        _to("response", "topic", "topic"),
        _object("actions"),
        _active(),
    )
    op.create_table(
        "response_use",
        _to("response_use", "response", "response", null=False),
        sa.Column("topic", sa.String(32), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("response", "topic", "language", name="pk_response_use"),
    )
    op.create_table(
        "ticket_tag",
        sa.Column("tag", sa.String(32), nullable=False),
        _to("ticket_tag", "ticket_id", "ticket", null=False),
        sa.PrimaryKeyConstraint("tag", "ticket_id", name="pk_ticket_tag"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_ticket_tag_ticket_id", "ticket_tag", ["ticket_id"])
    op.create_table(
        "view",
        *_code(16),
        _object("titles"),
        _object("conditions"),
        sa.Column("order", sa.String(16), nullable=False),
        sa.Column("role", sa.String(16)),
        _to("view", "team", "team"),
        _active(),
    )
    _rules()


def _rules() -> None:
    op.create_table(
        "rule",
        *_code(),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("after", sa.Integer()),
        _object("conditions"),
        _object("actions"),
        _active(),
    )
    op.create_table(
        "rule_run",
        sa.Column("rule", sa.String(32), nullable=False),
        _to("rule_run", "ticket_id", "ticket", null=False),
        sa.Column("cause", sa.String(80), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("rule", "ticket_id", "cause", name="pk_rule_run"),
    )
    op.create_index("ix_rule_run_ticket_id", "rule_run", ["ticket_id"])


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
