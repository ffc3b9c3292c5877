"""The loops beside the updates obey what Telegram says."""

import asyncio
from datetime import timedelta

import pytest

from bot import background
from bot.background import BotProfile, ChatHealthWatch
from channels.telegram.addresses import chat_address
from channels.telegram.client.gateway import make_bot
from core.company import Company
from core.delivery.courier import Courier
from core.delivery.pacing import Pacer
from core.delivery.topics import forum_chats_of
from core.desk import Desk
from core.texts import Texts
from core.tickets.delivery_results import FOLLOW_UPS
from core.tx import Tx
from sandbox import World
from scheduler import runner as runner_module
from scheduler.jobs import Job
from scheduler.runner import Runner


async def test_who_was_told_to_wait_asks_nothing_meanwhile(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every failed delivery sets ``trouble_seen``: each would be another call into the flood."""
    monkeypatch.setattr(background, "HEALTH_INTERVAL", 0.01)
    monkeypatch.setattr(background, "HEALTH_DELAY", 0.01)
    async with World.start() as world:
        chat = world.group("Операторы", bot="admin")
        desk.company = Company(operators_chat=chat_address(chat.id))
        bot = make_bot(world.token, world.api_url)
        courier = Courier(desk, {}, Pacer(), FOLLOW_UPS)
        await bot.get_chat(chat.id)  # aiogram's types are built, which takes a while
        world.faults.flood(1, method="getChat")
        watch = asyncio.create_task(ChatHealthWatch(bot, desk, courier).run())
        async with asyncio.timeout(30):
            while not world.calls_of("getChatMember"):
                courier.trouble_seen.set()
                await asyncio.sleep(0.01)
        _, refused, again = world.calls_of("getChat")
        assert again.time - refused.time >= 1
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        await bot.session.close()


async def test_an_introduction_that_was_refused_waits_as_long_as_it_is_told(
    desk: Desk, texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "PROFILE_RETRY", 0.01)
    async with World.start() as world:
        bot = make_bot(world.token, world.api_url)
        await bot.get_me()  # aiogram's types are built, which takes a while
        world.faults.flood(1, method="getMe")
        profile = asyncio.create_task(BotProfile(bot, desk, texts).run())
        async with asyncio.timeout(30):
            while len(world.calls_of("getMe")) < 3:
                await asyncio.sleep(0.01)
        _, refused, again, *_ = world.calls_of("getMe")
        assert again.time - refused.time >= 1
        profile.cancel()
        await asyncio.gather(profile, return_exceptions=True)
        await bot.session.close()


async def test_a_group_that_gets_topics_while_the_desk_runs_is_noticed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "HEALTH_DELAY", 0.0)
    async with World.start() as world:
        chat = world.supergroup("Операторы", bot="admin")
        desk.company = Company(operators_chat=chat_address(chat.id))
        bot = make_bot(world.token, world.api_url)
        watch = ChatHealthWatch(bot, desk, Courier(desk, {}, Pacer(), FOLLOW_UPS))
        for enabled in (True, False):
            await chat.make_forum(enabled=enabled)
            await watch._examine()
            known = await desk.read(forum_chats_of)
            assert (chat_address(chat.id) in known) is enabled
        await bot.session.close()


async def test_a_sweep_that_hangs_is_late_until_it_ends(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "GRACE", 0.05)
    ends = asyncio.Event()

    async def hang(_tx: Tx) -> int:
        await ends.wait()
        return 0

    runner = Runner(desk, timedelta(seconds=0.1), (Job("sweep", hang, None),))
    runner.start()
    async with asyncio.timeout(30):
        while "sweep" not in runner.overdue():
            await asyncio.sleep(0.01)
        ends.set()
        while runner.overdue():
            await asyncio.sleep(0.01)
    await runner.stop()


async def test_jobs_that_were_stopped_before_they_began_do_not_begin(desk: Desk) -> None:
    """They begin after the first update; whoever is stopped before has closed the database."""
    ran = asyncio.Event()

    async def note(_tx: Tx) -> int:
        ran.set()
        return 0

    runner = Runner(desk, timedelta(seconds=0.01), (Job("sweep", note, None),))
    await runner.stop()
    before = asyncio.all_tasks()
    runner.start()
    assert asyncio.all_tasks() == before
    assert not ran.is_set()
