"""Thousands of answers that never come back (R6): for `tools.torture`."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Final

from sandbox.server.faults import Fault
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


LOST: Final[dict[str, Play]] = {"lost": lost_answers}
