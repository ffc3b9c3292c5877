"""The work behind a ticket, as the sandbox's company offers it to be clicked through."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.window import Window

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh")]


async def test_a_camera_s_fault_is_told_and_escalated_to_the_second_line(window: Window) -> None:
    customer, group = window.customer, window.group
    await customer.be("Борис")
    await customer.start()
    await customer.node.locator(".key").filter(has_text="📷").click()
    await customer.button("Нет изображения").click()  # it is his only camera
    await customer.sees("принято")
    found = await group.sees("📷 MOS_12_31")
    card = group.node.locator(f"[data-message='{await found.get_attribute('data-message')}']")
    await expect(card).to_contain_text("🛠 T1 оборудование")
    await expect(card).to_contain_text("реакция до")  # his contract says so
    await card.get_by_role("button", name="📋 Техданные").click()
    data = await group.sees("Технические данные #")
    await expect(data).to_contain_text("Установлена: ")  # a column of the cameras' table
    await expect(data).to_contain_text("Регистратор: TRASSIR")  # of the companies'
    await expect(data).to_contain_text(
        "Доступ к оборудованию: ключ от подвала"
    )  # of the contracts'
    await group.choose(card, "Ответить")
    await group.says("/escalate")  # the list of commands offers it, and it answers the card
    await expect(card).to_contain_text("👥 Вторая линия · уровень 2")
    await group.sees("«Вторая линия»: Олег")
