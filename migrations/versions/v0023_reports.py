"""Reports that are sent on schedule: the week on Mondays, and what is overdue, switched off."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0023"
down_revision: Final = "0022"
ADDS_ONLY: Final = True

OBJECT: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
# Minutes after midnight.
NINE: Final = 540
WORKDAYS: Final = ("mon", "tue", "wed", "thu", "fri")


def upgrade() -> None:
    table = op.create_table(
        "report",
        sa.Column("code", sa.String(32), primary_key=True, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("days", OBJECT, nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("receiver", sa.String(16), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("done_until", sa.DateTime(timezone=True)),
    )
    op.bulk_insert(
        table,
        [
            _row("week", 0, ("mon",), active=True),
            _row("overdue", 1, WORKDAYS, active=False),
        ],
    )


def _row(what: str, position: int, days: tuple[str, ...], *, active: bool) -> dict[str, Any]:
    return {
        "code": what,
        "position": position,
        "what": what,
        "days": {"days": list(days)},
        "minute": NINE,
        "receiver": "alerts",
        "active": active,
        "done_until": None,
    }


def downgrade() -> None:
    op.drop_table("report")
