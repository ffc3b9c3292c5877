"""Saved lists in the group: by buttons and by name."""

from core.directory.reader import read_directory
from core.directory.store import apply_directory
from tests.handlers.operators.group import Group

FILE = """
[[view]]
code = "vip"
titles = { ru = "Важные клиенты", en = "VIP" }
tags = ["vip"]

[[view]]
code = "bosses"
titles = { ru = "Для начальства" }
for_role = "admin"
"""


async def test_a_list_is_chosen_by_a_button_or_by_its_name(group: Group) -> None:
    assert "[[view]]" in group.answers(await group.says(group.olga, "/views"))[0]
    await group.desk.run(apply_directory, read_directory(FILE))
    number = await group.ticket()
    await group.ticket("Другое", by=group.world.user("Пётр", language="ru", started=True))
    await group.says(group.olga, f"/тег {number} vip")
    asked = await group.says(group.olga, "/списки")
    (screen,) = [one for one in group.chat.bot_messages if one.reply_to is asked]
    assert screen.keyboard == [["Важные клиенты"]]
    await group.presses(group.olga, screen, "Важные")
    assert screen.text.splitlines()[0] == "Важные клиенты · 1"
    assert f"#{number}" in screen.text
    assert "Важные клиенты · 1" in group.answers(await group.says(group.olga, "/queue важные"))[0]
    assert "Очередь · 2" in group.answers(await group.says(group.olga, "/queue"))[0]


async def test_a_list_that_is_called_like_another_name_of_ours_opens_by_its_code(
    group: Group,
) -> None:
    own = '[[view]]\ncode = "late"\ntitles = { ru = "Ждут давно" }\ntags = ["vip"]\n'
    await group.desk.run(apply_directory, read_directory(own))
    await group.ticket()
    assert "Ждут давно" in group.answers(await group.says(group.olga, "/queue late"))[0]
    other = group.answers(await group.says(group.olga, "/queue ждут"))[0]
    assert "Ждут давно" not in other, "a beginning of its title is no code"


async def test_a_list_of_others_is_not_there(group: Group) -> None:
    await group.desk.run(apply_directory, read_directory(FILE))
    refused = group.answers(await group.says(group.olga, "/queue bosses"))
    assert refused[0].startswith("Списка «bosses» нет.") and "vip" in refused[0]
    assert "пусто" in group.answers(await group.says(group.boss, "/queue bosses"))[0]
    asked = await group.says(group.olga, "/views")
    (screen,) = [one for one in group.chat.bot_messages if one.reply_to is asked]
    press = await group.forges(group.olga, screen, "l:bosses:+:")
    assert (await press.answer()).alert
