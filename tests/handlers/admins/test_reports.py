"""What admins see in private and below alerts, and what others do not."""

from dataclasses import replace

from channels.telegram.addresses import chat_address
from tests.handlers.operators.group import Group


async def overdue(group: Group, many: int) -> None:
    for number in range(many):
        await group.ticket(f"Беда {number}")
    group.clock.move(days=5)


async def test_an_admin_reads_the_report_in_private(group: Group) -> None:
    await overdue(group, 12)
    await group.boss.say("/report overdue")
    await group.settle()
    shown = group.boss.last
    assert shown.text.startswith("Просрочено · 12") and "5 дней" in shown.text
    await group.presses(group.boss, shown, "›")
    assert "#12 " in shown.text and shown.buttons == ["‹", "2 / 2", "📄 Файлом"]


async def test_report_alone_shows_the_only_report_there_is(group: Group) -> None:
    await overdue(group, 1)
    await group.boss.say("/report")
    await group.settle()
    assert group.boss.last.text.startswith("Просрочено · 1")
    await group.boss.say("/report чего-нибудь")
    await group.settle()
    assert group.boss.last.text == "Есть один отчёт: /report overdue"
    await group.boss.say("/zzzzz")
    await group.settle()
    assert "Не знаю команды /zzzzz" in group.boss.last.text


async def test_others_are_told_no(group: Group) -> None:
    await overdue(group, 1)
    before = await group.everything()
    await group.anna.say("/report overdue")
    await group.settle()
    press = await group.forges(group.anna, group.anna.last, "l:overdue:+:")
    assert (await press.answer()).text == "Кнопка устарела."
    assert not any("Просрочено" in m.text for m in group.anna.chat.bot_messages)
    assert await group.everything() == before


async def test_below_an_alert_only_admins_open_the_list(group: Group) -> None:
    await overdue(group, 11)
    channel = group.world.channel("Тревоги", members=[group.boss, group.oleg])
    group.desk.company = replace(group.desk.company, alerts_chat=chat_address(channel.id))
    alert = channel.get((await group.bot.send_message(channel.id, "x")).message_id)
    assert alert is not None
    press = await group.forges(group.oleg, alert, "l:overdue:+:")
    assert "нет прав" in (await press.answer()).text and alert.text == "x"
    for data in ("l:mine:+:", "t:take:1", "x"):
        press = await group.forges(group.boss, alert, data)
        assert (await press.answer()).text == "Кнопка устарела."
    await group.forges(group.boss, alert, "l:overdue:+:")
    assert alert.text.startswith("Просрочено · 11") and alert.buttons == ["1 / 2", "›", "📄 Файлом"]
    await group.presses(group.boss, alert, "›")
    assert alert.buttons == ["‹", "2 / 2", "📄 Файлом"]
