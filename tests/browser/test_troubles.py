"""Trouble made on the page, with the real bot: what people see of it, and that it passes."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from bot.demo.control import DemoControl
from tests.browser.window import Window

if TYPE_CHECKING:
    from sandbox.page.bot_control import Progress

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh")]


async def test_a_killed_bot_loses_nothing_of_what_was_written_meanwhile(window: Window) -> None:
    customer, machine = window.customer, window.machine
    await window.add("Анна Лис")
    await window.ticket("Камера мигает.")
    await machine.locator("[data-do=kill_bot]").click()
    await expect(machine.locator(".bot b")).to_have_text("Бот убит")
    await customer.says("И ещё звука нет.")
    await expect(customer.row("И ещё звука нет.")).to_be_visible()
    await expect(window.group.row("И ещё звука нет.")).to_have_count(0)
    await machine.locator("[data-do=start_bot]").click()
    await expect(machine.locator(".bot b")).to_have_text("Бот работает")
    await window.group.sees("И ещё звука нет.")


async def test_without_a_network_words_wait_and_then_arrive(window: Window) -> None:
    await window.add("Егор Дуб")
    switch = window.machine.locator("[data-trouble=network]")
    await switch.click()
    await expect(switch).to_have_attribute("aria-pressed", "true")
    await window.customer.says("Есть кто живой?")
    await window.machine.locator("[data-trouble=calm]").click()
    await expect(switch).to_have_attribute("aria-pressed", "false")
    await expect(window.customer.button("Открыть")).to_be_visible()


async def test_a_leap_of_the_clock_brings_the_alert_and_its_link_leads_to_the_card(
    window: Window,
) -> None:
    await window.add("Нина Клён")
    card = await window.ticket("Не записывает ночью.")
    number = re.search(r"#(\d+)", await card.inner_text())
    assert number
    card = window.group.node.locator(f"[data-message='{await card.get_attribute('data-message')}']")
    for hour in range(25):
        await window.group.says(f"разговор {hour}")  # the card goes out of sight
    await expect(card).not_to_be_in_viewport()
    await window.machine.locator("[data-leap='604800']").click()
    alert = await window.channel.sees(f"#{number[1]}")
    await expect(window.machine.locator(".clock .ahead")).to_be_visible()
    await expect(window.group.rows.last).to_be_in_viewport()  # a leap keeps a chat at its end
    # a button where it is alone, a link in its line where others fell due at the same moment
    await alert.locator("a, .ib").filter(has_text=re.compile(rf"Открыть|#{number[1]}\b")).click()
    await expect(card).to_be_in_viewport()
    await expect(window.group.rows.last).not_to_be_in_viewport()
    down = window.group.node.locator(".down")
    await down.click()
    await expect(window.group.rows.last).to_be_in_viewport()
    await expect(down).to_be_hidden()


async def test_the_demonstration_says_how_far_it_is_and_so_does_its_end(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = asyncio.Semaphore(0)

    async def tell(_room: DemoControl, progress: Progress) -> None:
        for at in (1, 2):
            progress(at, 2)
            await told.acquire()

    monkeypatch.setattr(DemoControl, "tell_story", tell)
    demo = window.machine.locator("[data-trouble=demo]")
    await demo.click()
    for at in (1, 2):
        await expect(demo).to_have_text(f"Обращение {at} из 2…")
        await expect(demo).to_be_disabled()
        told.release()
    await expect(demo).to_have_count(0)
    await window.machine.locator("[data-trouble=anew]").click()
    asked = window.page.locator("dialog[open]")  # what was said would be lost: it asks
    await asked.get_by_role("button", name="Отмена").click()
    await expect(demo).to_have_count(0)
    await window.machine.locator("[data-trouble=anew]").click()
    await asked.locator("[name=group_kind]").select_option("forum")
    await asked.locator(".main").click()
    await expect(demo).to_have_text("Начинаем заново…")
    await expect(demo).to_have_text("Показать жизнь")
    await expect(demo).to_be_enabled()
    await expect(window.group.node.locator(".topic").filter(has_text="General")).to_be_visible()
