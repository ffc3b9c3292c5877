"""What the tests of `check` may ask for."""

from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import AsyncMock

import pytest
from aiogram.client.session.aiohttp import AiohttpSession

from bot.commands import mail_dns
from sandbox import World
from tests.bot.check.practice import CANARY, Practice


@pytest.fixture(autouse=True)
def no_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    """No question leaves this machine."""
    monkeypatch.setattr(mail_dns, "missing_records", AsyncMock(return_value=[]))


@pytest.fixture(scope="module")
async def world() -> AsyncIterator[World]:
    async with World.start(token=CANARY) as world:
        yield world


@pytest.fixture
def practice(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Practice:
    monkeypatch.setattr(AiohttpSession, "close", _close_at_once)
    anna = world.user("Анна")
    group = world.supergroup("Операторы", owner=anna, bot="admin")
    alerts = world.channel("Просрочки", owner=anna, bot="admin")
    return Practice(world, anna, group, alerts, tmp_path)


async def _close_at_once(session: AiohttpSession) -> None:
    """aiogram's own waits a quarter of a second for TLS that there is not."""
    if session._session is not None:
        await session._session.close()
