"""A desk that gets and sends mail over real connections."""

import shutil
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.db import Database
from tests.handlers.mail.desk_by_mail import Stage, stage_at
from tests.harness import fill
from tests.postgres import Postgres


@pytest.fixture
async def database(own_sqlite_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """SQLite, or PostgreSQL where a test says so."""
    with ExitStack() as stack:
        url = own_sqlite_url
        if getattr(request, "param", "sqlite") == "postgres":
            server: Postgres = request.getfixturevalue("postgres")
            server.prepare(fill)
            url = stack.enter_context(server.database())
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
