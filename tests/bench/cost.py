"""What a customer's message costs in CPU: from Telegram to the operators' group, against an echo.

Three bots, each in a world of its own on the same server's code, take turns: the desk, the echo of
aiogram's manual, the echo with all that is free. A message counts when it has had all its effects:
for the desk it is stored, journalled, its author has the sign that it was received, the group has
it, and the outbox knows that; for an echo its text is back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox import BotProcess, Chat, Message, Person, World
from tests.bench.figures import Figure, median_of
from tests.bench.proc import cpu_seconds
from tests.bench.staging import (
    UNHURRIED,
    at_rest,
    bot_of,
    desk_at,
    lean_stage,
    open_tickets,
    people_of,
)

PEOPLE = 40
PATIENCE = 120.0


@dataclass(slots=True)
class Contestant:
    """A bot in its world; ``arrived`` counts messages at their end, ``rest`` waits for the rest."""

    name: str
    world: World
    people: list[Person]
    bot: BotProcess
    rest: Callable[[], Awaitable[None]]
    arrived: int = 0
    spoken: int = 0

    def watch(self, where: Callable[[Chat], bool]) -> None:
        def seen(chat: Chat, _message: Message) -> None:
            self.arrived += where(chat)

        self.world.observers.append(seen)

    async def burst(self, count: int) -> float:
        """All at once, spread over the people. Returns CPU seconds for a message."""
        before, goal = cpu_seconds(self.bot.pid), self.arrived + count
        for _ in range(count):
            self._say()
        await self._until(goal)
        await self.rest()
        return (cpu_seconds(self.bot.pid) - before) / count

    async def singly(self, count: int) -> float:
        """Each when the one before is through. Returns CPU seconds for a message."""
        before = cpu_seconds(self.bot.pid)
        for _ in range(count):
            goal = self.arrived + 1
            self._say()
            await self._until(goal)
        await self.rest()
        return (cpu_seconds(self.bot.pid) - before) / count

    def _say(self) -> None:
        self.spoken += 1
        _ = self.people[self.spoken % len(self.people)].say(f"Опять не работает, раз {self.spoken}")

    async def _until(self, goal: int) -> None:
        if not await self.world.signal.until(lambda: self.arrived >= goal, PATIENCE):
            missing = goal - self.arrived
            raise AssertionError(f"{self.name}: {missing} missing\n{self.world.bot_log_tail()}")


@asynccontextmanager
async def the_desk(folder: Path) -> AsyncIterator[Contestant]:
    async with lean_stage(folder / "desk") as stage:
        people = people_of(stage, PEOPLE)
        async with desk_at(stage) as desk:
            await desk.run(open_tickets, people)
        async with bot_of(stage, UNHURRIED) as bot:
            await at_rest(stage)

            async def rest() -> None:
                await at_rest(stage)

            one = Contestant("desk", stage.world, people, bot, rest)
            one.watch(lambda chat: chat is stage.group)
            yield one


@asynccontextmanager
async def an_echo(folder: Path, name: str, *options: str) -> AsyncIterator[Contestant]:
    async with lean_stage(folder / name) as stage:
        people = people_of(stage, PEOPLE)
        async with bot_of(stage, ("-m", "tests.bench.echo", *options)) as bot:

            async def rest() -> None:
                while stage.world.updates.pending:
                    await asyncio.sleep(0.01)

            one = Contestant(name, stage.world, people, bot, rest)
            one.watch(lambda chat: chat.kind == "private")
            yield one


async def measure(folder: Path, *, size: float) -> list[Figure]:
    rounds, count, few = (5, 400, 100) if size >= 1 else (3, 150, 30)
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(the_desk(folder))
        stock = await stack.enter_async_context(an_echo(folder, "stock"))
        tuned = await stack.enter_async_context(an_echo(folder, "tuned", "--tuned"))
        three = (desk, stock, tuned)
        for one in three:  # caches, statements, connections
            await one.burst(100)
        bursts = [[await one.burst(count) for one in three] for _ in range(rounds)]
        singles = [[await one.singly(few) for one in three] for _ in range(rounds)]
    return [*_ratios("in bursts", bursts), *_ratios("one by one", singles)]


def _ratios(how: str, rounds: list[list[float]]) -> list[Figure]:
    of_stock = [desk / stock for desk, stock, _ in rounds]
    of_tuned = [desk / tuned for desk, _, tuned in rounds]
    micro = [[one * 1e6 for one in column] for column in zip(*rounds, strict=True)]
    note = "stored, journalled, acknowledged, relayed, settled: 2 calls; an echo: 1"
    return [
        median_of(f"CPU per customer message ÷ stock aiogram echo, {how}", of_stock, "×", 3, note),
        median_of(f"CPU per customer message ÷ tuned aiogram echo, {how}", of_tuned, "×"),
        median_of(f"    the desk, {how}", micro[0], "µs"),
        median_of(f"    the stock echo, {how}", micro[1], "µs"),
        median_of(f"    the tuned echo, {how}", micro[2], "µs"),
    ]
