"""The first tables, and what they hold on the first day."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.tickets.default_workflow import FIRST_MOVES, FIRST_STATES
from migrations.seeds import TOPICS

revision: Final = "0001"
down_revision: Final = None

# SQLite gives a row id only to a column declared INTEGER.
BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT: Final = sa.DateTime(timezone=True)
OBJECT: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

# In this order each finds what it refers to.
TABLES: Final = (
    "fact",
    "inbox",
    "person",
    "place",
    "state",
    "topic",
    "move",
    "ticket",
    "journal",
    "message",
    "note",
    "timer",
    "outbox",
    "placement",
)


def upgrade() -> None:
    _make_fact()
    _make_inbox()
    _make_person()
    _make_place()
    _make_state()
    _make_topic()
    _make_move()
    _make_ticket()
    _make_journal()
    _make_message()
    _make_note()
    _make_timer()
    _make_outbox()
    _make_placement()
    _seed_workflow()
    _seed_topics()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _index(
    name: str, table: str, columns: list[str], *, unique: bool = False, where: str | None = None
) -> None:
    only = None if where is None else sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=only, postgresql_where=only)


def _make_fact() -> None:
    op.create_table(
        "fact",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", OBJECT, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_fact"),
    )


def _make_inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("update_id", sa.BigInteger(), nullable=False),
        sa.Column("lane", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.UniqueConstraint("bot_id", "update_id", name="uq_inbox_bot_id_update_id"),
    )
    _index("ix_inbox_received_at", "inbox", ["received_at"])
    _index("ix_inbox_unfinished", "inbox", ["id"], where="state = 'new'")


def _make_person() -> None:
    op.create_table(
        "person",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("telegram_id", sa.BigInteger()),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("username", sa.String(64)),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("language_chosen", sa.Boolean(), nullable=False),
        sa.Column("dialogue", OBJECT),
        sa.Column("unreachable_since", INSTANT),
        sa.Column("operator_since", INSTANT),
        sa.Column("operator_left", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("telegram_id", name="uq_person_telegram_id"),
    )
    _index("ix_person_username", "person", ["username"])


def _make_place() -> None:
    op.create_table(
        "place",
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("configured", sa.BigInteger(), nullable=False),
        sa.Column("chat", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("role", name="pk_place"),
    )


def _make_state() -> None:
    op.create_table(
        "state",
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(16), nullable=False),
        sa.Column("initial", sa.Boolean(), nullable=False),
        sa.Column("pause", sa.Boolean(), nullable=False),
        sa.Column("resolution", sa.Boolean(), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_state"),
    )


def _make_topic() -> None:
    op.create_table(
        "topic",
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("titles", OBJECT),
        sa.Column("answer_seconds", sa.Integer()),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_topic"),
    )


def _make_move() -> None:
    op.create_table(
        "move",
        sa.Column(
            "source",
            sa.String(32),
            sa.ForeignKey("state.code", name="fk_move_source_state"),
            nullable=False,
        ),
        sa.Column("verb", sa.String(16), nullable=False),
        sa.Column(
            "target",
            sa.String(32),
            sa.ForeignKey("state.code", name="fk_move_target_state"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("source", "verb", name="pk_move"),
    )


def _make_ticket() -> None:
    op.create_table(
        "ticket",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column(
            "customer_id",
            BIG_ID,
            sa.ForeignKey("person.id", name="fk_ticket_customer_id_person"),
            nullable=False,
        ),
        sa.Column(
            "topic", sa.String(32), sa.ForeignKey("topic.code", name="fk_ticket_topic_topic")
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.String(32),
            sa.ForeignKey("state.code", name="fk_ticket_state_state"),
            nullable=False,
        ),
        sa.Column(
            "assignee_id", BIG_ID, sa.ForeignKey("person.id", name="fk_ticket_assignee_id_person")
        ),
        sa.Column("assigned_at", INSTANT),
        sa.Column(
            "earlier_assignee_id",
            BIG_ID,
            sa.ForeignKey("person.id", name="fk_ticket_earlier_assignee_id_person"),
        ),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column(
            "follows_id", BIG_ID, sa.ForeignKey("ticket.id", name="fk_ticket_follows_id_ticket")
        ),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("opening", sa.Text(), nullable=False),
        sa.Column("waiting_since", INSTANT),
        sa.Column("answer_due", INSTANT),
        sa.Column("answer_left", sa.Integer()),
        sa.Column("frozen_until", INSTANT),
        sa.Column("reason", sa.Text()),
        sa.Column("resolved_at", INSTANT),
        sa.Column("closed_at", INSTANT),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("queue_rank", sa.Integer()),
        sa.Column("queue_at", INSTANT),
        sa.Column("card_chat", sa.BigInteger()),
        sa.Column("card_message", sa.BigInteger()),
        sa.Column("card_digest", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_ticket"),
    )
    _index(
        "ix_ticket_assignee_queue",
        "ticket",
        ["assignee_id", "queue_rank", "queue_at", "id"],
        where="queue_rank IS NOT NULL",
    )
    _index("ix_ticket_customer_id_id", "ticket", ["customer_id", "id"])
    _index(
        "ix_ticket_queue",
        "ticket",
        ["queue_rank", "queue_at", "id"],
        where="queue_rank IS NOT NULL",
    )


def _make_journal() -> None:
    op.create_table(
        "journal",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column(
            "ticket_id", BIG_ID, sa.ForeignKey("ticket.id", name="fk_journal_ticket_id_ticket")
        ),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column(
            "actor_id", BIG_ID, sa.ForeignKey("person.id", name="fk_journal_actor_id_person")
        ),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("facts", OBJECT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_journal"),
    )
    _index("ix_journal_ticket_id_id", "journal", ["ticket_id", "id"])


def _make_message() -> None:
    op.create_table(
        "message",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column(
            "ticket_id", BIG_ID, sa.ForeignKey("ticket.id", name="fk_message_ticket_id_ticket")
        ),
        sa.Column(
            "author_id",
            BIG_ID,
            sa.ForeignKey("person.id", name="fk_message_author_id_person"),
            nullable=False,
        ),
        sa.Column("from_customer", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("content", OBJECT, nullable=False),
        sa.Column("album", sa.String(64)),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("in_card", sa.Boolean(), nullable=False),
        sa.Column("source_chat", sa.BigInteger(), nullable=False),
        sa.Column("source_message", sa.BigInteger(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("edited_at", INSTANT),
        sa.Column("delivered_at", INSTANT),
        sa.Column("withdrawn_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
    )
    _index("ix_message_album", "message", ["author_id", "album"], where="album IS NOT NULL")
    _index("ix_message_source", "message", ["source_chat", "source_message"])
    _index("ix_message_ticket_id_id", "message", ["ticket_id", "id"])
    _index("ix_message_unfiled", "message", ["author_id"], where="ticket_id IS NULL")


def _make_note() -> None:
    op.create_table(
        "note",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column(
            "ticket_id",
            BIG_ID,
            sa.ForeignKey("ticket.id", name="fk_note_ticket_id_ticket"),
            nullable=False,
        ),
        sa.Column(
            "author_id",
            BIG_ID,
            sa.ForeignKey("person.id", name="fk_note_author_id_person"),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("content", OBJECT, nullable=False),
        sa.Column("source_chat", sa.BigInteger(), nullable=False),
        sa.Column("source_message", sa.BigInteger(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("edited_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_note"),
    )
    _index("ix_note_source", "note", ["source_chat", "source_message"])
    _index("ix_note_ticket_id_id", "note", ["ticket_id", "id"])


def _make_timer() -> None:
    op.create_table(
        "timer",
        sa.Column(
            "ticket_id",
            BIG_ID,
            sa.ForeignKey("ticket.id", name="fk_timer_ticket_id_ticket"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("due_at", INSTANT),
        sa.PrimaryKeyConstraint("ticket_id", "kind", name="pk_timer"),
    )
    _index("ix_timer_due", "timer", ["due_at"], where="due_at IS NOT NULL")


def _make_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("lane", sa.String(220), nullable=False),
        sa.Column("locale", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("key", sa.String(64)),
        sa.Column("facts", OBJECT, nullable=False),
        sa.Column(
            "ticket_id", BIG_ID, sa.ForeignKey("ticket.id", name="fk_outbox_ticket_id_ticket")
        ),
        sa.Column(
            "message_id", BIG_ID, sa.ForeignKey("message.id", name="fk_outbox_message_id_message")
        ),
        sa.Column(
            "person_id", BIG_ID, sa.ForeignKey("person.id", name="fk_outbox_person_id_person")
        ),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("once", sa.String(80)),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("not_before", INSTANT, nullable=False),
        sa.Column("turn_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("mark", OBJECT),
        sa.Column("error", sa.Text()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("done_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    _index("ix_outbox_created_at", "outbox", ["created_at"])
    _index("ix_outbox_pending", "outbox", ["lane", "id"], where="state IN ('queued', 'sending')")
    _index("ix_outbox_ready", "outbox", ["turn_at", "id"], where="state = 'queued'")
    _index(
        "uq_outbox_once",
        "outbox",
        ["once"],
        unique=True,
        where="state = 'queued' AND once IS NOT NULL",
    )


def _make_placement() -> None:
    op.create_table(
        "placement",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("chat", sa.BigInteger(), nullable=False),
        sa.Column("ref", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(8), nullable=False),
        sa.Column(
            "ticket_id", BIG_ID, sa.ForeignKey("ticket.id", name="fk_placement_ticket_id_ticket")
        ),
        sa.Column(
            "message_id",
            BIG_ID,
            sa.ForeignKey("message.id", name="fk_placement_message_id_message"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_placement"),
        sa.UniqueConstraint("chat", "ref", name="uq_placement_chat_ref"),
    )
    _index("ix_placement_message_id", "placement", ["message_id"])


def _seed_workflow() -> None:
    state = sa.table(
        "state",
        sa.column("position", sa.Integer()),
        *(sa.column(name, sa.String()) for name in ("code", "category")),
        *(sa.column(name, sa.Boolean()) for name in ("initial", "pause", "resolution", "final")),
    )
    move = sa.table(
        "move", *(sa.column(name, sa.String()) for name in ("source", "verb", "target"))
    )
    columns = ("code", "category", "initial", "pause", "resolution", "final")
    states = [
        {"position": place} | {name: getattr(row, name) for name in columns}
        for place, row in enumerate(FIRST_STATES, start=1)
    ]
    op.bulk_insert(state, states)
    moves = [{"source": row.source, "verb": row.verb, "target": row.target} for row in FIRST_MOVES]
    op.bulk_insert(move, moves)


def _seed_topics() -> None:
    topic = sa.table(
        "topic",
        sa.column("code", sa.String()),
        sa.column("position", sa.Integer()),
        sa.column("titles", OBJECT),
        sa.column("active", sa.Boolean()),
    )
    rows = [
        {"code": code, "position": place, "titles": titles, "active": True}
        for place, (code, titles) in enumerate(TOPICS, start=1)
    ]
    op.bulk_insert(topic, rows)
