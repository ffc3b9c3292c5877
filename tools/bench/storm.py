"""A thousand people open a ticket at once, at a server with Telegram's limits: how soon does each
know that they were heard, and what do the operators' group and Telegram have to bear?
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from sandbox import Chat, Message
from tools.bench.figures import Figure
from tools.bench.staging import (
    REAL,
    at_rest,
    bot_of,
    desk_at,
    lean_stage,
    people_of,
    wait_for_words,
)

PEOPLE: Final = 1000
# Telegram lets a bot say so many things in a second.
A_SECOND: Final = 30
LATENCY: Final = 0.05


async def measure(folder: Path, *, size: float) -> list[Figure]:
    many = max(int(PEOPLE * size), 20)
    async with lean_stage(folder, rate_limits=True, latency=LATENCY) as stage:
        people = people_of(stage, many)
        async with desk_at(stage) as desk:
            await desk.run(wait_for_words, people)
        confirmed: set[int] = set()
        posts: list[float] = []

        def seen(chat: Chat, message: Message) -> None:
            if chat is stage.group:
                posts.append(time.monotonic())
            elif chat.kind == "private" and "#" in message.text:
                confirmed.add(chat.id)

        async with bot_of(stage, REAL):
            stage.world.observers.append(seen)
            began = time.monotonic()
            for person in people:
                _ = person.say("Камера у подъезда не показывает")
            if not await stage.world.signal.until(lambda: len(confirmed) == many, 120):
                raise AssertionError(f"{many - len(confirmed)} were not confirmed")
            took = time.monotonic() - began
            await at_rest(stage, 180)
            told = time.monotonic() - began
        refused = stage.world.limiter.refusals
    note = f"every call takes {LATENCY * 1e3:.0f} ms, as over the Internet"
    return [
        Figure(
            f"{many:,} new tickets: all confirmed after",
            took,
            "s",
            1.1 * many / A_SECOND,
            note=note,
        ),
        Figure("    refused by Telegram for haste (429)", refused, "", 0),
        Figure("    posts in the operators' group", len(posts), "", 20),
        Figure("    the group knows of every one after", told, "s"),
    ]
