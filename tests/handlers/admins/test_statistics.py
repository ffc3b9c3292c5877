"""`/stats` for admins: a picture with its period and numbers, and the lists behind them."""

from pathlib import Path
from typing import Any

import pytest

from core.reports import charts
from tests.handlers.operators.group import Group
from tests.handlers.operators.test_endings import with_reasons


def photos(who: Any) -> list[Any]:
    return [m for m in who.chat.bot_messages if m.to_json(nested=False).get("photo")]


async def test_an_admin_gets_one_picture_and_its_numbers(group: Group) -> None:
    await group.ticket()
    await group.ticket()
    await group.boss.say("/статистика неделя")
    await group.settle()
    (message,) = photos(group.boss)
    caption = message.to_json(nested=False)["caption"]
    assert "Новых 2, закрыто 0, сейчас открыто 2" in caption
    await group.boss.press("Очередь · 2", message=message)
    await group.settle()
    assert "#1" in group.boss.last.text and "#2" in group.boss.last.text


async def test_a_topic_alone_is_counted_and_what_is_none_is_refused_with_the_choices(
    group: Group,
) -> None:
    await group.ticket()
    await group.boss.say("/stats today оплата")
    await group.settle()
    assert "Новых 0" in photos(group.boss)[-1].to_json(nested=False)["caption"]
    for words, said in (("неделя погода", "погода"), ("31.02", "/stats month")):
        await group.boss.say(f"/stats {words}")
        await group.settle()
        assert said in group.boss.last.text
    assert len(photos(group.boss)) == 1


async def test_without_a_picture_the_numbers_come_all_the_same(
    group: Group, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(charts, "_WORKER", tmp_path / "none.py")
    await group.ticket()
    await group.boss.say("/stats")
    await group.settle()
    assert not photos(group.boss)
    assert "Новых 1" in group.boss.last.text


async def test_in_the_group_it_comes_to_the_private_chat_of_whoever_asked(group: Group) -> None:
    await group.ticket()
    posts = len(group.chat.bot_messages)
    asked = await group.says(group.boss, "/stats неделя")
    await group.acknowledged()
    assert "Новых 1" in photos(group.boss)[-1].to_json(nested=False)["caption"]
    assert asked.bot_reactions == ["👌"] and len(group.chat.bot_messages) == posts
    await group.boss.press("Очередь · 1", message=photos(group.boss)[-1])
    await group.settle()
    assert "#1" in group.boss.last.text
    wrong = await group.says(group.boss, "/stats неделя погода")
    assert "погода" in "\n".join(group.answers(wrong))


async def test_without_a_picture_or_a_private_chat_the_numbers_are_seen_by_them_alone(
    group: Group, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await group.ticket()
    await group.boss.block_bot()
    await group.settle()
    for _ in range(2):
        asked = await group.says(group.boss, "/stats")
        await group.acknowledged()
        (told,) = [one for one in group.chat.bot_messages if one.reply_to is asked]
        assert "Новых 1" in told.text and told.extra["receiver_user"]["id"] == group.boss.id
        monkeypatch.setattr(charts, "_WORKER", tmp_path / "none.py")
    assert not photos(group.boss)


async def test_nobody_else_sees_statistics(group: Group) -> None:
    await group.ticket()
    for who in (group.anna, group.olga):
        await who.say("/stats")
    await group.settle()
    refused = await group.says(group.olga, "/stats")
    assert "Новых" not in "\n".join(group.answers(refused))
    assert not photos(group.anna) and not photos(group.olga)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No picture: it is drawn by a process of its own, which these stories need not wait for."""
    monkeypatch.setattr(charts, "_WORKER", tmp_path / "none.py")


async def below(group: Group, message: Any, label: str, who: Any = None) -> Any:
    """Press a button below the numbers; the list that comes."""
    await (who or group.boss).press(label, message=message)
    await group.settle()
    return group.boss.last


async def test_every_number_leads_to_its_tickets(group: Group, undrawn: None) -> None:
    first, second = await group.ticket("Первая беда"), await group.ticket("Вторая беда")
    await group.says(group.olga, "Починили", to=await group.card(first))
    await group.deliver()
    await group.resolves(group.olga, await group.card(first))
    await group.boss.say("/stats")
    await group.settle()
    numbers = group.boss.last
    shown = await below(group, numbers, "Новые · 2")
    assert shown.text.startswith("Новые, ") and f"#{first}" in shown.text
    assert f"#{second}" in shown.text
    shown = await below(group, numbers, "Закрытые · 1")
    assert shown.text.startswith("Закрытые, ") and f"#{second}" not in shown.text
    shown = await below(group, numbers, "С ответом · 1")
    assert f"#{first}" in shown.text and f"#{second}" not in shown.text
    assert "Вернулись · 1" not in numbers.buttons and "Новых 2" in numbers.text
    await group.anna.press_data(group.anna.last, "sl:o:739217:7::+::1")
    await group.settle()
    assert not any(one.text.startswith("Новые") for one in group.anna.chat.bot_messages)


async def test_numbers_by_subject_and_by_people_lead_there_too(group: Group, undrawn: None) -> None:
    first, second = await group.ticket("Первая беда"), await group.ticket("Вторая беда")
    await group.says(group.olga, "Починили", to=await group.card(first))
    await group.deliver()
    await group.resolves(group.olga, await group.card(first))
    await group.boss.say("/stats")
    await group.settle()
    menu = await below(group, group.boss.last, "По темам и людям")
    topic = next(label for label in menu.buttons if label.endswith(" · 2"))
    shown = await below(group, menu, topic)
    assert f"#{first}" in shown.text and f"#{second}" in shown.text
    person = next(label for label in menu.buttons if label.startswith("Ольга"))
    shown = await below(group, menu, person)
    assert f"#{first}" in shown.text and f"#{second}" not in shown.text


async def test_a_long_list_is_turned_in_its_place(group: Group, undrawn: None) -> None:
    for number in range(12):
        await group.ticket(f"Беда {number}")
    await group.boss.say("/stats")
    await group.settle()
    shown = await below(group, group.boss.last, "Новые · 12")
    assert "#12 " in shown.text and "#2 " not in shown.text and shown.buttons == ["1 / 2", "›"]
    await below(group, shown, "›")
    assert "#2 " in shown.text and "#12 " not in shown.text and shown.buttons == ["‹", "2 / 2"]
    await below(group, shown, "2 / 2")
    assert "#12 " in shown.text and shown.buttons == ["1 / 2", "›"]


async def test_in_the_group_a_list_is_seen_by_whoever_pressed_if_they_are_an_admin(
    group: Group,
) -> None:
    number = await group.ticket()
    posted = group.chat.get((await group.bot.send_message(group.chat.id, "x")).message_id)
    day = group.clock().astimezone(group.desk.company.zone).date().toordinal()
    assert posted is not None
    await keep(group)
    refused = await group.forges(group.olga, posted, f"sl:o:{day}:1::+::1")
    assert "нет прав" in (await refused.answer()).text
    await group.forges(group.boss, posted, f"sl:o:{day}:1::+::1")
    told = [one for one in group.chat.bot_messages if one.reply_to is posted]
    assert f"#{number}" in told[0].text and told[0].extra["receiver_user"]["id"] == group.boss.id


async def keep(group: Group) -> None:
    from core.reports.ticket_metrics import count_all

    await count_all(group.desk)


async def test_closing_reasons_are_told_and_lead_to_their_tickets(
    group: Group, undrawn: None
) -> None:
    first, second = await with_reasons(group), await group.ticket("Вторая беда")
    for number, words in ((first, "заменили кабель"), (second, "объяснили")):
        await group.says(group.olga, f"/resolve {number} {words}")
    await group.says(group.olga, f"/reason {first} замена")
    await group.boss.say("/stats")
    await group.settle()
    numbers = group.boss.last
    assert "Причины: Замена кабеля — 1" in numbers.text
    menu = await below(group, numbers, "По темам и людям")
    shown = await below(group, menu, "Замена кабеля · 1")
    assert shown.text.startswith("Закрытые, ")
    assert f"#{first}" in shown.text and f"#{second}" not in shown.text
