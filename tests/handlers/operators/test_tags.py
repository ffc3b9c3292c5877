"""`/tag` and `/tags` in the group: chosen by buttons, typed with a slip, called otherwise."""

from core.directory.reader import read_directory
from core.directory.store import apply_directory, show_directory
from sandbox import Message as Sent
from tests.handlers.operators.group import Group

FILE = """
[[tag]]
word = "повтор"
titles = { ru = "Повторная неисправность", en = "Repeated" }
marker = "🔴"

[[tag]]
word = "vip"

[[tag]]
word = "старый"
active = false
"""
ONLY_LISTED = '\n[settings]\ntags = "listed"\n'


async def prepared(group: Group, more: str = "") -> int:
    await group.desk.run(apply_directory, read_directory(FILE + more))
    return await group.ticket()


def below(group: Group, message: Sent) -> Sent:
    (screen,) = [one for one in group.chat.bot_messages if one.reply_to is message]
    return screen


async def tags_on(group: Group, number: int) -> str:
    await group.deliver()
    lines = (await group.card(number)).text.splitlines()
    return next((line for line in lines if "#" in line and f"#{number}" not in line), "")


async def test_a_tag_is_chosen_by_a_button_and_the_card_says_what_it_is_called(
    group: Group,
) -> None:
    number = await prepared(group)
    screen = below(group, await group.says(group.olga, f"/тег {number}"))
    assert screen.keyboard == [["#повтор", "#vip"]]
    await group.presses(group.olga, screen, "#повтор")
    assert screen.keyboard == [["✓ #повтор", "#vip"]]
    assert await tags_on(group, number) == "🔴 #повтор (Повторная неисправность)"
    told = group.answers(await group.says(group.olga, "/tags"))[0].splitlines()
    assert told == ["Теги", "🔴 #повтор (Повторная неисправность) · 1", "#vip · 0"]
    listed = group.answers(await group.says(group.olga, "/queue"))[0]
    assert "🔴 #повтор" in listed and "Повторная" not in listed
    await group.presses(group.olga, screen, "#повтор")
    assert await tags_on(group, number) == ""


async def test_a_slip_of_the_pen_is_a_tag_until_its_like_is_pressed(group: Group) -> None:
    number = await prepared(group)
    screen = below(group, await group.says(group.olga, f"/tag {number} поовтор"))
    assert screen.text.startswith(f"#поовтор в #{number} — новый тег.")
    assert await tags_on(group, number) == "#поовтор"
    await group.presses(group.olga, screen, "#повтор")
    assert screen.text == f"#{number}: тег #повтор вместо #поовтор" and screen.keyboard == []
    assert await tags_on(group, number) == "🔴 #повтор (Повторная неисправность)"
    # a word that is like no other is not asked about, nor is one that is there
    assert group.answers(await group.says(group.olga, f"/tag {number} крыша повтор")) == []


async def test_where_only_listed_tags_are_given_others_are_refused_with_their_like(
    group: Group,
) -> None:
    number = await prepared(group, ONLY_LISTED)
    refused = group.answers(await group.says(group.olga, f"/tag {number} повторр"))
    assert refused == ["Тега #повторр в справочнике нет. Похожие: #повтор"]
    refused = group.answers(await group.says(group.olga, f"/tag {number} старый"))
    assert refused == ["Тег #старый больше не ставят. Какие есть: /tags"]
    card = await group.card(number)
    screen = below(group, await group.says(group.olga, "// ждём кабель #повторр", to=card))
    assert screen.text.startswith(f"#повторр в #{number} — просто слово")
    assert await tags_on(group, number) == ""
    await group.presses(group.olga, screen, "#повтор")
    assert await tags_on(group, number) == "🔴 #повтор (Повторная неисправность)"


async def test_an_admin_calls_a_listed_tag_otherwise(group: Group) -> None:
    number = await prepared(group)
    await group.says(group.olga, f"/tag {number} повтор")
    said = group.answers(await group.says(group.boss, "/tags повтор снова"))
    assert said == ["#повтор теперь #снова: 1 обращение"]
    assert await tags_on(group, number) == "🔴 #снова (Повторная неисправность)"
    assert 'word = "снова"' in await group.desk.read(show_directory)
