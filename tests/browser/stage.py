"""A sandbox with the real bot, and a browser that looks at its page: for tests and screenshots."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Error, async_playwright

from bot.demo.control import DemoControl
from bot.demo.runner import demo_control
from bot.settings import load_settings
from sandbox import demo
from sandbox.mail import MailServers
from sandbox.page import Page
from tests.browser.window import Window
from tests.e2e.warm import WarmProcesses
from tests.sandbox.page.forked import forked_control
from tests.sandbox.page.visitor import Visitor, visiting

# A machine without a screen, and perhaps without a network: nothing is to be fetched.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "/usr/bin/chromium")


class NoBrowser(Exception):
    """Says why there is none."""


@asynccontextmanager
async def browsing(*more: str) -> AsyncIterator[Browser]:
    """A Chromium of the system. Raises `NoBrowser`."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise NoBrowser("there is no Chromium here (Debian: apt-get install chromium)")
    async with async_playwright() as playwright:
        try:
            flags = [*FLAGS, *more]
            browser = await playwright.chromium.launch(executable_path=found, args=flags)
        except Error as error:
            raise NoBrowser(f"{found} does not start: {error.message.splitlines()[0]}") from error
        try:
            yield browser
        finally:
            await browser.close()


@dataclass(slots=True)
class Stage:
    """The sandbox as ``make run`` brings it up, and a visitor who can prepare things quickly."""

    page: Page
    control: DemoControl
    visitor: Visitor

    @property
    def url(self) -> str:
        """Where the page is."""
        return self.page.url

    async def anew(self, *, paced: bool = True) -> None:
        """Nothing that happened has happened: a fresh bot, which may speak in its group at once.
        Unless ``paced``, in a world without Telegram's limits, until the next one.
        """
        self.page.world.limits.enabled = paced
        await self.visitor.trouble("calm")
        await self.visitor.trouble("demo", on=False, language="ru", forum=False)

    async def open(self, browser: Browser, **how: object) -> Window:
        """A window of this browser at the page."""
        return await Window.open(browser, self.url, **how)  # type: ignore[arg-type]


@asynccontextmanager
async def playing(folder: Path, forking: WarmProcesses | None = None) -> AsyncIterator[Stage]:
    """The world, the bot that takes updates, the page. ``forking``: what its bot is forked from."""
    # a press may be answered later than Telegram allows where others are at work as well
    async with MailServers() as mail, demo.start(callback_timeout=120.0) as world:
        played = demo.build(world, mail=mail)
        control = (
            demo_control(load_settings({}), played, folder, dict(os.environ))
            if forking is None
            else forked_control(forking, played, folder)
        )
        page = Page(played, control)
        await control.seed_company()
        async with control.bot, visiting(page) as visitor:
            yield Stage(page, control, visitor)
            await control.close()
