"""Two processes handle what came: a chat one of them at a time, in order, nothing twice (R23)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager

import pytest

from bot import update_queue
from bot.update_queue import UpdateQueue
from core import inbox
from core.desk import Desk
from core.inbox import Raw, Stored
from core.models import SystemState
from core.tx import ReadTx, Tx
from tests.delivery.two_processes import until

pytestmark = pytest.mark.postgres
CHATS, EACH = 24, 6


class Handlers:
    """The update queues of two processes; who handles what at the moment, and what was seen."""

    def __init__(self, desks: list[Desk]) -> None:
        self.desks = desks
        self.begun: list[tuple[str, int]] = []
        self.seen: list[tuple[str, int]] = []
        self.by: list[set[str]] = [set(), set()]
        self.take_part = [asyncio.Event(), asyncio.Event()]
        self.busy: dict[str, int] = {}
        self.most_at_once = 0
        self.together: list[str] = []  # chats that two handled at once; an error would be retried
        self.queues = [UpdateQueue(desk, self._handler(at)) for at, desk in enumerate(desks)]

    def _handler(self, at: int) -> Callable[[Stored], Awaitable[None]]:
        async def handle(stored: Stored) -> None:
            chat = stored.ordering_key
            if chat in self.busy:
                self.together.append(chat)
            self.busy[chat] = at
            self.begun.append((chat, int(stored.external_id)))
            self.most_at_once = max(self.most_at_once, list(self.busy.values()).count(at))
            self.take_part[at].set()
            try:
                # however quick one of them is: it has no more than its share, the rest is for both
                await asyncio.gather(*(part.wait() for part in self.take_part))
                await asyncio.sleep(0.002)
                await self.desks[at].run(_effect, stored)
            finally:
                self.busy.pop(chat, None)
            self.seen.append((chat, int(stored.external_id)))
            self.by[at].add(chat)

        return handle

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(queue.run()) for queue in self.queues]
        try:
            yield
        finally:
            for queue in self.queues:
                await queue.stop()
            await asyncio.gather(*tasks)


async def _effect(tx: Tx, stored: Stored) -> None:
    await tx.insert(SystemState(name=f"done {stored.external_id}", value={}, at=tx.now))


async def test_each_chat_is_handled_by_one_process_at_a_time_in_order_and_both_take_part(
    two: list[Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update_queue, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(update_queue, "MOST_AT_ONCE", 4)
    handlers = Handlers(two)
    numbers = [(str(number % CHATS), number) for number in range(CHATS * EACH)]
    async with handlers.open():
        for begin in range(0, len(numbers), CHATS):
            batch = [Raw(str(n), chat, "{}") for chat, n in numbers[begin : begin + CHATS]]
            await two[(begin // CHATS) % 2].run(inbox.store, "telegram:42", batch)
            for queue in handlers.queues:
                queue.news.set()
            await asyncio.sleep(0.02)
        async with asyncio.timeout(60):
            while await two[0].read(inbox.count_unfinished):
                await asyncio.sleep(0.02)
        await until(lambda: not any(queue.waiting for queue in handlers.queues))
    assert not handlers.together
    assert sorted(handlers.seen) == sorted(numbers)
    assert sorted(handlers.begun) == sorted(numbers), "what one has handled the other leaves alone"
    assert handlers.most_at_once <= 4, "the rest is for the other"
    for chat in map(str, range(CHATS)):
        mine = [number for where, number in handlers.seen if where == chat]
        assert mine == sorted(mine)
    assert all(handlers.by)


@pytest.mark.parametrize("meanwhile", ["handled", "asked about"])
async def test_what_another_handled_after_it_was_read_here_is_not_begun_again(
    two: list[Desk], monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """A page may be read before the other process handles its rows, and arrive when this process
    has the chat already; here the other one handles the row without asking for the chat.
    """
    here, there = two
    begun, handled_there = list[str](), list[str]()
    list_unfinished, keep_unfinished = inbox.list_unfinished, inbox.keep_unfinished

    async def come(number: str) -> None:
        waiting = queue.waiting
        await here.run(inbox.store, "telegram:42", [Raw(number, "chat", "{}")])
        queue.news.set()
        await until(lambda: queue.waiting > waiting)

    async def slow_page(tx: ReadTx, after: int, limit: int) -> list[Stored]:
        page = await list_unfinished(tx, after, limit)
        for stored in page:
            if stored.external_id == "2" and not handled_there:
                with there.handling(stored.id):
                    await there.run(inbox.change_nothing)
                handled_there.append(stored.external_id)
        return page

    async def slow_look(tx: ReadTx, ids: Collection[int]) -> set[int]:
        unfinished = await keep_unfinished(tx, ids)
        if meanwhile == "asked about" and not handled_there:
            await come("2")
        return unfinished

    async def handle(stored: Stored) -> None:
        begun.append(stored.external_id)
        if meanwhile == "handled" and not handled_there:
            await come("2")

    monkeypatch.setattr(inbox, "list_unfinished", slow_page)
    monkeypatch.setattr(inbox, "keep_unfinished", slow_look)
    queue = UpdateQueue(here, handle)
    task = asyncio.create_task(queue.run())
    await come("1")
    await until(lambda: bool(handled_there) and not queue.waiting)
    await queue.stop()
    await task
    assert begun == ["1"]


async def test_what_follows_an_update_that_was_left_to_another_process_does_not_overtake_it(
    two: list[Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process gives the chat back without it; a page that begins behind it comes then."""
    here, there = two
    seen: list[str] = []
    reads_on, leased = asyncio.Event(), here.database.lease
    list_unfinished = inbox.list_unfinished

    async def come(number: str) -> None:
        await here.run(inbox.store, "telegram:42", [Raw(number, "chat", "{}")])
        queue.news.set()

    async def slow_page(tx: ReadTx, after: int, limit: int) -> list[Stored]:
        page = await list_unfinished(tx, after, limit)
        if [stored.external_id for stored in page] == ["2"] and not reads_on.is_set():
            reads_on.set()
            await until(lambda: not queue.waiting)
        return page

    @asynccontextmanager
    async def late(name: str) -> AsyncIterator[bool]:
        if not reads_on.is_set():
            await come("2")
            await reads_on.wait()
            async with there.database.lease(name), leased(name) as is_ours:
                assert not is_ours
                yield is_ours
        else:
            async with leased(name) as is_ours:
                yield is_ours

    async def handle(stored: Stored) -> None:
        seen.append(stored.external_id)

    monkeypatch.setattr(inbox, "list_unfinished", slow_page)
    monkeypatch.setattr(here.database, "lease", late)
    queue = UpdateQueue(here, handle)
    task = asyncio.create_task(queue.run())
    await come("1")
    await until(lambda: len(seen) == 2)
    await queue.stop()
    await task
    assert seen == ["1", "2"]


async def test_a_chat_that_another_process_has_is_looked_at_again_soon(
    two: list[Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else is told of what came for it: whoever has stored it looks again."""
    monkeypatch.setattr(update_queue, "LOOK_EVERY", 3600.0)
    handled = asyncio.Event()

    async def handle(_: Stored) -> None:
        handled.set()

    queue = UpdateQueue(two[0], handle)
    async with two[1].database.lease("chat"):
        await two[0].run(inbox.store, "telegram:42", [Raw("1", "chat", "{}")])
        task = asyncio.create_task(queue.run())
        await until(lambda: bool(queue._left))
    async with asyncio.timeout(30):
        await handled.wait()
    await queue.stop()
    await task


async def test_what_comes_while_a_chat_is_given_back_is_handled_after_it_and_alone(
    two: list[Desk], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The lock of a chat is the process's: a second task of it would get it, too."""
    desk, seen, busy = two[0], list[str](), set[str]()
    leased, second, third = desk.database.lease, asyncio.Event(), asyncio.Event()

    async def come(number: str) -> None:
        await desk.run(inbox.store, "telegram:42", [Raw(number, "chat", "{}")])
        queue.news.set()

    async def soon(event: asyncio.Event) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), 0.5)

    @asynccontextmanager
    async def slow(name: str) -> AsyncIterator[bool]:
        async with leased(name) as is_ours:
            yield is_ours
            if seen == ["1"]:
                await come("2")
                await soon(second)

    async def handle(stored: Stored) -> None:
        assert not busy, "two tasks handle one chat"
        busy.add(stored.ordering_key)
        if stored.external_id == "2":
            second.set()
            await come("3")
            await soon(third)
        elif stored.external_id == "3":
            third.set()
        busy.clear()
        seen.append(stored.external_id)

    monkeypatch.setattr(desk.database, "lease", slow)
    queue = UpdateQueue(desk, handle)
    task = asyncio.create_task(queue.run())
    await come("1")
    await until(lambda: len(seen) == 3)
    await queue.stop()
    await task
    assert seen == ["1", "2", "3"]
    assert not [record for record in caplog.records if record.exc_info]
