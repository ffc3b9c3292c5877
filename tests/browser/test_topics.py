"""A group with topics on the page: switched on by hand, one topic for each ticket."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from tests.browser.stage import Stage
from tests.browser.window import Window

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("anew")]


async def switch(window: Window, label: str) -> None:
    """As the admin, by the group's menu; the next message shows the desk what has changed."""
    await window.group.be("Анна П")
    await window.group.node.locator(".chat-head .icon-button").click()
    await window.page.get_by_role("menuitem", name=label, exact=True).click()
    await window.group.says("Коллеги, теперь так")
    await window.group.be("Ольга")


def topic(window: Window, words: str) -> Locator:
    return window.group.node.locator(".topic").filter(has_text=words)


async def test_each_ticket_has_a_topic_in_a_row_above_the_chat(window: Window) -> None:
    await window.add("Тимур Ахметов")
    await window.ticket("Не видно ворота.")
    await switch(window, "Включить темы")
    tab = topic(window, "Не видно ворота")
    await expect(tab).to_contain_text("❗️")
    await expect(tab.locator(".count")).to_have_text("1")
    await window.group.row("здесь").locator("a").click()  # the old card leads to the new one
    await expect(tab).to_have_attribute("aria-selected", "true")
    await expect(window.group.node.locator(".pinned")).to_contain_text("Тимур")
    await window.group.choose(await window.group.sees("🙋"), "Ответить")
    await window.group.says("Выезжаем")
    await window.customer.sees("Выезжаем")
    await expect(tab).to_contain_text("💬")
    await topic(window, "General").click()
    await expect(window.group.row("Выезжаем")).to_have_count(0)
    await expect(window.group.row("Коллеги, теперь так")).to_be_visible()
    await switch(window, "Выключить темы")
    await expect(window.group.node.locator(".topics")).to_be_hidden()
    await window.group.sees("Выезжаем")


async def test_each_ticket_of_a_customer_has_a_topic_in_their_chat(
    window: Window, stage: Stage
) -> None:
    await window.add("Вера Громова")
    world = stage.page.world
    looks = len(world.calls_of("getMe"))
    await window.customer.node.locator(".chat-head .icon-button").click()
    await window.page.get_by_role("menuitem", name="Включить темы", exact=True).click()
    # the desk looks twice a minute; the look after the next one has seen it, and was noted
    await world.until(lambda: len(world.calls_of("getMe")) > looks, timeout=60)
    tabs = window.customer.node.locator(".topic")
    await expect(tabs).to_have_text(["General"])
    await window.ticket("Не открывается калитка.")
    tab = tabs.filter(has_text="Не открывается калитка")
    await expect(tab).to_contain_text("💬")
    await window.customer.sees("теме этого чата")
    await tab.click()
    await window.customer.sees("принято")
    await window.customer.says("И домофон молчит")
    await window.group.sees("И домофон молчит")
    await expect(window.customer.row("теме этого чата")).to_have_count(0)


async def test_what_is_being_written_stays_when_topics_are_switched_on(window: Window) -> None:
    await window.group.be("Анна П")
    await window.group.input.fill("Коллеги, теперь так")
    await window.group.node.locator(".chat-head .icon-button").click()
    await window.page.get_by_role("menuitem", name="Включить темы", exact=True).click()
    await expect(topic(window, "General")).to_be_visible()
    await expect(window.group.input).to_have_value("Коллеги, теперь так")
    await window.group.input.press("Enter")
    await window.group.sees("Коллеги, теперь так")
