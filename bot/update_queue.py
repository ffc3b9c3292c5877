"""Lanes: updates of one chat one after the other, different chats side by side (R7).

The inbox is the queue: lanes read it in its order, so that what a killed process left behind is
simply what comes next. An update that cannot be handled is tried again twice and then put aside,
so that it holds up its own chat for less than a second and others not at all (R11).
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from bot.logs import bound
from channels.telegram.client.api_errors import is_passing
from core import inbox
from core.db import is_transient
from core.desk import AlreadyHandled, Desk
from core.inbox import Stored

log = logging.getLogger(__name__)

PAGE: Final = 200
AT_ONCE: Final = 1000
# Waits before the second and the third try of an update.
RETRIES: Final = (0.1, 0.4)
# Between tries when the store, or something of ours that is under way, holds up the update
# (R18, R19).
STORE_PAUSE: Final = 0.5
# Between tries when Telegram cannot be asked what the handler has to know.
LINE_PAUSE: Final = 5.0
# An update that takes longer than this has failed.
LONGEST: Final = 30.0


def _passes(error: Exception) -> float | None:
    """After how many seconds the trouble may be over, if it blames nobody's update (R18, R19)."""
    if is_transient(error) or isinstance(error, NotYet):
        return STORE_PAUSE
    return LINE_PAUSE if is_passing(error) else None


class Unparseable(Exception):
    """The update has no shape that we know; trying again will not help."""


class NotYet(Exception):
    """The update has to wait for something of ours that is not over; nothing was done."""


@dataclass(slots=True)
class UpdateQueue:
    """Feeds stored updates to ``handle``; ring :attr:`news` after storing."""

    desk: Desk
    handle: Callable[[Stored], Awaitable[None]]
    news: asyncio.Event = field(default_factory=asyncio.Event)
    _queues: dict[str, deque[Stored]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _waiting: int = 0
    _read_up_to: int = 0
    _room: asyncio.Event = field(default_factory=asyncio.Event)
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def _stopping(self) -> bool:
        return self._stopped.is_set()

    async def run(self) -> None:
        """Read the inbox and feed the lanes until :meth:`stop`."""
        while not self._stopping:
            self.news.clear()
            try:
                page = await self.desk.read(inbox.list_unfinished, self._read_up_to, PAGE)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("the inbox cannot be read now: %s", error)
                await asyncio.sleep(STORE_PAUSE)
                continue
            for stored in page:
                self._read_up_to = stored.id
                self._put(stored)
            if len(page) < PAGE:
                await self.news.wait()
            await self._wait_for_room()

    async def stop(self, patience: float = 4.0) -> None:
        """Take nothing new; finish the update that each lane is at (R16)."""
        self._stopped.set()
        self.news.set()
        self._room.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)

    @property
    def waiting(self) -> int:
        """Updates read but not handled yet."""
        return self._waiting

    async def _wait_for_room(self) -> None:
        while self._waiting >= AT_ONCE and not self._stopping:
            self._room.clear()
            await self._room.wait()

    def _put(self, stored: Stored) -> None:
        self._waiting += 1
        queue = self._queues.get(stored.ordering_key)
        if queue is not None:
            queue.append(stored)
            return
        self._queues[stored.ordering_key] = deque([stored])
        task = asyncio.create_task(self._drain(stored.ordering_key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, ordering_key: str) -> None:
        queue = self._queues[ordering_key]
        while queue and not self._stopping:
            stored = queue.popleft()
            with bound(update_id=stored.external_id):
                await self._see_through(stored)
            self._waiting -= 1
            self._room.set()
        self._queues.pop(ordering_key, None)

    async def _see_through(self, stored: Stored) -> None:
        """One update to its end: handled, or put aside."""
        waits = iter(RETRIES)
        while not self._stopping:
            try:
                await self._once(stored)
                return
            except Unparseable as error:
                await self._put_aside(stored, f"cannot be parsed: {error}")
                return
            except Exception as error:
                pause = _passes(error)
                if pause is not None:
                    log.warning("the update waits, it is not at fault: %s", error)
                    await self._pause(pause)
                    continue
                log.exception("an update could not be handled")
                wait = next(waits, None)
                if wait is None:
                    await self._put_aside(stored, repr(error))
                    return
                await asyncio.sleep(wait)

    async def _pause(self, seconds: float) -> None:
        """Wait, but not beyond a stop."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopped.wait()

    async def _once(self, stored: Stored) -> None:
        with self.desk.handling(stored.id) as row, contextlib.suppress(AlreadyHandled):
            async with asyncio.timeout(LONGEST):
                await self.handle(stored)
            if not row.done:
                await self.desk.run(inbox.change_nothing)  # the desk marks the row

    async def _put_aside(self, stored: Stored, error: str) -> None:
        log.error("an update was put aside: %s", error)
        waits = iter(RETRIES)
        while not self._stopping:
            try:
                await self.desk.run(inbox.quarantine, stored, error)
                return
            except Exception as failure:
                if is_transient(failure):
                    await asyncio.sleep(STORE_PAUSE)
                    continue
                log.exception("an update could not even be put aside")
                wait = next(waits, None)
                if wait is None:
                    return  # it comes again with the next start
                await asyncio.sleep(wait)
