"""The guided tour, from the offer to the last word, as a newcomer takes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import pytest
from playwright.async_api import expect

from tests.browser.audits import AT_REST
from tests.browser.conftest import Opening
from tests.browser.window import DESK, PHONE, SMALL_PHONE, Window

pytestmark = pytest.mark.slow

ENDS = {"ru": "Вот и всё", "en": "That is all"}
COMPANY = {"ru": ("Ольга", "Операторы", "Просрочки"), "en": ("Olga", "Operators", "Overdue")}
GREY = {"ru": "Серым командам", "en": "Grey commands"}
MAIL = {"ru": "«Почта»", "en": "“Mail”"}


@dataclass(frozen=True)
class Labels:
    """What the company of a language has on its buttons and cards."""

    payment: str
    article: str
    did_not_help: str
    card: str
    response: str
    view: str
    reason: str


LABELS = {
    "ru": Labels(
        payment="Оплата",
        article="Списали два раза",
        did_not_help="Не помогло",
        card="Высокий.*#возврат.*Номер договора: Д-12",
        response="Списали дважды",
        view="Возвраты · 1",
        reason="Вернули деньги",
    ),
    "en": Labels(
        payment="Payment",
        article="Charged twice",
        did_not_help="did not help",
        card="High.*#refund.*Contract number: D-12",
        response="Charged twice",
        view="Refunds · 1",
        reason="Paid back",
    ),
}


async def step(window: Window, number: int) -> None:
    await expect(window.tour.locator(".progress")).to_have_text(re.compile(rf"^{number} / 14"))


async def suggest(window: Window) -> None:
    """The tour's own words."""
    await window.tour.locator(".row-end .button").first.click()


async def take_the_tour(window: Window, says: Labels) -> None:
    customer, group, channel = window.customer, window.group, window.channel
    await window.tour.locator(".button.main").click()
    await step(window, 1)
    await customer.start()
    await step(window, 2)
    await customer.node.locator(".key").filter(has_text="📝").click()
    await customer.button(says.payment).click()
    await step(window, 3)
    await customer.button(says.article).click()
    await customer.button(says.did_not_help).click()
    await step(window, 4)
    await suggest(window)
    await customer.input.press("Enter")
    await step(window, 5)
    await suggest(window)
    await customer.input.press("Enter")
    await step(window, 6)
    await group.sees(re.compile(says.card, re.DOTALL))  # a field, and what a rule has done
    await group.button("🙋").click()
    await step(window, 7)
    await suggest(window)
    await expect(group.node.locator(".target-line")).to_be_visible()
    await group.input.press("Enter")
    await group.button(says.response).click()
    await group.button("✉").click()
    await step(window, 8)
    await group.button("🟡").click()
    await group.button("9:00").click()
    await step(window, 9)
    await suggest(window)
    await customer.input.press("Enter")
    await step(window, 10)
    await suggest(window)
    await group.input.press("Enter")
    await group.sees(says.view)
    await step(window, 11)
    if window.page.viewport_size == {"width": PHONE[0], "height": PHONE[1]}:
        await window.page.locator("#tab-machine").click()
    await window.machine.locator("[data-leap='604800']").click()
    await step(window, 12)
    async with group.flashes():  # the alert's link leads to the card
        await channel.row("⭕").locator(".ib").last.click()
    await step(window, 13)
    await group.button("✅").click()  # the customer has no answer: it is said once
    await window.page.locator("dialog.alert button").last.click()
    await group.button(says.reason).click()
    await step(window, 14)
    await customer.node.locator(".inline").last.locator(".ib").first.click()


# At Telegram's pace a newcomer waits for the group's next minute: one of them does.
@pytest.mark.parametrize(
    ("language", "size", "theme", "anew"),
    [("ru-RU", DESK, "light", True), ("en-GB", PHONE, "dark", False)],
    ids=["in Russian", "in English, on a phone"],
    indirect=["anew"],
)
async def test_the_tour_leads_from_the_first_word_to_the_last(
    anew: None, opening: Opening, language: str, size: tuple[int, int], theme: str
) -> None:
    window = await opening(language=language, size=size, theme=theme, newcomer=True)
    staff, group, channel = COMPANY[language[:2]]  # an English browser has an English company
    await expect(window.group.node.locator(".person").first).to_contain_text(staff)
    await expect(window.group.node.locator(".chat-head")).to_contain_text(group)
    await expect(window.channel.node.locator(".chat-head")).to_contain_text(channel)
    await take_the_tour(window, LABELS[language[:2]])
    title = window.tour.locator("h2")
    await expect(title).to_have_text(ENDS[language[:2]])
    await expect(window.tour).to_contain_text(MAIL[language[:2]])
    if size == PHONE:  # the ticket has ended: what needs one is grey and says so
        await expect(window.tour.locator(".why")).to_be_visible()
        await expect(window.tour.locator(".why")).to_contain_text(GREY[language[:2]])
        await expect(window.tour.locator("[data-onward=why]")).to_be_disabled()
    await window.tour.locator("[data-onward=call]").click()  # what else can be tried
    await expect(window.group.input).to_have_value("/call +7 903 111-22-33")
    await expect(window.page.locator(".ring")).to_be_visible()
    await window.tour.locator(".button.main").click()
    await expect(window.tour).to_be_hidden()
    if size == DESK:  # the card follows at the pace of the group, the customer knows at once
        await expect(window.customer.row("закрыто")).to_be_visible()
        await expect(window.group.row("⚪")).to_be_visible()
    else:
        await phone_sheet_leaves_the_tabs(window)


async def phone_sheet_leaves_the_tabs(window: Window) -> None:
    """The controls come up above the tabs, and another tab is one press away."""
    tabs = window.page.locator("#tabs")
    await window.page.locator("#tab-machine").click()
    await expect(window.machine).to_be_in_viewport()
    await window.page.evaluate(AT_REST)  # it is on its way until then
    sheet, below = await window.machine.bounding_box(), await tabs.bounding_box()
    assert sheet and below and sheet["y"] + sheet["height"] <= below["y"] + 1
    await window.page.locator("#tab-group").click()
    await expect(window.group.input).to_be_visible()


async def test_the_tour_can_be_left_and_is_not_offered_twice(opening: Opening) -> None:
    window = await opening(newcomer=True)
    await expect(window.tour).to_be_visible()
    await window.tour.locator(".row-end .button").first.click()
    await expect(window.tour).to_be_hidden()
    assert await window.page.evaluate("localStorage.getItem('frontdoor.tour')") == "seen"
    await window.page.locator("[data-name=tour]").click()
    await step(window, 1)
    await window.tour.locator("header .icon-button").click()
    await expect(window.tour).to_be_hidden()


async def test_on_a_small_phone_nothing_of_the_bar_covers_anything_else(opening: Opening) -> None:
    window = await opening(size=SMALL_PHONE)
    boxes = await window.page.locator("#top > :not(.spread)").evaluate_all(
        """all => all.filter(one => one.offsetWidth).map(one => {
            const { left, right } = one.getBoundingClientRect();
            const cut = getComputedStyle(one).overflowX !== "visible";
            return [left, cut ? right : Math.max(right, left + one.scrollWidth)];
        })"""
    )
    assert len(boxes) > 4
    assert all(left[1] <= right[0] for left, right in pairwise(boxes)), boxes
    assert boxes[-1][1] <= SMALL_PHONE[0]
