"""What a busy HTTP door costs the chat: 1,000 requests a second for health and 200 for a list come
from another process while customers write; how soon is each message in the operators' group?
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from core.integrations.keys import READ, create_key
from sandbox import Chat, Message, Person, python
from sandbox.process import tied
from tests.e2e.stage import ROOT, Stage
from tools.bench.figures import Figure
from tools.bench.proc import cpu_seconds
from tools.bench.staging import (
    UNHURRIED,
    at_rest,
    bot_of,
    desk_at,
    lean_stage,
    open_tickets,
    people_of,
)

HEALTH: Final = 1000.0
LISTS: Final = 200.0
SECONDS: Final = 20.0
# A key may ask fifty times a second.
KEYS: Final = 8
PEOPLE: Final = 60
# Customers' messages a second meanwhile.
WORDS: Final = 10.0
LATE: Final = 300.0
PATIENCE: Final = 60.0
_PORT: Final = re.compile(r"HTTP is served on http://127\.0\.0\.1:(\d+)")


async def measure(folder: Path, *, size: float) -> list[Figure]:
    async with lean_stage(folder) as stage:
        people = people_of(stage, PEOPLE)
        async with desk_at(stage) as desk:
            await desk.run(open_tickets, people)
            keys = [await desk.run(create_key, f"key {one}", [READ]) for one in range(KEYS)]
        async with bot_of(stage, UNHURRIED, HTTP_LISTEN="127.0.0.1:0", LOG_LEVEL="info") as bot:
            await at_rest(stage)
            quiet = await _write(stage, people, SECONDS * size / 2)
            before = cpu_seconds(bot.pid)
            async with _asked(_port(stage), keys, size) as answers:
                loaded = await _write(stage, people, SECONDS * size)
                told = await answers
            used = cpu_seconds(bot.pid) - before
            await at_rest(stage)
    return _figures(quiet, loaded, told, used / (SECONDS * size), size)


def _port(stage: Stage) -> int:
    found = _PORT.search((stage.folder / "bot.log").read_text("utf-8"))
    if found is None:
        raise AssertionError(stage.world.bot_log_tail())
    return int(found[1])


@asynccontextmanager
async def _asked(port: int, keys: Sequence[str], size: float) -> AsyncIterator[asyncio.Task[Any]]:
    """The load, from another process; a task with what came of it."""
    share = min(1.0, size * 2)  # a small run asks less often, too
    asked = {
        "host": "127.0.0.1",
        "port": port,
        "seconds": SECONDS * size,
        "requests": [
            {"path": "/healthz", "keys": [None], "rate": HEALTH * share},
            {"path": "/api/v1/tickets", "keys": list(keys), "rate": LISTS * share},
        ],
    }
    process = await asyncio.create_subprocess_exec(
        *tied(python("-m", "tools.bench.http_requests")),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield asyncio.create_task(_answers(process, asked))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _answers(process: asyncio.subprocess.Process, asked: dict[str, Any]) -> Any:
    told, _ = await process.communicate(json.dumps(asked).encode())
    return json.loads(told)


async def _write(stage: Stage, people: Sequence[Person], seconds: float) -> list[float]:
    """Customers write steadily; milliseconds until each message is in the group."""
    said: dict[str, float] = {}
    delays: list[float] = []

    def seen(chat: Chat, message: Message) -> None:
        found = re.search(r"\[(\d+)\]", message.text) if chat is stage.group else None
        if found is not None and found[1] in said:
            delays.append((time.perf_counter() - said.pop(found[1])) * 1e3)

    stage.world.observers.append(seen)
    began, many = time.perf_counter(), int(WORDS * seconds)
    for number in range(many):
        await asyncio.sleep(began + number / WORDS - time.perf_counter())
        said[f"{number}"] = time.perf_counter()
        _ = people[number % len(people)].say(f"Опять не работает [{number}]")
    if not await stage.world.signal.until(lambda: len(delays) == many, PATIENCE):
        raise AssertionError(f"{many - len(delays)} messages never came")
    stage.world.observers.remove(seen)
    return delays


def _figures(
    quiet: Sequence[float], loaded: Sequence[float], told: Any, busy: float, size: float
) -> list[Figure]:
    health, lists = told
    share = min(1.0, size * 2)
    return [
        _spread("a customer's message is in the group, p99, nothing else", quiet),
        _spread("    the same while HTTP is busy, p99", loaded, LATE),
        Figure("    requests for health answered in a second", health["rate"], ""),
        Figure("    asked for", HEALTH * share, ""),
        Figure("    lists of 50 tickets answered in a second", lists["rate"], ""),
        Figure("    asked for", LISTS * share, ""),
        Figure(
            "    requests that were refused or failed", health["failed"] + lists["failed"], "", 0
        ),
        _spread("    health, p99", health["delays"]),
        _spread("    a list, p99", lists["delays"]),
        Figure("    CPU of the desk's process meanwhile", busy, "cores", 1.0),
    ]


def _spread(name: str, delays: Sequence[float], aim: float | None = None) -> Figure:
    return Figure(name, _p99(delays), "ms", aim, statistics.median(delays), max(delays))


def _p99(delays: Sequence[float]) -> float:
    return sorted(delays)[max(0, -(-len(delays) * 99 // 100) - 1)]
