"""The desk's HTTP door on a free port, with a real database behind it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.http_server import HttpServer
from bot.migrations import migrate
from channels.telegram.addresses import chat_address
from core.company import Company
from core.db import Database
from core.desk import Desk
from core.subscriptions import SUBSCRIBERS
from tests.actions import people


class Clock:
    """Stands still; only a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture(scope="session")
async def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with tables and first rows."""
    path = tmp_path_factory.mktemp("template") / "desk.db"
    database = Database(f"sqlite+aiosqlite:///{path}")
    await migrate(database)
    await database.close()
    return path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def desk(template: Path, tmp_path: Path, clock: Clock) -> AsyncIterator[Desk]:
    path = tmp_path / "desk.db"
    shutil.copy(template, path)
    database = Database(f"sqlite+aiosqlite:///{path}")
    company = Company(
        name="Our Yard",
        language="en",
        admins=people.ADMINS,
        operators_chat=chat_address(people.OPERATORS),
        alerts_chat=chat_address(people.ALERTS),
    )
    yield Desk(database, company, SUBSCRIBERS, clock=clock)
    await database.close()


@dataclass(slots=True)
class Visitor:
    """Somebody who calls the door from this machine."""

    session: aiohttp.ClientSession
    url: str

    async def ask(self, method: str, path: str, **how: Any) -> tuple[int, Any, Any]:
        """Status, headers, and the body: read as JSON where it is, else as text."""
        async with self.session.request(method, self.url + path, **how) as answer:
            is_json = "json" in answer.content_type
            body = await (answer.json(content_type=None) if is_json else answer.text())
            return answer.status, answer.headers, body


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[Visitor]:
    """A real server with this application; it has stopped when this ends."""
    server = HttpServer(("127.0.0.1", 0), lambda: app)
    host, port = server.bind()
    running = asyncio.create_task(server.run())
    try:
        async with aiohttp.ClientSession() as session:
            yield Visitor(session, f"http://{host}:{port}")
    finally:
        server.stop()
        async with asyncio.timeout(20):
            await running
