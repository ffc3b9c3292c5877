"""How soon a desk that was away is back: from the start of the process to the first update handled,
with a backlog at Telegram, and with one that a killed process left in the inbox.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from sandbox import BotProcess, Person
from tests.e2e.stage import ROOT, Stage
from tools.bench.figures import Figure
from tools.bench.proc import cpu_seconds
from tools.bench.staging import REAL, bot_of, desk_at, lean_stage, open_tickets, people_of

BACKLOG: Final = 100_000
PEOPLE: Final = 200
AIM: Final = 2.0

_STORE: Final = (
    "INSERT INTO inbox (source, external_id, ordering_key, raw, state, received_at)"
    " VALUES (?, ?, ?, ?, 'new', datetime('now'))"
)

Fill = Callable[[Stage], Awaitable[None]]


async def measure(folder: Path, *, size: float) -> list[Figure]:
    backlog = max(int(BACKLOG * size), 500)
    figures: list[Figure] = []
    for where, fill, many in (
        ("no backlog", _in_telegram, 1),
        (f"{backlog:,} updates waiting at Telegram", _in_telegram, backlog),
        (f"{backlog:,} updates waiting in the inbox", _in_the_inbox, backlog),
    ):
        async with lean_stage(folder / f"{len(figures)}") as stage:
            wall, cpu = await _first(stage, fill, many)
        figures.append(Figure(f"first update handled, {where}", wall, "s", AIM))
        figures.append(Figure("    CPU until then", cpu, "s"))
    return figures


async def _first(stage: Stage, fill: Callable[[Stage], None], many: int) -> tuple[float, float]:
    # compiled modules are kept, as on any machine where the desk was started before
    stage.settings |= {
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(ROOT / "build" / "pycache"),
    }
    people = people_of(stage, PEOPLE)
    async with desk_at(stage) as desk:
        await desk.run(open_tickets, people)
    await _write(people, 1)
    async with bot_of(stage, REAL) as bot:
        await _more_handled(stage, bot, 0)  # once, so that what it takes is compiled, too
    stage.world.updates.clear()  # it may not have been confirmed yet
    await _write(people, many)
    fill(stage)
    before = _handled(stage)
    bot = bot_of(stage, REAL)
    began = time.monotonic()
    await bot.start(wait=False)
    try:
        await _more_handled(stage, bot, before)
        return time.monotonic() - began, cpu_seconds(bot.pid)
    finally:
        await bot.kill()


async def _more_handled(stage: Stage, bot: BotProcess, before: int) -> None:
    deadline = time.monotonic() + 120
    while _handled(stage) == before:
        if time.monotonic() > deadline:
            raise AssertionError(f"nothing was handled:\n{bot.tail(60)}")
        await asyncio.sleep(0.005)


async def _write(people: Sequence[Person], many: int) -> None:
    for number in range(many):
        _ = people[number % len(people)].say(f"Опять не работает, раз {number}")
        if number % 1000 == 0:
            await asyncio.sleep(0)


def _in_telegram(_stage: Stage) -> None:
    """There it is already."""


def _in_the_inbox(stage: Stage) -> None:
    waiting, source = stage.world.updates.queue, f"telegram:{stage.world.bot_id}"
    rows = [
        (source, str(update.id), str(update.chat_id), update.body.decode()) for update in waiting
    ]
    with sqlite3.connect(stage.database) as connection:
        connection.executemany(_STORE, rows)
    connection.close()
    stage.world.updates.clear()


def _handled(stage: Stage) -> int:
    """Of the oldest updates only: it is asked often."""
    query = "SELECT count(*) FROM inbox WHERE id <= 300 AND state = 'done'"
    return int(stage.query(query)[0][0])
