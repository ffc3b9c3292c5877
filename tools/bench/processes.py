"""What a customer's message costs several processes of one desk together, against one alone.

Two desks at one PostgreSQL server, each with a database and a world of its own, take turns: one
process, and four. A burst comes from more people than one process handles at once, so that there is
something for each. All CPU of a desk's processes counts, also that of who finds nothing to do. In
the end everything that was said must stand in the group once, and be done with in the database.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncpg

from bot.update_queue import MOST_AT_ONCE
from sandbox import Chat, Message, Person
from tests.e2e.stage import Stage, forking
from tests.e2e.warm import WarmProcesses
from tests.postgres import Postgres, Unavailable, start
from tools.bench.figures import Figure, median_of
from tools.bench.proc import cpu_seconds
from tools.bench.staging import desk_at, lean_stage, open_tickets, people_of
from tools.fleet import Fleet, fleet

PROCESSES: Final = 4
PEOPLE: Final = 4 * MOST_AT_ONCE
PATIENCE: Final = 180.0
REST: Final = 10.0  # seconds
# Flat: four processes may cost a quarter more than one. Each has its own look at the inbox and its
# loops by the clock, and who leads is told of what the others have written; that is a fixed price.
# What each process does for every message would make it two and more.
FLAT: Final = 1.25

# What is not done with yet; and what has come of all that was said.
_WAITING: Final = """
SELECT (SELECT count(*) FROM inbox WHERE state = 'new')
     + (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending'))
"""
_KEPT: Final = "SELECT text, count(*) FROM message WHERE text LIKE 'Снова №%' GROUP BY text"
_BY_STATE: Final = "SELECT DISTINCT state FROM inbox UNION SELECT DISTINCT state FROM outbox"
_SERVING: Final = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU seconds for a message: of the desk's processes, and of the server's that serve them."""

    desk: float
    server: float


@dataclass(slots=True)
class Contestant:
    """A desk of some processes. ``shown``: what stands in the group, and how often."""

    stage: Stage
    people: list[Person]
    processes: Fleet
    database: asyncpg.Connection[Any]
    shown: Counter[str] = field(default_factory=Counter)
    spoken: int = 0

    def watch(self) -> None:
        def seen(chat: Chat, message: Message) -> None:
            if chat is self.stage.group:
                self.shown[message.text] += 1

        self.stage.world.observers.append(seen)

    async def burst(self, count: int) -> Spent:
        """All at once, spread over the people."""
        before, served = self._cpu(), await self._served()
        for _ in range(count):
            self._say()
        return await self._spent(before, served, count)

    async def singly(self, count: int) -> Spent:
        """Each when the one before stands in the group."""
        before, served = self._cpu(), await self._served()
        for _ in range(count):
            self._say()
            await self._until_shown()
        return await self._spent(before, served, count)

    async def rest(self, seconds: float) -> float:
        """Nobody says anything. CPU seconds of the processes for a second of that."""
        before = self._cpu()
        await asyncio.sleep(seconds)
        return (self._cpu() - before) / seconds

    async def _spent(self, before: float, served: dict[int, float], count: int) -> Spent:
        await self._until_all_is_done()
        spent, known = self._cpu() - before, await self._served()
        by_server = sum(known[pid] - served.get(pid, 0.0) for pid in known)
        return Spent(spent / count, by_server / count)

    def _say(self) -> None:
        self.spoken += 1
        _ = self.people[self.spoken % len(self.people)].say(f"Снова №{self.spoken}")

    def _cpu(self) -> float:
        bots = (self.processes.leader, *self.processes.others)
        return sum(cpu_seconds(bot.pid) for bot in bots)

    async def _served(self) -> dict[int, float]:
        """CPU seconds of the server's processes for this desk; none where it is elsewhere."""
        spent = {}
        for (pid,) in await self.database.fetch(_SERVING):
            try:
                spent[pid] = cpu_seconds(pid)
            except OSError:
                continue
        return spent

    async def _until_shown(self) -> None:
        world = self.stage.world
        if not await world.signal.until(lambda: len(self.shown) >= self.spoken, PATIENCE):
            missing = self.spoken - len(self.shown)
            raise AssertionError(f"{missing} do not stand in the group\n{world.bot_log_tail()}")

    async def _until_all_is_done(self) -> None:
        await self._until_shown()
        world = self.stage.world
        async with asyncio.timeout(PATIENCE):
            while world.updates.pending or await self.database.fetchval(_WAITING):
                await asyncio.sleep(0.05)

    async def faults(self) -> list[str]:
        """What was lost, or came twice, or was left."""
        kept = dict(await self.database.fetch(_KEPT))
        said = {f"Снова №{number}" for number in range(1, self.spoken + 1)}
        states = {state for (state,) in await self.database.fetch(_BY_STATE)}
        return [
            *(
                f"{words}: kept {kept.get(words, 0)} times"
                for words in said
                if kept.get(words) != 1
            ),
            *(f"{words}: shown {n} times" for words, n in self.shown.items() if n != 1),
            *(f"is {state}" for state in states - {"done", "sent", "dropped"}),
        ]


@asynccontextmanager
async def the_desk(
    folder: Path, url: str, lives: WarmProcesses, size: int, count: int = PEOPLE
) -> AsyncIterator[Contestant]:
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(lean_stage(folder))
        # at this level a process says that it works beside others
        stage.settings |= {"DATABASE_URL": url, "LOG_LEVEL": "info"}
        people = people_of(stage, count)
        async with desk_at(stage) as desk:
            await desk.run(open_tickets, people)
        leader = await stack.enter_async_context(stage.warm_process(lives))
        processes = await stack.enter_async_context(fleet(stage, lives, leader, size))
        database = await asyncpg.connect(url.replace("+asyncpg", ""))
        stack.push_async_callback(database.close)
        async with asyncio.timeout(PATIENCE):
            while await database.fetchval(_WAITING):
                await asyncio.sleep(0.05)
        one = Contestant(stage, people, processes, database)
        one.watch()
        yield one


async def measure(folder: Path, *, size: float) -> list[Figure]:
    try:
        server = await asyncio.to_thread(start)
    except Unavailable:
        return [Figure("PostgreSQL: there is none here", 0, "")]
    try:
        return await _measure(folder, server, size)
    finally:
        await asyncio.to_thread(server.stop)


async def _measure(folder: Path, server: Postgres, size: float) -> list[Figure]:
    """At size 0 it only shows that it runs: two processes, few people."""
    rounds, count, few = (6, 512, 60) if size >= 1 else (3, 256, 30) if size else (1, 20, 2)
    many, people = (PROCESSES, PEOPLE) if size else (2, 12)
    async with AsyncExitStack() as stack:
        lives = await stack.enter_async_context(forking())
        desks = []
        for each in (1, many):
            url = stack.enter_context(server.database())
            one = the_desk(folder / f"{each}", url, lives, each, people)
            desks.append(await stack.enter_async_context(one))
        for desk in desks:
            await desk.burst(count)  # caches, statements, connections
        bursts = await _in_turns(desks, rounds, lambda desk: desk.burst(count))
        singles = await _in_turns(desks, rounds, lambda desk: desk.singly(few))
        rests = [await desk.rest(REST if size else 0.5) for desk in desks]
        faults = [fault for desk in desks for fault in await desk.faults()]
        said = sum(desk.spoken for desk in desks)
    if faults:
        raise AssertionError("\n".join(faults[:20]))
    told = f"{people} chats; {said:,} messages, each kept, done with and shown once"
    return [
        *_figures(many, "in bursts", bursts, told),
        *_figures(many, "one by one", singles),
        *(
            Figure(f"    CPU in a second without messages: {name}", rest * 1e3, "ms")
            for name, rest in zip(("one process", f"{many} together"), rests, strict=True)
        ),
    ]


async def _in_turns(
    desks: list[Contestant],
    rounds: int,
    messages: Callable[[Contestant], Awaitable[Spent]],
) -> list[tuple[Spent, Spent]]:
    """What each round cost one process, and several. They take turns in beginning: whatever the
    machine does meanwhile, it does to both.
    """
    found = []
    for number in range(rounds):
        order = desks if number % 2 else desks[::-1]
        spent = {id(desk): await messages(desk) for desk in order}
        found.append((spent[id(desks[0])], spent[id(desks[1])]))
    return found


def _figures(
    many: int, how: str, rounds: list[tuple[Spent, Spent]], note: str = ""
) -> list[Figure]:
    alone, together = zip(*rounds, strict=True)
    ratios = [several.desk / one.desk for one, several in rounds]
    name = f"CPU per customer message of {many} processes ÷ of one, PostgreSQL, {how}"
    told = (
        ("one process", [one.desk for one in alone]),
        (f"{many} processes together", [one.desk for one in together]),
        ("PostgreSQL itself, for one", [one.server for one in alone]),
        (f"PostgreSQL itself, for {many}", [one.server for one in together]),
    )
    return [
        median_of(name, ratios, "×", FLAT, note),
        *(
            median_of(f"    {whose}, {how}", [one * 1e6 for one in spent], "µs")
            for whose, spent in told
        ),
    ]
