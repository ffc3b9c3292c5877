"""Technical data of accounts and contracts (T1)."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0040"
down_revision: Final = "0039"
ADDS_ONLY: Final = True

_TABLES: Final = ("account", "contract")
_OBJECT: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(
            table, sa.Column("fields", _OBJECT, nullable=False, server_default=sa.text("'{}'"))
        )


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "fields")
