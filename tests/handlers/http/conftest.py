"""The desk's HTTP door on a free port, with a real database behind it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.http_server import HttpServer
from channels.telegram.addresses import chat_address
from core.company import Company
from core.db import Database
from core.desk import Desk
from core.files import FolderStore
from core.integrations.keys import SCOPES, create_key
from core.people.staff import by_operator, enrol
from core.signing_key import make_signing_key
from core.subscriptions import SUBSCRIBERS
from core.texts import Texts
from handlers.http import door
from handlers.http.api.routes import make_api
from handlers.http.app import coming_in
from handlers.http.app.staff_access import Entrance
from handlers.http.door import make_door
from handlers.http.health import Vitals
from handlers.http.pages import routes
from tests.actions import people
from tests.clock import Clock
from tests.handlers.http.api_client import Client
from tests.handlers.http.app_browser import TOKEN, Browser, in_the_group
from tests.handlers.http.guest_browser import Guest


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def desk(own_sqlite_url: str, clock: Clock) -> AsyncIterator[Desk]:
    database = Database(own_sqlite_url)
    company = Company(
        name="Our Yard",
        language="en",
        admins=people.ADMINS,
        operators_chat=chat_address(people.OPERATORS),
        alerts_chat=chat_address(people.ALERTS),
    )
    desk = Desk(database, company, SUBSCRIBERS, clock=clock)
    await desk.run(make_signing_key)
    yield desk
    await database.close()


class _Quick:
    """What uvicorn's server sleeps by: it looks every tenth of a second whether it is to end, and
    whether its connections have. Four hundred tests would wait a minute for that.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.005))


@pytest.fixture(autouse=True)
def _ends_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uvicorn.server.asyncio", _Quick())


@dataclass(slots=True)
class Visitor:
    """Somebody who calls the door from this machine."""

    session: aiohttp.ClientSession
    url: str

    @property
    def at(self) -> tuple[str, int]:
        """The address of the door."""
        host, port = self.url.removeprefix("http://").split(":")
        return host, int(port)

    async def ask(self, method: str, path: str, **how: Any) -> tuple[int, Any, Any]:
        """Status, headers, and the body: read as JSON where it is, else as text."""
        async with self.session.request(method, self.url + path, **how) as answer:
            is_json = "json" in answer.content_type
            body = await (answer.json(content_type=None) if is_json else answer.text())
            return answer.status, answer.headers, body


@asynccontextmanager
async def served(app: Any, desk: Desk | None = None, **options: Any) -> AsyncIterator[Visitor]:
    """A real server with this application; it has stopped when this ends. ``desk``: whose streams
    end then; ``options``: of the server.
    """
    server = HttpServer(("127.0.0.1", 0), lambda: app, **options)
    if desk is not None:
        server.end_streams = desk.changes.end
    host, port = server.bind()
    running = asyncio.create_task(server.run())
    try:
        async with aiohttp.ClientSession() as session:
            yield Visitor(session, f"http://{host}:{port}")
    finally:
        server.stop()
        async with asyncio.timeout(20):
            await running


class _BuiltForWhoAsks:
    """The API, built when somebody asks it or for its routes: it is nearly all that building a door
    takes, and who looks at pages does neither.
    """

    def __init__(self, *parts: Any) -> None:
        self._parts = parts
        self._api: Any = None

    async def __call__(self, *request: Any) -> None:
        await self._built()(*request)

    @property
    def routes(self) -> Any:
        return self._built().routes

    def _built(self) -> Any:
        self._api = self._api or make_api(*self._parts)
        return self._api


@pytest.fixture(autouse=True)
def _api_is_built_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "make_api", _BuiltForWhoAsks)


# The app of the staff, as most of its tests open it.


@pytest.fixture
async def visitor(
    desk: Desk, texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Visitor]:
    monkeypatch.setattr(coming_in, "LOGIN_RATE", (1000.0, 1000.0))
    app = make_door(
        desk, texts, Vitals(lambda: 0.0, lambda: 0), entrance=Entrance(TOKEN, in_the_group)
    )
    async with served(app) as visitor:
        yield visitor


@pytest.fixture
async def browser(visitor: Visitor, desk: Desk) -> Browser:
    await desk.run(by_operator, people.OLGA, enrol)
    return Browser(visitor)


@pytest.fixture
async def olga(browser: Browser, clock: Clock) -> Browser:
    """Her browser, signed in."""
    assert await browser.log_in(clock, people.OLGA) == 303
    return browser


# The web form and the pages of tickets.


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "files")


@pytest.fixture
async def guest(desk: Desk, texts: Texts, store: FolderStore) -> AsyncIterator[Guest]:
    app = make_door(desk, texts, Vitals(lambda: 0.0, lambda: 0), files=store)
    async with served(app) as visitor:
        yield Guest(visitor)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """More is taken from one address than people send."""
    monkeypatch.setattr(routes, "SENT", (1.0, 100.0))


@pytest.fixture
def slowly_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was used up comes back more slowly than any machine asks."""
    for name, most in (("SEEN", 2.0), ("UPLOADED", 1 / 30)):
        rate, burst = getattr(routes, name)
        assert rate <= most
        monkeypatch.setattr(routes, name, (0.001, burst))


# The API, with a key for everything.


@pytest.fixture
async def api_door(desk: Desk, texts: Texts, tmp_path: Path) -> AsyncIterator[Visitor]:
    files = FolderStore(tmp_path / "files")
    async with served(
        make_door(desk, texts, Vitals(lambda: 0.0, lambda: 0), files=files)
    ) as visitor:
        yield visitor


@pytest.fixture
async def shop(desk: Desk, api_door: Visitor) -> Client:
    return Client(api_door, await desk.run(create_key, "shop", SCOPES))
