"""The work behind a ticket: contacts, equipment, tasks, teams, agreements, links."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.seeds import CAMERA_TOPIC, CATEGORIES, PRIORITIES

revision: Final = "0004"
down_revision: Final = "0003"

# SQLite gives a row id only to a column declared INTEGER; references are declared alike.
BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT: Final = sa.DateTime(timezone=True)
OBJECT: Final = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

# In this order each finds what it refers to.
TABLES: Final = (
    "account",
    "account_member",
    "merge",
    "contact_point",
    "calendar",
    "agreement",
    "contract",
    "service",
    "category",
    "priority",
    "agreement_term",
    "classification",
    "clock",
    "team",
    "team_member",
    "duty",
    "ticket_team",
    "camera",
    "camera_owner",
    "ticket_camera",
    "outage",
    "outage_offer",
    "task",
    "parentage",
    "link",
)


def upgrade() -> None:
    op.add_column("person", sa.Column("zone", sa.String(64), nullable=True))
    _make_account()
    _make_account_member()
    _make_merge()
    _make_contact_point()
    _make_calendar()
    _make_agreement()
    _make_contract()
    _make_service()
    _make_category()
    _make_priority()
    _make_agreement_term()
    _make_classification()
    _make_clock()
    _make_team()
    _make_team_member()
    _make_duty()
    _make_ticket_team()
    _make_camera()
    _make_camera_owner()
    _make_ticket_camera()
    _make_outage()
    _make_outage_offer()
    _make_task()
    _make_parentage()
    _make_link()
    _seed()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("ALTER TABLE person DROP COLUMN zone")
    op.execute("UPDATE ticket SET topic = NULL WHERE topic = 'camera'")
    op.execute("DELETE FROM topic WHERE code = 'camera'")


def _make_account() -> None:
    op.create_table(
        "account",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("name", name="uq_account_name"),
    )


def _make_account_member() -> None:
    op.create_table(
        "account_member",
        sa.Column(
            "person_id",
            BIG_ID,
            sa.ForeignKey("person.id", name="fk_account_member_person_id_person"),
            nullable=False,
        ),
        sa.Column(
            "account_id",
            BIG_ID,
            sa.ForeignKey("account.id", name="fk_account_member_account_id_account"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_account_member"),
    )
    op.create_index("ix_account_member_account_id", "account_member", ["account_id"])


def _make_merge() -> None:
    op.create_table(
        "merge",
        sa.Column(
            "person_id",
            BIG_ID,
            sa.ForeignKey("person.id", name="fk_merge_person_id_person"),
            nullable=False,
        ),
        sa.Column(
            "into_id",
            BIG_ID,
            sa.ForeignKey("person.id", name="fk_merge_into_id_person"),
            nullable=False,
        ),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", name="pk_merge"),
    )


def _make_contact_point() -> None:
    op.create_table(
        "contact_point",
        sa.Column(
            "person_id",
            BIG_ID,
            sa.ForeignKey("person.id", name="fk_contact_point_person_id_person"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.Column("verified_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("person_id", "kind", "value", name="pk_contact_point"),
    )
    op.create_index("ix_contact_point_kind_value", "contact_point", ["kind", "value"])
    op.create_index(
        "uq_contact_point_verified",
        "contact_point",
        ["kind", "value"],
        unique=True,
        sqlite_where=sa.text("verified_at IS NOT NULL"),
        postgresql_where=sa.text("verified_at IS NOT NULL"),
    )


def _make_calendar() -> None:
    op.create_table(
        "calendar",
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("week", OBJECT, nullable=False),
        sa.Column("days", OBJECT, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_calendar"),
    )


def _make_agreement() -> None:
    op.create_table(
        "agreement",
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column(
            "calendar",
            sa.String(32),
            sa.ForeignKey("calendar.code", name="fk_agreement_calendar_calendar"),
            nullable=False,
        ),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_agreement"),
    )


def _make_contract() -> None:
    op.create_table(
        "contract",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column(
            "account_id",
            BIG_ID,
            sa.ForeignKey("account.id", name="fk_contract_account_id_account"),
            nullable=False,
        ),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column(
            "agreement",
            sa.String(32),
            sa.ForeignKey("agreement.code", name="fk_contract_agreement_agreement"),
            nullable=True,
        ),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_contract"),
        sa.UniqueConstraint("number", name="uq_contract_number"),
    )
    op.create_index("ix_contract_account_id", "contract", ["account_id"])


def _make_service() -> None:
    op.create_table(
        "service",
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("titles", OBJECT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_service"),
    )


def _make_category() -> None:
    op.create_table(
        "category",
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("titles", OBJECT, nullable=False),
        sa.Column("diagnosed", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_category"),
    )


def _make_priority() -> None:
    op.create_table(
        "priority",
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("titles", OBJECT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_priority"),
    )


def _make_agreement_term() -> None:
    op.create_table(
        "agreement_term",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column(
            "agreement",
            sa.String(32),
            sa.ForeignKey("agreement.code", name="fk_agreement_term_agreement_agreement"),
            nullable=False,
        ),
        sa.Column(
            "service",
            sa.String(32),
            sa.ForeignKey("service.code", name="fk_agreement_term_service_service"),
            nullable=True,
        ),
        sa.Column(
            "category",
            sa.String(32),
            sa.ForeignKey("category.code", name="fk_agreement_term_category_category"),
            nullable=True,
        ),
        sa.Column(
            "priority",
            sa.String(32),
            sa.ForeignKey("priority.code", name="fk_agreement_term_priority_priority"),
            nullable=True,
        ),
        sa.Column("reaction", sa.Integer(), nullable=True),
        sa.Column("resolution", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_agreement_term"),
    )
    op.create_index("ix_agreement_term_agreement", "agreement_term", ["agreement"])


def _make_classification() -> None:
    op.create_table(
        "classification",
        sa.Column(
            "ticket_id",
            BIG_ID,
            sa.ForeignKey("ticket.id", name="fk_classification_ticket_id_ticket"),
            nullable=False,
        ),
        sa.Column(
            "service",
            sa.String(32),
            sa.ForeignKey("service.code", name="fk_classification_service_service"),
            nullable=True,
        ),
        sa.Column(
            "category",
            sa.String(32),
            sa.ForeignKey("category.code", name="fk_classification_category_category"),
            nullable=True,
        ),
        sa.Column(
            "priority",
            sa.String(32),
            sa.ForeignKey("priority.code", name="fk_classification_priority_priority"),
            nullable=True,
        ),
        sa.Column(
            "agreement",
            sa.String(32),
            sa.ForeignKey("agreement.code", name="fk_classification_agreement_agreement"),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_classification"),
    )


def _make_clock() -> None:
    op.create_table(
        "clock",
        sa.Column(
            "ticket_id",
            BIG_ID,
            sa.ForeignKey("ticket.id", name="fk_clock_ticket_id_ticket"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column(
            "calendar",
            sa.String(32),
            sa.ForeignKey("calendar.code", name="fk_clock_calendar_calendar"),
            nullable=False,
        ),
        sa.Column("span", sa.Integer(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("left", sa.Integer(), nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("missed_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("ticket_id", "kind", name="pk_clock"),
    )


def _make_team() -> None:
    op.create_table(
        "team",
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("titles", OBJECT, nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("chat", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_team"),
        sa.UniqueConstraint("chat", name="uq_team_chat"),
    )


def _make_team_member() -> None:
    op.create_table(
        "team_member",
        sa.Column(
            "team",
            sa.String(32),
            sa.ForeignKey("team.code", name="fk_team_member_team_team"),
            nullable=False,
        ),
        sa.Column(
            "person_id",
            BIG_ID,
            sa.ForeignKey("person.id", name="fk_team_member_person_id_person"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("team", "person_id", name="pk_team_member"),
    )
    op.create_index("ix_team_member_person_id", "team_member", ["person_id"])


def _make_duty() -> None:
    op.create_table(
        "duty",
        sa.Column(
            "person_id",
            BIG_ID,
            sa.ForeignKey("person.id", name="fk_duty_person_id_person"),
            nullable=False,
        ),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", name="pk_duty"),
    )


def _make_ticket_team() -> None:
    op.create_table(
        "ticket_team",
        sa.Column(
            "ticket_id",
            BIG_ID,
            sa.ForeignKey("ticket.id", name="fk_ticket_team_ticket_id_ticket"),
            nullable=False,
        ),
        sa.Column(
            "team",
            sa.String(32),
            sa.ForeignKey("team.code", name="fk_ticket_team_team_team"),
            nullable=True,
        ),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_ticket_team"),
    )
    op.create_index("ix_ticket_team_team", "ticket_team", ["team"])


def _make_camera() -> None:
    op.create_table(
        "camera",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("address", sa.String(300), nullable=False),
        sa.Column("area", sa.String(100), nullable=False),
        sa.Column("fields", OBJECT, nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_camera"),
        sa.UniqueConstraint("number", name="uq_camera_number"),
    )
    op.create_index("ix_camera_area", "camera", ["area"])


def _make_camera_owner() -> None:
    op.create_table(
        "camera_owner",
        sa.Column(
            "camera_id",
            BIG_ID,
            sa.ForeignKey("camera.id", name="fk_camera_owner_camera_id_camera"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("camera_id", "kind", "value", name="pk_camera_owner"),
    )
    op.create_index("ix_camera_owner_kind_value", "camera_owner", ["kind", "value"])


def _make_ticket_camera() -> None:
    op.create_table(
        "ticket_camera",
        sa.Column(
            "ticket_id",
            BIG_ID,
            sa.ForeignKey("ticket.id", name="fk_ticket_camera_ticket_id_ticket"),
            nullable=False,
        ),
        sa.Column(
            "camera_id",
            BIG_ID,
            sa.ForeignKey("camera.id", name="fk_ticket_camera_camera_id_camera"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_ticket_camera"),
    )
    op.create_index("ix_ticket_camera_camera_id", "ticket_camera", ["camera_id"])


def _make_outage() -> None:
    op.create_table(
        "outage",
        sa.Column(
            "ticket_id",
            BIG_ID,
            sa.ForeignKey("ticket.id", name="fk_outage_ticket_id_ticket"),
            nullable=False,
        ),
        sa.Column("area", sa.String(100), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_outage"),
    )
    op.create_index("ix_outage_area", "outage", ["area"])


def _make_outage_offer() -> None:
    op.create_table(
        "outage_offer",
        sa.Column("area", sa.String(100), nullable=False),
        sa.Column("offered_at", INSTANT, nullable=False),
        sa.Column("declined_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("area", name="pk_outage_offer"),
    )


def _make_task() -> None:
    op.create_table(
        "task",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column(
            "ticket_id",
            BIG_ID,
            sa.ForeignKey("ticket.id", name="fk_task_ticket_id_ticket"),
            nullable=False,
        ),
        sa.Column(
            "camera_id",
            BIG_ID,
            sa.ForeignKey("camera.id", name="fk_task_camera_id_camera"),
            nullable=True,
        ),
        sa.Column(
            "assignee_id",
            BIG_ID,
            sa.ForeignKey("person.id", name="fk_task_assignee_id_person"),
            nullable=True,
        ),
        sa.Column(
            "team",
            sa.String(32),
            sa.ForeignKey("team.code", name="fk_task_team_team"),
            nullable=True,
        ),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("taken_at", INSTANT, nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
    )
    op.create_index(
        "ix_task_open",
        "task",
        ["id"],
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_task_ticket_id", "task", ["ticket_id"])
    op.create_index(
        "uq_task_open",
        "task",
        ["ticket_id", "kind", "assignee_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "uq_task_open_unassigned",
        "task",
        ["ticket_id", "kind"],
        unique=True,
        sqlite_where=sa.text("state = 'open' AND assignee_id IS NULL"),
        postgresql_where=sa.text("state = 'open' AND assignee_id IS NULL"),
    )


def _make_parentage() -> None:
    op.create_table(
        "parentage",
        sa.Column(
            "child_id",
            BIG_ID,
            sa.ForeignKey("ticket.id", name="fk_parentage_child_id_ticket"),
            nullable=False,
        ),
        sa.Column(
            "parent_id",
            BIG_ID,
            sa.ForeignKey("ticket.id", name="fk_parentage_parent_id_ticket"),
            nullable=False,
        ),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("child_id", name="pk_parentage"),
    )
    op.create_index("ix_parentage_parent_id", "parentage", ["parent_id"])


def _make_link() -> None:
    op.create_table(
        "link",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column(
            "ticket_id",
            BIG_ID,
            sa.ForeignKey("ticket.id", name="fk_link_ticket_id_ticket"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column(
            "other_id",
            BIG_ID,
            sa.ForeignKey("ticket.id", name="fk_link_other_id_ticket"),
            nullable=True,
        ),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("title", sa.String(200), nullable=True),
        sa.Column("state", sa.String(64), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_link"),
    )
    op.create_index("ix_link_other_id", "link", ["other_id"])
    op.create_index("ix_link_ticket_id", "link", ["ticket_id"])


def _seed() -> None:
    """What every desk has on the first day; services and agreements are the company's own."""
    _fill(
        "category",
        {"position": sa.Integer(), "diagnosed": sa.Boolean()},
        [
            {"code": code, "titles": dict(titles), "position": at, "diagnosed": diagnosed}
            for at, (code, titles, diagnosed) in enumerate(CATEGORIES)
        ],
    )
    _fill(
        "priority",
        {"rank": sa.Integer()},
        [
            {"code": code, "titles": dict(titles), "rank": rank}
            for rank, (code, titles) in enumerate(PRIORITIES, start=1)
        ],
    )
    _seed_camera_topic()


def _seed_camera_topic() -> None:
    """Not in the menu: the way to it leads over a camera."""
    topic = sa.table(
        "topic",
        sa.column("code", sa.String()),
        sa.column("position", sa.Integer()),
        sa.column("titles", OBJECT),
        sa.column("active", sa.Boolean()),
    )
    code, titles = CAMERA_TOPIC
    op.bulk_insert(
        topic, [{"code": code, "position": 100, "titles": dict(titles), "active": False}]
    )


def _fill(table: str, more: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    columns = {"code": sa.String(), "titles": OBJECT, "active": sa.Boolean()} | more
    op.bulk_insert(
        sa.table(table, *(sa.column(name, kind) for name, kind in columns.items())),
        [row | {"active": True} for row in rows],
    )
