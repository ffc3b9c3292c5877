"""A desk that gets and sends mail over real connections."""

import shutil
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.migrations import migrate
from core.db import Database
from tests.handlers.mail.desk_by_mail import Stage, stage_at
from tests.postgres import Postgres, in_a_thread


async def _fill(url: str) -> None:
    database = Database(url)
    await migrate(database)
    await database.close()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    in_a_thread(_fill(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture
async def database(
    migrated: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Database]:
    """SQLite, or PostgreSQL where a test says so."""
    with ExitStack() as stack:
        if getattr(request, "param", "sqlite") == "postgres":
            server: Postgres = request.getfixturevalue("postgres")
            url = stack.enter_context(server.database())
        else:
            url = f"sqlite+aiosqlite:///{shutil.copyfile(migrated, tmp_path / 'desk.db')}"
        database = Database(url)
        yield database
        await database.close()


@pytest.fixture
async def other_database(migrated: Path, tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{shutil.copyfile(migrated, tmp_path / 'other.db')}")
    yield database
    await database.close()


@pytest.fixture
async def stage(database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage_at(database, tmp_path / "files") as stage:
        yield stage
