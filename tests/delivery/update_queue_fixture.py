"""The queue of updates with a handler of the test's."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from bot.update_queue import UpdateQueue
from core import inbox
from core.desk import Desk
from core.inbox import Raw, Stored
from core.models import InboxRow

BOT = "telegram:42"


class QueueHarness:
    """Lanes whose handler is a test's; what it saw, in order."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.seen: list[tuple[int, int]] = []
        self.handle: Callable[[Stored], Awaitable[None]] = self.note
        self.update_queue = UpdateQueue(desk, self._handle)

    async def _handle(self, stored: Stored) -> None:
        await self.handle(stored)

    async def note(self, stored: Stored) -> None:
        await asyncio.sleep(0)
        self.seen.append((int(stored.ordering_key), int(stored.external_id)))

    async def store(self, *updates: tuple[int, int]) -> None:
        """Updates as pairs of chat and id."""
        await self.store_unseen(*updates)
        self.update_queue.news.set()

    async def store_unseen(self, *updates: tuple[int, int]) -> None:
        """Of which the queue is not told."""
        await self.desk.run(inbox.store, BOT, [Raw(str(n), str(key), "{}") for key, n in updates])

    @asynccontextmanager
    async def open(self) -> AsyncIterator[UpdateQueue]:
        self.update_queue = UpdateQueue(self.desk, self._handle)
        task = asyncio.create_task(self.update_queue.run())
        try:
            yield self.update_queue
        finally:
            await self.update_queue.stop()
            await asyncio.wait_for(task, 30)

    async def states(self) -> dict[int, str]:
        async with self.desk.database.read() as session:
            found = await session.execute(select(InboxRow.external_id, InboxRow.state))
            return {int(row.external_id): row.state for row in found}

    async def until_handled(self, timeout: float = 30.0) -> None:
        async with asyncio.timeout(timeout):
            while await self.desk.read(inbox.count_unfinished):
                await asyncio.sleep(0.002)


def locked() -> OperationalError:
    """What SQLite says when another process holds the file."""
    cause = sqlite3.OperationalError("database is locked")
    cause.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return OperationalError("UPDATE", {}, cause)
