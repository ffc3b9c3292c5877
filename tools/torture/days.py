"""Days in moved time, with faults of all kinds (R29): for `tools.torture`.

The pace is the desk's own but for Telegram's limits (`tests/unhurried.py`), on a server that has
none: hundreds of thousands of posts in a group would take days by the clock. What the limits cost
and that they are kept is shown elsewhere (R8).
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from bot.demo.clock import VARIABLE, set_ahead
from sandbox import BotProcess, Message, Person
from sandbox.server.faults import Faults
from tests.e2e.stage import staged
from tests.e2e.warm import WarmProcesses
from tools.bench.proc import resident_megabytes
from tools.torture.desk_under_test import (
    CUSTOMERS,
    PATIENCE,
    DeskUnderTest,
    Died,
    Outcome,
    Play,
    Sizes,
)

# Minutes of a step; of so many things said one is a matter of the desk, the others operators say to
# each other; so many are said between two looks at what waits.
_STEP: Final = 10
_SHARE: Final = 4
_BREATH: Final = 100
# People go on while something is held up, until so much waits.
_MOST_WAITING: Final = 2_000
# So many updates for one who writes, but for a few who always do, and at most so many who write.
_UPDATES_OF_ONE: Final = 1_000
_PEOPLE: Final = 100
# Real seconds that a step may take until nothing waits any more.
_LONGEST_STEP: Final = 60.0
# One fault of so many is the death of the process, but only in the first and the last part of the
# time: between them one process shall live long enough to show what it comes to hold.
_DEATH: Final = 10
_PARTS: Final = 10
# So often another one is a second without the network.
_OUTAGES: Final = 0.02
# Messages that a chat keeps when a step is over, so that this process does not grow.
_KEPT: Final = 500
# Real seconds between two lines about how far it has come.
_TELL_EVERY: Final = 60.0

# What may befall a call and passes by itself.
_BEFALLS: Final[tuple[Callable[[Faults], object], ...]] = (
    lambda faults: faults.error(500),
    lambda faults: faults.garbage(),
    lambda faults: faults.flood(1),
    lambda faults: faults.drop(),
    lambda faults: faults.cut(),
    lambda faults: faults.slow(0.5),
    lambda faults: faults.hang(1.0),
    lambda faults: faults.cut(method="getUpdates"),
    lambda faults: faults.error(502, method="getUpdates"),
    lambda faults: faults.duplicate_updates(),
    lambda faults: faults.reorder_updates(),
)
# Of what Telegram had for the desk, what has an end in it; what it could not do, or not deliver.
_HEARD: Final = "SELECT count(*), 0 FROM inbox WHERE source LIKE 'telegram%' AND state = 'done'"
_FAILED: Final = "SELECT count(*), 0 FROM outbox WHERE state = 'failed'"


@dataclass(slots=True)
class Memory:
    """What the desk's process held after how many updates, life by life."""

    lives: list[list[tuple[int, float]]] = field(default_factory=lambda: [[]])

    def note(self, updates: int, megabytes: float) -> None:
        self.lives[-1].append((updates, megabytes))

    def died(self) -> None:
        self.lives.append([])

    def words(self) -> str:
        """Of the longest life: what was held after its first tenth, in the end, and the growth."""
        life = max(self.lives, key=lambda life: life[-1][0] - life[0][0] if life else 0)
        if len(life) < 2:
            return "no process lived long"
        (born, _), (end, last) = life[0], life[-1]
        settled, early = next(each for each in life if each[0] - born >= (end - born) / 10)
        grown = (last - early) / max(end - settled, 1) * 10_000
        most = max(megabytes for _, megabytes in life)
        return (
            f"one process for {end - born:,} updates: {early:.0f} MB after a tenth of them,"
            f" {last:.0f} in the end, {most:.0f} at most, {grown:+.2f} for 10,000"
        )


class Days:
    """Time that is moved by steps of some minutes, and what is said and breaks in each of them."""

    def __init__(self, made: DeskUnderTest, bot: BotProcess, clock: Path, sizes: Sizes) -> None:
        self.made, self.bot, self.clock, self.sizes = made, bot, clock, sizes
        self.world = made.stage.world
        self.chance = random.Random(29)
        self.come = self.befallen = self.deaths = self.unfinished = 0
        self.memory = Memory()
        self._tell_at = 0.0
        self._turns = self._in_turns()

    async def pass_by(self) -> str:
        steps = self.sizes.hours * 60 // _STEP
        for number in range(1, steps + 1):
            self._move()
            await self._go_through(
                self.sizes.updates * number // steps, self.sizes.faults * number // steps
            )
            await self._catch_up()
            self.memory.note(self.come, resident_megabytes(self.bot.pid))
            self._forget()
        return (
            f"{self.sizes.hours} h in steps of {_STEP} min, {self.come:,} updates,"
            f" {self.befallen:,} faults, {self.deaths} of them deaths; {self.memory.words()}"
        )

    def _move(self) -> None:
        self.made.befalls(f"the clock goes on by {_STEP} min")
        self.world.clock.advance(_STEP * 60)
        set_ahead(self.clock, self.world.clock.offset)

    async def _go_through(self, updates: int, faults: int) -> None:
        """A step: what is said in it and what breaks take turns."""
        while self.befallen < faults:
            left = faults - self.befallen + 1
            await self._live(self.come + (updates - self.come) // left)
            await self._break()
        await self._live(updates)

    async def _live(self, until: int) -> None:
        """What operators say to each other is no matter of the desk, and comes to it all the same;
        one in four is a customer's word or an answer.
        """
        give_up = time.monotonic() + PATIENCE
        while self.come < until:
            waiting = await self._waiting()
            if waiting > _MOST_WAITING:
                if time.monotonic() > give_up:
                    raise Died(f"the desk does not go on: {waiting} wait, {self.come:,} said")
                await asyncio.sleep(0.05)
                continue
            give_up = time.monotonic() + PATIENCE
            for _ in range(min(_BREATH, until - self.come)):
                await self._say_something()
            await asyncio.sleep(0)

    async def _say_something(self) -> None:
        self.come += 1
        if self.come % _SHARE:
            stage = self.made.stage
            await stage.olga.say(stage.group, f"Обед в час, {self.come}")
        else:
            await self.made.say(*next(self._turns))

    def _in_turns(self) -> Iterator[tuple[Person, Message]]:
        while True:
            yield from self.chance.sample(self.made.people, len(self.made.people))

    async def _waiting(self) -> int:
        """How much has come, or must leave, that the desk is not done with."""
        if not self.bot.running:
            raise Died("the desk died")
        waiting = self.world.updates.pending
        if waiting <= _MOST_WAITING:
            waiting += await self.made.waiting()
        self._tell(waiting)
        return waiting

    async def _break(self) -> None:
        self.befallen += 1
        if self._is_death(self.befallen):
            self.deaths += 1
            self.memory.died()
            self.made.befalls("the desk is killed")
            await self.bot.kill()
            await self.bot.start()
            self.made.befalls("the desk has begun again")
            self.memory.note(self.come, resident_megabytes(self.bot.pid))
        elif self.chance.random() < _OUTAGES:
            self.made.befalls("a second without the network")
            await self.world.faults.outage(1.0)
        else:
            befalls = self.chance.choice(_BEFALLS)
            if befalls(self.world.faults) is None:  # no call of the desk's meets it
                self.made.befalls("updates come twice, or in disorder")

    def _is_death(self, number: int) -> bool:
        part = self.sizes.faults / _PARTS
        return number % _DEATH == 1 and not part < number <= self.sizes.faults - part

    async def _catch_up(self) -> None:
        """The desk waits in real seconds after a failed call, and has minutes of them in a step:
        time goes on when nothing waits any more, or when a minute has passed.
        """
        end = time.monotonic() + _LONGEST_STEP
        while not self.made.stage.quiet():
            await self._waiting()
            if time.monotonic() > end:
                self.unfinished += 1
                return
            await asyncio.sleep(0.05)

    def _forget(self) -> None:
        """This process must not grow either: what the desk does no more is counted."""
        for chat in self.made.chats:
            self.made.forget(chat, keep=_KEPT)
        self.world.stats.reset()

    def _tell(self, waiting: int) -> None:
        """How far it has come, for whoever has to end it before it ends."""
        now = time.monotonic()
        if now < self._tell_at:
            return
        self._tell_at = now + _TELL_EVERY
        print(
            f"{time.strftime('%H:%M:%S')} {self.come:,} updates, {self.made.said:,} of them"
            f" matters, {self.befallen} faults, {self.deaths} deaths; {waiting} wait,"
            f" {self.unfinished} steps were not finished; the desk holds"
            f" {resident_megabytes(self.bot.pid):.0f} MB, its server and we"
            f" {resident_megabytes(os.getpid()):.0f}",
            file=sys.stderr,
            flush=True,
        )


async def days(folder: Path, _: WarmProcesses, sizes: Sizes) -> Outcome:
    """Days in moved time, while calls fail in all ways there are and the process dies (R29)."""
    clock = folder / "clock"
    set_ahead(clock, 0.0)
    people = min(max(CUSTOMERS, sizes.updates // _UPDATES_OF_ONE), _PEOPLE)
    async with staged(folder) as stage:
        moved = {VARIABLE: str(clock), "MESSAGE_LIMIT": "off", "LOG_LEVEL": "warning"}
        async with stage.cold_process(**moved) as bot:
            made = DeskUnderTest(stage, bot)  # type: ignore[arg-type]
            await stage.admin.say("/start")  # or what the desk tells admins would be refused
            await made.settle_in(people)
            stage.world.travel_light()
            began = time.monotonic()
            note = await Days(made, bot, clock, sizes).pass_by()
            stage.world.faults.clear()
            return await _judged(made, await made.count(began, note))


async def _judged(made: DeskUnderTest, outcome: Outcome) -> Outcome:
    """Every update counts, also those that ask for nothing: each must be in the inbox, handled."""
    updates = made.stage.world.updates
    came = updates.next_id - updates.context.first_update
    ((heard, _),), ((failed, _),) = await made.ask(_HEARD), await made.ask(_FAILED)
    note = f"{outcome.note}; of {came:,} updates {came - heard} not handled, {failed} not delivered"
    return replace(outcome, lost=outcome.lost + came - heard + failed, note=note)


DAYS: Final[dict[str, Play]] = {"days": days}
