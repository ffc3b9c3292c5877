"""A real bot as a subprocess: polling, webhook, crash, faults, limits."""

from __future__ import annotations

from pathlib import Path

from sandbox import BotProcess, RateLimits, World
from tests.ports import free_port
from tests.sandbox.clients import BOT, relay_env


async def test_a_ticket_goes_to_the_group_and_back() -> None:
    async with World.start() as world:
        anna, op = world.user("Anna", language="ru"), world.user("Oleg")
        group = world.supergroup("Operators", members=[op], bot="admin")
        async with BotProcess(BOT, relay_env(world, GROUP=group.id), world=world):
            await anna.start("promo")
            await anna.expect("Hello, Anna! [promo]")
            await anna.say("camera <1> is broken")
            await anna.expect(r"^#1: camera")
            card = await group.expect("New ticket", button="Take")
            await op.reply(card, "Have you tried turning it off?")
            relayed = await anna.expect("turning it off")
            assert relayed.forward_origin is None
            await group.expect_reaction(group.messages[-1], "👍")
            press = await op.press("Take", in_=group)
            await press.answer()
            await group.expect("Taken by Oleg", edited=True)
            await anna.expect("operator has taken")
            await world.idle()
            text = group.transcript(echo=False)
            assert "[ Take ]" not in text and "edited 1x" in text
            world.assert_clean()


async def test_an_unanswered_press_is_noticed() -> None:
    async with World.start(callback_timeout=600) as world:
        anna = world.user("Anna")
        async with BotProcess(BOT, relay_env(world), world=world):
            await anna.say("/menu")
            menu = await anna.expect("Menu")
            assert menu.keyboard == [["Like 👍", "Silent"]]
            assert menu.entity_texts("bold") == ["Menu"]
            press = await (await anna.press("like")).answer()
            assert press.alert and press.text == "Thanks"
            await anna.expect("Liked", edited=True)
            await anna.press_data(menu, "silent")
            world.clock.advance(601)
            assert [v.kind for v in world.errors] == ["callback_unanswered"]


async def test_a_killed_bot_gets_what_it_missed(tmp_path: Path) -> None:
    async with World.start() as world:
        anna = world.user("Anna")
        env = relay_env(world, DB=tmp_path / "bot.db")
        async with BotProcess(BOT, env, world=world) as bot:
            await anna.say("one")
            await anna.expect("#1: one")
            await bot.kill()
            await anna.say("two")
            await anna.expect_none(within=0.3)
            await bot.start()
            await anna.expect("#2: two")  # the same database
            await anna.say("/crash")
            assert await bot.wait(5) == 7
            world.updates.clear()
            await bot.start()
            await anna.say("three")
            await anna.expect("#3: three")
            assert bot.starts == 3
            assert bot.memory() > 10 << 20


async def test_the_bot_dies_before_and_after_its_calls(tmp_path: Path) -> None:
    async with World.start() as world:
        anna = world.user("Anna")
        env = relay_env(world, DB=tmp_path / "bot.db")
        async with BotProcess(BOT, env, world=world) as bot:
            # done, but the bot dies before it knows; aiogram has confirmed the update already
            world.faults.crash(bot, "after", method="sendMessage")
            await anna.say("one")
            assert await bot.wait(5) == -9
            await anna.expect("#1: one")
            # the answer with the update gets lost together with the bot: it comes again
            await anna.say("two")
            world.faults.crash(bot, "after", method="getUpdates")
            await bot.start(wait=False)
            assert await bot.wait(20) == -9
            assert world.updates.pending == 1
            await bot.start()
            await anna.expect("#2: two")


async def test_an_unconfirmed_update_comes_again(tmp_path: Path) -> None:
    async with World.start() as world:
        anna = world.user("Anna")
        env = relay_env(world, DB=tmp_path / "bot.db")
        async with BotProcess(BOT, env, world=world) as bot:
            # the answer to getUpdates is lost: the update must come again after the restart
            world.faults.cut(method="getUpdates", after=0)
            await anna.say("hello")
            await anna.expect("#1: hello", timeout=10)
            await bot.restart(kill=True)
            await world.idle()
            await anna.say("again")
            await anna.expect("again")


async def test_updates_come_twice_and_in_disorder() -> None:
    async with World.start(strict_polling=False) as world:
        anna = world.user("Anna")
        async with BotProcess(BOT, relay_env(world), world=world):
            world.faults.duplicate_updates(1)
            await anna.say("twice")
            await anna.expect("#1: twice")
            await anna.expect("#2: twice")  # this bot does not recognise duplicates
            world.faults.reorder_updates(2)
            await anna.say("first")
            await anna.say("second")
            await anna.expect("#3: second", since="start")
            await anna.expect("#4: first", since="start")
            await world.idle()
            assert len(anna.chat.bot_messages) == 4


async def test_a_webhook_catches_up_after_a_kill(tmp_path: Path) -> None:
    async with World.start(webhook_retry_scale=0.1) as world:
        anna = world.user("Anna")
        port = free_port()
        env = relay_env(world, WEBHOOK=port, SECRET="s3cret", DB=tmp_path / "bot.db")
        async with BotProcess(BOT, env, world=world) as bot:
            await anna.start()
            await anna.expect("Hello")
            assert world.updates.webhook is not None
            assert world.updates.webhook.secret == "s3cret"
            await bot.kill()
            await anna.say("while down")
            hook = world.updates.webhook
            await world.until(lambda: hook.failures)
            assert world.telegram.webhook.info()["last_error_message"] == "Connection refused"
            await bot.start()
            await anna.expect("while down", timeout=15)
            await world.idle()
            assert world.updates.pending == 0


async def test_a_webhook_with_a_wrong_secret_is_refused() -> None:
    async with World.start(webhook_retry_scale=0.05) as world:
        anna = world.user("Anna")
        async with BotProcess(
            BOT, relay_env(world, WEBHOOK=free_port(), SECRET="right"), world=world
        ):
            assert world.updates.webhook is not None
            world.updates.webhook.secret = "wrong"
            await anna.say("x")
            await world.until(lambda: world.stats.webhook_failures >= 2)
            assert "401" in str(world.telegram.webhook.info()["last_error_message"])
            await anna.expect_none(within=0.2)


async def test_a_webhook_may_answer_with_a_method() -> None:
    async with World.start() as world:
        anna = world.user("Anna")
        async with BotProcess(
            BOT, relay_env(world, WEBHOOK=free_port(), MODE="reply"), world=world
        ):
            await anna.say("x")
            await anna.expect("in the answer")
            assert world.calls_of("sendMessage")[0].webhook


async def test_a_refused_webhook_request_is_repeated() -> None:
    async with World.start(webhook_retry_scale=0.05) as world:
        anna = world.user("Anna")
        env = relay_env(world, WEBHOOK=free_port(), MODE="broken", FAILS=3)
        async with BotProcess(BOT, env, world=world) as bot:
            await anna.say("x")
            await world.until(lambda: world.updates.pending == 0, 10)
            # the first requests may come before the bot listens
            assert world.stats.updates_redelivered >= 3
            assert bot.output.count('"text": "x"') == 4


async def test_flood_control_slows_the_bot_down() -> None:
    limits = RateLimits(min_retry=1, private_burst=3)
    async with World.start(rate_limits=limits) as world:
        anna = world.user("Anna")
        async with BotProcess(BOT, relay_env(world, RETRY=1), world=world):
            for number in range(6):
                await anna.say(f"m{number}")
            await world.until(lambda: len(anna.chat.bot_messages) == 6, 20)
            assert world.stats.errors["429"] > 0
            # every handler of this naive bot waits for itself, so some come too early
            assert {v.kind for v in world.errors} <= {"ignored_retry_after"}


async def test_faults_come_on_demand() -> None:
    async with World.start() as world:
        anna = world.user("Anna")
        async with BotProcess(BOT, relay_env(world), world=world):
            world.faults.error(500, method="sendMessage")
            await anna.say("a")
            await anna.expect("a")
            world.faults.error(502, times=2, chat=anna)
            await anna.say("b")
            await anna.expect("b")
            world.faults.drop(method="sendMessage")
            await anna.say("c")
            await anna.expect("c")
            world.faults.cut(method="sendMessage")  # done, but the answer is lost: a duplicate
            await anna.say("dd")
            await anna.expect("dd")
            await anna.expect("dd")
            world.faults.error(500, times=2, method="getUpdates")
            await anna.say("e")
            await anna.expect("e", timeout=10)
            await world.faults.restart(0.5)
            await anna.say("f")
            await anna.expect("f", timeout=15)


async def test_two_instances_quarrel_over_updates() -> None:
    async with World.start() as world:
        one = BotProcess(BOT, relay_env(world), world=world)
        two = BotProcess(BOT, relay_env(world), world=world)
        async with one, two:
            await world.until(lambda: any(v.kind == "conflict" for v in world.errors), 10)
