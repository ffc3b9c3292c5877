"""The bot is added to one more group: whose could it be, and what is its number (G1)."""

from channels.telegram.addresses import chat_address
from tests.actions.company_directory import put_team
from tests.handlers.operators.group import Group


async def test_another_group_tells_its_number_for_the_directory(group: Group) -> None:
    chat = group.world.supergroup("Бригада", owner=group.boss, bot="left")
    await chat.add_bot(by=group.boss, admin=True)
    await group.settle()
    told = group.boss.last
    assert f"впишите в справочник её номер: {chat.id}." in told.text
    assert told.buttons == ["Да, это группа операторов"]
    title = {"ru": "Выездная бригада"}
    await group.desk.run(put_team, "field", title, chat=chat.id)
    press = await group.presses(group.boss, told, "Да, это группа операторов")
    assert "Это группа команды «Выездная бригада»." in (await press.answer()).text
    assert group.desk.company.operators_chat == chat_address(group.chat.id)


async def test_of_a_team_s_own_group_the_checklist_tells(group: Group) -> None:
    chat = group.world.supergroup("Бригада", owner=group.boss, bot="left")
    await group.desk.run(put_team, "field", {"ru": "Выездная бригада"}, chat=chat.id)
    await chat.add_bot(by=group.boss)
    await group.settle()
    assert "В группе «Бригада» команды «Выездная бригада» бот не администратор" in (
        group.boss.last.text
    )
    await chat.promote_bot(by=group.boss, can_pin_messages=False)
    await group.settle()
    assert "нет права закреплять сообщения" in group.boss.last.text
    await chat.promote_bot(by=group.boss)
    await group.settle()
    assert "✅ Группа команды «Выездная бригада»: «Бригада»" in group.boss.last.text
