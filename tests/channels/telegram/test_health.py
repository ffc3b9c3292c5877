"""How the bot fares in its chats: one answer, and words for it wherever it is told."""

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot

from bot.commands.checks.telegram import _FAULTS
from channels.telegram.addresses import chat_address
from channels.telegram.client.chat_health import (
    RIGHTS,
    TOPICS_RIGHT,
    Health,
    examine,
    examine_chat,
)
from channels.telegram.client.gateway import make_bot
from core.company import Company
from core.teams.teams import TeamFacts
from core.texts import Texts
from sandbox import World

CODES = {
    "operators": ("unlinked", "gone", "not_group", "not_admin"),
    "alerts": ("unlinked", "gone", "not_admin"),
    "team": ("gone", "not_group", "not_admin"),
}
TOLD = [
    (role, code)
    for role, codes in CODES.items()
    for code in (*codes, *(f"lacks.{right}" for right in RIGHTS[role]))
] + [(role, f"lacks.{TOPICS_RIGHT}") for role in ("operators", "team")]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World.start() as world:
        yield world


@pytest.fixture
async def bot(world: World) -> AsyncIterator[Bot]:
    bot = make_bot(world.token, world.api_url)
    yield bot
    await bot.session.close()


@pytest.mark.parametrize(("role", "code"), TOLD)
def test_what_can_be_wrong_has_words_in_the_chat_and_on_the_command_line(
    texts: Texts, role: str, code: str
) -> None:
    for locale in ("ru", "en"):
        assert f"setup.{role}.{code}" in texts.keys(locale)
        if code != "unlinked":
            assert f"setup.toast.{code.partition('.')[0]}" in texts.keys(locale)
    assert code in _FAULTS


async def test_operators_cannot_work_in_a_channel(world: World, bot: Bot) -> None:
    channel = world.channel("Новости", owner=world.user("Анна"), bot="admin")
    assert (await examine_chat(bot, "operators", channel.id)).code == "not_group"
    assert (await examine_chat(bot, "alerts", channel.id)).fine


async def test_a_right_that_a_group_does_not_know_is_not_missed_there(
    world: World, bot: Bot
) -> None:
    group = world.supergroup("Тревоги", owner=world.user("Анна"), bot="admin")
    assert (await examine_chat(bot, "alerts", group.id)).fine


async def test_a_team_s_own_group_is_looked_at_as_the_group_of_all(world: World, bot: Bot) -> None:
    anna = world.user("Анна")
    chats = (
        world.supergroup("Выездные", owner=anna, bot="admin"),
        world.supergroup("Вторая линия", owner=anna, bot="member"),
        world.channel("Новости", owner=anna, bot="admin"),
        world.supergroup("Чужие", owner=anna, bot="left"),
    )
    teams = [
        TeamFacts(f"t{at}", {}, 1, chat_address(chat.id), True) for at, chat in enumerate(chats)
    ]
    found = [each for each in await examine(bot, Company(), teams) if each.role == "team"]
    assert found == [
        Health("team", "fine", chats[0].id, "Выездные", "t0"),
        Health("team", "not_admin", chats[1].id, "Вторая линия", "t1"),
        Health("team", "not_group", chats[2].id, "Новости", "t2"),
        Health("team", "gone", chats[3].id, team="t3"),
    ]


async def test_a_forum_needs_the_right_to_manage_topics_where_the_company_wants_topics(
    world: World, bot: Bot
) -> None:
    group = world.supergroup("Операторы", owner=world.user("Анна"), bot="admin", forum=True)
    assert await examine_chat(bot, "operators", group.id) == Health(
        "operators", "fine", group.id, "Операторы", forum=True
    )
    await group.promote_bot(can_manage_topics=False)
    lacking = await examine_chat(bot, "operators", group.id)
    assert lacking.code == "lacks.can_manage_topics"
    assert (await examine_chat(bot, "operators", group.id, topics=False)).fine
