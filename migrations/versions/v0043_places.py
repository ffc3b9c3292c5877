"""Lists by topic, team, tag and priority, and lists by age, are read along indexes (D2).

Team, tags and priority stand in tables of their own: they get copies of the ticket's place in the
queue, which triggers keep, whatever process writes.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0043"
down_revision: Final = "0040"
ADDS_ONLY: Final = True

INSTANT: Final = sa.DateTime(timezone=True)
OPEN: Final = sa.text("queue_rank IS NOT NULL")
BESIDE: Final = {"ticket_tag": "tag", "ticket_team": "team", "classification": "priority"}
INDEXES: Final = {
    **{
        f"ix_{table}_{column}_queue": (table, [column, "queue_rank", "queue_at", "ticket_id"])
        for table, column in BESIDE.items()
    },
    **{
        f"ix_{table}_{column}_open": (table, [column, "ticket_id"])
        for table, column in BESIDE.items()
    },
    "ix_ticket_topic_queue": ("ticket", ["topic", "queue_rank", "queue_at", "id"]),
    "ix_ticket_open": ("ticket", ["id", "queue_rank"]),
    **{
        f"ix_ticket_{column}_open": ("ticket", [column, "id"])
        for column in ("topic", "assignee_id", "state")
    },
}

_PLACE: Final = (
    "(queue_rank, queue_at) ="
    " (SELECT queue_rank, queue_at FROM ticket WHERE id = {table}.ticket_id)"
)


def upgrade() -> None:
    if _is_postgres():
        # The ticket first, as actions do: one that holds a ticket and looks beside it would
        # otherwise wait for us, and we for it.
        op.execute(f"LOCK TABLE ticket, {', '.join(BESIDE)} IN ACCESS EXCLUSIVE MODE")
    for table in BESIDE:
        op.add_column(table, sa.Column("queue_rank", sa.Integer()))
        op.add_column(table, sa.Column("queue_at", INSTANT))
        is_open = "ticket_id IN (SELECT id FROM ticket WHERE queue_rank IS NOT NULL)"
        op.execute(f"UPDATE {table} SET {_PLACE.format(table=table)} WHERE {is_open}")  # noqa: S608
    # from here on: nobody else has written meanwhile
    (_keep_on_postgres if _is_postgres() else _keep_on_sqlite)()
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns, sqlite_where=OPEN, postgresql_where=OPEN)


def _keep_on_sqlite() -> None:
    moves = ""
    for table in BESIDE:
        here = f"UPDATE {table} SET {_PLACE.format(table=table)} WHERE ticket_id = NEW.ticket_id;"  # noqa: S608
        differs = (
            "NEW.queue_rank IS NOT (SELECT queue_rank FROM ticket WHERE id = NEW.ticket_id)"
            " OR NEW.queue_at IS NOT (SELECT queue_at FROM ticket WHERE id = NEW.ticket_id)"
        )
        for event in ("INSERT", "UPDATE OF ticket_id, queue_rank, queue_at"):
            name = f"{table}_place_{event[:6].lower()}"
            op.execute(
                f"CREATE TRIGGER {name} AFTER {event} ON {table} WHEN {differs} BEGIN {here} END"
            )
        moves += (
            f"UPDATE {table} SET queue_rank = NEW.queue_rank, queue_at = NEW.queue_at"  # noqa: S608
            " WHERE ticket_id = NEW.id;"
        )
    op.execute(
        "CREATE TRIGGER ticket_place AFTER UPDATE OF queue_rank, queue_at ON ticket"
        " WHEN NEW.queue_rank IS NOT OLD.queue_rank OR NEW.queue_at IS NOT OLD.queue_at"
        f" BEGIN {moves} END"
    )


def _keep_on_postgres() -> None:
    op.execute(
        "CREATE FUNCTION take_place() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " SELECT queue_rank, queue_at INTO NEW.queue_rank, NEW.queue_at"
        " FROM ticket WHERE id = NEW.ticket_id; RETURN NEW; END $$"
    )
    moves = ""
    for table in BESIDE:
        op.execute(
            f"CREATE TRIGGER {table}_place BEFORE INSERT OR UPDATE OF ticket_id, queue_rank,"
            f" queue_at ON {table} FOR EACH ROW EXECUTE FUNCTION take_place()"
        )
        moves += (
            f" UPDATE {table} SET queue_rank = NEW.queue_rank, queue_at = NEW.queue_at"  # noqa: S608
            " WHERE ticket_id = NEW.id;"
        )
    op.execute(
        "CREATE FUNCTION give_place() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN{moves} RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER ticket_place AFTER UPDATE OF queue_rank, queue_at ON ticket"
        " FOR EACH ROW WHEN (NEW.queue_rank IS DISTINCT FROM OLD.queue_rank"
        " OR NEW.queue_at IS DISTINCT FROM OLD.queue_at) EXECUTE FUNCTION give_place()"
    )


def downgrade() -> None:
    if _is_postgres():
        for function in ("take_place", "give_place"):
            op.execute(f"DROP FUNCTION {function}() CASCADE")
    else:
        op.execute("DROP TRIGGER ticket_place")
        for table in BESIDE:
            for event in ("insert", "update"):
                op.execute(f"DROP TRIGGER {table}_place_{event}")
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table)
    for table in BESIDE:
        op.drop_column(table, "queue_rank")
        op.drop_column(table, "queue_at")


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"
