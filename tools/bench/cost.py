"""What a customer's message costs in CPU: from Telegram to the operators' group, against an echo.

Bots, each in a world of its own on the same server's code, take turns: the desk, the echo of
aiogram's manual, the echo with all that is free. A message counts when it has had all its effects:
for the desk it is stored, journalled, its author has the sign that it was received, the group has
it, and the outbox knows that; for an echo its text is back. A second desk, with a meter around each
stage, takes turns with them: its stages are told, its total is not compared.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox import BotProcess, Chat, Message, Person, World
from tools.bench import meter
from tools.bench.figures import Figure, median_of
from tools.bench.proc import cpu_seconds
from tools.bench.staging import (
    METERED,
    UNHURRIED,
    at_rest,
    bot_of,
    desk_at,
    lean_stage,
    open_tickets,
    people_of,
)

PEOPLE = 40
# What the desk may cost, in echoes of aiogram's manual.
AIMS = {"in bursts": 3.0, "one by one": 2.5}
PATIENCE = 120.0
# What is called for a message: the sign that it was received, and its text in the group.
MESSAGE_CALLS = ("setMessageReaction", "sendMessage")


@dataclass(slots=True)
class Contestant:
    """A bot in its world; ``arrived`` counts messages at their end, ``rest`` waits for the rest.

    ``calls``: so many a message takes. Where it takes others, or Telegram refuses one, there is no
    figure: an answer to a message that the world has forgotten is refused, and sent once more.
    """

    name: str
    world: World
    people: list[Person]
    bot: BotProcess
    rest: Callable[[], Awaitable[None]]
    calls: int
    arrived: int = 0
    spoken: int = 0

    def watch(self, where: Callable[[Chat], bool]) -> None:
        def seen(chat: Chat, _message: Message) -> None:
            self.arrived += where(chat)

        self.world.observers.append(seen)

    async def burst(self, count: int) -> float:
        """All at once, spread over the people. Returns CPU seconds for a message."""
        async with self._measured(count) as spent:
            goal = self.arrived + count
            for _ in range(count):
                self._say()
            await self._until(goal)
        return spent[0]

    async def singly(self, count: int) -> float:
        """Each when the one before is through. Returns CPU seconds for a message."""
        async with self._measured(count) as spent:
            for _ in range(count):
                goal = self.arrived + 1
                self._say()
                await self._until(goal)
        return spent[0]

    @asynccontextmanager
    async def _measured(self, count: int) -> AsyncIterator[list[float]]:
        """Yields a list that holds the CPU seconds for a message at the end."""
        spent: list[float] = []
        before, goal = cpu_seconds(self.bot.pid), self._called() + count * self.calls
        yield spent
        await self.world.signal.until(lambda: self._called() >= goal, PATIENCE)
        await self.rest()
        spent.append((cpu_seconds(self.bot.pid) - before) / count)
        more, refused = self._called() - goal, dict(self.world.stats.errors)
        if refused or more:
            raise AssertionError(f"{self.name}: {more:+} calls for {count} messages, {refused=}")

    def _called(self) -> int:
        return sum(self.world.stats.calls[method] for method in MESSAGE_CALLS)

    def _say(self) -> None:
        self.spoken += 1
        _ = self.people[self.spoken % len(self.people)].say(f"Опять не работает, раз {self.spoken}")

    async def _until(self, goal: int) -> None:
        if not await self.world.signal.until(lambda: self.arrived >= goal, PATIENCE):
            missing = goal - self.arrived
            raise AssertionError(f"{self.name}: {missing} missing\n{self.world.bot_log_tail()}")


@asynccontextmanager
async def the_desk(
    folder: Path, name: str = "desk", command: Sequence[str] = UNHURRIED, **environment: str
) -> AsyncIterator[Contestant]:
    async with lean_stage(folder / name) as stage:
        people = people_of(stage, PEOPLE)
        async with desk_at(stage) as desk:
            await desk.run(open_tickets, people)
        async with bot_of(stage, command, **environment) as bot:
            await at_rest(stage)

            async def rest() -> None:
                await at_rest(stage)

            one = Contestant(name, stage.world, people, bot, rest, calls=2)
            one.watch(lambda chat: chat is stage.group)
            yield one


@asynccontextmanager
async def an_echo(folder: Path, name: str, *options: str) -> AsyncIterator[Contestant]:
    async with lean_stage(folder / name) as stage:
        people = people_of(stage, PEOPLE)
        async with bot_of(stage, ("-m", "tools.bench.echo", *options)) as bot:

            async def rest() -> None:
                while stage.world.updates.pending:
                    await asyncio.sleep(0.01)

            one = Contestant(name, stage.world, people, bot, rest, calls=1)
            one.watch(lambda chat: chat.kind == "private")
            yield one


async def measure(folder: Path, *, size: float) -> list[Figure]:
    rounds, warm, count, few = _sizes(size)
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(the_desk(folder))
        soon = () if size else ("--soon",)
        stock = await stack.enter_async_context(an_echo(folder, "stock", *soon))
        tuned = await stack.enter_async_context(an_echo(folder, "tuned", "--tuned", *soon))
        sums = folder / "stages"
        metered = await stack.enter_async_context(
            the_desk(folder, "metered", METERED, BENCH_STAGES=str(sums))
        )
        three = (desk, stock, tuned)
        for one in (*three, metered):  # caches, statements, connections
            await one.burst(warm)
        bursts, burst_stages, singles, single_stages = [], [], [], []
        for _ in range(rounds):
            bursts.append([await one.burst(count) for one in three])
            burst_stages.append(await _stages(metered, Contestant.burst, count, sums))
        for _ in range(rounds):
            singles.append([await one.singly(few) for one in three])
            single_stages.append(await _stages(metered, Contestant.singly, few, sums))
    return [
        *_ratios("in bursts", bursts),
        *_of_stages("in bursts", burst_stages, bursts),
        *_ratios("one by one", singles),
        *_of_stages("one by one", single_stages, singles),
    ]


def _sizes(size: float) -> tuple[int, int, int, int]:
    """Rounds; messages to warm up with, of a burst, and one by one."""
    if size >= 1:
        return 5, 100, 400, 100
    return (3, 100, 150, 30) if size else (1, 20, 20, 5)


async def _stages(
    desk: Contestant,
    messages: Callable[[Contestant, int], Awaitable[float]],
    count: int,
    sums: Path,
) -> list[float]:
    """CPU seconds for a message in each stage; last, those of all threads and stages together."""
    before = meter.read(sums)
    whole = await messages(desk, count)
    spent = [after - earlier for after, earlier in zip(meter.read(sums), before, strict=True)]
    return [*(one / 1e9 / count for one in spent), whole]


def _of_stages(how: str, rounds: list[list[float]], compared: list[list[float]]) -> list[Figure]:
    """Each stage ÷ the stock echo of the same round; what belongs to none is told by thread."""
    *stages, whole = zip(*rounds, strict=True)
    spent = dict(zip(meter.STAGES, stages, strict=True))
    spent["the rest: sockets, the event loop"] = spent.pop(meter.REST)
    others = [all_of_it - sum(of) for all_of_it, *of in zip(whole, *stages, strict=True)]
    spent["other threads: commits"] = tuple(max(0.0, one) for one in others)
    stock = [echo for _desk, echo, _tuned in compared]
    return [
        median_of(
            f"    {stage}, {how}",
            [one / echo for one, echo in zip(seconds, stock, strict=True)],
            "×",
            note=f"{statistics.median(seconds) * 1e6:,.0f} µs",
        )
        for stage, seconds in spent.items()
    ]


def _ratios(how: str, rounds: list[list[float]]) -> list[Figure]:
    of_stock = [desk / stock for desk, stock, _ in rounds]
    of_tuned = [desk / tuned for desk, _, tuned in rounds]
    micro = [[one * 1e6 for one in column] for column in zip(*rounds, strict=True)]
    note = "stored, journalled, acknowledged, relayed, settled: 2 calls; an echo: 1"
    return [
        median_of(
            f"CPU per customer message ÷ stock aiogram echo, {how}", of_stock, "×", AIMS[how], note
        ),
        median_of(f"CPU per customer message ÷ tuned aiogram echo, {how}", of_tuned, "×"),
        median_of(f"    the desk, {how}", micro[0], "µs"),
        median_of(f"    the stock echo, {how}", micro[1], "µs"),
        median_of(f"    the tuned echo, {how}", micro[2], "µs"),
    ]
