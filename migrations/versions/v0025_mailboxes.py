"""The mailboxes that customers write to, and in which of them a ticket began (F1)."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0025"
down_revision: Final = "0024"
ADDS_ONLY: Final = True

BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OBJECT: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
ADDRESS: Final = sa.String(200)
CODE: Final = sa.String(32)


def upgrade() -> None:
    op.create_table(
        "mailbox",
        sa.Column("address", ADDRESS, primary_key=True, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(100)),
        *(_to("mailbox", kind, f"{kind}.code", CODE) for kind in _KINDS),
        sa.Column("language", sa.String(16)),
        sa.Column("texts", OBJECT, nullable=False),
        sa.Column("confirm", sa.Boolean(), nullable=False),
        sa.Column("send_as", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "ticket_mailbox",
        _to("ticket_mailbox", "ticket_id", "ticket.id", BIG_ID, primary_key=True, nullable=False),
        _to("ticket_mailbox", "mailbox", "mailbox.address", ADDRESS, nullable=False),
    )


_KINDS: Final = ("topic", "service", "category", "priority", "agreement", "team")


def _to(table: str, column: str, target: str, kind: Any, **given: Any) -> sa.Column[Any]:
    name = f"fk_{table}_{column}_{target.partition('.')[0]}"
    return sa.Column(column, kind, sa.ForeignKey(target, name=name), **given)


def downgrade() -> None:
    for table in ("ticket_mailbox", "mailbox"):
        op.drop_table(table)
