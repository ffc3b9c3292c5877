"""States with names and entrances, and versions of the directory.

Waiting for others becomes a state of its own.
"""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.tickets.default_workflow import ON_HOLD, ON_HOLD_MOVES, SOURCES, usual_verbs
from core.words.state_names import TITLES

revision: Final = "0016"
down_revision: Final = "0015"

BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OBJECT: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
INSTANT: Final = sa.DateTime(timezone=True)
TABLES: Final = ("directory_version",)
STATE_COLUMNS: Final = (
    "titles",
    "description",
    "entry",
    "marker",
    "reason",
    "leave_list",
    "active",
)


def upgrade() -> None:
    _make_directory()
    _widen_states()
    _name_states()
    _add_on_hold()
    _keep_moves()


def _key(table: str, column: str, target: str, **given: Any) -> Any:
    referred = target.partition(".")[0]
    name = f"fk_{table}_{column}_{referred}"
    kind = BIG_ID if target.endswith(".id") else sa.String(32)
    return sa.Column(column, kind, sa.ForeignKey(target, name=name), **given)


def _make_directory() -> None:
    op.create_table(
        "directory_version",
        sa.Column("number", BIG_ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        _key("directory_version", "person_id", "person.id"),
        sa.Column("origin", sa.String(8), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_directory_version"),
    )


def _widen_states() -> None:
    for name in ("titles", "description", "entry"):
        op.add_column("state", sa.Column(name, OBJECT))
    op.add_column("state", sa.Column("marker", sa.String(8)))
    op.add_column("state", sa.Column("reason", sa.String(200)))
    for name, value in (("leave_list", sa.false()), ("active", sa.true())):
        op.add_column("state", sa.Column(name, sa.Boolean(), nullable=False, server_default=value))


_STATE: Final = sa.table(
    "state",
    sa.column("position", sa.Integer()),
    *(sa.column(name, sa.String()) for name in ("code", "category")),
    *(sa.column(name, OBJECT) for name in ("titles", "entry")),
    *(
        sa.column(name, sa.Boolean())
        for name in ("initial", "pause", "resolution", "final", "leave_list", "active")
    ),
)
_MOVE: Final = sa.table(
    "move", *(sa.column(name, sa.String()) for name in ("source", "verb", "target"))
)


def _name_states() -> None:
    for code, titles in TITLES.items():
        op.execute(sa.update(_STATE).where(_STATE.c.code == code).values(titles=titles))
    for code, sources in SOURCES.items():
        entry = {"sources": list(sources)}
        op.execute(sa.update(_STATE).where(_STATE.c.code == code).values(entry=entry))


def _add_on_hold() -> None:
    taken = op.get_bind().scalar(sa.select(sa.func.max(_STATE.c.position))) or 0
    flags = {"initial": False, "resolution": False, "final": False, "leave_list": False}
    row = {
        "code": ON_HOLD.code,
        "position": taken + 1,
        "category": ON_HOLD.category,
        "titles": TITLES[ON_HOLD.code],
        "entry": {"sources": list(ON_HOLD.sources)},
        "pause": True,
        "active": True,
    }
    op.bulk_insert(_STATE, [flags | row])
    moves = [{"source": m.source, "verb": m.verb, "target": m.target} for m in ON_HOLD_MOVES]
    op.bulk_insert(_MOVE, moves)


def _keep_moves() -> None:
    """What a company has changed in the table of moves by hand is its own from now on."""
    ways: dict[str, dict[str, str]] = {}
    for source, verb, target in op.get_bind().execute(sa.select(_MOVE)).all():
        ways.setdefault(source, {})[verb] = target
    states = sa.select(_STATE.c.code, _STATE.c.category, _STATE.c.entry)
    for code, category, entry in op.get_bind().execute(states).all():
        if ways.get(code, {}) != usual_verbs(code, category):
            kept = {**(entry or {}), "verbs": ways.get(code, {})}
            op.execute(sa.update(_STATE).where(_STATE.c.code == code).values(entry=kept))


def downgrade() -> None:
    """Tickets that wait for others are frozen again."""
    op.execute("UPDATE ticket SET state = 'frozen' WHERE state = 'on_hold'")
    op.execute("DELETE FROM move WHERE source = 'on_hold' OR target = 'on_hold'")
    op.execute("DELETE FROM state WHERE code = 'on_hold'")
    for name in reversed(STATE_COLUMNS):
        op.drop_column("state", name)
    for table in reversed(TABLES):
        op.drop_table(table)
