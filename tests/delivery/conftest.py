"""A desk on a real SQLite file, a clock that only tests move, and a channel with a script."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels.telegram.addresses import chat_address
from core.company import Company
from core.db import Database, Row
from core.delivery import courier, outbox, sender
from core.desk import Desk
from tests.delivery.clock import Clock
from tests.delivery.courier_fixture import Depot
from tests.postgres import in_a_thread

GROUP = -1001
ALERTS = -1002


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with tables to copy."""
    path = tmp_path_factory.mktemp("empty") / "empty.db"
    in_a_thread(_create(path))
    return path


async def _create(path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{path}")
    await database.alter(Row.metadata.create_all)
    await database.close()


@pytest.fixture
async def database(empty: Path, tmp_path: Path) -> AsyncIterator[Database]:
    path = tmp_path / "desk.db"
    shutil.copyfile(empty, path)
    database = Database(f"sqlite+aiosqlite:///{path}")
    yield database
    await database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(database: Database, clock: Clock) -> Desk:
    company = Company(operators_chat=chat_address(GROUP), alerts_chat=chat_address(ALERTS))
    return Desk(database, company, (outbox.SUBSCRIBER,), clock=clock)


@pytest.fixture
def depot(desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Depot:
    """A courier in a hurry: what it waits for lasts milliseconds here."""
    monkeypatch.setattr(courier, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(sender, "QUIET", 0.01)
    monkeypatch.setattr(sender, "STORE_PAUSE", 0.01)
    monkeypatch.setattr(courier, "STORE_PAUSE", 0.01)
    return Depot(desk, clock)
