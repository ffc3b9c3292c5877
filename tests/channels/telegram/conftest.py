"""A desk, its Telegram channel and a strict Telegram, with a customer and an operator."""

from collections.abc import AsyncIterator

import pytest

from core.texts import Texts
from sandbox import World
from tests.channels.telegram.house import House, channel_house


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World.start() as world:
        yield world


@pytest.fixture
async def house(world: World, own_sqlite_url: str, texts: Texts) -> AsyncIterator[House]:
    async with channel_house(world, own_sqlite_url, texts) as house:
        yield house
