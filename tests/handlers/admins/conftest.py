"""A group of one's own for each story; the tables are made once."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.migrations import migrate
from core.db import Database
from core.texts import Texts
from tests.handlers.operators.group import LOCALES, Group, operator_group


@pytest.fixture(scope="session")
def texts() -> Texts:
    return Texts.load(LOCALES)


@pytest.fixture(scope="session")
async def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with tables and first rows."""
    path = tmp_path_factory.mktemp("template") / "desk.db"
    database = Database(f"sqlite+aiosqlite:///{path}")
    await migrate(database)
    await database.close()
    return path


@pytest.fixture
async def group(template: Path, tmp_path: Path, texts: Texts) -> AsyncIterator[Group]:
    path = tmp_path / "desk.db"
    shutil.copy(template, path)
    async with operator_group(f"sqlite+aiosqlite:///{path}", texts) as group:
        yield group
