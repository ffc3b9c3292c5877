"""A rule in a file that an admin has sent is tried before it is applied (X11)."""

from tests.handlers.admins.test_directory import presses, sends
from tests.handlers.operators.group import Group

RULE = """
[[rule]]
code = "dark"
title = "Темно"
event = "opened"
when = { words = ["темно"] }
then = { tags = ["ночь"] }
"""


async def test_a_rule_of_a_file_is_tried_by_a_button_and_the_file_waits(group: Group) -> None:
    numbers = [
        await group.ticket(f"Темно {at}", by=group.world.user(f"Сосед {at}", started=True))
        for at in range(11)
    ]
    sent = await sends(group, RULE)
    shown = group.boss.last
    assert shown.buttons == ["Применить", "Проверить «dark»", "Не менять"]
    await presses(group, "Проверить «dark»")
    tried = group.boss.last
    assert tried is not shown and tried.reply_to is sent
    assert tried.text.startswith("«Темно» за 30 дней сработало бы для 11 обращений.")
    assert f"#{numbers[-1]}" in tried.text and f"#{numbers[0]} " not in tried.text
    assert tried.text.count("↳ теги") == 10
    await presses(group, "›")
    assert group.boss.last is tried and tried.text.count("↳ теги") == 1
    assert await group.rows("SELECT code FROM rule") == [], "nothing was applied"
    assert await group.rows("SELECT tag FROM ticket_tag") == []
    await group.boss.press("Применить", message=shown)
    await group.settle()
    assert len(await group.rows("SELECT code FROM rule")) == 1
    await group.boss.press("‹", message=tried)
    await group.settle()
    assert tried.text.count("↳ теги") == 10


async def test_nobody_else_tries_a_rule(group: Group) -> None:
    await group.olga.start()
    await sends(group, RULE)
    data = group.boss.last.to_json(nested=False)["reply_markup"]["inline_keyboard"][1][0]
    asked = group.olga.last
    await group.olga.press_data(asked, data["callback_data"])
    await group.settle()
    assert group.olga.last is asked and "сработало" not in asked.text
