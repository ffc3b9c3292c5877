"""A desk on each of the two databases, with a clock that stands until it is moved."""

import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.migrations import migrate
from channels.telegram.addresses import chat_address
from core.company import Company
from core.db import Database, Row
from core.desk import Desk
from core.subscriptions import SUBSCRIBERS
from tests.actions import people
from tests.actions.store import Store
from tests.postgres import Postgres, in_a_thread

# What the migrations have put there; a test that wants it otherwise changes `desk.cache`.
SEEDED = {"state", "move", "topic", "category", "priority"}


class Clock:
    """Stands still; only a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


async def _fill(url: str) -> None:
    database = Database(url)
    await migrate(database)
    await database.close()


def _fill_apart(url: str) -> None:
    in_a_thread(_fill(url))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy: migrating costs a second, copying nothing."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    _fill_apart(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
def own_sqlite_url(template: Path, tmp_path: Path) -> str:
    """A SQLite file of the test's own."""
    path = tmp_path / "desk.db"
    shutil.copyfile(template, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_url(postgres: Postgres) -> Iterator[str]:
    postgres.prepare(_fill_apart)
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_url(template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("desk") / "desk.db"
    shutil.copyfile(template, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture(scope="session")
async def kept() -> AsyncIterator[dict[str, Database]]:
    """Databases that stay connected from test to test: emptying is quicker than beginning anew,
    and what was compiled stays compiled.
    """
    databases: dict[str, Database] = {}
    yield databases
    for database in databases.values():
        await database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, kept: dict[str, Database]) -> Database:
    url = request.getfixturevalue(f"{request.param}_url")
    database = kept.get(url) or kept.setdefault(url, Database(url))
    async with database.write() as session:
        for table in reversed(Row.metadata.sorted_tables):
            if table.name not in SEEDED:
                await session.execute(table.delete())
    return database


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def company() -> Company:
    return Company(
        name="Our Yard",
        language="en",
        admins=people.ADMINS,
        operators_chat=chat_address(people.OPERATORS),
        alerts_chat=chat_address(people.ALERTS),
        mail_alerts_to=("staff@example.org",),
    )


@pytest.fixture
def desk(database: Database, clock: Clock, company: Company) -> Desk:
    return Desk(database, company, SUBSCRIBERS, clock=clock)


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)
