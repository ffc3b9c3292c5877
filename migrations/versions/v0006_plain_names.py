"""Tables and columns get the field's names; nothing is lost.

Tables that no other refers to are made anew and filled; in the others columns are renamed. What
comes in is known by its source and the source's id.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa
from alembic import op
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
# old table, new table
TABLES: Final = (
    ("fact", "system_state"),
    ("place", "linked_chat"),
    ("merge", "person_merge"),
    ("parentage", "ticket_parent"),
)
# What the columns of the one table are in the words of the other.
SENT: Final = {
    "channel": "'telegram'",
    "chat": "CAST(chat AS VARCHAR(200))",
    "message": "CAST(ref AS VARCHAR(200))",
    "role": "CASE role WHEN 'card' THEN 'former_card' ELSE role END",
    "digest": "NULL",
}
PLACED: Final = {
    "chat": "CAST(chat AS BIGINT)",
    "ref": "CAST(message AS BIGINT)",
    "role": "CASE role WHEN 'former_card' THEN 'card' ELSE role END",
}
UNSENT: Final = "state IN ('queued', 'sending')"


def upgrade() -> None:
    _drop_outbox_indexes("uq_outbox_once")
    for table, old, new in COLUMNS:
        op.alter_column(table, old, new_column_name=new)
    _key_inbox_by_source()
    _make_outbox_indexes("ordering_key", "order_at", "dedup_key", "uq_outbox_dedup_key")
    for old, new in TABLES:
        _replace(old, new)
    _replace("placement", "sent_message", SENT)
    _take_cards_from_tickets()
    for table in ("message", "note"):
        _name_sources(table)
    _rewrite_drafts(_with_ref)


def downgrade() -> None:
    _rewrite_drafts(_without_ref)
    for table in ("note", "message"):
        _number_sources(table)
    _give_cards_to_tickets()
    op.execute("DELETE FROM sent_message WHERE channel <> 'telegram'")
    _replace("sent_message", "placement", PLACED)
    for old, new in reversed(TABLES):
        _replace(new, old)
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
                postgresql_using=f"{column}::{_name_of(becomes)}",
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


def _replace(old: str, new: str, given: Mapping[str, str] = MappingProxyType({})) -> None:
    """Make the table under its other name, move its rows, drop the old one."""
    columns = _columns(new)
    op.create_table(new, *columns)
    names = [column.name for column in columns if isinstance(column, sa.Column)]
    values = ", ".join(given.get(name, name) for name in names)
    op.execute(f"INSERT INTO {new} ({', '.join(names)}) SELECT {values} FROM {old}")  # noqa: S608
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
            return [
                sa.Column("id", BIG_ID, nullable=False),
                *(_sent_message() if table == "sent_message" else _placement()),
                _reference(table, "ticket_id", "ticket"),
                _reference(table, "message_id", "message"),
                sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
            ]


def _sent_message() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("chat", sa.String(200), nullable=False),
        sa.Column("message", sa.String(200), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64)),
        sa.UniqueConstraint(
            *("channel", "chat", "message"), name="uq_sent_message_channel_chat_message"
        ),
    ]


def _placement() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("chat", sa.BigInteger(), nullable=False),
        sa.Column("ref", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(8), nullable=False),
        sa.UniqueConstraint("chat", "ref", name="uq_placement_chat_ref"),
    ]


def _take_cards_from_tickets() -> None:
    """Where a ticket's card stands and what it looked like is said by its own row."""
    here = (
        "t.id = sent_message.ticket_id AND CAST(t.card_chat AS VARCHAR(200)) = sent_message.chat"
        " AND CAST(t.card_message AS VARCHAR(200)) = sent_message.message"
    )
    op.execute(
        "UPDATE sent_message SET role = 'card',"  # noqa: S608
        f" digest = (SELECT t.card_digest FROM ticket t WHERE {here})"
        f" WHERE EXISTS (SELECT 1 FROM ticket t WHERE {here})"
    )
    op.execute(
        "INSERT INTO sent_message (channel, chat, message, role, ticket_id, digest)"
        " SELECT 'telegram', CAST(t.card_chat AS VARCHAR(200)),"
        " CAST(t.card_message AS VARCHAR(200)), 'card', t.id, t.card_digest FROM ticket t"
        " WHERE t.card_message IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sent_message s"
        " WHERE s.channel = 'telegram' AND s.chat = CAST(t.card_chat AS VARCHAR(200))"
        " AND s.message = CAST(t.card_message AS VARCHAR(200)))"
    )
    is_card = sa.text("role = 'card'")
    op.create_index(
        *("uq_sent_message_card", "sent_message", ["ticket_id"]),
        unique=True,
        sqlite_where=is_card,
        postgresql_where=is_card,
    )
    for name in CARD:
        op.drop_column("ticket", name)


CARD: Final = ("card_chat", "card_message", "card_digest")


def _give_cards_to_tickets() -> None:
    for name in CARD:
        kind = sa.String(64) if name == "card_digest" else sa.BigInteger()
        op.add_column("ticket", sa.Column(name, kind))
    for name, value in zip(
        CARD, ("CAST(chat AS BIGINT)", "CAST(message AS BIGINT)", "digest"), strict=True
    ):
        op.execute(
            f"UPDATE ticket SET {name} = (SELECT {value} FROM sent_message s"  # noqa: S608
            " WHERE s.ticket_id = ticket.id AND s.role = 'card' AND s.channel = 'telegram')"
        )


def _name_sources(table: str) -> None:
    """Where people's own words stand: the channel, and its names for the chat and the message."""
    _alter_sources(table, sa.BigInteger(), sa.String(200))


def _number_sources(table: str) -> None:
    """Words from elsewhere have no place in the release before: they stand nowhere."""
    op.execute(
        f"UPDATE {table} SET source_chat = '0', source_message = '0'"  # noqa: S608
        " WHERE source_channel <> 'telegram'"
    )
    _alter_sources(table, sa.String(200), sa.BigInteger())


def _alter_sources(
    table: str, before: sa.types.TypeEngine[Any], after: sa.types.TypeEngine[Any]
) -> None:
    named = isinstance(after, sa.String)
    for name, _, _ in (SOURCE_INDEX, *INDEXES_OF[table]):
        op.drop_index(name.format(table), table)
    with op.batch_alter_table(table) as batch:
        for column in ("source_chat", "source_message"):
            batch.alter_column(
                column,
                existing_type=before,
                existing_nullable=False,
                type_=after,
                postgresql_using=f"{column}::{_name_of(after)}",
            )
        if named:
            channel = sa.Column(
                "source_channel", sa.String(16), nullable=False, server_default="telegram"
            )
            batch.add_column(channel)
        else:
            batch.drop_column("source_channel")
    if named:
        with op.batch_alter_table(table) as batch:
            batch.alter_column("source_channel", existing_type=sa.String(16), server_default=None)
        op.execute(
            f"UPDATE {table} SET source_channel = '', source_chat = '', source_message = ''"  # noqa: S608
            " WHERE source_chat = '0'"
        )
    columns = (["source_channel"] if named else []) + ["source_chat", "source_message"]
    op.create_index(f"ix_{table}_source", table, columns)
    for name, columns, only in INDEXES_OF[table]:
        where = None if only is None else sa.text(only)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


Indexed = tuple[str, list[str], str | None]
SOURCE_INDEX: Final[Indexed] = ("ix_{}_source", [], None)
INDEXES_OF: Final[Mapping[str, tuple[Indexed, ...]]] = {
    "message": (
        ("ix_message_album", ["author_id", "album"], "album IS NOT NULL"),
        ("ix_message_ticket_id_id", ["ticket_id", "id"], None),
        ("ix_message_unfiled", ["author_id"], "ticket_id IS NULL"),
    ),
    "note": (("ix_note_ticket_id_id", ["ticket_id", "id"], None),),
}


def _name_of(kind: sa.types.TypeEngine[Any]) -> str:
    return f"VARCHAR({kind.length})" if isinstance(kind, sa.String) else "BIGINT"


def _rewrite_drafts(rewrite: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Words of a ticket that an operator was just writing by hand keep the place they stand at."""
    person = sa.table("person", sa.column("id", BIG_ID), sa.column("dialogue", OBJECT))
    rows = op.get_bind().execute(sa.select(person).where(person.c.dialogue.is_not(None))).all()
    for number, dialogue in rows:
        draft = dialogue.get("draft")
        words = draft.get("words") if isinstance(draft, dict) else None
        if isinstance(words, dict):
            changed = {**dialogue, "draft": {**draft, "words": rewrite(words)}}
            op.get_bind().execute(
                person.update().where(person.c.id == number).values(dialogue=changed)
            )


def _with_ref(words: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in words.items() if name not in ("chat", "message")}
    return rest | {"ref": f"telegram:{words['chat']}:{words['message']}"}


def _without_ref(words: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in words.items() if name != "ref"}
    _, chat, message = words["ref"].split(":")
    return rest | {"chat": int(chat), "message": int(message)}


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
