"""Stages for stories. Stories share a bot where they can."""

import inspect
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e import golden_calls
from tests.e2e.looking import assert_sealed
from tests.e2e.stage import Stage, staged
from tests.e2e.warm import WarmProcesses

# What stories call the stage that they are told on.
_STAGES: Final = ("stage", "new_desk", "russian", "shared")
_PASSED: Final = pytest.StashKey[bool]()


@pytest.fixture
def told_on(request: pytest.FixtureRequest) -> Stage | None:
    """The stage whose calls are compared with the golden ones; none for excluded stories."""
    if golden_calls.is_excluded(request.path.stem, request.node.name):
        return None
    wanted = [name for name in inspect.signature(request.function).parameters if name in _STAGES]
    assert wanted, "a story is told on one of _STAGES, or is among golden_calls.EXCLUDED"
    stage: Stage = request.getfixturevalue(wanted[0])
    return stage


@pytest.fixture(autouse=True)
async def seen(request: pytest.FixtureRequest, told_on: Stage | None) -> AsyncIterator[None]:
    """What people see in a story is what its golden section says (golden_calls.py)."""
    if told_on is None:
        yield
        return
    recording = golden_calls.Recording.start(told_on)
    yield
    if request.node.stash.get(_PASSED, False):
        if told_on.bot is not None and told_on.bot.running:
            await told_on.rest(patience=1)
        file = golden_calls.FOLDER / f"{request.path.stem}.txt"
        golden_calls.compare(file, request.node.name, recording.lines())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Only a story that was told to its end is compared."""
    report = yield
    if call.when == "call":
        item.stash[_PASSED] = report.passed
    return report


@pytest.fixture(scope="session", autouse=True)
def forked(forking: WarmProcesses) -> WarmProcesses:
    """Starting the bot costs seconds: all stories have theirs forked."""
    return forking


@pytest.fixture(scope="session")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One running bot for all stories that do not stop, break or hurry it."""
    folder = tmp_path_factory.mktemp("shared")
    async with staged(folder, draws_soon=True) as stage, stage.process():
        yield stage


@pytest.fixture(scope="module", params=["ru", "en"])
async def bilingual(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """A module's own bot, once for each language, with people who speak it.

    Not shared with other modules: cameras and teams that one of them brings in change the menus.
    """
    folder = tmp_path_factory.mktemp(f"work-{request.param}")
    async with staged(folder, language=request.param, draws_soon=True) as stage, stage.process():
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
