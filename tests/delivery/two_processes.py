"""The desks of two processes at one PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from core.company import Company
from core.db import Database
from core.desk import Desk
from tests.emptied import empty
from tests.harness import make_tables
from tests.postgres import Postgres


@pytest.fixture(scope="module")
def url(postgres: Postgres) -> Iterator[str]:
    with postgres.database(make_tables) as url:
        yield url


@pytest.fixture
async def two(url: str) -> AsyncIterator[list[Desk]]:
    """Two processes' desks at one database."""
    databases = [Database(url), Database(url)]
    await empty(databases[0])
    for database in databases:
        await database.hold(nothing, alone=False)
    yield [Desk(database, Company()) for database in databases]
    for database in databases:
        await database.close()


async def nothing() -> None:
    """What is to be done when the lock is held again."""


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)
