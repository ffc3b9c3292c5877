"""The directory as a file in an admin's private chat (X12): given, checked, shown, applied."""

import json
from typing import Any

import pytest

from core.directory.reader import read_directory
from core.directory.store import apply_directory, show_directory
from sandbox import Message, Person
from tests.handlers.operators.group import Group

BILLS = """
[[topic]]
code = "bills"
titles = { ru = "Счета", en = "Bills" }
"""


async def sends(group: Group, text: str | bytes, who: Person | None = None) -> Message:
    data = text.encode() if isinstance(text, str) else text
    sent = await (who or group.boss).send_document(data=data, name="directory.toml")
    await group.settle()
    return sent


async def presses(group: Group, label: str) -> None:
    await group.boss.press(label)
    await group.settle()


def files(who: Any) -> list[Any]:
    found = (message.to_json(nested=False) for message in who.chat.bot_messages)
    return [message for message in found if message.get("document")]


async def topics(group: Group) -> list[str]:
    return [code for (code,) in await group.rows("SELECT code FROM topic ORDER BY position")]


async def test_a_file_is_shown_as_a_difference_and_applied_by_a_button(group: Group) -> None:
    sent = await sends(group, BILLS)
    shown = group.boss.last
    assert shown.reply_to is sent
    assert '+code = "bills"' in shown.text
    assert "bills" not in await topics(group), "nothing changes before the button"
    assert shown.buttons == ["Применить", "Не менять"]
    await presses(group, "Применить")
    assert shown.text.startswith("Справочник изменён.") and not shown.buttons
    assert "bills" in await topics(group)
    authors = await group.rows("SELECT origin FROM directory_version ORDER BY number")
    assert authors[-1][0] == "chat"


async def test_the_file_that_the_bot_gives_changes_nothing_when_it_comes_back(
    group: Group,
) -> None:
    await group.boss.say("/справочник")
    await group.settle()
    (given,) = files(group.boss)
    assert given["document"]["file_name"] == "directory.toml"
    await sends(group, await group.desk.read(show_directory))
    assert group.boss.last.text == "Файл ничего не меняет: всё уже так."


async def test_all_that_is_wrong_is_told_with_its_line(group: Group) -> None:
    await sends(group, BILLS.replace("code", "kode") + "\n[[colour]]\nx = 1\n")
    said = group.boss.last.text
    assert said.startswith("Ничего не изменено: в файле 3 ошибки.")
    assert "kode" in said and "colour" in said and "строка 3" in said
    assert "bills" not in await topics(group)
    await sends(group, b"\xff\xfe\n")
    assert group.boss.last.text.startswith("Ничего не изменено: в файле 1 ошибка.")


async def test_who_is_slower_is_shown_the_difference_again(group: Group) -> None:
    await sends(group, BILLS)
    first = group.boss.last
    other = BILLS.replace("bills", "lamps").replace("Счета", "Лампы")
    await group.desk.run(apply_directory, read_directory(other))
    await group.boss.press("Применить", message=first)
    await group.settle()
    assert first.text.startswith("Справочник тем временем изменился")
    assert "bills" not in await topics(group)
    await presses(group, "Применить")
    assert {"bills", "lamps"} <= set(await topics(group))


async def test_a_changed_deadline_offers_to_count_open_tickets_anew(group: Group) -> None:
    number = await group.ticket()
    code = (await group.row(number)).topic
    text = f'[[topic]]\ncode = "{code}"\ntitles = {{ ru = "Тема" }}\nanswer = "1d"\n'
    await sends(group, text)
    assert "1 открытое обращение сохранит свой срок ответа" in group.boss.last.text
    before = (await group.row(number)).answer_due
    await presses(group, "Применить и пересчитать сроки")
    assert (await group.row(number)).answer_due < before


HOURS = """
[[calendar]]
code = "office"
title = "Office"
zone = "UTC"
week = { mon = ["09:00-18:00"], wed = ["09:00-18:00"], fri = ["09:00-18:00"] }

[[agreement]]
code = "plain"
title = "Plain"
calendar = "office"
default = true
terms = [{ reaction = "2h" }]
"""


async def test_other_hours_offer_to_count_open_tickets_anew_and_so_does_an_old_version(
    group: Group,
) -> None:
    async def due() -> list[Any]:
        return await group.rows("SELECT due_at FROM clock")

    await sends(group, HOURS)
    await presses(group, "Применить")
    await group.ticket()
    before = await due()
    # other days, so that it makes a difference whatever the time is now
    await sends(group, HOURS.replace("mon", "tue").replace("wed", "thu").replace("fri", "sat"))
    assert "1 открытое обращение сохранит сроки по прежним часам." in group.boss.last.text
    await presses(group, "Применить и пересчитать сроки")
    after = await due()
    assert len(before) == len(after) == 1 and after != before
    await group.boss.say("/directory 2")
    await group.settle()
    shown = group.boss.last
    assert shown.buttons == ["Вернуть версию 2", "Вернуть и пересчитать сроки"]
    await presses(group, "Вернуть и пересчитать сроки")
    assert shown.text == "Справочник снова такой, как в версии 2." and await due() == before


async def test_a_file_that_a_colleague_wrote_is_taken_when_an_admin_forwards_it(
    group: Group,
) -> None:
    sent = await group.olga.send_document(group.chat, data=BILLS.encode(), name="Directory.TOML")
    await group.boss.forward(sent)
    await group.settle()
    assert '+code = "bills"' in group.boss.last.text


async def test_an_old_version_is_shown_and_brought_back(group: Group) -> None:
    await group.boss.say("/directory versions")
    await group.settle()
    assert group.boss.last.text == "Справочник ещё не меняли."
    await sends(group, BILLS)
    await presses(group, "Применить")
    await group.boss.say("/directory versions")
    await group.settle()
    assert "\n2 · " in group.boss.last.text and "· Вера" in group.boss.last.text
    await group.boss.say("/directory 1")
    await group.settle()
    assert files(group.boss)[-1]["document"]["file_name"] == "directory-1.toml"
    shown = group.boss.last
    assert shown.buttons == ["Вернуть версию 1"] and "+active = false" in shown.text
    await presses(group, "Вернуть версию 1")
    assert shown.text == "Справочник снова такой, как в версии 1."
    ((active,),) = await group.rows("SELECT active FROM topic WHERE code = 'bills'")
    assert not active
    await group.boss.say("/directory 99")
    await group.settle()
    assert group.boss.last.text.startswith("Версии 99 нет")


async def test_nothing_is_changed_by_a_second_thought(group: Group) -> None:
    await sends(group, BILLS)
    await presses(group, "Не менять")
    assert group.boss.last.text == "Хорошо, ничего не меняем."
    assert "bills" not in await topics(group)


async def test_a_long_difference_is_a_file_too(group: Group) -> None:
    many = "".join(BILLS.replace("bills", f"bills{n}") for n in range(80))
    await sends(group, many)
    assert "всё — в файле ниже" in group.boss.chat.bot_messages[-2].text
    assert files(group.boss)[-1]["document"]["file_name"] == "directory.txt"


async def test_a_file_that_is_too_large_is_not_fetched(group: Group) -> None:
    await group.boss.send_document(data=b"x", name="directory.toml", size=1_000_001)
    await group.settle()
    assert group.boss.last.text.startswith("Файл слишком велик")


@pytest.mark.parametrize("who", ["olga", "anna"])
async def test_nobody_else_changes_the_directory(group: Group, who: str) -> None:
    person = getattr(group, who)
    await person.say("/start")
    await sends(group, BILLS, person)
    assert "Применить" not in [label for m in person.chat.bot_messages for label in m.buttons]
    await sends(group, BILLS)
    shown = group.boss.last
    data = shown.to_json(nested=False)["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    assert data.startswith("dir:apply:")
    await person.press_data(person.chat.bot_messages[0], data)
    await group.settle()
    assert "bills" not in await topics(group)


# By its parts


async def test_a_part_is_reached_in_two_taps_and_switched_by_the_third(group: Group) -> None:
    await sends(group, BILLS)
    await presses(group, "Применить")
    before = await topics(group)
    await group.boss.say("/directory")
    await group.settle()
    shown = group.boss.last
    await presses(group, f"Темы · {len(before)}")
    await presses(group, "Счета")
    assert "Код: bills" in shown.text and shown.buttons[-2:] == ["Выключить", "‹ Назад"]
    await presses(group, "Выключить")
    ((active,),) = await group.rows("SELECT active FROM topic WHERE code = 'bills'")
    assert not active and shown.buttons[-2:] == ["Включить", "‹ Назад"]
    assert "Сейчас выключено." in shown.text
    await presses(group, "‹ Назад")
    assert "⚪ Счета" in shown.buttons
    await presses(group, "‹ Назад")
    assert f"Темы · {len(before)}" in shown.buttons
    assert await topics(group) == before
    authors = await group.rows("SELECT origin FROM directory_version ORDER BY number")
    assert authors[-1][0] == "screen"


async def test_an_entry_that_is_sent_as_text_is_changed_where_it_stands(group: Group) -> None:
    await sends(group, BILLS)
    await presses(group, "Применить")
    before = await topics(group)
    sent = await group.boss.say(BILLS.replace("Счета", "Платежи"))
    await group.settle()
    shown = group.boss.last
    assert shown.reply_to is sent and shown.buttons == ["Применить", "Не менять"]
    await presses(group, "Применить")
    assert await topics(group) == before, "a part that is sent alone keeps its place"
    ((titles,),) = await group.rows("SELECT titles FROM topic WHERE code = 'bills'")
    assert json.loads(titles)["ru"] == "Платежи"
    await group.boss.say('[[topic]]\ncode = "new"\ntitles = { ru = "Новое" }')
    await group.settle()
    await presses(group, "Применить")
    assert await topics(group) == [*before, "new"], "a new one comes last"
    await group.boss.say('[[topic]]\ncode = "x"\nanswer = "soon"')
    await group.settle()
    assert "answer" in group.boss.last.text and not group.boss.last.buttons


async def test_what_the_rest_needs_is_not_switched_off_and_the_reason_is_said(
    group: Group,
) -> None:
    await group.boss.say("/directory")
    await group.settle()
    shown = group.boss.last
    (states,) = [label for label in shown.buttons if label.startswith("Состояния · ")]
    await presses(group, states)
    first = shown.buttons[0]
    await presses(group, first)
    await presses(group, "Выключить")
    assert group.boss.last is not shown, "the faults are a message of their own"
    ((active,),) = await group.rows("SELECT active FROM state WHERE initial")
    assert active


async def test_operators_reach_no_part(group: Group) -> None:
    await sends(group, BILLS)
    await presses(group, "Применить")
    await group.olga.start()
    await group.olga.say(BILLS.replace("Счета", "Платежи"))
    await group.settle()
    assert "Применить" not in group.olga.last.buttons
    asked = group.olga.last
    await group.olga.press_data(asked, "dl:topic:0")
    await group.settle()
    assert "Счета" not in asked.buttons and asked is group.olga.last
