"""`/quarantine` for admins: what could not be handled, and letting it be handled again."""

from core import inbox
from core.inbox import Raw
from core.setup.desk_health import PAGE
from tests.handlers.operators.group import Group

SECRET = "мой пин 4711"


async def quarantine(group: Group, many: int) -> list[int]:
    batch = [Raw(str(900 + n), f"key {n}", "{}") for n in range(many)]
    await group.desk.run(inbox.store, "telegram:1", batch)
    rows = await group.desk.read(inbox.list_unfinished, 0, 100)
    for row in rows:
        await group.desk.run(inbox.quarantine, row, f"KeyError('{SECRET}')")
    return [row.id for row in rows]


async def numbers(group: Group) -> list[int]:
    return [one.id for one in await group.desk.read(inbox.list_quarantined)]


async def test_an_admin_pages_through_what_was_put_aside_and_replays_it(group: Group) -> None:
    ids = await quarantine(group, PAGE + 2)
    await group.boss.say("/quarantine")
    await group.settle()
    shown = group.boss.last
    assert shown.text.startswith(f"Отложено · {PAGE + 2}") and "KeyError" in shown.text
    assert SECRET not in shown.text
    await group.presses(group.boss, shown, "Раньше ›")
    assert f"↻ {ids[0]}" in shown.buttons and f"↻ {ids[-1]}" not in shown.buttons
    await group.presses(group.boss, shown, f"↻ {ids[0]}")
    assert ids[0] not in await numbers(group)
    await group.presses(group.boss, shown, "Повторить все")
    assert await numbers(group) == []
    assert shown.text == "Ничего не отложено: бот понял всё, что получил."


async def test_an_admin_replays_several_by_number(group: Group) -> None:
    ids = await quarantine(group, 3)
    await group.boss.say(f"/карантин {ids[0]} {ids[2]}")
    await group.settle()
    assert group.boss.last.text == "2 обновления обрабатываем ещё раз."
    assert await numbers(group) == [ids[1]]
    await group.boss.say("/quarantine завтра")
    await group.settle()
    assert "/quarantine 12 15" in group.boss.last.text


async def test_a_number_under_which_nothing_waits_is_said_to_be_none(group: Group) -> None:
    ids = await quarantine(group, 1)
    await group.boss.say(f"/quarantine {ids[0] + 1}")
    await group.settle()
    assert "Под такими номерами ничего не отложено" in group.boss.last.text
    assert await numbers(group) == ids


async def test_nobody_else_sees_or_replays_it(group: Group) -> None:
    ids = await quarantine(group, 1)
    for person in (group.anna, group.olga):
        await person.say("/quarantine")
        await group.settle()
        assert "Отложено" not in person.last.text
        press = await group.forges(person, person.last, "qu:all:0")
        assert (await press.answer()).text == "Кнопка устарела."
    assert await numbers(group) == ids


async def test_an_admin_makes_a_ticket_of_a_mail_that_could_not_be_read(group: Group) -> None:
    batch = [Raw("a", "mail:0", '{"file": "x", "from": ""}'), Raw("b", "chat", "not json")]
    await group.desk.run(inbox.store, "mail:1", batch)
    for row in await group.desk.read(inbox.list_unfinished, 0, 100):
        await group.desk.run(inbox.quarantine, row, "cannot be parsed: it has no sender")
    await group.boss.say("/quarantine")
    await group.settle()
    shown = group.boss.last
    (button,) = [each for each in shown.buttons if each.startswith("Обращение из")]
    press = await group.presses(group.boss, shown, button)
    assert (await press.answer()).text == "Письмо станет обращением, с самим письмом во вложении."
    (again,) = await group.desk.read(inbox.list_unfinished, 0, 100)
    assert again.raw == '{"file": "x", "from": "", "unread": true}'
