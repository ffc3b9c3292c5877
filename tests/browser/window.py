"""A browser's window at the page: what people do there, and what they see."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

# Milliseconds that anything may take on a busy machine; what is there at once costs nothing.
PATIENCE = 40_000
DESK = (1440, 900)
PHONE = (390, 844)
SMALL_PHONE = (360, 720)
NEWCOMER = "localStorage.removeItem('frontdoor.tour')"
REGULAR = "localStorage.setItem('frontdoor.tour', 'seen')"
# A row that one is led to flashes for a moment, which may be over before a test looks.
FLASHED = """(node) => ({ seen: new Promise((seen) => {
  const watch = new MutationObserver(() => {
    if (!node.querySelector(".row.flash")) return;
    watch.disconnect();
    seen(true);
  });
  watch.observe(node, { attributeFilter: ["class"], subtree: true });
}) })"""


class Pane:
    """One of the three chats side by side."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.node = page.locator(f"#pane-{name}")
        self.input = self.node.locator(".input")
        self.rows = self.node.locator(".rows > .row")

    def row(self, words: str | re.Pattern[str]) -> Locator:
        """The newest message with these words."""
        return self.rows.filter(has_text=words).last

    def button(self, label: str) -> Locator:
        """The newest inline button with this label."""
        return self.node.locator(".ib").filter(has_text=label).last

    async def sees(self, words: str | re.Pattern[str]) -> Locator:
        """The message comes; it is returned."""
        row = self.row(words)
        await expect(row).to_be_visible()
        return row

    async def says(self, words: str) -> None:
        await self.input.fill(words)
        await self.input.press("Enter")

    async def be(self, name: str) -> None:
        """Act as somebody else."""
        chip = self.node.locator(".person").filter(has_text=name).first
        await chip.click()
        await expect(chip).to_have_attribute("aria-checked", "true")

    async def start(self) -> None:
        """Press the bar that starts the bot."""
        await self.node.locator(".start").click()

    @asynccontextmanager
    async def flashes(self) -> AsyncIterator[None]:
        """What is done inside leads to a message here."""
        watch = await self.node.evaluate_handle(FLASHED)
        yield
        async with asyncio.timeout(PATIENCE / 1000):
            await watch.evaluate("(watch) => watch.seen")

    async def attach(self, label: str) -> None:
        """Choose from the paper clip's menu."""
        await self.node.locator("[data-label=attach]").click()
        await self.page.get_by_role("menuitem", name=label, exact=True).last.click()

    async def choose(self, row: Locator, label: str) -> None:
        """From the menu of a message."""
        await row.locator(".bubble").first.click(button="right", position={"x": 12, "y": 12})
        await self.page.get_by_role("menuitem", name=label, exact=True).click()


class Window:
    """The page as somebody sees it. What the console complains about is kept."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self.customer = Pane(page, "customer")
        self.group = Pane(page, "group")
        self.channel = Pane(page, "channel")
        self.machine = page.locator("#machine")
        self.tour = page.locator(".tour")
        self.complaints: list[str] = []
        page.on("console", lambda said: self._note(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{kind}: {text}")

    @classmethod
    async def open(
        cls,
        browser: Browser,
        url: str,
        *,
        language: str = "ru-RU",
        theme: Any = "light",
        size: tuple[int, int] = DESK,
        newcomer: bool = False,
        scale: float = 1,
    ) -> Self:
        """A window of its own: nothing is remembered from others."""
        width, height = size
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            locale=language,
            color_scheme=theme,
            has_touch=size == PHONE,
            is_mobile=size == PHONE,
            device_scale_factor=scale,
            timezone_id="Europe/Moscow",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        page = await context.new_page()
        window = cls(context, page)
        await page.add_init_script(NEWCOMER if newcomer else REGULAR)
        await page.goto(url)
        # the first browser of another language has the whole company made anew
        await expect(page.locator("html[data-ready]")).to_be_attached(timeout=3 * PATIENCE)
        return window

    async def close(self) -> None:
        """Nothing was complained about meanwhile."""
        await self.context.close()
        assert self.complaints == []

    async def add(self, name: str, *, language: str = "ru") -> None:
        """A new customer, who has started the bot."""
        await self.customer.node.locator(".people .icon-button").click()
        dialog = self.page.locator("dialog[open]")
        await dialog.locator("[name=name]").fill(name)
        await dialog.locator("[name=language]").select_option(language)
        await dialog.locator(".main").click()
        await expect(self.customer.node.locator(".person[aria-checked=true]")).to_contain_text(
            name.split(maxsplit=1)[0]
        )
        await self.customer.start()
        await expect(self.customer.input).to_be_visible()

    async def ticket(self, words: str) -> Locator:
        """The customer's words become a ticket; returns its card in the group."""
        await self.customer.says(words)
        await self.customer.button("Открыть").click()
        return await self.group.sees(words)
