"""The migrations make exactly the tables that the models describe, and can take them away."""

import ast
import shutil
from collections.abc import AsyncIterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, String, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from bot import migrations
from bot.migrations import (
    NewerDatabase,
    config,
    head,
    migrate,
    must_be_alone,
    pending,
    undo,
)
from core.company import Company
from core.db import Database, Row
from core.db.types import AddressText
from core.desk import Desk
from core.models import JournalEntry
from core.tickets.catalog import Topics, topics_of, workflow_of
from core.tickets.workflow import Workflow
from core.tx import ReadTx
from tests.postgres import Postgres


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def empty(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[Database, Database]]:
    """Two databases with nothing in them."""
    with ExitStack() as stack:
        urls = [f"sqlite+aiosqlite:///{tmp_path / name}" for name in ("one", "other")]
        if request.param == "postgresql":
            server: Postgres = request.getfixturevalue("postgres")
            urls = [stack.enter_context(server.database()) for _ in urls]
        one, other = (Database(url) for url in urls)
        yield one, other
        await one.close()
        await other.close()


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": _differs})
    return list(compare_metadata(context, Row.metadata))


def _differs(context: MigrationContext, *_compared: Any) -> bool | None:
    """Widths of text mean nothing to SQLite, so 0048 leaves them there; all else is compared."""
    *_, found, described = _compared
    texts = isinstance(found, String) and isinstance(described, (String, AddressText))
    return False if texts and context.dialect.name == "sqlite" else None


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


def indexes(connection: Connection) -> list[str]:
    """How the database itself words its indexes, their conditions too; alembic overlooks those."""
    question = (
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'"
        if connection.dialect.name == "sqlite"
        else "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
    )
    found = connection.scalars(text(question)).all()
    return sorted(" ".join(words.split()) for words in found if "alembic_version" not in words)


async def test_they_make_what_the_models_describe(empty: tuple[Database, Database]) -> None:
    migrated, described = empty
    await migrate(migrated)
    await described.alter(Row.metadata.create_all)
    assert await migrated.alter(differences) == []
    assert await migrated.alter(indexes) == await described.alter(indexes)
    assert await migrated.alter(tables) == set(Row.metadata.tables)


async def test_what_is_up_to_date_is_left_alone(empty: tuple[Database, Database]) -> None:
    database, _ = empty
    assert await pending(database)
    await migrate(database)
    assert not await pending(database)
    await migrate(database)


async def test_they_can_be_taken_back_and_made_again(empty: tuple[Database, Database]) -> None:
    database, _ = empty
    await migrate(database)
    await undo(database)
    assert await database.alter(tables) == set()
    await migrate(database)
    assert not await pending(database)


async def test_tables_of_a_later_release_are_refused(empty: tuple[Database, Database]) -> None:
    database, _ = empty
    await migrate(database)
    async with database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabase):
        await migrate(database)


# Since 0017 a release works beside the one before; what is released otherwise says why.
ALONE = {
    "0026": "the sums of statistics are counted anew, by other rules",
    "0034": "the same, with the reasons of closing",
}


def test_a_migration_only_adds_or_it_is_known_why_the_desk_must_stand_still_for_it() -> None:
    later = {number: path for number, path in migrations._files().items() if number >= "0017"}
    assert later
    alone = {number for number, path in later.items() if not adds_only(path)}
    assert alone == set(ALONE)


def test_what_only_adds_takes_nothing_away_and_renames_nothing() -> None:
    found = [
        f"{path.name}: {call}"
        for path in migrations._files().values()
        if adds_only(path)
        for call in operations_of(path)
        if call.startswith(("drop_", "alter_", "rename_", "batch_alter"))
    ]
    assert not found


def adds_only(path: Path) -> bool:
    return migrations._ADDS_ONLY.search(path.read_text("utf-8")) is not None


def operations_of(path: Path) -> list[str]:
    """What a migration's `upgrade` calls."""
    tree = ast.parse(path.read_text("utf-8"))
    (upgrade,) = (
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    )
    calls = (node.func for node in ast.walk(upgrade) if isinstance(node, ast.Call))
    return [call.attr for call in calls if isinstance(call, ast.Attribute)]


LATER = """
from typing import Final
import sqlalchemy as sa
from alembic import op

revision: Final = "{revision}"
down_revision: Final = "{before}"
{adds_only}

def upgrade() -> None:
    op.create_table("later_{revision}", sa.Column("id", sa.Integer(), primary_key=True))
"""


async def test_a_release_works_beside_a_later_one_as_long_as_that_has_only_added(
    empty: tuple[Database, Database], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, _ = empty
    earlier = migrations.FOLDER
    later = shutil.copytree(earlier, tmp_path / "migrations")

    def release(folder: Path) -> None:
        monkeypatch.setattr(migrations, "FOLDER", folder)

    def add(revision: str, before: str, adds_only: str) -> None:
        words = LATER.format(revision=revision, before=before, adds_only=adds_only)
        (later / "versions" / f"v{revision}_later.py").write_text(words)

    assert await must_be_alone(database)  # it has no tables at all
    await migrate(database)
    add("9998", head(), "ADDS_ONLY: Final = True")
    release(later)
    assert await pending(database)
    assert not await must_be_alone(database)
    await migrate(database)
    release(earlier)
    assert not await pending(database)
    add("9999", "9998", "")
    release(later)
    assert await must_be_alone(database)
    await migrate(database)
    release(earlier)
    with pytest.raises(NewerDatabase):
        await pending(database)


async def test_a_fresh_desk_has_a_sound_workflow_and_topics(
    empty: tuple[Database, Database],
) -> None:
    database, _ = empty
    await migrate(database)

    async def look(tx: ReadTx) -> tuple[Workflow, Topics]:
        return await workflow_of(tx), await topics_of(tx)

    workflow, topics = await Desk(database, Company()).read(look)
    assert workflow.faults() == []
    assert list(workflow.states) == [
        *("new", "in_progress", "waiting", "frozen", "resolved", "reopened", "closed", "cancelled"),
        "on_hold",
    ]
    assert list(topics) == ["general", "payment", "picture", "access", "other", "camera"]
    assert not topics["camera"].active  # it is chosen by choosing a camera
    assert topics["payment"].title("ru") == "Оплата"
    assert topics["access"].title("en") == "Access and app"


def test_the_expected_revision_is_alembics_own_head() -> None:
    assert head() == ScriptDirectory.from_config(config()).get_current_head()


@pytest.mark.parametrize(
    "statement", ["UPDATE journal SET event = 'other'", "DELETE FROM journal WHERE event = 'made'"]
)
async def test_an_entry_of_the_journal_cannot_be_changed_or_deleted(
    empty: tuple[Database, Database], statement: str
) -> None:
    database, _ = empty
    await migrate(database)
    async with database.write() as session:
        await session.execute(
            insert(JournalEntry).values(at=datetime.now(UTC), event="made", facts={})
        )
    with pytest.raises(IntegrityError, match="stay as they are"):
        async with database.write() as session:
            await session.execute(text(statement))
    async with database.read() as session:
        assert (await session.scalars(select(JournalEntry.event))).all() == ["made"]
