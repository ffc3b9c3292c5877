"""Who asks too much in a row waits; nobody else does, and nothing is drawn twice (S40)."""

import asyncio
from typing import Any

import pytest

from channels.telegram.addresses import chat_address
from core.allowances import ALLOWED, LIGHT
from handlers.telegram.operators import statistics
from tests.handlers.operators.group import Group

_SAID = "Слишком много запросов подряд. Повторите через"


async def test_a_hundred_searches_are_answered_until_the_allowance_is_used(group: Group) -> None:
    group.desk.allowances.clock = lambda: 1000.0
    await group.says(group.olga, "/on")
    number = await group.ticket("Не горит лампа")
    for _ in range(int(ALLOWED)):
        group.desk.allowances.begin(chat_address(group.olga.id), LIGHT)
    searches = (f"/similar {number}", "/find лампа", f"/kb {number} лампа")
    asked = [await group.says(group.olga, words) for words in searches]
    await group.acknowledged()
    told = [one.text for one in group.chat.bot_messages if _SAID in one.text]
    assert len(told) == 1 and "1 секунду" in told[0]
    assert [one.bot_reactions for one in asked] == [[], ["😴"], ["😴"]]
    await group.says(group.oleg, "/find лампа")
    assert "«лампа»" in group.chat.bot_messages[-1].text
    group.desk.allowances.clock = lambda: 1001.0
    await group.says(group.olga, "/find лампа")
    assert "«лампа»" in group.chat.bot_messages[-1].text
    await group.says(group.olga, f"/take {number}")  # what changes a ticket takes no effort


async def test_while_a_picture_is_drawn_no_other_is_begun(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    await group.ticket()
    begun, go_on, drawn = asyncio.Event(), asyncio.Event(), []

    async def slowly(*given: Any) -> None:
        drawn.append(given)
        begun.set()
        await go_on.wait()

    monkeypatch.setattr(statistics, "draw_picture", slowly)
    await group.boss.say(group.chat, "/stats")
    await group.hand_over()
    await begun.wait()
    await group.boss.say(group.chat, "/stats")
    await group.hand_over()
    assert any(_SAID in one.text for one in group.chat.bot_messages)
    assert len(drawn) == 1
    go_on.set()
    await group.acknowledged()
    await group.says(group.boss, "/stats")
    await group.acknowledged()
    assert len(drawn) == 2
