"""Chats of the desk that shut the bot out: admins hear of it, and nothing is lost (X14)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.looking import soon, value
from tests.e2e.stage import Stage, staged

# A change of the bot's rights is an update, so nobody has to wait for the next look.
SOON = 20.0


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Stage]:
    """A running desk whose admin has written to the bot."""
    async with staged(tmp_path) as stage, stage.process():
        await stage.admin.start()
        await stage.admin.expect("Здравствуйте")
        yield stage


async def test_removed_from_the_group_admins_hear_of_it_and_all_of_it_comes_later(
    watched: Stage,
) -> None:
    anna = watched.customer("Алиса")
    number, card = await watched.open_ticket(anna, "Погас экран")
    await watched.group.remove_bot()
    await watched.admin.expect("Группа операторов недоступна", timeout=SOON)
    await watched.alerts.expect("Группа операторов недоступна", timeout=SOON)
    await anna.say("И камера")
    boris = watched.customer("Борис")
    await boris.say("Нет звука")
    await boris.press_soon("Открыть")
    await boris.expect("принято")  # the desk goes on
    waiting = "SELECT count(*) FROM outbox WHERE error='blocked' AND state='queued'"
    await soon(lambda: value(watched, waiting), "something rests", SOON)
    await watched.group.add_bot(admin=True)
    await watched.admin.expect("Группа операторов снова работает", timeout=SOON)
    await watched.alerts.expect("Группа операторов снова работает", timeout=SOON)
    await watched.group.expect("И камера", reply_to=card, timeout=SOON)
    await watched.card(number + 1, timeout=SOON)
    await watched.settle()
    assert not watched.query("SELECT id FROM outbox WHERE state='failed'")
    told = [m.text for m in watched.admin.chat.bot_messages if "недоступна" in m.text]
    assert len(told) == 1


async def test_rights_that_are_taken_away_are_named_and_the_all_clear_comes_once(
    watched: Stage,
) -> None:
    await watched.alerts.promote_bot(can_post_messages=False)
    await watched.admin.expect("нет права публиковать", timeout=SOON)
    await watched.group.expect("нет права публиковать", timeout=SOON)
    await watched.group.demote_bot()
    await watched.admin.expect("«Операторы» бот не администратор", timeout=SOON)
    await watched.alerts.promote_bot()
    await watched.admin.expect("Канал оповещений снова работает", timeout=SOON)
    await watched.group.promote_bot()
    await watched.admin.expect("Группа операторов снова работает", timeout=SOON)
    await watched.settle()
    assert sum("снова работает" in m.text for m in watched.admin.chat.bot_messages) == 2
    events = watched.query("SELECT event FROM journal WHERE event LIKE 'desk_%' ORDER BY id")
    assert [name for (name,) in events] == ["desk_troubled"] * 2 + ["desk_well"] * 2
