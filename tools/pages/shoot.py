"""Draws every page on a phone and a desktop, light and dark, in Russian and English."""

import asyncio
import hashlib
import hmac
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from playwright.async_api import Browser, BrowserContext, Page

from bot.app import LOCALES
from bot.http_server import HttpServer
from bot.migrations import migrate
from channels.telegram.addresses import chat_address, chat_id
from core.assistant.model import Completion
from core.assistant.service import Assistant
from core.company import Assistance, Company
from core.db import Database
from core.desk import Desk
from core.files import FolderStore
from core.people.app_logins import make_link
from core.people.identity import Sender
from core.setup.signed_links import follow_path
from core.signing_key import find_signing_key, make_signing_key
from core.subscriptions import SUBSCRIBERS
from core.texts import Texts
from handlers.http.app.staff_access import Entrance
from handlers.http.door import make_door
from handlers.http.health import Vitals
from tests.browser.stage import NoBrowser, browsing
from tests.clock import Clock
from tools.pages import history

FOLDER: Final = Path("build/screenshots/pages")
TOKEN: Final = "42:SCREENSHOTS"
SIZES: Final = {"phone": (390, 844), "desktop": (1280, 900)}
COLOURS: Final = {"light": "#ffffff", "dark": "#17212b"}


@dataclass(frozen=True, slots=True)
class Site:
    """A desk's pages. ``ticket``: the number of the one that is looked at."""

    url: str
    desk: Desk
    clock: Clock
    ticket: int

    def opened_by(self, who: Sender, theme: str) -> str:
        """The address by which Telegram opens the app for somebody."""
        colours = quote(json.dumps({"bg_color": COLOURS[theme]}))
        data = quote(_signed(who, self.clock()), safe="")
        return f"{self.url}/app#tgWebAppData={data}&tgWebAppThemeParams={colours}"


def _signed(who: Sender, now: datetime) -> str:
    user = json.dumps({"id": chat_id(who.address), "first_name": who.name})
    fields = {"auth_date": str(int(now.timestamp())), "query_id": "AA", "user": user}
    told = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    key = hmac.new(b"WebAppData", TOKEN.encode(), hashlib.sha256).digest()
    fields["hash"] = hmac.new(key, told.encode(), hashlib.sha256).hexdigest()
    return urlencode(fields)


@asynccontextmanager
async def site(folder: Path, language: str) -> AsyncIterator[Site]:
    """Serve the pages of a company that has worked for some weeks."""
    database, clock = Database(f"sqlite+aiosqlite:///{folder}/{language}.db"), Clock()
    name = "Наш двор" if language == "ru" else "Our Yard"
    company = Company(
        name=name, language=language, admins=frozenset({history.ADMIN.address}),
        operators_chat=chat_address(-100), alerts_chat=chat_address(-200),
        assistance=Assistance(timedelta(seconds=30)), offer_articles=True,
    )  # fmt: skip
    desk = Desk(database, company, SUBSCRIBERS, clock=clock)
    await migrate(database)
    await desk.run(make_signing_key)
    ticket = await history.tell(desk, clock, language)

    async def confirm(_address: Any) -> bool:
        return True

    texts, vitals = Texts.load(LOCALES, language), Vitals(lambda: 0.0, lambda: 0)
    door = make_door(
        desk,
        texts,
        vitals,
        files=FolderStore(folder),
        entrance=Entrance(TOKEN, confirm),
        assistant=Assistant(desk, texts, _Model()),
    )
    server = HttpServer(("127.0.0.1", 0), lambda: door, desk.changes.end)
    host, port = server.bind()
    running = asyncio.create_task(server.run())
    try:
        yield Site(f"http://{host}:{port}", desk, clock, ticket)
    finally:
        server.stop()
        await running
        await database.close()


Scene = Callable[[Page, Site], Awaitable[None]]


def _at(path: str) -> Scene:
    async def go(page: Page, there: Site) -> None:
        await page.goto(there.url + path.format(number=there.ticket))

    return go


def _unfolded(words: tuple[str, ...]) -> Scene:
    """A ticket's page with parts of it unfolded: those with one of these names (both languages)."""

    async def go(page: Page, there: Site) -> None:
        await page.goto(f"{there.url}/app/t/{there.ticket}")
        for one in words:
            for summary in await page.locator("summary", has_text=one).all():
                await summary.click()

    return go


async def _all_days(page: Page, there: Site) -> None:
    await page.goto(f"{there.url}/app/stats?period=month")
    await page.locator("details summary").last.click()


async def _entrance(page: Page, there: Site) -> None:
    secret = await there.desk.run(make_link, history.ADMIN.address)
    await page.goto(f"{there.url}/app/enter/{secret}")


async def _follow(page: Page, there: Site) -> None:
    key = await there.desk.read(find_signing_key)
    await page.goto(there.url + follow_path(key, there.ticket))


async def _refused(page: Page, there: Site) -> None:
    await page.goto("about:blank")  # another hash alone would load nothing
    await page.goto(f"{there.url}/app#tgWebAppData=hash%3Dx")
    await page.wait_for_selector("p[role=status]:not(#told)")


async def _faulty_form(page: Page, there: Site) -> None:
    await page.goto(f"{there.url}/form")
    await page.locator("form").evaluate("form => { form.noValidate = true; form.submit(); }")
    await page.wait_for_selector("[role=alert]")


async def _ended(page: Page, there: Site) -> None:
    await page.goto(f"{there.url}/app/t/{there.ticket}")
    await page.locator("#ended").evaluate("node => { node.hidden = false; }")


async def _faulty_answer(page: Page, there: Site) -> None:
    await page.goto(f"{there.url}/app/t/{there.ticket}")
    await page.locator("#text").fill("…")  # where somebody writes the page changes nothing
    await page.locator("form.answer input[name=token]").evaluate("node => { node.value = 'x'; }")
    await page.locator("form.answer button").first.click()
    await page.wait_for_selector("[role=alert]:not([hidden])")


class _Model:
    """An assistant's model that says one thing."""

    async def complete(self, _messages: Any, _tokens: int) -> Completion:
        return Completion(_SUGGESTED, 10, 10)

    async def close(self) -> None:
        """Nothing is held."""


_SUGGESTED: Final = (
    "Здравствуйте, Анна. Мастер приедет завтра с 10 до 12 и поправит камеру у въезда. /"
    " Hello, Anna. An engineer comes tomorrow from 10 to 12 and sets the camera right."
)


async def _suggested(page: Page, there: Site) -> None:
    await page.goto(f"{there.url}/app/t/{there.ticket}")
    if not await page.locator(".suggestion").count():
        await page.locator("button[value=draft]").click()
    await page.wait_for_selector(".suggestion")


async def _article(page: Page, there: Site) -> None:
    await page.goto(f"{there.url}/app/t/{there.ticket}?kb=")
    await page.locator("#articles .found a").first.click()
    await page.wait_for_selector(".article")


async def _written(page: Page, there: Site) -> None:
    await page.goto(f"{there.url}/app/t/1")
    await page.locator("#writing summary").click()


async def _filtered(page: Page, there: Site) -> None:
    await page.goto(f"{there.url}/app?topic=payment&marker=needs_answer&order=newest")
    await page.locator("details.narrow summary").click()


# Pages of somebody who is in, and pages of everybody.
INSIDE: Final[dict[str, Scene]] = {
    "table": _at("/app"),
    "table-empty": _at("/app?view=frozen"),
    "table-filtered": _filtered,
    "table-found": _at("/app?find=MOS_07_02"),
    "table-not-found": _at("/app?find=xyz"),
    "table-narrowed-away": _at("/app?marker=frozen"),
    "ticket": _at("/app/t/{number}"),
    "ticket-fields": _unfolded(("Заморозить", "Freeze")),
    "ticket-ends": _unfolded(("Решено", "Resolved", "Закрыть", "Close")),
    "ticket-tasks": _unfolded(("Задачи", "Tasks", "Теги", "Tags", "Поля", "Fields")),
    "ticket-kind": _unfolded(("Передать", "Hand over", "Вид", "Kind", "Клиент", "Customer")),
    "ticket-more": _unfolded(("Состояние", "State", "уровень выше", "Escalate", "Тема", "Topic")),
    "ticket-data": _unfolded(
        ("Технические", "Technical", "Заголовок", "Выписка", "Transcript", "Title")
    ),
    "ticket-journal": _unfolded(("Сроки", "Журнал", "Deadlines", "Journal")),
    "ticket-refused": _faulty_answer,
    "ticket-ended": _ended,
    "ticket-suggested": _suggested,
    "ticket-articles": _at("/app/t/{number}?kb="),
    "ticket-article": _article,
    "ticket-closed": _at("/app/t/1"),
    "ticket-written": _written,
    "ticket-none": _at("/app/t/99999"),
    "stats": _at("/app/stats?period=month"),
    "stats-days": _at("/app/stats?scope=topic:payment"),
    "stats-table": _all_days,
    "stats-tickets": _at("/app/stats/tickets?figure=missed&period=month"),
}
OUTSIDE: Final[dict[str, Scene]] = {
    "login": _at("/app"),
    "login-refused": _refused,
    "entrance": _entrance,
    "entrance-over": _at("/app/enter/none"),
    "form": _at("/form"),
    "form-faults": _faulty_form,
    "follow": _follow,
    "follow-none": _at("/t/1-none"),
}


def _views() -> Iterator[tuple[str, str, str]]:
    for size in SIZES:
        for theme in COLOURS:
            yield f"{size}-{theme}", size, theme


@asynccontextmanager
async def _context(
    browser: Browser, size: str, theme: Any, language: str
) -> AsyncIterator[BrowserContext]:
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        locale="ru-RU" if language == "ru" else "en-GB",
        color_scheme=theme,
        device_scale_factor=2 if size == "phone" else 1,
        is_mobile=size == "phone",
        reduced_motion="reduce",
    )
    try:
        yield context
    finally:
        await context.close()


async def _shoot(page: Page, there: Site, scene: Scene, name: str) -> list[str]:
    """Draw a page; return what is wrong with it."""
    await scene(page, there)
    await page.wait_for_load_state("networkidle" if "/app" not in page.url else "load")
    await page.evaluate(PICTURES)
    await page.evaluate("scrollTo(0, 0)")
    await page.screenshot(path=FOLDER / f"{name}.png", full_page=True)
    return [f"{name}: {fault}" for fault in await page.evaluate(FAULTS)]


# What is shown later as one comes to it is shown at once.
PICTURES: Final = """() => Promise.all([...document.images].map((image) => {
  if (getComputedStyle(image.closest("picture") ?? image).display === "none") return null;
  image.loading = "eager";
  return image.decode();
}))"""
FAULTS: Final = Path(__file__).with_name("faults.js").read_text("utf-8")


async def series(browser: Browser, there: Site, language: str, only: str = "") -> list[str]:
    """All pages in one language; returns what is wrong with them."""
    found: list[str] = []
    for view, size, theme in _views():
        async with _context(browser, size, theme, language) as outside:
            page = await outside.new_page()
            for name, scene in OUTSIDE.items():
                if only in name:
                    found += await _shoot(page, there, scene, f"{language}-{view}-{name}")
        async with _context(browser, size, theme, language) as inside:
            page = await inside.new_page()
            there.clock.move(seconds=1)  # a sign-in counts once
            await page.goto(there.opened_by(history.ADMIN, theme))
            await page.wait_for_selector("header")
            for name, scene in INSIDE.items():
                if only in name:
                    found += await _shoot(page, there, scene, f"{language}-{view}-{name}")
    return found


async def draw(only: str = "") -> int:
    """Draw everything whose name has ``only`` in it; return the exit code."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    found: list[str] = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with browsing() as browser:
                for language in ("ru", "en"):
                    async with site(Path(folder), language) as there:
                        found += await series(browser, there, language, only)
    except NoBrowser as why:
        print(why, file=sys.stderr)
        return 1
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}", *found, sep="\n")
    return 1 if found else 0
