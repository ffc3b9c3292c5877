"""Tables and columns get the field's names; nothing is lost.

Tables that no other refers to are made anew and filled; in the others columns are renamed. What
comes in is known by its source and the source's id.
"""

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0006"
down_revision: Final = "0005"

# SQLite gives a row id only to a column declared INTEGER; references are declared alike.
BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT: Final = sa.DateTime(timezone=True)
OBJECT: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

Types = tuple[sa.types.TypeEngine[Any], ...]
INTEGERS: Final[Types] = (sa.BigInteger(), sa.BigInteger(), sa.BigInteger())
WORDS: Final[Types] = (sa.String(64), sa.String(200), sa.String(220))

# table, old column, new column
COLUMNS: Final = (
    ("inbox", "lane", "ordering_key"),
    ("outbox", "lane", "ordering_key"),
    ("outbox", "once", "dedup_key"),
    ("outbox", "turn_at", "order_at"),
    ("outbox", "mark", "probe_context"),
)
# old table, new table, columns that have another name in the new one
TABLES: Final[tuple[tuple[str, str, Mapping[str, str]], ...]] = (
    ("fact", "system_state", {}),
    ("place", "linked_chat", {}),
    ("placement", "sent_message", {"ref": "message_ref"}),
    ("merge", "person_merge", {}),
    ("parentage", "ticket_parent", {}),
)
UNSENT: Final = "state IN ('queued', 'sending')"


def upgrade() -> None:
    _drop_outbox_indexes("uq_outbox_once")
    for table, old, new in COLUMNS:
        op.alter_column(table, old, new_column_name=new)
    _key_inbox_by_source()
    _make_outbox_indexes("ordering_key", "order_at", "dedup_key", "uq_outbox_dedup_key")
    for old, new, columns in TABLES:
        _replace(old, new, columns)


def downgrade() -> None:
    for old, new, columns in reversed(TABLES):
        _replace(new, old, {after: before for before, after in columns.items()})
    _drop_outbox_indexes("uq_outbox_dedup_key")
    _key_inbox_by_bot()
    for table, old, new in reversed(COLUMNS):
        op.alter_column(table, new, new_column_name=old)
    _make_outbox_indexes("lane", "turn_at", "once", "uq_outbox_once")


def _key_inbox_by_source() -> None:
    """Every row there is came from a bot of Telegram's: ``telegram:<bot_id>``, the update's id.

    A row that had given its id up for a new one carried a negative number instead.
    """
    _alter_inbox(("bot_id", "update_id"), ("source", "external_id"), INTEGERS, WORDS)
    op.execute(
        "UPDATE inbox SET source = 'telegram:' || source,"
        " external_id = CASE WHEN external_id LIKE '-%'"
        " THEN 'aside:' || substr(external_id, 2) ELSE external_id END"
    )


def _key_inbox_by_bot() -> None:
    """What came from elsewhere has no place in the release before, and is forgotten."""
    op.execute("DELETE FROM inbox WHERE source NOT LIKE 'telegram:%'")
    op.execute(
        "UPDATE inbox SET source = substr(source, 10),"
        " external_id = CASE WHEN external_id LIKE 'aside:%'"
        " THEN '-' || substr(external_id, 7) ELSE external_id END"
    )
    _alter_inbox(("source", "external_id"), ("bot_id", "update_id"), WORDS, INTEGERS)


def _alter_inbox(old: tuple[str, str], new: tuple[str, str], before: Types, after: Types) -> None:
    for name in ("ix_inbox_unfinished", "ix_inbox_received_at"):
        op.drop_index(name, "inbox")
    with op.batch_alter_table("inbox") as table:
        table.drop_constraint(f"uq_inbox_{'_'.join(old)}", type_="unique")
        for column, name, was, becomes in zip(
            (*old, "ordering_key"), (*new, "ordering_key"), before, after, strict=True
        ):
            table.alter_column(
                column,
                new_column_name=None if name == column else name,
                existing_type=was,
                existing_nullable=False,
                type_=becomes,
                postgresql_using=f"{column}::{becomes.compile(dialect=postgresql.dialect())}",
            )
    with op.batch_alter_table("inbox") as table:
        table.create_unique_constraint(f"uq_inbox_{'_'.join(new)}", list(new))
    op.create_index("ix_inbox_received_at", "inbox", ["received_at"])
    new_only = sa.text("state = 'new'")
    op.create_index(
        *("ix_inbox_unfinished", "inbox", ["id"]),
        sqlite_where=new_only,
        postgresql_where=new_only,
    )


def _replace(old: str, new: str, renamed: Mapping[str, str]) -> None:
    """Make the table under its other name, move its rows, drop the old one."""
    columns = _columns(new)
    op.create_table(new, *columns)
    names = [column.name for column in columns if isinstance(column, sa.Column)]
    before = {after: source for source, after in renamed.items()}
    given = ", ".join(before.get(name, name) for name in names)
    op.execute(f"INSERT INTO {new} ({', '.join(names)}) SELECT {given} FROM {old}")  # noqa: S608
    if "id" in names and op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"SELECT setval(pg_get_serial_sequence('{new}', 'id'),"  # noqa: S608
            f" GREATEST((SELECT max(id) FROM {new}), 1), EXISTS (SELECT 1 FROM {new}))"
        )
    op.drop_table(old)
    for name, column in INDEXES.get(new, ()):
        op.create_index(name, new, [column])


INDEXES: Final = {
    "sent_message": (("ix_sent_message_message_id", "message_id"),),
    "placement": (("ix_placement_message_id", "message_id"),),
    "ticket_parent": (("ix_ticket_parent_parent_id", "parent_id"),),
    "parentage": (("ix_parentage_parent_id", "parent_id"),),
}


def _columns(table: str) -> list[sa.schema.SchemaItem]:
    match table:
        case "system_state" | "fact":
            return [
                sa.Column("name", sa.String(40), nullable=False),
                sa.Column("value", OBJECT, nullable=False),
                sa.Column("at", INSTANT, nullable=False),
                sa.PrimaryKeyConstraint("name", name=f"pk_{table}"),
            ]
        case "linked_chat" | "place":
            return [
                sa.Column("role", sa.String(16), nullable=False),
                sa.Column("configured", sa.BigInteger(), nullable=False),
                sa.Column("chat", sa.BigInteger(), nullable=False),
                sa.PrimaryKeyConstraint("role", name=f"pk_{table}"),
            ]
        case "person_merge" | "merge":
            return [
                _reference(table, "person_id", "person", required=True),
                _reference(table, "into_id", "person", required=True),
                sa.Column("at", INSTANT, nullable=False),
                sa.PrimaryKeyConstraint("person_id", name=f"pk_{table}"),
            ]
        case "ticket_parent" | "parentage":
            return [
                _reference(table, "child_id", "ticket", required=True),
                _reference(table, "parent_id", "ticket", required=True),
                sa.Column("since", INSTANT, nullable=False),
                sa.PrimaryKeyConstraint("child_id", name=f"pk_{table}"),
            ]
        case _:
            message = "message_ref" if table == "sent_message" else "ref"
            return [
                sa.Column("id", BIG_ID, nullable=False),
                sa.Column("chat", sa.BigInteger(), nullable=False),
                sa.Column(message, sa.BigInteger(), nullable=False),
                sa.Column("role", sa.String(8), nullable=False),
                _reference(table, "ticket_id", "ticket"),
                _reference(table, "message_id", "message"),
                sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
                sa.UniqueConstraint("chat", message, name=f"uq_{table}_chat_{message}"),
            ]


def _reference(table: str, name: str, other: str, *, required: bool = False) -> sa.Column[int]:
    key = sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{name}_{other}")
    return sa.Column(name, BIG_ID, key, nullable=not required)


def _drop_outbox_indexes(unique: str) -> None:
    for name in ("ix_outbox_pending", "ix_outbox_ready", unique):
        op.drop_index(name, "outbox")


def _make_outbox_indexes(order: str, order_at: str, dedup: str, unique: str) -> None:
    for name, columns, only in (
        ("ix_outbox_pending", [order, "id"], UNSENT),
        ("ix_outbox_ready", [order_at, "id"], "state = 'queued'"),
        (unique, [dedup], f"state = 'queued' AND {dedup} IS NOT NULL"),
    ):
        where = sa.text(only)
        op.create_index(
            *(name, "outbox", columns),
            unique=name == unique,
            sqlite_where=where,
            postgresql_where=where,
        )
