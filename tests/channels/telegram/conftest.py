"""A desk, its Telegram channel and a strict Telegram, with a customer and an operator."""

from collections.abc import AsyncIterator

import pytest

from core.texts import Texts
from sandbox import World
from tests.channels.telegram.harness import ChannelHarness, channel_harness


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World.start() as world:
        yield world


@pytest.fixture
async def harness(world: World, own_sqlite_url: str, texts: Texts) -> AsyncIterator[ChannelHarness]:
    async with channel_harness(world, own_sqlite_url, texts) as harness:
        yield harness
