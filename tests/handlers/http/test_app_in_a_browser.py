"""The app in a real browser, as Telegram opens it: signs in by itself, acts without reloading."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, FilePayload, Page, expect

from core.desk import Desk
from core.files import FolderStore
from core.people.identity import leave_operators
from core.people.staff import by_operator, enrol
from core.texts import Texts
from core.tickets.intake import hear
from core.tickets.lifecycle import take
from handlers.http.app import staff_access
from handlers.http.app.staff_access import Entrance
from handlers.http.door import make_door
from handlers.http.health import Vitals
from tests.actions import people
from tests.browser.stage import NoBrowser, browsing
from tests.browser.window import PATIENCE
from tests.clock import Clock
from tests.handlers.http.app_browser import TOKEN, Wait, in_the_group, signed
from tests.handlers.http.conftest import Visitor, served

HOSTILE = "<img src=x onerror=document.title='stolen'> the lamp is dark"
DARK = quote('{"bg_color":"#17212b"}')


@pytest.fixture
async def visitor(desk: Desk, texts: Texts) -> AsyncIterator[Visitor]:
    await desk.run(by_operator, people.OLGA, enrol)
    door = make_door(
        desk, texts, Vitals(lambda: 0.0, lambda: 0), entrance=Entrance(TOKEN, in_the_group)
    )
    async with served(door, desk) as visitor:
        yield visitor


@pytest.fixture(scope="module")
async def started() -> AsyncIterator[Browser]:
    """One for all tests: to start it costs more than most of them."""
    expect.set_options(timeout=PATIENCE)
    try:
        async with browsing() as browser:
            yield browser
    except NoBrowser as why:
        pytest.skip(str(why))


@pytest.fixture
async def browser(started: Browser) -> AsyncIterator[Browser]:
    """The browser, in which nothing is open and nothing is remembered before and after a test."""
    yield started
    for context in list(started.contexts):
        await context.close()


async def _opened(browser: Browser, visitor: Visitor, clock: Clock, faults: list[str]) -> Page:
    """The app as Telegram opens it on a phone."""
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()
    page.on("console", lambda said: faults.append(said.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    data = quote(signed(clock, people.OLGA), safe="")
    await page.goto(f"{visitor.url}/app#tgWebAppData={data}&tgWebAppThemeParams={DARK}")
    return page


async def test_a_ticket_that_is_late_by_several_deadlines_is_no_wider_than_a_phone(
    browser: Browser, visitor: Visitor, desk: Desk, clock: Clock
) -> None:
    await people.opens(desk)
    page = await _opened(browser, visitor, clock, [])
    late = "overdue by 1 day 22 h · ⏱️ overdue by 8 h 26 min · 🔧 overdue by 3 days"
    await page.locator("td.when").evaluate("(when, late) => { when.textContent = late; }", late)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_an_operator_answers_and_takes_on_a_phone(
    browser: Browser, visitor: Visitor, desk: Desk, clock: Clock
) -> None:
    await people.opens(desk, text=HOSTILE)
    faults: list[str] = []
    page = await _opened(browser, visitor, clock, faults)
    await page.locator("td.ticket a").click()
    await expect(page.locator(".talk li.theirs")).to_contain_text(HOSTILE)
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(22, 24, 27)"  # dark, as Telegram's
    )
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.locator("#text").fill("Restart it, please")
    await page.get_by_role("button", name="Answer", exact=True).click()
    await expect(page.locator(".talk li.ours")).to_contain_text("Restart it, please")
    await expect(page.locator("#text")).to_have_value("")
    await page.locator("summary", has_text="Close").click()
    await page.locator("details[open] button", has_text="Close").click()
    await expect(page.locator("#verbs")).to_contain_text("Reopen")
    assert await page.title() != "stolen" and not faults


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_refused_answer_is_sent_again_by_one_button(
    scripts: bool,
    browser: Browser,
    desk: Desk,
    texts: Texts,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Scripts have dropped the draft by then."""
    wait = Wait()
    monkeypatch.setattr(staff_access, "Buckets", lambda *_rate: wait)
    await desk.run(by_operator, people.OLGA, enrol)
    await people.opens(desk)
    entrance, vitals = Entrance(TOKEN, in_the_group), Vitals(lambda: 0.0, lambda: 0)
    door = make_door(desk, texts, vitals, entrance=entrance, files=FolderStore(tmp_path))
    plan = FilePayload(name="plan.txt", mimeType="text/plain", buffer=b"x")
    faults: list[str] = []
    async with served(door, desk) as visitor:
        page = await _opened(browser, visitor, clock, faults)
        await expect(page.locator("td.ticket a")).to_be_visible()
        if not scripts:
            context = await browser.new_context(
                storage_state=await page.context.storage_state(),
                viewport=page.viewport_size,
                java_script_enabled=False,
            )
            page = await context.new_page()
        await page.route("**/app/live*", lambda route: route.abort())  # it asks for pages, too
        await page.goto(f"{visitor.url}/app/t/1")
        await page.locator("#text").fill(f"{HOSTILE}\n\nRestart it")
        await page.locator("#files").set_input_files(plan)
        wait.seconds = 3.0
        await page.get_by_role("button", name="Answer", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text("in 3 seconds")
        await expect(page.locator("blockquote")).to_have_text(f"{HOSTILE}\n\nRestart it")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        await page.locator("#files").set_input_files(plan)
        wait.seconds = 0.0
        await page.get_by_role("button", name="Send again").click()
        await expect(page.locator(".talk li.ours")).to_have_count(2)  # the words, the file
        await expect(page.locator("#text")).to_have_value("")
        assert await page.title() != "stolen"
    assert not [one for one in faults if not one.startswith("Failed to load resource")]


async def test_who_sends_the_last_form_for_now_sees_that_it_was_sent(
    browser: Browser,
    desk: Desk,
    texts: Texts,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wait = Wait()
    monkeypatch.setattr(staff_access, "Buckets", lambda *_rate: wait)
    await desk.run(by_operator, people.OLGA, enrol)
    await people.opens(desk)
    entrance, vitals = Entrance(TOKEN, in_the_group), Vitals(lambda: 0.0, lambda: 0)
    async with served(make_door(desk, texts, vitals, entrance=entrance), desk) as visitor:
        page = await _opened(browser, visitor, clock, [])
        await page.route("**/app/live*", lambda route: route.abort())  # it asks for pages, too
        await page.locator("td.ticket a").click()
        await page.locator("#text").fill("Restart it")
        wait.free, wait.seconds = 1, 3.0
        await page.get_by_role("button", name="Answer", exact=True).click()
        await expect(page.locator(".talk li.ours")).to_contain_text("Restart it")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/app", "Open this page from Telegram"),
        ("/app#tgWebAppData=hash%3Dx", "out of date"),
        ("/app/enter/none", "was used already"),
    ],
)
async def test_who_is_not_let_in_reads_why(
    browser: Browser, visitor: Visitor, path: str, told: str
) -> None:
    page = await browser.new_page()
    await page.goto(visitor.url + path)
    await expect(page.locator("main p:visible").first).to_contain_text(told)


async def test_pages_follow_what_happens_and_what_one_types_stays(
    browser: Browser, visitor: Visitor, desk: Desk, clock: Clock
) -> None:
    await people.opens(desk, text="the lamp is dark")
    faults: list[str] = []
    page = await _opened(browser, visitor, clock, faults)
    await people.opens(desk, people.BORIS, "the gate is open")
    await expect(page.locator("td.ticket")).to_have_count(2)
    await page.locator("#t1").click()
    box = page.locator("#text")
    await box.fill("I am still writ")
    await box.press("End")
    await desk.run(hear, people.ALICE, people.says(people.ALICE, "and the door, too"))
    await expect(page.locator(".talk")).to_contain_text("and the door, too")
    await box.press_sequentially("ing")
    await desk.run(by_operator, people.OLEG, take, 1)
    await expect(page.locator(".card")).to_contain_text("Oleg")
    await expect(page.locator("#verbs")).to_contain_text("Give it back")
    await expect(box).to_have_value("I am still writing")
    await page.locator("header a").first.click()
    await page.locator("#t1").click()
    await expect(box).to_have_value("I am still writing")
    assert not faults
    await desk.run(leave_operators, people.OLGA)
    await expect(page.locator("#ended")).to_be_visible()
    await expect(box).to_have_value("I am still writing")
    # a look that was under way is refused, which a browser notes
    assert not [fault for fault in faults if "403" not in fault]


async def test_what_is_unfolded_and_where_a_key_has_led_stay_while_the_page_follows(
    browser: Browser, visitor: Visitor, desk: Desk, clock: Clock
) -> None:
    """The board is drawn anew by every change; who reads its days would find them folded."""
    await desk.run(by_operator, people.ANNA, enrol)
    await people.opens(desk)
    context = await browser.new_context(locale="en-GB")
    page = await context.new_page()
    data = quote(signed(clock, people.ANNA), safe="")
    await page.goto(f"{visitor.url}/app#tgWebAppData={data}")
    await page.locator("header a", has_text="Statistics").click()
    await page.locator("summary", has_text="By day").click()
    link = page.locator("details a").first
    await link.focus()
    await page.evaluate("document.getElementById('board').dataset.old = 'yes'")
    await page.evaluate("htmx.trigger('#board', 'live')")
    await expect(page.locator("#board:not([data-old])")).to_be_visible()
    await expect(page.locator("details[open] a").first).to_be_focused()
