"""Stages for stories. Starting the bot costs seconds, so stories with people of their own share one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.wire.stage import Stage, staged


@pytest.fixture(scope="session")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One running bot for all stories that do not stop, break or hurry it."""
    async with staged(tmp_path_factory.mktemp("shared")) as stage, stage.process():
        yield stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A world of one's own; the story starts the bot."""
    async with staged(tmp_path) as stage:
        yield stage
