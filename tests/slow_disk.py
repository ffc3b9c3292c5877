"""A disk under SQLite that takes what is written when it is told to: the fixture ``slow_disk``."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from core.db import disk


class SlowDisk:
    """Takes nothing while it is held; ``fails``: nor after that."""

    def __init__(self, really: Callable[[int], None]) -> None:
        self._really = really
        self._free = threading.Event()
        self._free.set()
        self.asked = asyncio.Event()
        self.times = 0
        self.fails = False
        self._loop = asyncio.get_running_loop()

    def hold(self) -> None:
        self._free.clear()
        self.asked.clear()

    def let_go(self) -> None:
        self._free.set()

    def __call__(self, log: int) -> None:
        self.times += 1
        self._loop.call_soon_threadsafe(self.asked.set)
        self._free.wait()
        if self.fails:
            raise OSError("the disk is broken")
        self._really(log)


@pytest.fixture
async def slow_disk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlowDisk]:
    slow_disk = SlowDisk(disk.write_out)
    monkeypatch.setattr(disk, "write_out", slow_disk)
    yield slow_disk
    slow_disk.let_go()
