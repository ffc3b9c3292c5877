"""For everybody: names, keys, focus, contrast, large text (WCAG 2.2, AA)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Opening
from tests.browser.stage import NoBrowser, Stage, browsing
from tests.browser.window import DESK, PHONE, Window

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh")]

# A small part of what axe looks for; no package of npm is worth it. Returns what is wrong.
AUDIT = """() => {
  const wrong = [];
  const seen = (node) => node.getClientRects().length && getComputedStyle(node).visibility === "visible";
  const roles = ["button", "menuitem", "radio", "tab", "switch"].map((role) => `[role=${role}]`);
  const controls = ["button", "a[href]", "input", "textarea", "select", "summary", ...roles].join(",");
  for (const node of document.querySelectorAll(controls)) {
    if (!seen(node)) continue;
    const label = node.labels?.[0]?.textContent;
    const name = node.getAttribute("aria-label") || label || node.textContent || node.title;
    if (!name.trim()) wrong.push(`no name: ${node.outerHTML.slice(0, 120)}`);
    const { width, height } = node.getBoundingClientRect();
    const inline = getComputedStyle(node).display === "inline" || node.closest(".words");
    const small = width < 24 || height < 24;
    if (small && !inline && !node.closest("label") && width > 1) wrong.push(`small: ${node.outerHTML.slice(0, 120)}`);
    if (node.closest("[aria-hidden=true]")) wrong.push(`hidden control: ${node.outerHTML.slice(0, 120)}`);
  }
  for (const image of document.querySelectorAll("img")) if (!image.hasAttribute("alt")) wrong.push(`no alt: ${image.src}`);
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  wrong.push(...ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `id twice: ${id}`));
  for (const node of document.querySelectorAll("[aria-labelledby], [aria-controls]")) {
    for (const id of ["aria-labelledby", "aria-controls"].flatMap((name) => (node.getAttribute(name) ?? "").split(" ").filter(Boolean))) {
      if (!document.getElementById(id)) wrong.push(`no such id: ${id}`);
    }
  }
  const levels = [...document.querySelectorAll("h1, h2, h3, h4")].filter(seen).map((node) => Number(node.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) wrong.push(`headings: ${levels}`);
  if (!document.documentElement.lang) wrong.push("no language");
  return wrong;
}"""  # noqa: E501
# Every visible text against what is painted under it; gradients and pictures count by the tokens.
CONTRAST = """() => {
  const parse = (text) => {
    const parts = text.match(/[\\d.]+/g)?.map(Number);
    if (!parts) return null;
    return text.startsWith("color(srgb") ? [...parts.slice(0, 3).map((part) => part * 255), parts[3] ?? 1] : [parts[0], parts[1], parts[2], parts[3] ?? 1];
  };
  const over = (top, under) => [0, 1, 2].map((at) => top[at] * top[3] + under[at] * (1 - top[3]));
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const wrong = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    const words = texts.currentNode.data.trim();
    const style = getComputedStyle(node);
    if (!words || !node.getClientRects().length || style.visibility !== "visible" || node.closest("[disabled], .unseen, .spoiler, noscript")) continue;
    if (/^[\\p{Emoji}\\p{P}\\s\\u200d\\ufe0f]+$/u.test(words) && !/\\d/.test(words)) continue;
    const layers = [];
    let ground = null;
    for (let at = node; at && !ground; at = at.parentElement) {
      const own = getComputedStyle(at);
      if (own.backgroundImage !== "none") { ground = "picture"; break; }
      const colour = parse(own.backgroundColor);
      if (colour && colour[3] === 1) ground = colour;
      else if (colour && colour[3] > 0) layers.unshift(colour);
      if (Number(own.opacity) < 1) { ground = "picture"; break; }
    }
    if (!ground || ground === "picture") continue;
    const under = layers.reduce((below, layer) => over(layer, below), ground.slice(0, 3));
    const ink = over(parse(style.color), under);
    const [dark, bright] = [light(ink), light(under)].sort((a, b) => a - b);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = (bright + 0.05) / (dark + 0.05);
    if (ratio < (large ? 3 : 4.5)) wrong.push(`${ratio.toFixed(2)} ${node.className}: ${words.slice(0, 40)}`);
  }
  return wrong;
}"""  # noqa: E501
# What moves is between two looks; what it comes to is judged.
AT_REST = """() => Promise.allSettled(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
  .map((one) => one.finished))"""
FOCUSED = """() => {
  const node = document.activeElement;
  const box = node.getBoundingClientRect();
  const style = getComputedStyle(node);
  const place = node.closest(".top, .pane, .machine, .skip");
  return {
    name: node.getAttribute("aria-label") || node.textContent.trim() || node.title,
    place: place?.id || place?.className || node.tagName,
    shown: box.width > 0 && box.height > 0,
    ring: style.outlineStyle !== "none" || style.boxShadow !== "none" || getComputedStyle(node.parentElement).boxShadow !== "none",
  };
}"""  # noqa: E501


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


FITS = """() => {
  const wrong = [];
  if (document.documentElement.scrollWidth > innerWidth + 1) wrong.push(`as wide as ${document.documentElement.scrollWidth}`);
  for (const node of document.querySelectorAll("button, h1, h2, .input, .ib, .words")) {
    const style = getComputedStyle(node);
    const box = node.getBoundingClientRect();
    if (!box.width || style.visibility !== "visible" || node.closest(".people, .unseen, .skip, .tabs")) continue;
    const cut = node.scrollWidth > node.clientWidth + 2 && style.overflowX === "hidden" && style.textOverflow !== "ellipsis";
    const out = box.left < -1 || box.right > innerWidth + 1;
    if (cut || out) wrong.push(`${cut ? "cut" : "outside"}: ${node.className} ${node.textContent.slice(0, 30)}`);
  }
  return wrong;
}"""  # noqa: E501


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
