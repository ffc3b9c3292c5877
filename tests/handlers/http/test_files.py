"""Stored files by signed links: saved, never shown; a store that is away says so (S17-S22)."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from core.desk import Desk
from core.files import FolderStore
from core.setup.signed_links import LIFETIME, file_link
from core.signing_key import find_signing_key
from core.texts import Texts
from handlers.http.door import make_door
from handlers.http.health import Vitals
from tests.clock import Clock
from tests.handlers.http.conftest import Visitor, served

PAGE = b"<script>alert(1)</script>"


class Store(FolderStore):
    """A folder that may be away."""

    away: OSError | None = None

    async def read(self, name: str) -> bytes:
        if self.away is not None:
            raise self.away
        return await super().read(name)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
async def visitor(desk: Desk, texts: Texts, store: Store) -> AsyncIterator[Visitor]:
    door = make_door(desk, texts, Vitals(lambda: 0.0, lambda: 0), files=store)
    async with served(door) as visitor:
        yield visitor


@pytest.fixture
async def path(desk: Desk, store: Store) -> str:
    """Where the signed link to a stored page leads."""
    key = await desk.read(find_signing_key)
    name = await store.put(PAGE)
    return urlsplit(file_link("https://x.test", key, name, "план 1/2.html", desk.clock())).path


async def test_a_link_saves_the_file_and_shows_nothing(visitor: Visitor, path: str) -> None:
    status, headers, body = await visitor.ask("GET", path)
    assert (status, body) == (200, PAGE.decode())
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%D0%BF")
    assert "sandbox" in headers["Content-Security-Policy"]


async def test_while_the_store_is_away_a_page_says_so_and_afterwards_the_file_is_there(
    visitor: Visitor, store: Store, path: str
) -> None:
    for trouble in (ConnectionError("the bucket cannot be used"), PermissionError("no")):
        store.away = trouble
        status, headers, body = await visitor.ask("GET", path, headers={"Accept-Language": "ru"})
        assert (status, headers["Retry-After"]) == (503, "5")
        assert headers["Content-Type"].startswith("text/html")
        assert "Попробуйте через несколько минут" in body and "bucket" not in body
    store.away = None
    assert (await visitor.ask("GET", path))[0] == 200


async def test_a_link_that_is_forged_too_old_or_to_nothing_is_a_page_that_says_so(
    visitor: Visitor, store: Store, desk: Desk, clock: Clock, path: str
) -> None:
    _, _, name, until, signed, title = path.split("/", 5)
    forged = [f"/files/{name}/{until}/{'0' * len(signed)}/{title}"]
    forged.append(f"/files/{name}/{int(until) + 1}/{signed}/{title}")
    forged.append(f"/files/{name}/{until}/%C3%A9/{title}")
    for each in forged:
        status, headers, body = await visitor.ask("GET", each)
        assert status == 404 and headers["Content-Type"].startswith("text/html")
        assert "There is no file at this address" in body
    await store.delete(name)
    assert (await visitor.ask("GET", path))[0] == 404
    await store.put(PAGE)
    clock.move(seconds=LIFETIME.total_seconds() + 1)
    assert (await visitor.ask("GET", path))[0] == 404
