"""A bot that is born again in no time: its imports are done once, in a process that forks a life.

Every life is ``python -m bot run`` but for the seconds in which Python reads modules: a process
of its own, with its own environment, log, loop, connections and file descriptors, that can be
killed like any other. Run as a module, this is the process that forks.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import IO

from sandbox import BotProcess, World
from sandbox.process import Spawned, end_with_parent, python, tied
from tests.e2e.stage import ROOT, Stage


class WarmProcesses:
    """Forks lives on demand; one at a time, for each of those who asked at once."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._born: asyncio.Queue[int] = asyncio.Queue()
        self._ends: dict[int, asyncio.Future[int]] = {}
        self._asking = asyncio.Lock()
        self._listener = asyncio.create_task(self._listen())

    async def life(self, environment: Mapping[str, str], log: IO[bytes]) -> Life:
        """A new life. It writes to the log's file."""
        order = {"environment": dict(environment), "log": log.name}
        async with self._asking:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            pid = await self._born.get()
        return Life(pid, self._ends[pid])

    async def _listen(self) -> None:
        """A line tells of a birth (``+ pid``) or of an end (``- pid code``)."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            sign, pid, *code = line.split()
            if sign == b"+":
                self._ends[int(pid)] = asyncio.get_running_loop().create_future()
                self._born.put_nowait(int(pid))
            else:
                self._ends.pop(int(pid)).set_result(int(code[0]))

    async def close(self) -> None:
        """No more lives."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._listener


class Life:
    """One process of the bot, as `asyncio.subprocess.Process` would show it."""

    def __init__(self, pid: int, end: asyncio.Future[int]) -> None:
        self.pid = pid
        self._end = end

    @property
    def returncode(self) -> int | None:
        return self._end.result() if self._end.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self._end)


class WarmBot(BotProcess):
    """The bot of a stage, its lives from the nursery."""

    def __init__(
        self, warm_processes: WarmProcesses, world: World, env: Mapping[str, str], log: Path
    ) -> None:
        super().__init__(["a warm bot"], env, world=world, log=log, ready_timeout=60)
        self._nursery = warm_processes

    async def _spawn(self, environment: dict[str, str], log: IO[bytes]) -> Spawned:
        return await self._nursery.life(environment, log)


def warm(stage: Stage, warm_processes: WarmProcesses) -> WarmBot:
    """The bot of this stage, not started yet."""
    bot = WarmBot(warm_processes, stage.world, stage.environment(), stage.folder / "bot.log")
    stage.bot = bot
    return bot


@asynccontextmanager
async def warm_processes() -> AsyncIterator[WarmProcesses]:
    """A process that has imported the whole bot."""
    process = await asyncio.create_subprocess_exec(
        *tied(python("-m", "tests.e2e.warm")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    made = WarmProcesses(process)
    try:
        yield made
    finally:
        await made.close()


def main() -> None:
    """Fork a life for each line that is read; tell of births and ends. All die with this."""
    import aiogram  # noqa: F401 whole, with all its types: once for all lives

    from bot import app, cli
    from tests.unhurried import Unhurried

    app.build = partial(app.build, pacer=Unhurried())
    orders, deaths = sys.stdin.fileno(), _deaths()
    lives: set[int] = set()
    rest = b""
    while True:
        ready, _, _ = select.select([orders, deaths], [], [])
        if deaths in ready:
            os.read(deaths, 4096)
            _bury(lives)
        if orders in ready:
            read = os.read(orders, 1 << 16)
            if not read:
                break
            *whole, rest = (rest + read).split(b"\n")
            for order in whole:
                pid = os.fork()
                if not pid:
                    _be_born(**json.loads(order))
                    sys.exit(cli.main(["run"]))
                lives.add(pid)
                _tell(f"+ {pid}")
    for pid in lives:
        os.kill(pid, signal.SIGKILL)


def _deaths() -> int:
    """A descriptor that becomes readable when a child ends."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reading


def _bury(lives: set[int]) -> None:
    while lives:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        lives.discard(pid)
        _tell(f"- {pid} {os.waitstatus_to_exitcode(status)}")


def _tell(line: str) -> None:
    os.write(1, line.encode() + b"\n")


def _be_born(environment: dict[str, str], log: str) -> None:
    """What a process inherits by being executed rather than forked."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    end_with_parent()
    nothing, written = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_APPEND)
    for given, own in ((nothing, 0), (written, 1), (written, 2)):
        os.dup2(given, own)
    os.closerange(3, 256)
    os.environ.clear()
    os.environ.update(environment)


if __name__ == "__main__":
    main()
