"""A desk on each of the two databases, with a clock that stands until it is moved."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from channels.telegram.addresses import chat_address
from core.company import Company
from core.db import Database, Row
from core.desk import Desk
from core.subscriptions import SUBSCRIBERS
from tests.actions import people
from tests.actions.sqlite_image import SQLiteImage
from tests.actions.store import Store
from tests.clock import Clock
from tests.emptied import empty
from tests.harness import fill
from tests.ordered import backwards
from tests.postgres import Postgres
from tests.slow_disk import slow_disk

__all__ = ["backwards", "slow_disk"]

SQLITE = "sqlite+aiosqlite:///"
# What the migrations have put there, and is there for each test.
SEEDED = {"state", "move", "topic", "category", "priority"}


@pytest.fixture(scope="session")
def postgres_url(postgres: Postgres) -> Iterator[str]:
    with postgres.database(fill) as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_url(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("desk") / "desk.db"
    shutil.copyfile(migrated, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"{_UNSEEDED};")
    return f"{SQLITE}{path}"


@pytest.fixture(scope="session")
async def kept() -> AsyncIterator[dict[str, Database]]:
    """Databases that stay connected from test to test: emptying is quicker than beginning anew,
    and what was compiled stays compiled.
    """
    databases: dict[str, Database] = {}
    yield databases
    for database in databases.values():
        await database.close()


@pytest.fixture(scope="session")
def sqlite_image(sqlite_url: str) -> Iterator[SQLiteImage]:
    image = SQLiteImage(Path(sqlite_url.removeprefix(SQLITE)))
    yield image
    image.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, kept: dict[str, Database]) -> Database:
    url = request.getfixturevalue(f"{request.param}_url")
    is_new = url not in kept
    if is_new:
        kept[url] = Database(url)
    database = kept[url]
    if request.param == "sqlite":
        request.getfixturevalue("sqlite_image").put_back()
        return database
    if is_new:
        async with database.write() as session:
            await session.execute(text(f"DO $$ BEGIN\n{_ASIDE};\nEND $$"))
    await empty(database, _SEEDED)
    return database


_TABLES = Row.metadata.sorted_tables
_SEEDS = [table.name for table in _TABLES if table.name in SEEDED]
_ASIDE = ";\n".join(
    f"CREATE TABLE seed_{name} AS SELECT * FROM {name}"  # noqa: S608  names of our own tables
    for name in _SEEDS
)
_UNSEEDED = ";\n".join(
    str(table.delete()) for table in reversed(_TABLES) if table.name not in SEEDED
)
_SEEDED = [f"INSERT INTO {name} SELECT * FROM seed_{name}" for name in _SEEDS]  # noqa: S608


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
