"""CPU by stage, of a process with one event loop: each step of a coroutine counts for its stage.

Between two awaits a coroutine has the thread for itself, so the thread's CPU clock around each such
step says exactly what its stage costs, however many coroutines take turns. A stage entered within
another one stops the outer one's clock. A task belongs to the stage in which it was created.
The sums stand in a file in memory, where another process reads them at any time.
"""

from __future__ import annotations

import asyncio
import mmap
import time
from collections.abc import Callable, Collection, Coroutine, Generator, Sequence
from contextlib import AbstractAsyncContextManager
from functools import wraps
from pathlib import Path
from types import TracebackType, coroutine
from typing import Any

# Last, and for whatever belongs to no stage: the event loop, its sockets, what is not named.
REST = "rest"
STAGES = ("store", "parse", "dispatch", "action", "commit", "claim", "call", "settle", REST)
_WIDTH = 8  # bytes of a sum


class Meter:
    """Nanoseconds of this thread's CPU for each stage."""

    def __init__(self, path: Path) -> None:
        with path.open("w+b") as file:
            file.truncate(len(STAGES) * _WIDTH)
            self._spent = memoryview(mmap.mmap(file.fileno(), 0)).cast("q")
        self._entered = [STAGES.index(REST)]
        self._since = time.thread_time_ns()

    @property
    def stage(self) -> str:
        """The stage that is counted for now."""
        return STAGES[self._entered[-1]]

    def enter(self, stage: str) -> None:
        self._charge()
        self._entered.append(STAGES.index(stage))

    def leave(self) -> None:
        self._charge()
        self._entered.pop()

    def _charge(self) -> None:
        now = time.thread_time_ns()
        self._spent[self._entered[-1]] += now - self._since
        self._since = now

    # ------------------------------------------------------------------ what counts for a stage

    @coroutine
    def steps(self, stage: str, work: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """Run a coroutine; each of its steps counts for the stage."""
        go: Callable[[Any], Any] = work.send
        given: Any = None
        while True:
            self.enter(stage)
            try:
                waits_for = go(given)
            except StopIteration as end:
                return end.value
            finally:
                self.leave()
            try:
                given, go = (yield waits_for), work.send
            except GeneratorExit:
                work.close()
                raise
            except BaseException as error:
                given, go = error, work.throw

    def make_task(
        self, loop: asyncio.AbstractEventLoop, work: Any, **options: Any
    ) -> asyncio.Task[Any]:
        """A factory of tasks for the loop."""
        if self.stage != REST and asyncio.iscoroutine(work):
            work = self._stepped(self.stage, work)
        return asyncio.Task(work, loop=loop, **options)

    async def _stepped(self, stage: str, work: Any) -> Any:
        return await self.steps(stage, work)

    def of_coroutine(
        self, stage: str, function: Callable[..., Any], within: Collection[str] = STAGES
    ) -> Callable[..., Any]:
        """The same coroutine function, counted for the stage; only ``within`` certain stages."""

        @wraps(function)
        async def counted(*args: Any, **options: Any) -> Any:
            work = function(*args, **options)
            return await (self.steps(stage, work) if self.stage in within else work)

        return counted

    def of_function(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, counted for the stage."""

        @wraps(function)
        def counted(*args: Any, **options: Any) -> Any:
            self.enter(stage)
            try:
                return function(*args, **options)
            finally:
                self.leave()

        return counted

    def of_context(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same maker of context managers; entering and leaving them counts for the stage."""

        @wraps(function)
        def counted(*args: Any, **options: Any) -> Any:
            return _Counted(self, stage, function(*args, **options))

        return counted


class _Counted(AbstractAsyncContextManager[Any]):
    """A context manager of which the two ends count, and not what is done between them."""

    def __init__(self, meter: Meter, stage: str, context: AbstractAsyncContextManager[Any]) -> None:
        self._context = context
        self._enter = meter.of_coroutine(stage, context.__aenter__)
        self._exit = meter.of_coroutine(stage, context.__aexit__)

    async def __aenter__(self) -> Any:
        return await self._enter()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        ignored: bool | None = await self._exit(kind, error, trace)
        return ignored


def read(path: Path) -> Sequence[int]:
    """The sums so far, in nanoseconds, in the order of `STAGES`."""
    return memoryview(path.read_bytes()).cast("q").tolist()
