"""An account's own agreement, and when a customer is to hear from us next."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0005"
down_revision: Final = "0004"

# SQLite gives a row id only to a column declared INTEGER; references are declared alike.
BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "account_agreement",
        sa.Column(
            "account_id",
            BIG_ID,
            sa.ForeignKey("account.id", name="fk_account_agreement_account_id_account"),
            nullable=False,
        ),
        sa.Column(
            "agreement",
            sa.String(32),
            sa.ForeignKey("agreement.code", name="fk_account_agreement_agreement_agreement"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_account_agreement"),
    )
    op.create_table(
        "next_contact",
        sa.Column(
            "ticket_id",
            BIG_ID,
            sa.ForeignKey("ticket.id", name="fk_next_contact_ticket_id_ticket"),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_next_contact"),
    )
    op.create_index("ix_next_contact_at", "next_contact", ["at"])


def downgrade() -> None:
    op.drop_table("next_contact")
    op.drop_table("account_agreement")
