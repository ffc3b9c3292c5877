"""The inbox: an update is stored once, handled once, and never lost behind a reused number."""

import asyncio

import pytest
from sqlalchemy import select

from core import inbox
from core.desk import AlreadyHandled, Desk
from core.errors import Refusal
from core.inbox import Raw, Stored
from core.models import InboxRow
from core.tickets.intake import hear
from core.tx import Tx
from tests.actions.people import ALERTS, ALICE, describe, says
from tests.actions.store import Store
from tests.clock import Clock

BOT = "telegram:5"


async def stored(desk: Desk, *numbers: int, raw: str = "{}") -> list[Stored]:
    await desk.run(inbox.store, BOT, [Raw(str(number), "101", raw) for number in numbers])
    return await desk.read(inbox.list_unfinished, 0, 100)


async def finish(desk: Desk, inbox_id: int) -> None:
    """The update is handled, without an effect."""

    async def nothing(tx: Tx) -> None:
        del tx

    with desk.handling(inbox_id):
        await desk.run(nothing)


async def test_what_was_stored_is_stored_once(desk: Desk) -> None:
    await stored(desk, 1, 2)
    await asyncio.gather(stored(desk, 2, 3, raw="again"), stored(desk, 3, 2, raw="again"))
    rows = await desk.read(inbox.list_unfinished, 0, 100)
    assert sorted(row.external_id for row in rows) == ["1", "2", "3"]
    assert {row.external_id: row.raw for row in rows}["2"] == "{}"
    await desk.run(inbox.store, "mail:5", [Raw("1", "101", "{}")])
    assert await desk.read(inbox.count_unfinished) == 4


async def test_reading_goes_on_where_it_ended(desk: Desk) -> None:
    rows = await stored(desk, *range(10))
    page = await desk.read(inbox.list_unfinished, rows[3].id, 4)
    assert [row.external_id for row in page] == ["4", "5", "6", "7"]


async def test_the_effects_of_an_update_happen_once(desk: Desk, store: Store) -> None:
    (row,) = await stored(desk, 1)
    await desk.run(describe, ALICE, "payment")
    with desk.handling(row.id) as handling:
        await desk.run(hear, ALICE, says(ALICE))
        assert handling.done
        await desk.run(hear, ALICE, says(ALICE, "more of the same update"))
    assert await desk.read(inbox.list_unfinished, 0, 10) == []
    before = await store.everything()
    with desk.handling(row.id), pytest.raises(AlreadyHandled):
        await desk.run(hear, ALICE, says(ALICE))
    assert await store.everything() == before


async def test_the_same_update_at_the_same_time_happens_once(desk: Desk, store: Store) -> None:
    (row,) = await stored(desk, 1)
    await desk.run(describe, ALICE, "payment")

    async def handle() -> None:
        with desk.handling(row.id):
            await desk.run(hear, ALICE, says(ALICE))

    results = await asyncio.gather(*(handle() for _ in range(5)), return_exceptions=True)
    assert [type(r) for r in results if r is not None] == [AlreadyHandled] * 4
    assert len(await store.messages((await store.tickets())[0].id)) == 1


async def test_a_refused_action_leaves_its_update_unfinished(desk: Desk) -> None:
    (row,) = await stored(desk, 1)

    async def refuse(tx: Tx) -> None:
        raise Refusal("refusal.outdated")

    with desk.handling(row.id), pytest.raises(Refusal):
        await desk.run(refuse)
    assert await desk.read(inbox.count_unfinished) == 1
    await finish(desk, row.id)
    assert await desk.read(inbox.count_unfinished) == 0


async def test_what_is_done_after_a_refusal_finishes_the_update(desk: Desk) -> None:
    (row,) = await stored(desk, 1)

    async def refuse(tx: Tx) -> None:
        raise Refusal("refusal.outdated")

    with desk.handling(row.id) as handling:
        with pytest.raises(Refusal):
            await desk.run(refuse)
        marked = [handling.done]  # the mark was taken back with what was refused
        await desk.run(inbox.change_nothing)
        marked.append(handling.done)
    assert marked == [False, True]
    assert await desk.read(inbox.count_unfinished) == 0


async def test_a_number_that_comes_again_after_days_is_something_new(
    desk: Desk, store: Store, clock: Clock
) -> None:
    old = await stored(desk, 1, 2)
    await finish(desk, old[0].id)
    await desk.run(inbox.quarantine, old[1], "poison")
    clock.move(hours=47)
    assert await stored(desk, 1) == []
    clock.move(hours=2)
    fresh = await stored(desk, 1, 2, 3, raw="new")
    assert [(row.external_id, row.raw) for row in fresh] == [(n, "new") for n in "123"]
    assert all(row.id > old[1].id for row in fresh), "who reads on behind the old ones finds them"
    assert len(await desk.read(inbox.list_quarantined)) == 1


async def test_a_number_that_comes_again_alone_after_days_is_something_new(
    desk: Desk, clock: Clock
) -> None:
    (old,) = await stored(desk, 1)
    await finish(desk, old.id)
    clock.move(hours=49)
    (fresh,) = await stored(desk, 1, raw="new")
    assert (fresh.external_id, fresh.raw) == ("1", "new") and fresh.id > old.id


async def test_what_cannot_be_handled_is_put_aside_and_can_be_tried_again(
    desk: Desk, store: Store
) -> None:
    (row,) = await stored(desk, 1)
    await desk.run(inbox.quarantine, row, "ValueError")
    await desk.run(inbox.quarantine, row, "ValueError")
    assert await store.told(ALERTS) == ["alert.quarantined"]
    (one,) = await desk.read(inbox.list_quarantined)
    assert (one.id, one.external_id, one.error, one.raw) == (row.id, "1", "ValueError", "{}")
    assert await desk.read(inbox.list_quarantined, 10, row.id) == []
    assert await desk.run(inbox.replay, [row.id]) == [row.id]
    assert await desk.run(inbox.replay, [row.id]) == []
    (again,) = await desk.read(inbox.list_unfinished, 0, 10)
    assert again.external_id == "1"
    assert again.id > row.id, "it comes after everything that waits"


async def test_a_flood_of_what_cannot_be_handled_is_one_alert_while_it_waits(
    desk: Desk, store: Store
) -> None:
    rows = await stored(desk, *range(1, 8))
    for row in rows:
        await desk.run(inbox.quarantine, row, f"ValueError {row.external_id}")
    (alert,) = await store.outbox(ALERTS)
    assert (alert.facts["inbox_id"], alert.facts["total"]) == (rows[-1].id, 7)


async def test_what_is_done_already_is_not_put_aside(desk: Desk) -> None:
    (update,) = await stored(desk, 1)
    await finish(desk, update.id)
    await desk.run(inbox.quarantine, update, "KeyError('x')")
    assert await desk.read(inbox.list_quarantined) == []


async def test_only_what_is_done_and_old_is_forgotten(
    desk: Desk, store: Store, clock: Clock
) -> None:
    rows = await stored(desk, 1, 2, 3, 4)
    for row in (rows[0], rows[1], rows[3]):
        await finish(desk, row.id)
    assert (await desk.run(inbox.purge, 100)).count == 0
    clock.move(hours=73)
    assert (await desk.run(inbox.purge, 100)).count == 2
    left = await store.rows(select(InboxRow.id).order_by(InboxRow.id))
    assert left == [rows[2].id, rows[3].id], "the unfinished one, and the newest one"
