"""What comes alone is stored by the transaction that handles it: nothing is lost, or done twice."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select

from bot import update_queue as module
from bot.update_queue import UnparsableUpdate, UpdateQueue
from core import inbox
from core.desk import Desk
from core.held_updates import release_held
from core.inbox import Raw, Stored
from core.models import InboxRow, SystemState
from core.tx import Tx
from tests.delivery.update_queue_fixture import BOT, QueueHarness, locked

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


@pytest.fixture
def offering(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Offering:
    if not desk.database.is_sqlite:
        pytest.skip("of several processes each reads what is stored")
    monkeypatch.setattr(module, "RETRIES", (0.01, 0.02))
    monkeypatch.setattr(module, "DATABASE_PAUSE", 0.01)
    return Offering(desk)


async def test_it_is_stored_with_what_it_causes_and_never_without(
    offering: Offering, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    async def look(tx: Tx) -> None:
        seen.append(str(await tx.first(select(InboxRow.state).where(InboxRow.external_id == "7"))))
        assert tx.inbox_id == 1

    offering.handle = lambda _: offering.desk.run(look)
    monkeypatch.setattr(module, "LOOK_EVERY", 3600)
    async with offering.ready() as queue:
        monkeypatch.setattr(inbox, "list_unfinished", None)  # which is not asked for it
        assert await offering.take(queue, update(7)) == 1
    assert seen == ["done"]
    assert await offering.states() == {7: "done"}


async def test_the_source_hears_of_it_before_the_handler_ends(offering: Offering) -> None:
    gate = asyncio.Event()

    async def act_and_wait(stored: Stored) -> None:
        await offering.act(stored)
        await gate.wait()

    offering.handle = act_and_wait
    async with offering.ready() as queue:
        assert await offering.take(queue, update(1)) == 1
        assert queue.waiting == 1
        gate.set()


async def test_one_after_the_other_is_taken_and_none_is_read_back(
    offering: Offering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 3600)
    async with offering.ready() as queue:
        numbers = [await offering.take(queue, update(each, str(each))) for each in range(5)]
        await wait_for_end(queue)
    assert numbers == [1, 2, 3, 4, 5]
    assert offering.seen == [(each, each) for each in range(5)]
    assert not queue.waiting


async def test_what_stands_before_it_is_handled_before_it(offering: Offering) -> None:
    async with offering.ready() as queue:
        await offering.store_unseen((1, 1), (2, 2))  # of which nobody has told the queue yet
        assert await offering.take(queue, update(3)) == 3
        await wait_for_end(queue)
        queue.news.set()
        await offering.until_handled()
    assert [each for each in offering.seen if each[0] == 1] == [(1, 1), (1, 3)]
    assert sorted(await offering.effects()) == ["1", "2", "3"]


async def test_what_is_released_in_one_chat_is_handled_before_what_comes_there_later(
    offering: Offering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else writes in between, and is stored behind what nobody has read yet."""
    monkeypatch.setattr(module, "LOOK_EVERY", 3600)

    async def act(stored: Stored) -> None:
        if stored.external_id == "3":
            await offering.desk.run(release_held, [OTHER])
        else:
            await offering.act(stored)

    offering.handle = act
    before = [update(1, OTHER), update(2, OTHER)]
    await offering.desk.run(inbox.store, BOT, before, state="held")
    async with offering.ready() as queue:
        await offering.take(queue, update(3, OTHER))
        for number, chat in ((4, CHAT), (5, OTHER)):
            if queue.take(BOT, update(number, chat)) is None:
                await offering.store((int(chat), number))
            await wait_for_end(queue)
        await offering.until_handled()
    assert [number for chat, number in offering.seen if str(chat) == OTHER] == [1, 2, 5]


async def test_what_is_stored_out_of_turn_lets_nothing_of_other_chats_pass(
    offering: Offering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 3600)
    async with offering.ready() as queue:
        await offering.store_unseen((2, 1))
        assert await offering.take(queue, update(2, CHAT)) == 2
        assert queue.take(BOT, update(3, OTHER)) is None
        await offering.store((2, 3))
        await offering.until_handled()
    assert [number for chat, number in offering.seen if str(chat) == OTHER] == [1, 3]


async def test_what_only_shows_something_shows_it_once(
    offering: Offering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 3600)
    offering.handle = offering.note
    async with offering.ready() as queue:
        await offering.store_unseen((2, 1))
        assert await offering.take(queue, update(2, CHAT)) == 2
        await offering.until_handled()
        await wait_for_end(queue)
    assert sorted(offering.seen) == [(1, 2), (2, 1)]


async def test_updates_that_are_put_back_are_read_at_once(
    offering: Offering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 3600)
    await offering.desk.run(inbox.store, BOT, [update(1)], state="held")
    async with offering.ready():
        await offering.desk.run(release_held, [CHAT])
        await offering.until_handled()
    assert offering.seen == [(1, 1)]


async def test_a_task_that_a_handler_leaves_behind_harms_nobody(
    offering: Offering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its transaction may be the one that stores the update, while the handler is at its end."""
    monkeypatch.setattr(module, "LOOK_EVERY", 3600)
    left = list[asyncio.Task[None]]()

    async def leave(stored: Stored) -> None:
        left.append(asyncio.create_task(offering.desk.run(note_effect, stored.external_id)))
        await asyncio.sleep(0)

    offering.handle = leave
    async with offering.ready() as queue:
        for number in range(20):
            stored = queue.take(BOT, update(number))
            if stored is None:
                await offering.store((1, number))
            else:
                await asyncio.wait_for(stored, 30)
            await wait_for_end(queue)
            await offering.until_handled()
            await left[-1]
            await offering.has_read_all(queue)
    assert await offering.effects() == [str(number) for number in range(20)]


async def test_after_that_the_next_one_is_taken_again(offering: Offering) -> None:
    async with offering.ready() as queue:
        await offering.store_unseen((2, 1))
        assert await offering.take(queue, update(2)) == 2
        await offering.until_handled()
        await wait_for_end(queue)
        await offering.has_read_all(queue)
        tries = len(offering.seen)
        assert await offering.take(queue, update(3)) == 3
        await wait_for_end(queue)
    assert len(offering.seen) == tries + 1


@pytest.mark.parametrize("reason", ["news", "busy", "stopped", "unread"])
async def test_it_is_not_taken_where_something_may_stand_before_it(
    offering: Offering, reason: str
) -> None:
    gate = asyncio.Event()

    async def wait(stored: Stored) -> None:
        await gate.wait()
        await offering.act(stored)

    offering.handle = wait
    async with offering.ready() as queue:
        match reason:
            case "news":
                queue.news.set()
            case "busy":
                assert queue.take(BOT, update(1)) is not None
            case "stopped":
                queue._stopped.set()
            case "unread":
                queue._has_read_all = False
        assert queue.take(BOT, update(2)) is None
        gate.set()
        queue._stopped.clear()


async def test_the_next_one_waits_until_the_one_before_is_stored(offering: Offering) -> None:
    gate = asyncio.Event()

    async def wait(stored: Stored) -> None:
        await gate.wait()
        await offering.act(stored)

    offering.handle = wait
    async with offering.ready() as queue:
        first = queue.take(BOT, update(1, CHAT))
        assert first is not None
        assert queue.take(BOT, update(2, OTHER)) is None
        gate.set()
        await first
        assert await offering.take(queue, update(2, OTHER)) == 2


async def test_an_update_that_was_handled_before_is_not_handled_again(offering: Offering) -> None:
    async with offering.ready() as queue:
        await offering.take(queue, update(1))
        await wait_for_end(queue)
        assert await offering.take(queue, update(1)) == 0
        await wait_for_end(queue)
        await offering.has_read_all(queue)
        assert await offering.take(queue, update(2)) == 2
    assert await offering.effects() == ["1", "2"]


async def test_ids_that_began_anew_are_handled(offering: Offering) -> None:
    async with offering.ready() as queue:
        await offering.take(queue, update(1))
        await wait_for_end(queue)
        offering.desk.clock.move(7 * 86400)  # type: ignore[attr-defined]
        assert await offering.take(queue, update(1)) == 2
    assert await offering.effects() == ["1", "1"]


async def test_what_its_source_stores_meanwhile_is_handled_once(
    offering: Offering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 0.005)
    gate, begun, tries = asyncio.Event(), asyncio.Event(), list[str]()

    async def wait(stored: Stored) -> None:
        tries.append(stored.external_id)
        begun.set()
        await gate.wait()
        await offering.act(stored)

    offering.handle = wait
    async with offering.ready() as queue:
        stored = queue.take(BOT, update(1))
        assert stored is not None
        await begun.wait()
        await offering.store((1, 1), (1, 2))  # the next of the same chat as well
        await offering.has_read_all(queue)
        assert await offering.states() == {1: "new", 2: "new"}
        gate.set()
        assert await stored == 1
        await offering.until_handled()
    assert tries == ["1", "2"]
    assert offering.seen == [(1, 1), (1, 2)]
    assert await offering.effects() == ["1", "2"]


async def test_what_fails_comes_again_before_what_was_read_meanwhile(offering: Offering) -> None:
    gate, begun = asyncio.Event(), asyncio.Event()

    async def fail(stored: Stored) -> None:
        if not gate.is_set():
            begun.set()
            await gate.wait()
            raise KeyError("surprise")
        await offering.act(stored)

    offering.handle = fail
    async with offering.ready() as queue:
        assert queue.take(BOT, update(1)) is not None
        await begun.wait()
        await offering.store((1, 1), (1, 2))
        await offering.has_read_all(queue)
        gate.set()
        await offering.until_handled()
    assert offering.seen == [(1, 1), (1, 2)]


async def test_what_fails_is_stored_and_tried_again_before_what_came_after_it(
    offering: Offering, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    failures = [KeyError("words of a customer"), locked(), KeyError("words of a customer")]

    async def fail(stored: Stored) -> None:
        if stored.external_id == "1" and failures:
            raise failures.pop()
        await offering.act(stored)

    offering.handle = fail
    async with offering.ready() as queue:
        assert await offering.take(queue, update(1)) == 1
        await offering.store((1, 2))
        await offering.until_handled()
    assert offering.seen == [(1, 1), (1, 2)]
    first = next(r for r in caplog.records if "stored before" in r.getMessage())
    assert "words of a customer" not in first.getMessage()


async def test_an_effect_that_fails_leaves_nothing_and_is_tried_again(offering: Offering) -> None:
    failures = [KeyError("surprise")]

    async def act_and_fail(tx: Tx, external_id: str) -> None:
        await note_effect(tx, external_id)
        if failures:
            assert await tx.first(select(InboxRow.state)) == "done"
            raise failures.pop()

    offering.handle = lambda stored: offering.desk.run(act_and_fail, stored.external_id)
    async with offering.ready() as queue:
        assert await offering.take(queue, update(1)) == 1
        await offering.until_handled()
    assert await offering.effects() == ["1"]


async def test_what_cannot_be_parsed_is_put_aside(offering: Offering) -> None:
    async def refuse(_: Stored) -> None:
        raise UnparsableUpdate("junk")

    offering.handle = refuse
    async with offering.ready() as queue:
        await offering.take(queue, update(1))
        await offering.until_handled()
    assert await offering.states() == {1: "quarantined"}


async def test_what_causes_nothing_counts_as_handled(offering: Offering) -> None:
    offering.handle = offering.note
    async with offering.ready() as queue:
        assert await offering.take(queue, update(1)) == 1
    assert await offering.states() == {1: "done"}


async def test_what_fails_after_its_effects_is_told_and_not_done_again(
    offering: Offering, caplog: pytest.LogCaptureFixture
) -> None:
    async def act_and_fail(stored: Stored) -> None:
        await offering.act(stored)
        raise KeyError("surprise")

    offering.handle = act_and_fail
    async with offering.ready() as queue:
        assert await offering.take(queue, update(1)) == 1
        await wait_for_end(queue)
    assert "what followed has failed" in caplog.text
    assert await offering.effects() == ["1"]


async def test_while_nothing_can_be_stored_nothing_is_confirmed(
    offering: Offering, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, is_away, tried = offering.desk.run, True, asyncio.Event()

    async def away(
        action: Callable[..., Awaitable[object]], *args: object, **more: object
    ) -> object:
        if is_away:
            tried.set()
            raise locked()
        return await run(action, *args)

    monkeypatch.setattr(offering.desk, "run", away)
    async with offering.ready() as queue:
        stored = queue.take(BOT, update(1))
        assert stored is not None
        await tried.wait()
        assert not stored.done()
        is_away = False
        assert await asyncio.wait_for(stored, 30) == 1
        await offering.until_handled()
    assert await offering.effects() == ["1"]


async def test_after_a_stop_it_is_neither_stored_nor_confirmed(offering: Offering) -> None:
    begun = asyncio.Event()

    async def hang(_: Stored) -> None:
        begun.set()
        await asyncio.Event().wait()

    offering.handle = hang
    async with offering.ready() as queue:
        stored = queue.take(BOT, update(1))
        assert stored is not None
        await begun.wait()
        await queue.stop(patience=0.01)
        for task in [*queue._tasks]:
            task.cancel()
        await asyncio.gather(*queue._tasks, return_exceptions=True)
    assert not stored.done()
    assert await offering.states() == {}


async def test_a_process_that_begins_knows_how_far_another_one_came(offering: Offering) -> None:
    tries = list[str]()

    async def act(stored: Stored) -> None:
        tries.append(stored.external_id)
        await offering.act(stored)

    offering.handle = act
    async with offering.ready() as queue:
        for number in range(3):
            await offering.take(queue, update(number))
            await wait_for_end(queue)
    async with offering.ready() as queue:
        assert await offering.take(queue, update(3)) == 4
    assert tries == ["0", "1", "2", "3"], "nothing is tried twice"
