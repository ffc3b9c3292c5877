"""Where people write from becomes a contact point of theirs, and chats are stored as addresses.

The number that Telegram has for somebody and their username leave ``person`` for a verified row of
``contact_point``; ``person.address`` says where they are answered. Chats of the company and of
teams become the text of their address.
"""

from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0007"
down_revision: Final = "0006"

OBJECT: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
ADDRESS: Final = sa.String(220)
NUMBER: Final = sa.BigInteger()
VERIFIED: Final = sa.text("verified_at IS NOT NULL")
# Every address there was is Telegram's; this stands before its number.
PREFIX: Final = "telegram:"
# table, column, whether it may be empty
CHATS: Final = (
    ("linked_chat", "configured", False),
    ("linked_chat", "chat", False),
    ("team", "chat", True),
)
SHORT: Final = sa.String(8)
LONG: Final = sa.String(16)


def upgrade() -> None:
    _alter_contact_points(SHORT, LONG)
    op.add_column("person", sa.Column("address", ADDRESS))
    op.execute(
        f"UPDATE person SET address = '{PREFIX}' || telegram_id"  # noqa: S608
        " WHERE telegram_id IS NOT NULL"
    )
    op.execute(
        "INSERT INTO contact_point (person_id, kind, value, verified_at, handle)"
        " SELECT id, 'telegram', CAST(telegram_id AS VARCHAR(200)), created_at, lower(username)"
        " FROM person WHERE telegram_id IS NOT NULL"
    )
    op.drop_index("ix_person_username", "person")
    with op.batch_alter_table("person") as person:
        person.drop_constraint("uq_person_telegram_id", type_="unique")
        person.drop_column("telegram_id")
        person.drop_column("username")
    for table, column, empty in CHATS:
        _alter(table, column, NUMBER, ADDRESS, empty=empty)
        op.execute(f"UPDATE {table} SET {column} = '{PREFIX}' || {column}")  # noqa: S608
    _rewrite_admins(lambda admin: f"{PREFIX}{admin}")


def downgrade() -> None:
    """Who writes from elsewhere has no place in the release before: a name without a way there."""
    _rewrite_admins(lambda admin: int(str(admin).removeprefix(PREFIX)))
    op.execute(f"DELETE FROM linked_chat WHERE chat NOT LIKE '{PREFIX}%'")  # noqa: S608
    op.execute(f"UPDATE team SET chat = NULL WHERE chat NOT LIKE '{PREFIX}%'")  # noqa: S608
    for table, column, empty in CHATS:
        bare = f"substr({column}, {len(PREFIX) + 1})"
        op.execute(f"UPDATE {table} SET {column} = {bare}")  # noqa: S608
        _alter(table, column, ADDRESS, NUMBER, empty=empty)
    op.add_column("person", sa.Column("telegram_id", NUMBER))
    op.add_column("person", sa.Column("username", sa.String(64)))
    for column, value in (("telegram_id", "CAST(value AS BIGINT)"), ("username", "handle")):
        op.execute(
            f"UPDATE person SET {column} = (SELECT min({value}) FROM contact_point c"  # noqa: S608
            " WHERE c.person_id = person.id AND c.kind = 'telegram')"
        )
    op.execute("DELETE FROM contact_point WHERE kind NOT IN ('phone', 'email')")
    with op.batch_alter_table("person") as person:
        person.drop_column("address")
        person.create_unique_constraint("uq_person_telegram_id", ["telegram_id"])
    op.create_index("ix_person_username", "person", ["username"])
    _alter_contact_points(LONG, SHORT)


def _alter_contact_points(before: sa.String, after: sa.String) -> None:
    """A channel's name is a kind, too, and a channel may know people by a public name."""
    added = after is LONG
    for name in ("ix_contact_point_kind_value", "uq_contact_point_verified"):
        op.drop_index(name, "contact_point")
    if not added:
        op.drop_index("ix_contact_point_handle", "contact_point")
    with op.batch_alter_table("contact_point") as table:
        table.alter_column("kind", existing_type=before, existing_nullable=False, type_=after)
        if added:
            table.add_column(sa.Column("handle", sa.String(64)))
        else:
            table.drop_column("handle")
    if added:
        op.create_index("ix_contact_point_handle", "contact_point", ["handle"])
    op.create_index("ix_contact_point_kind_value", "contact_point", ["kind", "value"])
    op.create_index(
        *("uq_contact_point_verified", "contact_point", ["kind", "value"]),
        unique=True,
        sqlite_where=VERIFIED,
        postgresql_where=VERIFIED,
    )


def _alter(
    table: str,
    column: str,
    before: sa.types.TypeEngine[Any],
    after: sa.types.TypeEngine[Any],
    *,
    empty: bool,
) -> None:
    kind = "BIGINT" if isinstance(after, sa.BigInteger) else "VARCHAR(220)"
    with op.batch_alter_table(table) as batch:
        batch.alter_column(
            column,
            existing_type=before,
            existing_nullable=empty,
            type_=after,
            postgresql_using=f"{column}::{kind}",
        )


def _rewrite_admins(rewrite: Callable[[Any], Any]) -> None:
    """For which admins the bot's profile was published last."""
    state = sa.table("system_state", sa.column("name", sa.String), sa.column("value", OBJECT))
    published = state.c.name == "introduced"
    for value in op.get_bind().scalars(sa.select(state.c.value).where(published)).all():
        changed = {**value, "admins": [rewrite(admin) for admin in value.get("admins", ())]}
        op.get_bind().execute(state.update().where(published).values(value=changed))
