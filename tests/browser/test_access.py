"""For everybody: names, keys, focus, contrast, large text (WCAG 2.2, AA)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.audits import AT_REST, AUDIT, CONTRAST, FITS, FOCUSED
from tests.browser.conftest import Opening
from tests.browser.stage import NoBrowser, Stage, browsing
from tests.browser.window import DESK, PHONE, Window

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh")]


async def lively(window: Window) -> None:
    """A chat with something of everything in it."""
    await window.add("Лев Май")
    card = await window.ticket("Не видно въезд: https://example.com/cam")
    await window.group.button("Взять").click()
    await expect(window.group.node.locator(".ib").filter(has_text="Взять")).to_have_count(0)
    await window.group.choose(card, "Ответить")
    await window.group.says("Уже едем.")
    await window.customer.sees("Уже едем.")


async def test_everything_to_press_has_a_name_and_a_size_in_every_state(window: Window) -> None:
    page = window.page
    await lively(window)
    found: dict[str, Any] = {"desk": await page.evaluate(AUDIT)}
    await window.customer.node.locator("[data-label=attach]").click()
    found["menu"] = await page.evaluate(AUDIT)
    await page.keyboard.press("Escape")
    await window.customer.row("Не видно въезд").locator(".bubble").click(button="right")
    found["menu of a message"] = await page.evaluate(AUDIT)
    await page.keyboard.press("Escape")
    await window.customer.node.locator(".people .icon-button").click()
    found["dialog"] = await page.evaluate(AUDIT)
    await page.keyboard.press("Escape")
    assert not any(found.values()), found


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_words_stand_out_from_what_is_under_them(opening: Opening, theme: str) -> None:
    window = await opening(theme=theme)
    if theme == "light":
        await lively(window)
    else:
        await window.group.sees("Не видно въезд")
    await window.page.evaluate(AT_REST)
    assert await window.page.evaluate(CONTRAST) == []


async def test_the_keyboard_leads_through_the_page_in_the_order_of_reading(window: Window) -> None:
    page, places, unseen = window.page, [], []
    for _ in range(70):
        await page.keyboard.press("Tab")
        at = await page.evaluate(FOCUSED)
        if at["place"] in ("BODY", "HTML"):
            break
        if not (at["name"] and at["shown"] and at["ring"]):
            unseen.append(at)
        if at["place"] not in places:
            places.append(at["place"])
    order = ["skip", "top", "pane-customer", "pane-group", "pane-channel", "machine"]
    assert places[: len(order)] == order
    assert unseen == []


async def test_the_desk_is_played_without_a_mouse(window: Window) -> None:
    page, group = window.page, window.group
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")  # skip to the operators
    await page.keyboard.press("Alt+Digit2")
    await expect(group.input).to_be_focused()
    await page.keyboard.type("Кто на смене?")
    await page.keyboard.press("Enter")
    await group.sees("Кто на смене?")
    await page.keyboard.press("Shift+Tab")
    rows = group.node.locator(".list")
    await rows.focus()
    await page.keyboard.press("ArrowUp")
    await expect(group.row("Кто на смене?")).to_be_focused()
    await page.keyboard.press("Enter")  # its menu
    menu = page.get_by_role("menu")
    await expect(menu).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Escape")
    await expect(menu).to_have_count(0)
    await expect(group.row("Кто на смене?")).to_be_focused()
    await page.keyboard.press("Shift+F10")
    await page.get_by_role("menuitem", name="Удалить").focus()
    await page.keyboard.press("Enter")
    dialog = page.locator("dialog[open]")
    await expect(dialog).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await group.sees("Кто на смене?")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_text_twice_as_large_fits(stage: Stage, size: tuple[int, int]) -> None:
    try:
        # what people set in their browser, and not a zoom of the page
        async with browsing("--blink-settings=defaultFontSize=32") as browser:
            window = await stage.open(browser, size=size)
            rem = await window.page.evaluate(
                "parseFloat(getComputedStyle(document.documentElement).fontSize)"
            )
            assert rem >= 30
            await expect(window.customer.node).to_be_visible()
            assert await window.page.evaluate(FITS) == []
            bar = window.customer.node.locator(".composer")
            await expect(bar).to_be_in_viewport(ratio=0.9)
            await window.close()
    except NoBrowser as why:
        pytest.skip(str(why))


TOKENS = Path("sandbox/page/static/css/tokens.css")
PAIRS = (
    *(("text", ground) for ground in ("panel", "panel-2", "bubble", "bubble-own")),
    *(("muted", ground) for ground in ("panel", "panel-2", "hover")),
    *(("accent", ground) for ground in ("panel", "panel-2", "accent-soft", "hover")),
    *((f"name-{number}", "bubble") for number in range(7)),
    ("meta", "bubble"), ("meta-own", "bubble-own"), ("tick", "bubble-own"), ("link", "bubble"),
    ("link-own", "bubble-own"), ("accent-text", "accent-fill"), ("quote-own", "bubble-own"),
    ("bad", "panel"), ("bad", "panel-2"), ("warn", "panel-2"),
)  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_that_belong_together_keep_their_distance(theme: str) -> None:
    css = TOKENS.read_text()
    begun = css.index("{", css.index(f'data-theme="{theme}"'))
    block = css[begun : css.index("\n}", begun)]
    colours = dict(re.findall(r"--([\w-]+):\s*(#\w+);", block))
    near = {pair: ratio(*(colours[name] for name in pair)) for pair in PAIRS}
    assert {pair: found for pair, found in near.items() if found < 4.5} == {}


def ratio(one: str, other: str) -> float:
    """WCAG's contrast of two colours."""
    dark, bright = sorted(map(luminance, (one, other)))
    return round((bright + 0.05) / (dark + 0.05), 2)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(sign * 2 for sign in colour[1:])
    parts = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
