"""A queue that is offered updates before they are stored, with a handler that changes something."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot import update_queue as module
from bot.update_queue import UpdateQueue
from core.desk import Desk
from core.inbox import Raw, Stored
from core.models import SystemState
from core.tx import Tx
from tests.delivery.update_queue_fixture import BOT, QueueHarness

CHAT, OTHER = "1", "2"


def update(number: int, chat: str = CHAT) -> Raw:
    return Raw(str(number), chat, "{}")


class Offering(QueueHarness):
    """A handler that changes something, and a queue that has read all there is."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.handle = self.act

    async def act(self, stored: Stored) -> None:
        await self.desk.run(note_effect, stored.external_id)
        await self.note(stored)

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[UpdateQueue]:
        async with self.open() as queue:
            await self.has_read_all(queue)
            yield queue

    async def has_read_all(self, queue: UpdateQueue) -> None:
        async with asyncio.timeout(30):
            while not queue._has_read_all or queue.news.is_set():
                await asyncio.sleep(0)

    async def take(self, queue: UpdateQueue, one: Raw) -> int:
        """The id it gets."""
        stored = queue.take(BOT, one)
        assert stored is not None
        async with asyncio.timeout(30):
            return await stored

    async def effects(self) -> list[str]:
        """Of which updates, each as often as it had one."""
        row = await self.desk.read(lambda look: look.find(SystemState, "effects"))
        return [] if row is None else list(row.value)


async def note_effect(tx: Tx, external_id: str) -> None:
    row = await tx.find(SystemState, "effects")
    before = [] if row is None else row.value
    await tx.put(SystemState(name="effects", value=[*before, external_id], at=tx.now))


async def wait_for_end(queue: UpdateQueue) -> None:
    async with asyncio.timeout(30):
        while queue.waiting:
            await asyncio.sleep(0)


def offering_at(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Offering:
    """In a hurry: what it waits for lasts milliseconds here."""
    if not desk.database.is_sqlite:
        pytest.skip("of several processes each reads what is stored")
    monkeypatch.setattr(module, "RETRIES", (0.01, 0.02))
    monkeypatch.setattr(module, "DATABASE_PAUSE", 0.01)
    return Offering(desk)
