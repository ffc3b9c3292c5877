"""The mailbox over the page: a customer writes to support, and reads what operators answer."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Opening
from tests.browser.window import Window

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh")]


async def mailbox(window: Window) -> Locator:
    """The mailbox, opened from above the chats."""
    await window.page.locator("[data-name=mail]").click()
    dialog = window.page.locator("dialog.mailbox")
    await expect(dialog).to_be_visible()
    return dialog


@pytest.mark.parametrize(("language", "about"), [("ru-RU", "Калитка"), ("en-GB", "The gate")])
async def test_a_mail_is_written_answered_in_the_group_and_the_answer_read(
    opening: Opening, language: str, about: str
) -> None:
    window = await opening(language=language)
    box = await mailbox(window)
    await box.locator("[name=subject]").fill(about)
    await box.locator("[name=text]").fill(f"{about}: it does not open.")
    plan = {"name": "plan.txt", "mimeType": "text/plain", "buffer": b"left gate"}
    await box.locator("[type=file]").set_input_files(plan)  # type: ignore[arg-type]
    await box.locator(".button.main").click()
    await window.page.keyboard.press("Escape")
    await expect(box).to_be_hidden()

    await window.group.sees("plan.txt")
    card = await window.group.sees(f"{about}: it does not open.")
    await window.group.choose(card, "Ответить" if language == "ru-RU" else "Reply")
    await window.group.says(f"{about}: press twice.")

    box = await mailbox(window)
    answer = box.locator(".letter").filter(has_text=f"{about}: press twice.")
    await expect(answer.locator("h3")).to_contain_text(f"Re: {about} [SR-")
