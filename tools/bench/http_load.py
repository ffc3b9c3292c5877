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
# Connections that are kept open for each kind of request; and of a flood, which asks for as much as
# it gets answers.
CONNECTIONS: Final = 16
FLOOD: Final = 200
AS_MUCH: Final = 50.0
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
            before = _used(bot.pid)
            quiet = await _write(stage, people, SECONDS * size / 2)
            alone = _cores(before, _used(bot.pid), SECONDS * size / 2)
            before = _used(bot.pid)
            async with _asked(_port(stage), keys, size) as answers:
                loaded = await _write(stage, people, SECONDS * size)
                told = await answers
            busy = _cores(before, _used(bot.pid), SECONDS * size)
            async with _asked(_port(stage), keys, size, AS_MUCH, FLOOD):
                flooded = await _write(stage, people, SECONDS * size)
            await at_rest(stage)
    return [
        *_delays(quiet, loaded, flooded),
        *_answered(told["runs"], size),
        *_cpu(alone, busy, told["cpu"] / (SECONDS * size)),
    ]


def _used(desk: int) -> tuple[float, float]:
    """CPU of the desk, and of Telegram's server with its customers, which is this process."""
    return cpu_seconds(desk), time.process_time()


def _cores(
    before: tuple[float, float], after: tuple[float, float], seconds: float
) -> tuple[float, float]:
    return (after[0] - before[0]) / seconds, (after[1] - before[1]) / seconds


def _port(stage: Stage) -> int:
    found = _PORT.search((stage.folder / "bot.log").read_text("utf-8"))
    if found is None:
        raise AssertionError(stage.world.bot_log_tail())
    return int(found[1])


@asynccontextmanager
async def _asked(
    port: int, keys: Sequence[str], size: float, times: float = 1.0, connections: int = CONNECTIONS
) -> AsyncIterator[asyncio.Task[Any]]:
    """The load, from another process; a task with what came of it."""
    share = times * min(1.0, size * 2)  # a small run asks less often, too
    asked = {
        "host": "127.0.0.1",
        "port": port,
        "seconds": SECONDS * size,
        "connections": connections,
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
    answers = asyncio.create_task(_answers(process, asked))
    try:
        yield answers
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await asyncio.gather(answers, return_exceptions=True)  # nobody asks for those of a flood


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


def _delays(
    quiet: Sequence[float], loaded: Sequence[float], flooded: Sequence[float]
) -> list[Figure]:
    return [
        _spread("a customer's message is in the group, p99, nothing else", quiet),
        _spread("    the same while HTTP is busy, p99", loaded, LATE),
        _spread("    the same while HTTP is asked for all it can answer, p99", flooded, LATE),
    ]


def _answered(runs: Any, size: float) -> list[Figure]:
    health, lists = runs
    share = min(1.0, size * 2)
    return [
        Figure("    requests for health answered in a second", health["rate"], ""),
        Figure("    asked for", HEALTH * share, ""),
        Figure("    lists of 50 tickets answered in a second", lists["rate"], ""),
        Figure("    asked for", LISTS * share, ""),
        Figure(
            "    requests that were refused or failed", health["failed"] + lists["failed"], "", 0
        ),
        _spread("    health, p99", health["delays"]),
        _spread("    a list, p99", lists["delays"]),
    ]


def _cpu(alone: tuple[float, float], busy: tuple[float, float], asking: float) -> list[Figure]:
    return [
        Figure("    CPU of the desk's process meanwhile", busy[0], "cores", 1.0),
        Figure("    of which for HTTP", busy[0] - alone[0], "cores"),
        Figure("    CPU of Telegram's server meanwhile", busy[1], "cores"),
        Figure("    CPU of who asks over HTTP", asking, "cores"),
        Figure("    all together", busy[0] + busy[1] + asking, "cores", 2.0),
    ]


def _spread(name: str, delays: Sequence[float], aim: float | None = None) -> Figure:
    return Figure(name, _p99(delays), "ms", aim, statistics.median(delays), max(delays))


def _p99(delays: Sequence[float]) -> float:
    return sorted(delays)[max(0, -(-len(delays) * 99 // 100) - 1)]
