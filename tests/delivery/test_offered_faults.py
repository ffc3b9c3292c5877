"""What comes alone and goes wrong is stored all the same: nothing is lost, or done twice (R1)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from bot import update_queue as module
from bot.update_queue import UnparsableUpdate
from core.desk import Desk
from core.inbox import Stored
from core.models import InboxRow
from core.tx import Tx
from tests.delivery.offered_updates_fixture import (
    CHAT,
    Offering,
    note_effect,
    offering_at,
    update,
    wait_for_end,
)
from tests.delivery.update_queue_fixture import BOT, locked


@pytest.fixture
def offering(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Offering:
    return offering_at(desk, monkeypatch)


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
