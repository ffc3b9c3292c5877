"""Who may appoint and dismiss admins, and from where a link counts (G1, S3, S5)."""

from dataclasses import replace

from channels.telegram.addresses import chat_address
from core.people.identity import Sender
from core.setup.admins import accept, invite, list_admins
from sandbox import Person as Human
from tests.handlers.operators.group import ADMIN_ID, Group


async def invited(group: Group) -> str:
    made = await group.desk.run(invite, Sender(chat_address(ADMIN_ID), "Вера"))
    return made.payload


async def writes(group: Group, who: Human, words: str) -> str:
    await who.say(words)
    await group.settle()
    return who.last.text


async def test_whom_the_environment_names_has_no_button_that_removes_them(group: Group) -> None:
    named = frozenset({chat_address(ADMIN_ID)})
    group.desk.company = replace(group.desk.company, named_admins=named)
    await writes(group, group.boss, "/setup")
    await group.presses(group.boss, group.boss.last, "Администраторы")
    assert group.boss.last.buttons == ["➕ Пригласить", "‹ Назад"]
    await writes(group, group.anna, f"/start {await invited(group)}")
    await group.presses(group.boss, group.boss.last, "Назад")
    await group.presses(group.boss, group.boss.last, "Администраторы")
    screen = group.boss.last
    assert screen.text.splitlines()[2:4] == ["• Вера — это вы, на сервере", "• Анна"]
    assert screen.buttons == ["➕ Пригласить", "Убрать: Анна", "‹ Назад"]


async def test_buttons_of_admins_do_nothing_in_other_hands(group: Group) -> None:
    await group.says(group.olga, "/on")
    payload = await invited(group)
    await writes(group, group.anna, f"/start {payload}")
    (anna,) = [one for one in await group.desk.read(list_admins) if one.name == "Анна"]
    await writes(group, group.olga, "/start")
    before = await group.everything()
    for data in (f"ad:sure:{anna.id}", f"ad:ask:{anna.id}", "s:invite", "s:admins"):
        press = await group.forges(group.olga, group.olga.last, data)
        assert (await press.answer()).text == "Кнопка устарела."
    assert await group.everything() == before


async def test_who_is_no_admin_any_more_cannot_be_dismissed_twice(group: Group) -> None:
    await writes(group, group.anna, f"/start {await invited(group)}")
    (anna,) = [one for one in await group.desk.read(list_admins) if one.name == "Анна"]
    await writes(group, group.boss, "/setup")
    for shown in ("Анна больше не администратор.", "Этот человек и так не администратор."):
        press = await group.forges(group.boss, group.boss.last, f"ad:sure:{anna.id}")
        assert (await press.answer()).text == shown


async def test_a_link_counts_only_from_whoever_opens_it_themselves(group: Group) -> None:
    payload = await invited(group)
    command = await group.olga.say(group.chat, f"/start {payload}")
    await group.settle()
    await group.olga.forward(command)
    await group.settle()
    assert group.desk.company.admins == {chat_address(ADMIN_ID)}
    group.desk.company = await group.desk.run(
        accept, Sender(chat_address(group.oleg.id), "Олег"), payload.removeprefix("admin_")
    )
    assert group.desk.company.admins == {
        chat_address(ADMIN_ID),
        chat_address(group.oleg.id),
    }, "nobody had used it up"
