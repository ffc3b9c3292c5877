"""Who has looked at a customer's contacts: shown to admins, below what is known of the customer."""

from bot.background import ReadsJournal
from tests.handlers.operators.group import Group

WHO_LOOKED = "Кто смотрел"


async def test_an_admin_sees_who_has_looked_and_only_in_private_is_it_offered(group: Group) -> None:
    number = await group.ticket()
    await group.says(group.olga, f"/take {number}")  # she is known by her name
    await group.says(group.olga, f"/who {number}")
    await group.says(group.olga, f"/who {number}")
    shown = group.chat.bot_messages[-1]
    await ReadsJournal(group.desk).write()
    await group.says(group.boss, f"/who {number}")
    assert WHO_LOOKED not in str(group.chat.bot_messages[-1].keyboard)
    await group.boss.say(f"/who {number}")
    await group.settle()
    card = group.boss.chat.bot_messages[-1]
    await group.presses(group.boss, card, WHO_LOOKED)
    await group.settle()
    head, line = card.text.split("\n")
    assert head == "Кто смотрел контакты клиента Анна:"
    assert line.startswith("Ольга · всё, что известно · ") and line.endswith("раз за тот час: 2")
    await group.presses(group.boss, card, "Назад")
    assert WHO_LOOKED in str(card.keyboard)
    before = shown.text
    await group.forges(group.olga, shown, "u:reads:1:0")
    await group.settle()
    assert shown.text == before and WHO_LOOKED not in str(group.olga.chat.bot_messages)
