"""What people do in a chat, done by hand and eye, with the real bot on the other side."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.async_api import Locator, expect

from sandbox.page.samples import photo
from tests.browser.conftest import Opening
from tests.browser.stage import Stage
from tests.browser.window import Pane, Window

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh")]

PICTURE = base64.b64encode(photo("gate")[2]).decode()
# Give an element files as a drop or a paste does; the browser itself would take them from outside.
HAND_OVER = """(node, {kind, files}) => {
  const bytes = (data) => Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
  const given = new DataTransfer();
  for (const [name, type, data] of files) given.items.add(new File([bytes(data)], name, { type }));
  const common = { bubbles: true, cancelable: true };
  if (kind === "paste") node.dispatchEvent(new ClipboardEvent("paste", { ...common, clipboardData: given }));
  else for (const name of ["dragenter", "dragover", "drop"]) node.dispatchEvent(new DragEvent(name, { ...common, dataTransfer: given }));
}"""  # noqa: E501


async def hand_over(node: Locator, kind: str, *files: tuple[str, str, str]) -> None:
    await node.evaluate(HAND_OVER, {"kind": kind, "files": files})


async def reply(pane: Pane, row: Locator, words: str) -> None:
    await pane.choose(row, "Ответить")
    await expect(pane.node.locator(".target-line")).to_be_visible()
    await pane.says(words)


async def test_a_reply_to_the_card_reaches_the_customer_and_edits_follow(window: Window) -> None:
    customer, group = window.customer, window.group
    await window.add("Вера Белова")
    card = await window.ticket("Камера у ворот не пишет.")
    await reply(group, card, "Посмотрим сегодя.")
    await customer.sees("Посмотрим сегодя.")
    own = group.row("Посмотрим сегодя.")
    await expect(own.locator(".reaction")).to_contain_text("👌")  # it has arrived
    await group.choose(own, "Изменить")
    await expect(group.input).to_have_value("Посмотрим сегодя.")
    await group.says("Посмотрим сегодня.")
    arrived = await customer.sees("Посмотрим сегодня.")
    await expect(arrived).to_contain_text("изменено")
    # … and the other way round, as an edit of what the operators have read
    await customer.says("Ворота со двра.")
    await group.sees("Ворота со двра.")
    await customer.input.press("ArrowUp")
    await expect(customer.input).to_have_value("Ворота со двра.")
    await customer.says("Ворота со двора.")
    await group.sees("Ворота со двора.")
    await expect(group.row("Ворота со двра.")).to_have_count(0)


async def test_photos_and_albums_are_dropped_pasted_and_seen_on_the_other_side(
    window: Window,
) -> None:
    customer, group = window.customer, window.group
    dialog = window.page.locator(".files-dialog")
    await window.add("Глеб Орлов")
    await window.ticket("Двор не виден.")
    await hand_over(customer.node.locator(".list"), "drop", ("gate.png", "image/png", PICTURE))
    await expect(dialog.locator("img")).to_be_visible()
    await dialog.locator("textarea").fill("Вот что видно.")
    await dialog.locator(".main").click()
    copy = await group.sees("Вот что видно.")
    picture = copy.locator(".media img, img.media").first
    await expect(picture).to_be_visible()
    assert await picture.evaluate("node => node.decode().then(() => node.naturalWidth)") == 800
    await customer.row("Вот что видно.").locator(".media").first.click()
    await expect(window.page.locator("dialog.viewer img")).to_be_visible()
    await window.page.keyboard.press("Escape")
    await expect(window.page.locator("dialog.viewer")).to_have_count(0)
    await hand_over(customer.input, "paste", ("act.pdf", "application/pdf", PICTURE))
    await expect(dialog).to_contain_text("act.pdf")
    await window.page.keyboard.press("Enter")
    await group.sees("act.pdf")
    await customer.attach("Пример: альбом")
    await dialog.locator("textarea").fill("С трёх камер.")
    await window.page.keyboard.press("Enter")
    album = await group.sees("С трёх камер.")
    await expect(album.locator(".album img")).to_have_count(3)


async def test_a_message_is_reacted_to_forwarded_deleted_and_pinned(window: Window) -> None:
    group, page = window.group, window.page
    await group.be("Олег")
    await group.says("Кто сегодня на выезде?")
    await group.be("Ольга")
    row = await group.sees("Кто сегодня на выезде?")
    await row.locator(".bubble").click(button="right")
    await page.locator(".menu .quick button").first.click()
    await expect(row.locator(".reaction")).to_be_visible()
    await row.locator(".reaction").click()  # taken back
    await expect(row.locator(".reaction")).to_have_count(0)
    await group.choose(row, "Переслать")
    await page.locator("dialog[open] .choice").filter(has_text="Операторы").click()
    await expect(group.rows.filter(has_text="Кто сегодня на выезде?")).to_have_count(2)
    await expect(group.row("Кто сегодня на выезде?")).to_contain_text("Переслано от")
    await group.choose(group.row("Кто сегодня на выезде?"), "Удалить")
    await page.locator("dialog[open] .button.bad").click()
    await expect(group.rows.filter(has_text="Кто сегодня на выезде?")).to_have_count(1)


@pytest.fixture
async def pins(stage: Stage) -> list[str]:
    """Two messages that the admin has pinned, the older first."""
    visitor, words = stage.visitor, ["Дежурный — Олег.", "Ключи от склада у Ирины."]
    for text in words:
        said = await visitor.act(visitor.admin, "say", visitor.group, text=text)
        for number in range(30):
            await visitor.act(visitor.olga, "say", visitor.group, text=f"строка {number}")
        await visitor.act(visitor.admin, "pin", visitor.group, message=said["message"])
    return words


async def test_what_is_pinned_stands_above_and_leads_there(window: Window, pins: list[str]) -> None:
    group = window.group
    bar = group.node.locator(".pinned")
    await expect(bar).to_contain_text(pins[-1])
    await bar.click()
    await expect(group.row(pins[-1])).to_be_in_viewport()
    await bar.click()  # the one before
    await expect(group.row(pins[0])).to_be_in_viewport()


async def test_what_nobody_has_read_is_counted_until_it_is_read(window: Window) -> None:
    customer, page = window.customer, window.page
    await window.add("Рита Ким")
    card = await window.ticket("Нет звука.")
    await customer.be("Анна С")
    await reply(window.group, card, "Уже смотрим.")
    badge = customer.node.locator(".person").filter(has_text="Рита").locator(".count")
    await expect(badge).to_have_text(re.compile(r"^[1-9]"))
    await expect(page).to_have_title(re.compile(r"^\(\d+\) Frontdoor"))
    await customer.be("Рита")
    await customer.sees("Уже смотрим.")
    await expect(page).to_have_title("Frontdoor")


async def test_hidden_words_are_shown_by_a_press_and_by_a_key(window: Window, stage: Stage) -> None:
    visitor = stage.visitor
    secret = [{"type": "spoiler", "offset": 5, "length": 4}]
    _ = visitor.olga.say(visitor.group, "Код: 4711", entities=secret)
    hidden = (await window.group.sees("Код:")).locator(".spoiler")
    await expect(hidden).to_have_attribute("role", "button")
    await hidden.focus()
    await window.page.keyboard.press("Enter")
    await expect(hidden).not_to_have_attribute("role", "button")


# In a world of its own: after what the others have said the group has no room for half a minute.
@pytest.mark.usefixtures("anew")
async def test_who_blocks_the_bot_is_said_to_be_gone_and_comes_back(window: Window) -> None:
    customer, group = window.customer, window.group
    await window.add("Пётр Лис")
    card = await window.ticket("Пропало видео.")
    await window.machine.locator("[data-trouble=block]").click()
    await expect(customer.node.locator(".start")).to_have_text("Разблокировать")
    await reply(group, card, "Ответьте, пожалуйста.")
    await group.sees(re.compile("заблокирован"))
    await customer.start()
    await expect(customer.input).to_be_visible()
    await customer.says("Я снова здесь.")
    await group.sees("Я снова здесь.")


async def test_two_windows_show_the_same(opening: Opening) -> None:
    one, other = await opening(), await opening(language="en-GB")
    await one.group.says("Обед до двух.")
    await other.group.sees("Обед до двух.")
    await other.group.says("Хорошо.")
    await one.group.sees("Хорошо.")
