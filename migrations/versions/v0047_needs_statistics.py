"""PostgreSQL knows how many tickets need an answer (D2): without it, it expects one of two hundred
where an index says `queue_rank + 0 = 0`, and reads that index whole.
"""

from typing import Final

from alembic import op

revision: Final = "0047"
down_revision: Final = "0046"
ADDS_ONLY: Final = True

NAME: Final = "st_ticket_needs"
# of expressions there are statistics since this version
SINCE: Final = (14,)


def upgrade() -> None:
    if _has_them():
        op.execute(f"CREATE STATISTICS {NAME} ON (queue_rank + 0) FROM ticket")
        op.execute("ANALYZE ticket")


def downgrade() -> None:
    if _has_them():
        op.execute(f"DROP STATISTICS IF EXISTS {NAME}")


def _has_them() -> bool:
    dialect = op.get_bind().dialect
    return dialect.name == "postgresql" and (dialect.server_version_info or ()) >= SINCE
