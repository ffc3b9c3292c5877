"""Entries of the journal can be neither changed nor deleted, whoever asks the database.

A release that has to change them (because somebody's data must be erased, say) takes the triggers
away in the transaction in which it does so, and puts them back. SQLite's batch operations copy a
table without its triggers: a migration that alters ``journal`` makes them anew.
"""

from typing import Final

from alembic import op

revision: Final = "0009"
down_revision: Final = "0008"

WHY: Final = "entries of the journal stay as they are"
VERBS: Final = ("update", "delete")


def upgrade() -> None:
    (_protect_postgres if _is_postgres() else _protect_sqlite)()


def _protect_sqlite() -> None:
    for verb in VERBS:
        op.execute(
            f"CREATE TRIGGER journal_no_{verb} BEFORE {verb.upper()} ON journal"
            f" BEGIN SELECT RAISE(ABORT, '{WHY}'); END"
        )


def _protect_postgres() -> None:
    op.execute(
        "CREATE FUNCTION journal_stays() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{WHY}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    for verb in (*VERBS, "truncate"):
        each = "STATEMENT" if verb == "truncate" else "ROW"
        op.execute(
            f"CREATE TRIGGER journal_no_{verb} BEFORE {verb.upper()} ON journal"
            f" FOR EACH {each} EXECUTE FUNCTION journal_stays()"
        )


def downgrade() -> None:
    if _is_postgres():
        op.execute("DROP FUNCTION journal_stays() CASCADE")
        return
    for verb in VERBS:
        op.execute(f"DROP TRIGGER journal_no_{verb}")


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"
