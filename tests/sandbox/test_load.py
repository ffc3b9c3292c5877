"""The lean mode under load."""

from __future__ import annotations

from itertools import pairwise

from sandbox import BotProcess, World, run_load
from tests.sandbox.clients import BOT, Raw, relay_env


async def test_thousands_of_messages_fit_into_the_queue() -> None:
    import time

    async with World.start(lean=True) as world, Raw(world) as raw:
        people = [world.user(f"P{n}", started=True) for n in range(100)]
        times = [time.monotonic()]
        for number in range(5000):
            await people[number % 100].say(f"message {number}")
            if number % 500 == 499:
                times.append(time.monotonic())
        rate = max(500 / (end - begin) for begin, end in pairwise(times))  # others run beside
        assert rate > 300, rate
        got = 0
        offset = 0
        while got < 5000:
            found = await raw.ok("getUpdates", offset=offset)
            got += len(found)
            offset = found[-1]["update_id"] + 1
        assert got == 5000
        assert len(people[0].chat.history) == 20  # no long history


async def test_a_load_run_counts_what_is_answered() -> None:
    async with World.start(lean=True) as world, BotProcess(BOT, relay_env(world), world=world):
        # as many a second as a slow machine answers, too: what waits longer counts as late
        report = await run_load(world, messages=200, people=100, rate=50, timeout=240)
        print(report)
        assert report.unanswered == 0
        assert report.percentile(0.5) < 5
        assert world.stats.report()["latency_ms"]["count"] >= 100
