"""Pictures of the sandbox's page, and of all pages that the desk serves.

``make screenshots`` writes them to ``build/screenshots``. ``python -m tools.screenshots forty``
draws a group with forty tickets, ``… pages stats`` the pages whose name has ``stats`` in it.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Locator, expect

from tests.browser.stage import NoBrowser, Stage, browsing, playing
from tests.browser.window import DESK, PATIENCE, PHONE, Window
from tools import forty
from tools.pages.shoot import draw as draw_pages

FOLDER = Path("build/screenshots")
# What the README shows: three panes, without the controls beside them.
README = (1240, 800)
NUMBER = re.compile(r"#\d+")
# Milliseconds. Edits of cards are last to go when a group's minute is nearly used up.
A_MINUTE_OF_A_GROUP = 90_000


async def scene(window: Window, stage: Stage) -> None:
    """A working day: a camera's fault that is answered, a frozen ticket, one that is late."""
    customer, group = window.customer, window.group
    await window.add("Тимур Ахметов")
    late = await window.ticket("Камера на складе с ночи не пишет архив, ворота не видно.")
    number = await _number(late)
    await window.add("Елена Орлова")
    frozen = await window.ticket("Камера на стоянке после ветра смотрит в стену.")
    await group.be("Ирина")
    card = group.node.locator(f"[data-message='{await _id(frozen)}']")
    await _pressed(card, "🟡")
    await _pressed(card, "Неделя")
    await expect(card).to_contain_text("Заморожено")  # before the clock leaps
    await stage.visitor.trouble("advance", seconds=6 * 86_400)
    await expect(window.channel.row(number)).to_be_visible()
    await customer.be("Анна С")
    await customer.start()
    await customer.node.locator(".key").filter(has_text="📷").click()
    await customer.button("въезд в гаражи").click()
    await customer.button("Повёрнута").click()
    await group.sees("📷 MOS_07_02")
    await group.be("Ольга")
    newest = group.rows.filter(has=window.page.locator(".ib", has_text="🙋")).last
    row = group.node.locator(f"[data-message='{await _id(newest)}']")
    await _pressed(row, "🙋")
    await expect(row).to_contain_text("Ольга")
    await group.choose(row, "Ответить")
    await group.says("Здравствуйте, Анна! Поправим угол сегодня до 18:00.")
    await customer.sees("до 18:00")
    await expect(group.row("до 18:00").locator(".reaction")).to_be_visible()
    await expect(row).to_contain_text("🟢", timeout=A_MINUTE_OF_A_GROUP)


async def _pressed(row: Locator, label: str) -> None:
    await row.locator(".ib").filter(has_text=label).first.click()


async def _id(row: Locator) -> str:
    return str(await row.get_attribute("data-message"))


async def _number(row: Locator) -> str:
    await expect(row).to_contain_text(NUMBER)
    found = NUMBER.search(await row.inner_text())
    return found.group() if found else ""


async def shoot(window: Window, name: str) -> None:
    """The newest of every chat, nothing on the way."""
    await window.page.mouse.move(0, 0)
    for pane in (window.customer, window.group, window.channel):
        await pane.node.locator(".list").evaluate("node => { node.scrollTop = node.scrollHeight; }")
    await window.page.wait_for_timeout(4500)  # toasts go away
    await window.page.screenshot(path=FOLDER / f"{name}.png")
    print(FOLDER / f"{name}.png")


async def series(stage: Stage, browser: Browser) -> None:
    """All of them."""
    newcomer = await stage.open(browser, newcomer=True)
    await newcomer.tour.locator(".button.main").click()
    await expect(newcomer.tour.locator(".progress")).to_be_visible()
    await shoot(newcomer, "tour")
    await newcomer.close()
    window = await stage.open(browser, size=README)
    await scene(window, stage)
    await shoot(window, "panes")
    for name, how in VIEWS.items():
        view = await stage.open(browser, **how)
        await view.customer.be("Анна С")
        await shoot(view, name)
        await app_inside(view, name)
        await view.close()
    await window.close()


async def app_inside(window: Window, name: str) -> None:
    """The Mini App within the page, as an operator opens it. To hide the caret, a style would be
    written into the app, which lets nobody do so, and complains.
    """
    tab = window.page.locator("#tabs button").nth(1)
    if await tab.is_visible():
        await tab.click()
    await window.group.be("Ольга")
    await window.group.node.locator(".chat-head .button.mini").click()
    app = window.page.frame_locator("dialog.miniapp iframe")
    await expect(app.locator("td.ticket").first).to_be_visible()
    await window.page.screenshot(path=FOLDER / f"miniapp-{name}.png", caret="initial")
    await app.locator("td.ticket a").first.click()
    await expect(app.locator("#text")).to_be_visible()
    await window.page.screenshot(path=FOLDER / f"miniapp-{name}-ticket.png", caret="initial")


VIEWS: dict[str, dict[str, object]] = {
    "light": {"size": DESK},
    "dark": {"size": DESK, "theme": "dark"},
    "english": {"size": DESK, "language": "en-GB"},
    "phone": {"size": PHONE, "scale": 2},
    "phone-dark": {"size": PHONE, "scale": 2, "theme": "dark"},
}


async def main() -> int:
    """Returns the exit code."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE)
    if sys.argv[1:2] == ["pages"]:
        return await draw_pages("".join(sys.argv[2:3]))
    try:
        with tempfile.TemporaryDirectory() as folder:
            if sys.argv[1:] == ["forty"]:
                async with browsing() as browser:
                    await forty.draw(browser, shoot)
                return 0
            async with browsing() as browser, playing(Path(folder)) as stage:
                await series(stage, browser)
    except NoBrowser as why:
        print(why, file=sys.stderr)
        return 1
    return await draw_pages()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
