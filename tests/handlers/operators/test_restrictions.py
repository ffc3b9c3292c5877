"""Muting and blocking as operators type and press them."""

import pytest

from tests.handlers.operators.group import Group

pytestmark = pytest.mark.usefixtures("group")


async def test_a_customer_is_muted_by_a_command_and_heard_again_by_one_tap(group: Group) -> None:
    number = await group.ticket()
    command = await group.says(group.olga, f"/заглушить {number} 2h спам")
    answer = group.chat.bot_messages[-1]
    assert answer.reply_to is command and "спам (Ольга)" in answer.text
    posts = len(group.chat.bot_messages)
    await group.anna.say("ещё")
    await group.settle()
    await group.deliver()
    assert len(group.chat.bot_messages) == posts
    await group.says(group.boss, "/blocked")
    assert "Анна" in group.chat.bot_messages[-1].text
    await group.presses(group.olga, answer, "Снять ограничение")
    await group.anna.say("и ещё")
    await group.settle()
    await group.deliver()
    assert group.chat.bot_messages[-1].text == "и ещё"


async def test_a_customer_is_blocked_from_their_card(group: Group) -> None:
    number = await group.ticket()
    await group.says(group.olga, f"/who {number}")
    card = group.chat.bot_messages[-1]
    await group.presses(group.olga, card, "Заблокировать")
    await group.presses(group.olga, card, "1 день")
    assert "не принимаем" in card.text
    await group.anna.say("ещё")
    await group.anna.say("и ещё")
    await group.settle()
    await group.deliver()
    said = [m.text for m in group.anna.chat.bot_messages]
    assert said.count("Сейчас мы не принимаем сообщения от вас.") == 1


@pytest.mark.parametrize("words", ["2h", "спам", ""])
async def test_an_end_and_a_reason_are_needed(group: Group, words: str) -> None:
    number = await group.ticket()
    command = await group.says(group.olga, f"/mute {number} {words}")
    assert "/mute 12 2h спам" in group.answers(command)[0]
    assert await group.rows("SELECT * FROM restriction") == []
