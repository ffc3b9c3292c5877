"""Form, page of a ticket and app for everybody: names, keys, focus, contrast, large text (AA)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from core.desk import Desk
from core.people.staff import by_operator
from core.texts import Texts
from core.tickets.conversation import reply
from handlers.http.app.session import COOKIE
from tests.actions import people
from tests.browser.audits import AT_REST, AUDIT, CONTRAST, FITS, TORN
from tests.browser.stage import NoBrowser, browsing
from tests.browser.window import DESK, PATIENCE, PHONE
from tests.clock import Clock
from tests.handlers.http.whole_door import WholeDoor, whole_door, without_limits

pytestmark = pytest.mark.slow

# All pages that somebody reads; `{}` is the way to the customer's ticket.
PAGES: Final = (
    "/form?lang=ru",
    "/form?lang=en&color=ffcc00",
    "/t/{}?lang=ru",
    "/t/{}?lang=en",
    "/t/none?lang=en",
    "/app",
    "/app?view=frozen",
    "/app?find=nothing",
    "/app/t/1",
    "/app/t/999",
    "/app/stats",
    "/app/stats/tickets?figure=opened&period=week",
)
STRANGERS: Final = ("/app", "/app/enter/none")
# A robot's field is there for nobody: no key leads to it, nothing reads it out.
TRAP: Final = 'name="website"'
# All that a key leads to, in the order of reading.
CONTROLS: Final = """() => [...document.querySelectorAll(
  "a[href], button, input:not([type=hidden]), select, textarea, summary")]
  .filter((node) => node.tabIndex >= 0 && node.checkVisibility() && node.getClientRects().length)
  .map((node) => node.outerHTML.replace(' data-restored="yes"', '').slice(0, 120))"""
FOCUSED: Final = """() => {
  const node = document.activeElement;
  const style = getComputedStyle(node);
  return {
    here: node.outerHTML.replace(' data-restored="yes"', '').slice(0, 120),
    page: node === document.body,
    ring: style.outlineStyle !== "none" || style.boxShadow !== "none",
  };
}"""
OPEN_ALL: Final = "() => document.querySelectorAll('details').forEach((one) => one.open = true)"


@pytest.fixture
async def door(
    desk: Desk, texts: Texts, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[WholeDoor]:
    without_limits(monkeypatch)
    async with whole_door(desk, texts, clock, tmp_path / "files") as door:
        await desk.run(by_operator, people.OLGA, reply, 1, people.writes("Restart it, please"))
        yield door


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One for all whose letters are as large as usual: each test has a window of its own."""
    async with looking() as browser:
        yield browser


@asynccontextmanager
async def looking(*flags: str) -> AsyncIterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    try:
        async with browsing(*flags) as browser:
            yield browser
    except NoBrowser as why:
        pytest.skip(str(why))


@asynccontextmanager
async def signed_in(browser: Browser, door: WholeDoor, **how: Any) -> AsyncIterator[BrowserContext]:
    """A browser in which an admin is at work."""
    async with await browser.new_context(**how) as context:
        value = door.actors["admin"].session
        cookie = {"name": COOKIE, "value": value, "url": f"{door.visitor.url}/app"}
        await context.add_cookies([cookie])  # type: ignore[list-item]
        yield context


async def at(page: Page, door: WholeDoor, path: str) -> None:
    """Go to a page, and open all that can be opened there."""
    await page.goto(door.visitor.url + path.format(door.actors["customer"].follow))
    await page.evaluate(OPEN_ALL)
    await page.evaluate(AT_REST)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_pages_have_names_and_words_stand_out(
    browser: Browser, door: WholeDoor, theme: Any
) -> None:
    found: dict[str, Any] = {}
    async with (
        signed_in(browser, door, color_scheme=theme) as context,
        await browser.new_context(color_scheme=theme) as outside,
    ):
        for who, paths in ((context, PAGES), (outside, STRANGERS)):
            page = await who.new_page()
            for path in paths:
                await at(page, door, path)
                wrong = await page.evaluate(AUDIT) + await page.evaluate(CONTRAST)
                found[f"{'' if who is context else 'outside '}{path}"] = wrong
        page = await outside.new_page()
        await page.goto(f"{door.visitor.url}/form?lang=en")
        await page.evaluate("document.querySelector('form').noValidate = true")
        await page.locator("form button").click()
        await expect(page.get_by_role("alert").first).to_be_visible()
        found["/form with a fault"] = await page.evaluate(AUDIT) + await page.evaluate(CONTRAST)
    wrong = {path: [one for one in faults if TRAP not in one] for path, faults in found.items()}
    assert {path: faults for path, faults in wrong.items() if faults} == {}


async def test_the_keyboard_leads_to_everything_in_the_order_of_reading(
    browser: Browser, door: WholeDoor
) -> None:
    wrong: dict[str, Any] = {}
    async with signed_in(browser, door) as context:
        page = await context.new_page()
        for path in PAGES:
            await at(page, door, path)
            expected = await page.evaluate(CONTROLS)
            reached: list[str] = []
            pale: dict[str, bool] = {}
            for _ in range(3 * len(expected) + 1):
                await page.keyboard.press("Tab")
                focused = await page.evaluate(FOCUSED)
                if focused["page"]:
                    break
                # a date has a stop for its day, its month, its year, and a calendar with a ring
                # of its own
                reached += [focused["here"]] if focused["here"] not in reached[-1:] else []
                pale[focused["here"]] = not focused["ring"] and pale.get(focused["here"], True)
            wrong[path] = [f"no ring: {one}" for one, is_so in pale.items() if is_so]
            wrong[path] += [
                f"{one} instead of {other}"
                for one, other in zip_longest(reached[: len(expected)], expected)
                if one != other
            ][:3]
    assert {path: faults for path, faults in wrong.items() if faults} == {}


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_text_twice_as_large_fits_on_every_page(
    door: WholeDoor, size: tuple[int, int]
) -> None:
    wrong: dict[str, Any] = {}
    # what people set in their browser, and not a zoom of the page
    viewport = {"width": size[0], "height": size[1]}
    async with (
        looking("--blink-settings=defaultFontSize=32") as browser,
        signed_in(browser, door, viewport=viewport) as context,
    ):
        page = await context.new_page()
        for path in PAGES:
            await at(page, door, path)
            rem = await page.evaluate(
                "parseFloat(getComputedStyle(document.documentElement).fontSize)"
            )
            faults = await page.evaluate(FITS)
            if faults or rem < 30:
                wrong[path] = [rem, *faults]
    assert wrong == {}


async def test_no_word_of_a_heading_is_torn_on_a_phone(browser: Browser, door: WholeDoor) -> None:
    """The days of the board, too: September is longer than a quarter of a phone."""
    viewport = {"width": PHONE[0], "height": PHONE[1]}
    async with signed_in(browser, door, viewport=viewport) as context:
        page = await context.new_page()
        for days in ("period=week", "since=2026-08-28&until=2026-09-03"):
            await at(page, door, f"/app/stats?{days}")
            assert await page.locator("th.day").count() == 7
            assert await page.evaluate(TORN) == []
