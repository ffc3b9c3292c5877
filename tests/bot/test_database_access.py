"""A database that is not there yet, as after a power cut that took both down."""

import asyncio
import re
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot import database_access
from tests.postgres import Postgres

pytestmark = pytest.mark.postgres


async def test_a_postgresql_that_comes_up_after_the_desk_is_waited_for(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The way to it appears only after the desk has missed it."""
    monkeypatch.setattr(database_access, "_PAUSE", 0.05)
    with postgres.database() as url, TemporaryDirectory() as folder:
        there, found = re.subn(r"(?<=host=)/.*", way := f"{folder}/way", url)
        if not found:
            pytest.skip("this PostgreSQL is not reached by a socket in a folder")
        waiting = asyncio.create_task(database_access.wait_for_server(there))
        async with asyncio.timeout(60):
            while "the database is waited for" not in caplog.text:
                await asyncio.sleep(0.01)
            assert not waiting.done()
            Path(way).symlink_to(url.partition("host=")[2])
            await waiting


async def test_what_will_not_pass_is_not_waited_for(postgres: Postgres) -> None:
    began = time.monotonic()
    await database_access.wait_for_server(postgres.url("nosuch"))
    assert time.monotonic() - began < database_access.WAIT_LIMIT / 2


async def test_the_waiting_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_access, "WAIT_LIMIT", 0.1)
    monkeypatch.setattr(database_access, "_PAUSE", 0.02)
    async with asyncio.timeout(60):
        await database_access.wait_for_server("postgresql+asyncpg://u:p@127.0.0.1:9/desk")
