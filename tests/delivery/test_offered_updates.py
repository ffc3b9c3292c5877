"""What comes alone is stored by the transaction that handles it: taken when, in what order (R7)."""

import asyncio

import pytest
from sqlalchemy import select

from bot import update_queue as module
from core import inbox
from core.desk import Desk
from core.held_updates import release_held
from core.inbox import Stored
from core.models import InboxRow
from core.tx import Tx
from tests.delivery.offered_updates_fixture import (
    CHAT,
    OTHER,
    Offering,
    offering_at,
    update,
    wait_for_end,
)
from tests.delivery.update_queue_fixture import BOT


@pytest.fixture
def offering(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Offering:
    return offering_at(desk, monkeypatch)


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


async def test_updates_that_are_put_back_are_read_at_once(
    offering: Offering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 3600)
    await offering.desk.run(inbox.store, BOT, [update(1)], state="held")
    async with offering.ready():
        await offering.desk.run(release_held, [CHAT])
        await offering.until_handled()
    assert offering.seen == [(1, 1)]


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


async def test_what_causes_nothing_counts_as_handled(offering: Offering) -> None:
    offering.handle = offering.note
    async with offering.ready() as queue:
        assert await offering.take(queue, update(1)) == 1
    assert await offering.states() == {1: "done"}


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
