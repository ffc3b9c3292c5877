"""The mailbox on the page: a customer writes mail, and reads what the desk sends."""

import pytest
from playwright.async_api import expect

from tests.browser.window import Window

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh")]


async def test_a_mail_is_written_and_its_acknowledgement_read_and_answered(window: Window) -> None:
    await window.page.locator("[data-name=mail]").click()
    box = window.page.locator("dialog.mailbox")
    await box.locator("[name=subject]").fill("Калитка")
    await box.locator("[name=text]").fill("Не открывается калитка у дома.")
    await box.locator("[type=submit]").click()
    letter = box.locator(".letter").first
    await expect(letter).to_contain_text("SR-")
    await letter.get_by_role("button").click()
    await box.locator("[name=text]").fill("И домофон молчит.")
    await box.locator("[type=submit]").click()
    await box.get_by_role("button", name="Закрыть", exact=True).click()
    await expect(box).to_have_count(0)
    await window.group.sees("Не открывается калитка у дома.")
    await window.group.sees("И домофон молчит.")
