"""Operators read what the group was spared: from the post of a flood, and by a command."""

from datetime import timedelta

import pytest

from core.company import Limit
from tests.handlers.operators.group import Group

pytestmark = pytest.mark.usefixtures("group")


async def flooded(group: Group) -> int:
    group.known_as(message_limit=Limit(2, timedelta(minutes=1)))
    number = await group.ticket()
    for one in range(24):
        await group.anna.say(f"и {one}")
    await group.anna.send_photo(caption="вот")
    await group.settle()
    group.clock.move(10)
    await group.deliver()
    return number


async def test_the_post_of_a_flood_leads_to_all_of_it(group: Group) -> None:
    await flooded(group)
    (post,) = [m for m in group.chat.bot_messages if "подряд" in m.text]
    assert "ещё 24 сообщения" in post.text
    await group.presses(group.olga, post, "Показать все")
    page = group.chat.bot_messages[-1]
    assert page.reply_to is post and "и 0" in page.text and "и 8" in page.text
    await group.presses(group.olga, page, "›")
    await group.presses(group.olga, page, "›")
    assert "и 23" in page.text and "вот" in page.text and page is group.chat.bot_messages[-1]


async def test_files_of_a_page_are_posted_on_demand(group: Group) -> None:
    number = await flooded(group)
    command = await group.says(group.olga, f"/переписка {number}")
    page = group.chat.bot_messages[-1]
    assert page.reply_to is command and f"#{number} · сообщения · 26" in page.text
    assert "и 23" in page.text and "3 / 3" in str(page.to_json())
    press = await group.presses(group.olga, page, "Прислать сюда как есть")
    assert press.text == "Пришлю 6 сообщений."
    await group.deliver()
    assert group.chat.bot_messages[-1].kind == "photo"


async def test_a_stranger_cannot_have_them_posted(group: Group) -> None:
    number = await flooded(group)
    await group.says(group.olga, f"/messages {number}")
    page = group.chat.bot_messages[-1]
    before = await group.rows("SELECT count(*) FROM outbox")
    stranger = group.world.user("Чужой")
    await group.forges(stranger, page, f"mw:post:{number}:0")
    assert await group.rows("SELECT count(*) FROM outbox") == before
