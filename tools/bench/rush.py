"""Sixty messages a second for a minute, at a server with Telegram's limits: is each handled at
once, though the group and the signs that messages are received have to wait for Telegram's pace?
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sandbox import Person
from tests.e2e.stage import Stage
from tools.bench.figures import Figure
from tools.bench.staging import REAL, bot_of, desk_at, lean_stage, open_tickets, people_of
from tools.bench.storm import LATENCY

A_SECOND: Final = 60
SECONDS: Final = 60
# Each writes every ten seconds: nobody's words are a flood.
PEOPLE: Final = 600
PATIENCE: Final = 120.0


async def measure(folder: Path, *, size: float) -> list[Figure]:
    seconds = max(int(SECONDS * size), 1)
    async with lean_stage(folder, rate_limits=True, latency=LATENCY) as stage:
        people = people_of(stage, PEOPLE)
        async with desk_at(stage) as desk:
            await desk.run(open_tickets, people)
        async with bot_of(stage, REAL):
            said, before = seconds * A_SECOND, _handled(stage)
            await _say(people, said)
            ended, left = time.monotonic(), said - (_handled(stage) - before)
            while _unhandled(stage):
                if time.monotonic() > ended + PATIENCE:
                    raise AssertionError(f"{_unhandled(stage)} are not handled")
                await asyncio.sleep(0.01)
            took = time.monotonic() - ended
        refused = stage.world.limiter.refusals
    name = f"{A_SECOND} messages a second for {seconds} s: all handled after the last one"
    return [
        Figure(name, took, "s", 2),
        Figure("    not handled yet when it was said", left, ""),
        Figure("    refused by Telegram for haste (429)", refused, "", 0),
    ]


async def _say(people: Sequence[Person], count: int) -> None:
    """At an even pace; who comes late makes up for it."""
    began = time.monotonic()
    for number in range(count):
        await asyncio.sleep(began + number / A_SECOND - time.monotonic())
        _ = people[number % len(people)].say(f"Опять не показывает, раз {number}")


def _handled(stage: Stage) -> int:
    """Customers' messages that stand in their tickets."""
    ((messages,),) = stage.query("SELECT count(*) FROM message WHERE from_customer")
    return int(messages)


def _unhandled(stage: Stage) -> int:
    """Updates that wait at Telegram or in the inbox; for a moment one waits at both."""
    ((waiting,),) = stage.query("SELECT count(*) FROM inbox WHERE state = 'new'")
    return int(waiting) + stage.world.updates.pending
