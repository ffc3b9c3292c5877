"""Stages for stories. Starting the bot costs seconds, so stories share one where they can."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.looking import assert_sealed
from tests.e2e.stage import Stage, staged


@pytest.fixture(scope="session")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One running bot for all stories that do not stop, break or hurry it."""
    async with staged(tmp_path_factory.mktemp("shared")) as stage, stage.process():
        yield stage


@pytest.fixture(scope="session", params=["ru", "en"])
async def bilingual(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """The same once for each language, with people who speak it: for dialogues of operators."""
    folder = tmp_path_factory.mktemp(f"work-{request.param}")
    async with staged(folder, language=request.param) as stage, stage.process():
        yield stage
        assert_sealed(stage)
        stage.clean()


@pytest.fixture(scope="module")
async def sealed(shared: Stage) -> AsyncIterator[Stage]:
    """The shared stage; after the module no customer has seen a note or a title, and Telegram had
    nothing to complain about.
    """
    yield shared
    assert_sealed(shared)
    shared.clean()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A world of one's own; the story starts the bot."""
    async with staged(tmp_path) as stage:
        yield stage


@pytest.fixture
def words(request: pytest.FixtureRequest, stage: Stage) -> dict[str, str]:
    """What a story's module expects to read, in the language of its stage."""
    said: dict[str, dict[str, str]] = request.module.WORDS
    return said[stage.language]
