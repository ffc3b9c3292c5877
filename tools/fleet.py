"""Several processes of one desk, of which the one that leads is killed: for `tools.torture`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from tests.e2e.stage import Stage
from tests.e2e.warm import WarmBot, WarmProcesses

# What a process that takes the lead over says in its log (`bot.process`).
_LEADS: Final = b"this process leads now"
# What a process says that works beside others; one that still prepares might lead from the start.
_WORKS: Final = b"another process of this desk is there"
PROCESSES: Final = 3
_PATIENCE: Final = 60.0


@dataclass(slots=True)
class Fleet:
    """The processes that run, ``size`` of them. ``leader`` is the one that fetches and delivers;
    ``environment``: what the others have that is not the leader's.
    """

    stage: Stage
    lives: WarmProcesses
    leader: WarmBot
    size: int = PROCESSES
    environment: Mapping[str, str] = field(default_factory=dict)
    others: list[WarmBot] = field(default_factory=list)
    _made: int = 1

    async def fill_up(self) -> None:
        """Start processes until enough work; each has a log of its own."""
        while len(self.others) < self.size - 1:
            self._made += 1
            log = self.stage.folder / f"bot-{self._made}.log"
            environment = self.stage.environment(**self.environment)
            bot = WarmBot(self.lives, self.stage.world, environment, log)
            await bot.start(wait=False)
            self.others.append(bot)
        async with asyncio.timeout(_PATIENCE):
            while not all(_WORKS in bot.log.read_bytes() for bot in self.others):
                await asyncio.sleep(0.05)

    async def kill_leader(self) -> float:
        """Kill it, and wait until another leads. Returns after how many seconds it does."""
        began = time.monotonic()
        await self.leader.kill()
        while (heir := self._heir()) is None:
            if time.monotonic() - began > _PATIENCE:
                raise TimeoutError(f"nobody leads {_PATIENCE:.0f} s after a death")
            await asyncio.sleep(0.05)
        self.leader = heir
        self.others.remove(heir)
        return time.monotonic() - began

    def _heir(self) -> WarmBot | None:
        return next((bot for bot in self.others if _LEADS in bot.log.read_bytes()), None)


@asynccontextmanager
async def fleet(
    stage: Stage,
    lives: WarmProcesses,
    leader: WarmBot,
    size: int = PROCESSES,
    others: Mapping[str, str] | None = None,
) -> AsyncIterator[Fleet]:
    """``leader`` runs already, alone; others join it, and all are ended in the end. ``others``:
    settings that are theirs.
    """
    made = Fleet(stage, lives, leader, size, others or {})
    try:
        await made.fill_up()
        yield made
    finally:
        for bot in (made.leader, *made.others):
            await bot.kill()
