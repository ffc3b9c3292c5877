"""What of SQLite's commits has reached the disk.

With ``synchronous=NORMAL`` a commit writes to the log beside the file and does not wait for the
disk. Whoever must not lose theirs by a power cut waits here, while others write on. The log keeps
the order of commits, so writing it to the disk once does it for all that are in it: those who wait
together wait for one.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from core.db.errors import StoreUnreachable

log = logging.getLogger(__name__)

# Seconds between two waits for the disk while several ask for it: each costs a switch to a thread.
_BETWEEN: Final = 0.005

_FAILED: Final = "the disk does not take what was written"


def write_out(log: int) -> None:
    """Return when the disk has all of an open file. Raises OSError."""
    os.fdatasync(log)


class _Thread(threading.Thread):
    """Waits for the disk, and does nothing else. Every message needs it, and an executor's futures
    and locks, and opening the file each time, are a quarter of what it costs to wait.

    ``asked``: whom to tell of each wait, and of its error; ``None`` ends the thread.
    """

    def __init__(self, log: Path) -> None:
        super().__init__(name="disk", daemon=True)
        self.asked: SimpleQueue[Callable[[OSError | None], None] | None] = SimpleQueue()
        self._log = log

    def run(self) -> None:
        log: int | None = None
        while (tell := self.asked.get()) is not None:
            error: OSError | None = None
            try:
                if log is None:
                    log = os.open(self._log, os.O_RDONLY)
                write_out(log)
            except OSError as caught:
                error = caught
            tell(error)
        if log is not None:
            os.close(log)


class Disk:
    """Commits are numbered: whoever makes one counts it in ``written``; the first ``safe`` of them
    are on the disk.

    ``failed``: the disk has refused some, and may have forgotten them; nothing counts as safe until
    all of it was copied into the file itself (:meth:`note_copied`).
    """

    def __init__(self, path: Path) -> None:
        self.written = self.safe = 0
        self.failed = False
        self._path = path
        self._thread: _Thread | None = None
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._is_busy = False
        self._asked = 0  # so often since it was begun last
        self._not_before = 0.0  # of the loop's clock

    def note_copied(self) -> None:
        """All that is written is in the file itself, on the disk."""
        self.failed = False
        self._note_safe(self.written)

    def close_log(self) -> None:
        """Nobody writes any more, or a new connection will: with the last one SQLite deletes the
        log, and the next one makes another. Whoever is waiting is still told.
        """
        if self._thread is not None:
            self._thread.asked.put(None)
            self._thread = None

    def tell(self, commit: int, told: asyncio.Future[None]) -> None:
        """Have it told when the disk has the commit of this number; `StoreUnreachable` if not."""
        if told.done():  # they were cancelled
            return
        if commit <= self.safe:
            told.set_result(None)
        elif self.failed:
            told.set_exception(StoreUnreachable(_FAILED))
        else:
            self._waiting.append((commit, told))
            self._ask()

    async def reached(self, patience: float) -> None:
        """Return when the disk has all that is committed by now; ``patience``: seconds in which
        somebody else will probably ask for it. Raises `StoreUnreachable`.
        """
        loop = asyncio.get_running_loop()
        told = loop.create_future()
        if self.written == self.safe or self.failed:
            self.tell(self.written, told)
        else:
            self._waiting.append((self.written, told))
        asked = loop.call_later(patience, self._ask)
        try:
            await told
        finally:
            asked.cancel()

    def _ask(self) -> None:
        self._asked += 1
        if not self._is_busy:
            self._begin_in_time()

    def _begin_in_time(self) -> None:
        self._is_busy = True
        loop = asyncio.get_running_loop()
        if self._not_before <= loop.time():
            self._begin()
        else:
            loop.call_at(self._not_before, self._begin)

    def _begin(self) -> None:
        loop, upto, asked = asyncio.get_running_loop(), self.written, self._asked
        self._asked = 0

        def tell(error: OSError | None) -> None:
            with suppress(RuntimeError):  # a loop that is closed has nobody waiting
                loop.call_soon_threadsafe(self._end, upto, asked, error)

        if self._thread is None:
            thread = _Thread(self._path)
            try:
                thread.start()
            except RuntimeError as error:  # the system gives none
                self._is_busy = False
                self.fail(error)
                return
            self._thread = thread
        self._thread.asked.put(tell)

    def _end(self, upto: int, asked: int, error: OSError | None) -> None:
        self._is_busy = False
        if asked > 1:  # who comes alone need not wait for others
            self._not_before = asyncio.get_running_loop().time() + _BETWEEN
        if error is None:
            self._note_safe(upto)
        else:
            self.fail(error)
        if not self._waiting:
            self._asked = 0
        elif self._asked:
            self._begin_in_time()

    def _note_safe(self, safe: int) -> None:
        self.safe = max(self.safe, safe)
        told = [future for commit, future in self._waiting if commit <= self.safe]
        self._waiting = [each for each in self._waiting if each[0] > self.safe]
        for future in told:
            if not future.done():  # otherwise they were cancelled
                future.set_result(None)

    def fail(self, error: Exception) -> None:
        """The disk has refused something: whoever waits is told."""
        log.error("%s: %s", _FAILED, error)
        self.failed = True
        waiting, self._waiting = self._waiting, []
        for _, future in waiting:
            if not future.done():
                future.set_exception(StoreUnreachable(_FAILED))
