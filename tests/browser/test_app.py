"""The Mini App inside the sandbox's page: opened as an operator, live, acting in the chats."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Opening
from tests.browser.stage import Stage
from tests.browser.window import PHONE, Window

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh")]


async def test_an_operator_works_in_the_app_while_the_chats_go_on(window: Window) -> None:
    await window.add("Зоя Новикова")
    await window.ticket("Не открывается калитка у второго подъезда.")
    await window.group.node.get_by_role("button", name="Приложение").click()
    app = window.page.frame_locator("dialog.miniapp iframe")
    row = app.locator("tr", has_text="калитка")
    await expect(row).to_contain_text("🔴")
    await row.locator("td.ticket a").click()
    await app.locator("#text").fill("Мастер придёт сегодня")
    await app.locator("form.answer button", has_text="Ответить").click()
    await expect(app.locator(".talk li.ours")).to_contain_text("Мастер придёт сегодня")
    await expect(app.locator(".card")).to_contain_text("🟢")  # it was delivered meanwhile
    await window.page.locator("dialog.miniapp").get_by_role("button", name="Закрыть").click()
    await window.customer.sees("Мастер придёт сегодня")
    await window.group.sees("Мастер придёт сегодня")


async def test_statistics_are_for_the_admin_who_opens_it_on_a_phone(
    opening: Opening, stage: Stage
) -> None:
    wide = await opening()
    await wide.add("Лев Осипов")
    await wide.ticket("У третьего подъезда не горит лампа.")
    window = await opening(size=PHONE)
    await window.page.locator("#tabs button").nth(1).click()
    for name, shown in (("Ольга", 0), ("Анна", 1)):
        await window.group.be(name)
        await window.group.node.get_by_role("button", name="Приложение").click()
        app = window.page.frame_locator("dialog.miniapp iframe")
        await expect(app.locator("td.ticket").first).to_be_visible()
        await expect(app.locator("header a", has_text="Статистика")).to_have_count(shown)
        if shown:
            await app.locator("header a", has_text="Статистика").click()
            await expect(app.locator(".figures a").first).to_contain_text(re.compile(r"[1-9]"))
            picture = app.locator(".picture img:visible")
            await expect(picture).to_have_js_property("complete", value=True)
            assert await picture.evaluate("node => node.naturalWidth") > 0
        close = window.page.locator("dialog.miniapp").get_by_role("button", name="Закрыть")
        await expect(close).to_be_in_viewport(ratio=1)
        await expect(app.locator("header button")).to_be_in_viewport(ratio=1)
        await close.click()
