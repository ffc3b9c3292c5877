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
from tests.actions.store import Store
from tests.clock import Clock
from tests.harness import fill
from tests.postgres import Postgres

# What the migrations have put there. It is copied aside once, and put back for each test.
SEEDED = {"state", "move", "topic", "category", "priority"}


@pytest.fixture(scope="session")
def postgres_url(postgres: Postgres) -> Iterator[str]:
    postgres.prepare(fill)
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_url(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("desk") / "desk.db"
    shutil.copyfile(migrated, path)
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
    if url not in kept:
        kept[url] = Database(url)
        await _run(kept[url], _ASIDE)
    await _empty(kept[url])
    return kept[url]


_TABLES = Row.metadata.sorted_tables
_SEEDS = [table.name for table in _TABLES if table.name in SEEDED]
_ASIDE = ";\n".join(
    f"CREATE TABLE seed_{name} AS SELECT * FROM {name}"  # noqa: S608  names of our own tables
    for name in _SEEDS
)
_EMPTIED = ";\n".join(
    [
        *(str(table.delete()) for table in reversed(_TABLES)),
        *(f"INSERT INTO {name} SELECT * FROM seed_{name}" for name in _SEEDS),  # noqa: S608
    ]
)


async def _run(database: Database, statements: str) -> None:
    if database.path is not None:
        with closing(sqlite3.connect(database.path)) as connection:
            connection.executescript(f"{statements};")
        return
    async with database.write() as session:
        await session.execute(text(f"DO $$ BEGIN\n{statements};\nEND $$"))


async def _empty(database: Database) -> None:
    """Delete what the test before has left, in one call: sixty would cost as much as a test.

    The journal's protection is lifted meanwhile: nobody else may empty it.
    """
    if database.path is not None:
        with closing(sqlite3.connect(database.path)) as connection:
            query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            triggers = connection.execute(query).fetchall()
            lifted = "".join(f"DROP TRIGGER {name};\n" for name, _ in triggers)
            protected = "".join(f"{sql};\n" for _, sql in triggers)
            connection.executescript(f"BEGIN IMMEDIATE;\n{lifted}{_EMPTIED};\n{protected}COMMIT;")
        return
    lifted, protected = (
        f"ALTER TABLE journal {verb} TRIGGER USER;\n" for verb in ("DISABLE", "ENABLE")
    )
    async with database.write() as session:
        await session.execute(text(f"DO $$ BEGIN\n{lifted}{_EMPTIED};\n{protected}END $$"))


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
