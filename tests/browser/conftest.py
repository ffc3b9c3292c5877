"""One life of the sandbox and of the browser for the whole folder; each test its own windows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.stage import NoBrowser, Stage, browsing, playing
from tests.browser.window import PATIENCE, Window
from tests.e2e.warm import WarmProcesses

Opening = Callable[..., Awaitable[Window]]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    async with AsyncExitStack() as stack:
        try:
            found = await stack.enter_async_context(browsing())
        except NoBrowser as why:
            pytest.skip(str(why))
        yield found


@pytest.fixture(scope="session")
async def stage(
    tmp_path_factory: pytest.TempPathFactory, forking: WarmProcesses
) -> AsyncIterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("sandbox")
    async with playing(folder, forking) as stage:
        yield stage
        stage.page.world.assert_clean(ignore=("not_modified", "bad_edit", "callback_unanswered"))


@pytest.fixture
async def opening(browser: Browser, stage: Stage) -> AsyncIterator[Opening]:
    """Opens windows, closes them after the test, and looks for complaints of theirs."""
    windows: list[Window] = []

    async def open_window(**how: object) -> Window:
        window = await stage.open(browser, **how)
        windows.append(window)
        return window

    yield open_window
    for window in windows:
        await window.close()


@pytest.fixture
async def window(opening: Opening) -> Window:
    """The desk on a wide screen, in Russian."""
    return await opening()


@pytest.fixture
async def anew(stage: Stage, request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """A world in which nothing has happened. With ``False`` as its parameter: one without limits of
    Telegram's, for this test alone.
    """
    paced = getattr(request, "param", True)
    await stage.anew(paced=paced)
    yield
    if not paced:
        await stage.anew()


@pytest.fixture(scope="module")
async def fresh(stage: Stage) -> None:
    """The same once for a module: the group has room for what its tests say there."""
    await stage.anew()
