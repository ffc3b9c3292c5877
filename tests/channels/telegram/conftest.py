"""A desk, its Telegram channel and a strict Telegram, with a customer and two operators."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.migrations import migrate
from core.db import Database
from core.texts import Texts
from sandbox import World
from tests.channels.telegram.house import House
from tests.postgres import in_a_thread

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def texts() -> Texts:
    return Texts.load(ROOT / "locales")


@pytest.fixture(scope="session")
def empty_desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("empty") / "desk.db"

    async def make() -> None:
        database = Database(f"sqlite+aiosqlite:///{path}")
        await migrate(database)
        await database.close()

    in_a_thread(make())
    return path


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World.start() as world:
        yield world


@pytest.fixture
async def house(
    world: World, texts: Texts, empty_desk: Path, tmp_path: Path
) -> AsyncIterator[House]:
    shutil.copyfile(empty_desk, tmp_path / "desk.db")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'desk.db'}")
    house = House(world, texts, database)
    yield house
    await house.bot.session.close()
    await database.close()
