"""Buttons on cards: toasts, menus that stay within the card, and who may not."""

import time

import pytest

from channels.telegram.screens.buttons import OPEN_FOR
from tests.handlers.operators.group import Group


async def test_take_says_whose_it_is(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    press = await group.presses(group.olga, card, "Взять")
    assert (await press.answer()).text == f"Обращение #{number} ваше."
    late = await group.presses(group.oleg, card, "Взять")
    assert f"#{number} уже взято: Ольга" in (await late.answer()).text
    posts = len(group.chat.bot_messages)
    await group.deliver()
    assert "Ольга" in card.text and "🙋 Взять" not in card.buttons
    assert len(group.chat.bot_messages) == posts


async def test_of_two_who_take_at_once_one_wins(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    one = group.olga.press("Взять", message=card).result
    other = group.oleg.press("Взять", message=card).result
    await group.hand_over_at_once()
    texts = {(await one.answer()).text, (await other.answer()).text}
    assert f"Обращение #{number} ваше." in texts
    assert any("уже взято" in text for text in texts)
    taken = await group.rows("SELECT count(*) FROM journal WHERE event='ticket_taken'")
    assert taken[0][0] == 1


async def test_freezing_offers_times(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    words = card.text
    await group.presses(group.olga, card, "Заморозить")
    assert card.buttons[:4] == ["1 час", "Завтра 9:00", "Понедельник 9:00", "Неделя"]
    assert card.text == words
    press = await group.presses(group.olga, card, "Завтра 9:00")
    assert press.text == f"#{number} заморожено до завтра, 9:00."
    assert (await group.row(number)).state == "frozen"
    await group.deliver()
    assert "Разморозить" in card.buttons


@pytest.mark.parametrize("label", ["1 час", "Понедельник 9:00", "Неделя", "Без срока"])
async def test_every_choice_freezes(group: Group, label: str) -> None:
    number = await group.ticket()
    card = await group.card(number)
    await group.presses(group.olga, card, "Заморозить")
    press = await group.presses(group.olga, card, label)
    row = await group.row(number)
    assert row.state == "frozen" and (row.frozen_until is None) == (label == "Без срока")
    assert press.text


async def test_what_ends_a_ticket_asks_once_more(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    before = await group.everything()
    await group.presses(group.olga, card, "Ещё")
    await group.presses(group.olga, card, "Закрыть")
    assert card.buttons[0] == "Да, закрыть"
    await group.presses(group.olga, card, "Назад")
    assert "🙋 Взять" in card.buttons
    assert await group.everything() == before
    await group.presses(group.olga, card, "Ещё")
    await group.presses(group.olga, card, "Отменить")
    press = await group.presses(group.olga, card, "Да, отменить")
    assert press.text == f"Обращение #{number} отменено."
    await group.deliver()
    assert card.buttons == ["↩ Вернуть"]
    press = await group.presses(group.oleg, card, "Вернуть")
    assert press.text == f"Обращение #{number} снова в работе."
    assert (await group.row(number)).state == "reopened"


async def test_resolve_wait_release_and_journal(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    await group.presses(group.olga, card, "Взять")
    await group.deliver()
    press = await group.presses(group.olga, card, "Ждём ответа")
    assert "Спросите сразу" in (await press.answer()).text  # nothing was asked yet
    assert (await group.row(number)).state == "in_progress"
    await group.presses(group.olga, card, "Ещё")
    await group.presses(group.olga, card, "Журнал")
    assert any(m.text.startswith(f"Журнал #{number}") for m in group.chat.bot_messages)
    press = await group.presses(group.olga, card, "Вернуть в очередь")
    assert press.text == f"Обращение #{number} вернулось в очередь."
    assert (await group.row(number)).assignee_id is None
    await group.deliver()
    await group.resolves(group.olga, card)
    assert (await group.row(number)).state == "resolved"
    await group.deliver()
    assert "Решено, ждём подтверждения · Ольга" in card.text.splitlines()


FORGED = [
    "",
    "x",
    "t:take:0",
    "t:take:-1",
    "t:take:999",
    "t:destroy:1",
    "t:take:1 ",
    "t:take:１",
    "t:take:1:1",
    "f:9h:1",
    "a:1",
    "a:999",
    "q:1",
    "l:nothing:+:",
    "l:find:+:",
    "p:payment",
    "c:y:1",
    "w:1",
    "t:" + "9" * 60,
]


async def test_forged_data_changes_nothing(group: Group) -> None:
    assert await group.ticket() == 1
    card = await group.card(1)
    before = await group.everything()
    for data in FORGED:
        press = await group.forges(group.olga, card, data)
        assert (await press.answer()).text, data
    assert await group.everything() == before


async def test_a_refresh_of_the_card_leaves_an_open_menu_in_place(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    await group.says(group.olga, "/take", to=card)  # the refresh is on its way …
    await group.presses(group.olga, card, "Заморозить")  # … when a menu is opened
    await group.deliver()
    assert "👷 Ольга" in card.text
    assert card.buttons[:2] == ["1 час", "Завтра 9:00"]
    await group.presses(group.olga, card, "Завтра 9:00")
    await group.deliver()
    assert "Разморозить" in card.buttons


async def test_a_menu_goes_when_a_button_of_it_was_pressed(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    await group.presses(group.olga, card, "Взять")
    await group.deliver()
    await group.presses(group.olga, card, "Ещё")
    await group.presses(group.olga, card, "Вернуть в очередь")
    await group.deliver()
    assert "🙋 Взять" in card.buttons


async def test_a_menu_goes_when_the_ticket_no_longer_leads_to_it(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    await group.presses(group.olga, card, "Заморозить")
    await group.says(group.oleg, "/close ! готово", to=card)
    await group.deliver()
    assert card.buttons == ["↩ Вернуть"]


async def test_a_menu_that_nobody_uses_gives_way_after_a_minute(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await group.ticket()
    card = await group.card(number)
    await group.presses(group.olga, card, "Заморозить")
    later = time.monotonic() + OPEN_FOR
    monkeypatch.setattr(group.gateway.open_menus, "clock", lambda: later)
    await group.says(group.oleg, "/take", to=card)
    await group.deliver()
    assert "👷 Олег" in card.text and "✅ Решено" in card.buttons
