"""Long polling, webhooks, limits, faults: the protocol itself."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from sandbox import RateLimits, World
from tests.rounds import best_of
from tests.sandbox.clients import Raw


async def test_an_offset_confirms_what_is_before_it() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna = world.user("Anna", language="ru")
        for text in "abcd":
            await anna.say(text)
        first = await raw.ok("getUpdates", limit=2)
        assert [u["message"]["text"] for u in first] == ["a", "b"]
        ids = [u["update_id"] for u in first]
        again = await raw.ok("getUpdates", offset=ids[0])
        assert again[0]["update_id"] == ids[0]  # not confirmed yet
        rest = await raw.ok("getUpdates", offset=ids[1] + 1)
        assert [u["message"]["text"] for u in rest] == ["c", "d"]
        assert rest[0]["message"]["from"]["language_code"] == "ru"
        assert world.updates.pending == 2
        last = await raw.ok("getUpdates", offset=-1)
        assert [u["message"]["text"] for u in last] == ["d"]
        assert world.updates.pending == 1
        assert await raw.ok("getUpdates", offset=last[-1]["update_id"] + 1, timeout=0) == []


async def test_a_long_poll_waits_for_an_update() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna = world.user("Anna")
        poll = asyncio.create_task(raw.ok("getUpdates", timeout=50))
        await world.until(lambda: world.telegram.polling.waiting)
        assert not poll.done()
        started = time.monotonic()
        await anna.say("x")
        assert len(await poll) == 1
        assert time.monotonic() - started < 40  # long before the poll would end by itself
        started = time.monotonic()
        assert await raw.ok("getUpdates", offset=10**9, timeout=1) == []
        assert time.monotonic() - started >= 0.9


async def test_two_polls_conflict() -> None:
    async with World.start() as world, Raw(world) as raw:
        older = asyncio.create_task(raw.call("getUpdates", timeout=50))
        await world.until(lambda: world.telegram.polling.waiting)
        newer = asyncio.create_task(raw.call("getUpdates", timeout=1))
        body = await older
        assert body["error_code"] == 409
        assert body["description"].startswith("Conflict: terminated by other getUpdates request")
        await newer
        await raw.ok("setWebhook", url="http://127.0.0.1:9/hook")
        body = await raw.call("getUpdates")
        assert body["description"].startswith(
            "Conflict: can't use getUpdates method while webhook is active"
        )
        assert {v.kind for v in world.errors} == {"conflict"}


async def test_a_webhook_has_rules() -> None:
    async with World.start() as world, Raw(world) as raw:
        assert "secret token contains" in await raw.refused(
            "setWebhook", url="https://a.ru/x", secret_token="a b"
        )

        async def set_twice() -> int:
            world.telegram.webhook.forget_last_set()
            refused = await raw.refused("setWebhook", url="http://a.ru/x")
            assert "HTTPS URL must be provided" in refused
            body = await raw.call("setWebhook", url="https://a.ru/x")
            return int(body.get("error_code", 1000))

        # one setWebhook per second: a slow machine may let more than one pass between the two
        assert await best_of(set_twice, 430) == 429
        world.telegram.webhook.forget_last_set()
        body = await raw.call(
            "setWebhook", url="https://127.0.0.1/x", allowed_updates=["message"], max_connections=7
        )
        assert body["description"] == "Webhook was set"
        info = await raw.ok("getWebhookInfo")
        assert info["url"] == "https://127.0.0.1/x" and info["max_connections"] == 7
        assert info["allowed_updates"] == ["message"]
        body = await raw.call("deleteWebhook", drop_pending_updates=True)
        assert body["description"] == "Webhook was deleted"
        body = await raw.call("deleteWebhook")
        assert body["description"] == "Webhook is already deleted"


async def test_pending_updates_move_to_the_webhook_and_back() -> None:
    async with World.start(strict_polling=False) as world, Raw(world) as raw:
        anna = world.user("Anna")
        await anna.say("a")
        await raw.ok("setWebhook", url="http://127.0.0.1:9/hook")  # nobody listens
        await anna.say("b")
        await world.until(lambda: world.stats.webhook_failures)
        assert (await raw.ok("getWebhookInfo"))["pending_update_count"] == 2
        await raw.ok("deleteWebhook")
        assert [u["message"]["text"] for u in await raw.ok("getUpdates")] == ["a", "b"]
        await raw.ok("deleteWebhook", drop_pending_updates=True)
        assert await raw.ok("getUpdates") == []


async def test_a_private_chat_has_a_rate_limit() -> None:
    # a second lasts a minute here, so that nothing comes back while a slow machine sends
    limits = RateLimits(private_per_second=1 / 60)
    async with World.start(rate_limits=limits) as world, Raw(world) as raw:
        anna = world.user("Anna", started=True)
        for _ in range(5):
            await raw.ok("sendMessage", chat_id=anna.id, text="x")
        body = await raw.call("sendMessage", chat_id=anna.id, text="x")
        wait = body["parameters"]["retry_after"]
        assert (
            body["error_code"] == 429
            and body["description"] == f"Too Many Requests: retry after {wait}"
        )
        assert 1 <= wait <= 5 * 60
        await asyncio.sleep(0.3)
        worse = await raw.call("sendMessage", chat_id=anna.id, text="x")
        assert worse["parameters"]["retry_after"] > wait
        assert [v.kind for v in world.errors] == ["ignored_retry_after"]


async def test_a_group_has_a_rate_limit_that_a_fast_clock_shortens() -> None:
    async with World.start(rate_limits=True, clock_speed=2) as world, Raw(world) as raw:
        group = world.supergroup("G", bot="admin")
        for _ in range(20):
            await raw.ok("sendMessage", chat_id=group.id, text="x")
        body = await raw.call("sendMessage", chat_id=group.id, text="x")
        # a minute lasts half a minute here
        assert 1 <= body["parameters"]["retry_after"] <= 30
        world.clock.advance(30.05)
        await raw.ok("sendMessage", chat_id=group.id, text="x")
        assert world.errors == []


async def test_all_chats_together_have_a_rate_limit() -> None:
    async with World.start(rate_limits=True) as world, Raw(world) as raw:
        people = [world.user(f"P{n}", started=True) for n in range(40)]
        began = time.monotonic()
        bodies = await asyncio.gather(
            *(raw.call("sendMessage", chat_id=p.id, text="x") for p in people)
        )
        good = sum(body["ok"] for body in bodies)
        allowed = 30 * (1 + time.monotonic() - began)  # it fills up again meanwhile
        assert 30 <= good <= allowed + 1
        assert not any(v.kind == "ignored_retry_after" for v in world.errors)  # all were in flight


async def test_limits_can_be_tuned_and_switched_off() -> None:
    limits = RateLimits(private_burst=1, private_per_second=1 / 60)
    async with World.start(rate_limits=limits) as world, Raw(world) as raw:
        anna = world.user("Anna", started=True)
        await raw.ok("sendMessage", chat_id=anna.id, text="x")
        assert (await raw.call("sendMessage", chat_id=anna.id, text="x"))["error_code"] == 429
        limits.enabled = False
        await raw.ok("sendMessage", chat_id=anna.id, text="x")


async def test_every_fault_does_what_it_says() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna, eve = world.user("Anna", started=True), world.user("Eve", started=True)

        async def send(who: Any = anna) -> dict[str, Any]:
            return await raw.call("sendMessage", chat_id=who.id, text="x")

        world.faults.error(500, times=2, chat=anna)
        assert (await send(eve))["ok"]
        assert [(await send())["error_code"] for _ in range(2)] == [500, 500]
        assert (await send())["ok"]
        world.faults.error(502, method="sendMessage", after=1)
        assert (await send())["ok"]
        assert (await send())["error_code"] == 502
        world.faults.flood(7, chat=anna)
        assert (await send())["parameters"] == {"retry_after": 7}
        await asyncio.sleep(0.4)
        assert (await send())["ok"]
        assert [v.kind for v in world.errors] == ["ignored_retry_after"]
        before = len(anna.chat.bot_messages)
        for plan, applied in [(world.faults.drop, 0), (world.faults.cut, 1)]:
            plan()
            with pytest.raises(aiohttp.ClientError):
                await send()
            before += applied
            assert len(anna.chat.bot_messages) == before
        world.faults.hang(0.3)
        started = time.monotonic()
        with pytest.raises(aiohttp.ClientError):
            await send()
        assert time.monotonic() - started >= 0.3
        world.faults.slow(0.3)
        assert (await send())["ok"]
        world.faults.garbage()
        with pytest.raises(aiohttp.ContentTypeError):
            await send()
        world.faults.timeout()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(send(), 0.3)
        assert (await send())["ok"]

        async def goes_through_an_outage() -> bool:
            outage = asyncio.create_task(world.faults.restart(0.4))
            await asyncio.sleep(0)  # it has begun
            told = await asyncio.gather(send(), return_exceptions=True)
            await outage
            return not isinstance(told[0], aiohttp.ClientError)

        # on a slow machine it may be over before anybody calls
        assert not await best_of(goes_through_an_outage, 1)
        assert (await send())["ok"]


async def test_updates_are_doubled_and_reordered() -> None:
    async with World.start(strict_polling=False) as world, Raw(world) as raw:
        anna = world.user("Anna")
        world.faults.duplicate_updates()
        await anna.say("a")
        first = await raw.ok("getUpdates")
        again = await raw.ok("getUpdates", offset=first[0]["update_id"] + 1)
        assert again == first
        assert await raw.ok("getUpdates", offset=first[0]["update_id"] + 1) == []
        world.faults.reorder_updates(3)
        for text in "xyz":
            await anna.say(text)
        found = await raw.ok("getUpdates")
        assert [u["message"]["text"] for u in found] == ["z", "y", "x"]
        assert found[0]["update_id"] > found[2]["update_id"]
        assert await raw.ok("getUpdates", offset=found[-1]["update_id"] + 1) == []
        assert world.updates.pending == 0


async def test_expectations_wait_and_fail_with_a_reason() -> None:
    async with World.start(patience=1) as world, Raw(world) as raw:
        anna = world.user("Anna")
        await anna.say("x")
        with pytest.raises(AssertionError, match="1 updates are pending"):
            await world.idle(timeout=0.3)
        found = await raw.ok("getUpdates")
        await raw.ok("getUpdates", offset=found[0]["update_id"] + 1)
        await world.idle(quiet=0.1)
        with pytest.raises(AssertionError, match="no 'reply' in 'Anna'"):
            await anna.expect("reply", timeout=0.2)
        later = asyncio.create_task(anna.expect(r"^re.ly$", timeout=60))
        await asyncio.sleep(0)  # it waits now
        await raw.ok("sendMessage", chat_id=anna.id, text="Reply")
        assert (await later).text == "Reply"
        await anna.expect_none("Reply", within=0.1)  # it is taken
        with pytest.raises(AssertionError):
            await anna.expect("reply", since="start", timeout=0.1)
        await raw.ok("sendMessage", chat_id=anna.id, text="boo")
        with pytest.raises(AssertionError, match="unexpected 'boo'"):
            await anna.expect_none("boo", within=0.1)


async def test_latency_slows_every_call() -> None:
    async with World.start(latency=0.3) as world, Raw(world) as raw:
        started = time.monotonic()
        await raw.ok("getMe")
        assert time.monotonic() - started > 0.29

        async def ten_at_the_same_time() -> float:
            started = time.monotonic()
            await asyncio.gather(*(raw.ok("getMe") for _ in range(10)))
            return time.monotonic() - started

        assert await best_of(ten_at_the_same_time, 2.5) < 2.5


async def test_after_log_out_nothing_works() -> None:
    async with World.start() as world, Raw(world) as raw:
        await raw.ok("close")
        await raw.ok("logOut")
        assert await raw.refused("getMe") == "Logged out"
