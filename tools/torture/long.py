"""Long runs: thousands of answers that never come back, and days in moved time, with faults of all
kinds (R6, R29): for `tools.torture`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bot.demo.clock import VARIABLE, set_ahead
from sandbox.server.faults import Fault, Faults
from tests.e2e.stage import staged
from tests.e2e.warm import WarmProcesses
from tools.torture.desk_under_test import (
    DeskUnderTest,
    Outcome,
    Play,
    Sizes,
    desk_under_test,
    endure,
)

# So many people write while answers are lost: each lost answer holds up one lane for two seconds.
PEOPLE: Final = 40
# Calls between two lost answers, at most; so many are to come; of so many one befalls any call,
# which is mostly the group's, the others a customer's chat.
_GAP: Final = 3
_AT_ONCE: Final = 20
_ANYWHERE: Final = 4
# In moved time: minutes of a step, and of so many things said one is a matter of the desk.
_STEP: Final = 10
_SHARE: Final = 4
# Real seconds that a step may take until nothing waits any more.
_LONGEST_STEP: Final = 60.0
# So often a fault is the death of the process, or a minute without the network.
_DEATHS: Final = 0.02
_OUTAGES: Final = 0.02


async def lost_answers(folder: Path, lives: WarmProcesses, sizes: Sizes) -> Outcome:
    """What was asked for is done, and the connection ends before the answer (R6)."""

    async def lose(made: DeskUnderTest) -> str:
        chance, planned = random.Random(11), list[Fault]()
        for number in range(sizes.lost):
            planned = await _still_planned(planned, fewer_than=_AT_ONCE)
            chat = _another(made, planned, chance) if number % _ANYWHERE else None
            faults = made.stage.world.faults
            planned.append(faults.cut(chat=chat, after=chance.randrange(_GAP)))
        await _still_planned(planned, fewer_than=1)
        return f"{sizes.lost} answers lost"

    async with desk_under_test(folder, lives) as made:
        made.answers, made.patient = 2, True
        await made.settle_in(PEOPLE)
        return await endure(made, 1, lose)


def _another(made: DeskUnderTest, planned: list[Fault], chance: random.Random) -> int:
    """A chat for which none is planned: else all would gather at those that are asked seldom, and
    whoever finds out there about a lost answer would get none, each time after a longer pause.
    """
    chats = {person.chat.id for person, _ in made.people} - {fault.chat_id for fault in planned}
    return chance.choice(sorted(chats))


async def _still_planned(planned: list[Fault], fewer_than: int) -> list[Fault]:
    while len(planned := [fault for fault in planned if not fault.hits]) >= fewer_than:
        await asyncio.sleep(0.01)
    return planned


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


class Days:
    """Time that is moved by steps of some minutes, and what is said and breaks in each of them."""

    def __init__(self, made: DeskUnderTest, clock: Path, sizes: Sizes) -> None:
        self.made, self.clock, self.sizes = made, clock, sizes
        self.chance = random.Random(29)
        self.chatted = self.befallen = self.deaths = 0
        self.planned: list[Fault] = []

    async def pass_by(self) -> str:
        steps = self.sizes.hours * 60 // _STEP
        for number in range(steps):
            self._move()
            await self._break(self.sizes.faults * (number + 1) // steps)
            await self._live(self.sizes.updates * (number + 1) // steps)
            await self._catch_up()
        said = self.made.said + self.chatted
        return (
            f"{self.sizes.hours} h in steps of {_STEP} min, {said} updates,"
            f" {self.befallen} faults, {self.deaths} of them deaths"
        )

    def _move(self) -> None:
        world = self.made.stage.world
        world.clock.advance(_STEP * 60)
        set_ahead(self.clock, world.clock.offset)

    async def _catch_up(self) -> None:
        """The desk waits in real seconds after a failed call, and has minutes of them in a step:
        time goes on when nothing waits any more, or when a minute has passed.
        """
        world, end = self.made.stage.world, time.monotonic() + _LONGEST_STEP
        while time.monotonic() < end:
            if not await self.made.waiting() and not world.updates.pending:
                return
            await asyncio.sleep(0.1)

    async def _break(self, due: int) -> None:
        world, bot = self.made.stage.world, self.made.bot
        while self.befallen < due:
            self.befallen += 1
            luck = self.chance.random()
            if luck < _DEATHS:
                self.deaths += 1
                await bot.kill()
                await bot.start()
            elif luck < _DEATHS + _OUTAGES:
                await world.faults.outage(1.0)
            else:
                self.chance.choice(_BEFALLS)(world.faults)

    async def _live(self, due: int) -> None:
        """What operators say to each other is no matter of the desk, and comes to it all the same;
        one in four is a customer's word or an answer.
        """
        made, stage = self.made, self.made.stage
        matters = (due - made.said - self.chatted) // _SHARE
        while made.said + self.chatted < due - matters:
            self.chatted += 1
            await stage.olga.say(stage.group, f"Обед в час, {self.chatted}")
        await made.speak(made.said + matters)


async def days(folder: Path, _: WarmProcesses, sizes: Sizes) -> Outcome:
    """Days in moved time, while calls fail in all ways there are and the process dies (R29)."""
    clock = folder / "clock"
    set_ahead(clock, 0.0)
    async with staged(folder) as stage:
        moved = {VARIABLE: str(clock), "MESSAGE_LIMIT": "off"}
        async with stage.cold_process(**moved) as bot:
            made = DeskUnderTest(stage, bot)  # type: ignore[arg-type]
            await made.settle_in()
            began = time.monotonic()
            note = await Days(made, clock, sizes).pass_by()
            stage.world.faults.clear()
            return await made.count(began, note)


LONG: Final[dict[str, Play]] = {"lost": lost_answers, "days": days}
