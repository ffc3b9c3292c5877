"""Junk tickets, a move that ends them, and the domains of accounts (F4, F8)."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0011"
down_revision: Final = "0010"

BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# The company's own table of states may have several of a category; a new desk has the move already.
MOVE: Final = """
INSERT INTO move (source, verb, target)
SELECT code, 'junk', (
    SELECT code FROM state WHERE category = 'cancelled' ORDER BY position LIMIT 1
) FROM state
WHERE initial
AND EXISTS (SELECT 1 FROM state WHERE category = 'cancelled')
AND NOT EXISTS (SELECT 1 FROM move WHERE verb = 'junk')
"""


def upgrade() -> None:
    op.create_table(
        "junk_ticket",
        sa.Column(
            "ticket_id",
            BIG_ID,
            sa.ForeignKey("ticket.id", name="fk_junk_ticket_ticket_id_ticket"),
            primary_key=True,
            nullable=False,
        ),
    )
    op.create_table(
        "account_domain",
        sa.Column("domain", sa.String(200), primary_key=True, nullable=False),
        sa.Column(
            "account_id",
            BIG_ID,
            sa.ForeignKey("account.id", name="fk_account_domain_account_id_account"),
            nullable=False,
        ),
    )
    op.create_index("ix_account_domain_account_id", "account_domain", ["account_id"])
    op.execute(MOVE)


def downgrade() -> None:
    op.execute("DELETE FROM move WHERE verb = 'junk'")
    op.drop_table("account_domain")
    op.drop_table("junk_ticket")
