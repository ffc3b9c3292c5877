"""A desk on each of the two databases, with a clock that stands until it is moved."""

import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.migrate import migrate
from core import journal
from core.company import Company
from core.db import Database
from core.delivery import outbox
from core.desk import Desk
from tests.actions import people
from tests.actions.store import Store
from tests.postgres import Postgres, in_a_thread

POSTGRES = pytest.param("postgresql", marks=pytest.mark.postgres)


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
def sqlite_url(template: Path, tmp_path: Path) -> str:
    path = tmp_path / "desk.db"
    shutil.copyfile(template, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    postgres.prepare(_fill_apart)
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["sqlite", POSTGRES])
async def database(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    url = request.getfixturevalue(f"{request.param}_url".replace("postgresql", "postgres"))
    database = Database(url)
    yield database
    await database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def company() -> Company:
    return Company(
        name="Our Yard",
        language="en",
        admins=people.ADMINS,
        operators_chat=people.OPERATORS,
        alerts_chat=people.ALERTS,
        mail_alerts_to=("staff@example.org",),
    )


@pytest.fixture
def desk(database: Database, clock: Clock, company: Company) -> Desk:
    return Desk(database, company, (journal.record, outbox.record), clock=clock)


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)
