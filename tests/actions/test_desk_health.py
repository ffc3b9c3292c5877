"""The desk says when it is sick and when that is over; failed deliveries get a second try."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from channels.telegram.addresses import chat_address
from core.delivery.waiting_rows import OF_BACKUP
from core.desk import Desk
from core.errors import NotAllowed
from core.models import OutboxRow
from core.setup.chat_health import Condition, tell
from core.setup.desk_health import (
    beat,
    find_health,
    find_heartbeat,
    find_symptoms,
    settle_failed,
    take_lead,
)
from core.tx import Tx
from tests.actions.people import ALERTS, ALICE, ANNA, EVE, OPERATORS, customer, opens
from tests.actions.store import Store
from tests.clock import Clock


async def change_outbox(desk: Desk, **values: Any) -> int:
    """Change the first row, and return its number."""

    async def change(tx: Tx) -> int:
        row = (await tx.session.scalars(select(OutboxRow).order_by(OutboxRow.id))).first()
        assert row is not None
        await tx.session.execute(update(OutboxRow).where(OutboxRow.id == row.id).values(**values))
        return row.id

    return await desk.run(change)


async def test_a_symptom_is_told_once_when_it_begins_and_once_when_it_is_over(
    desk: Desk, store: Store
) -> None:
    for _ in range(3):
        await desk.run(beat, {"poll"})
    assert await store.told(ALERTS) == ["health.sick.poll"]
    assert await store.told("staff@example.org") == ["mail.sick"]
    await desk.run(beat, set())
    assert await store.told(ALERTS) == ["health.sick.poll", "health.over.poll"]


async def test_an_alert_channel_that_is_out_of_order_is_not_told_but_the_group(
    desk: Desk, store: Store
) -> None:
    await desk.run(tell, [Condition("alerts", "lacks.can_post_messages", chat_address(ALERTS))])
    await desk.run(beat, {"disk"})
    assert await store.told(ALERTS) == []
    assert "health.sick.disk" in await store.told(OPERATORS)


async def test_admins_hear_of_it_in_private(desk: Desk, store: Store) -> None:
    await customer(desk, ANNA)
    await desk.run(beat, {"sweep"})
    assert await store.told(ANNA.address.chat) == ["health.sick.sweep"]


async def test_a_silent_desk_is_told_from_a_stopped_one(desk: Desk, clock: Clock) -> None:
    assert await desk.read(find_heartbeat) is None
    await desk.run(beat, set())
    heartbeat = await desk.read(find_heartbeat)
    assert heartbeat is not None
    assert not heartbeat.is_silent(clock.now)
    clock.move(minutes=2)
    assert heartbeat.is_silent(clock.now)
    await desk.run(beat, set(), stopped=True)
    stopped = await desk.read(find_heartbeat)
    clock.move(minutes=2)
    assert stopped is not None
    assert not stopped.is_silent(clock.now)


async def test_a_delivery_that_goes_on_failing_is_a_symptom(desk: Desk, clock: Clock) -> None:
    await opens(desk, ALICE, "Hello", "payment")
    clock.move(minutes=5)
    assert await desk.read(find_symptoms) == set(), "what only waits for its turn is none"
    await change_outbox(desk, error="network")
    assert await desk.read(find_symptoms) == {"undelivered"}


async def test_what_an_admin_holds_after_a_restore_has_not_failed(desk: Desk, clock: Clock) -> None:
    await opens(desk, ALICE, "Hello", "payment")
    clock.move(minutes=5)
    await change_outbox(desk, error=OF_BACKUP)
    assert await desk.read(find_symptoms) == set(), "it waits, or was let go just now"
    await change_outbox(desk, error="network")
    desk.company = replace(desk.company, on_hold=True)
    assert await desk.read(find_symptoms) == set(), "nothing leaves, and admins know why"
    desk.company = replace(desk.company, on_hold=False)
    assert await desk.read(find_symptoms) == {"undelivered"}


async def test_a_chat_that_is_told_as_closed_is_no_second_symptom(desk: Desk, clock: Clock) -> None:
    await opens(desk, ALICE, "Hello", "payment")
    clock.move(minutes=5)
    await change_outbox(desk, error="blocked")
    assert await desk.read(find_symptoms) == set()


async def test_a_mailbox_of_the_staff_that_is_closed_is_a_symptom(desk: Desk) -> None:
    await opens(desk, ALICE, "Hello", "payment")
    await change_outbox(desk, state="failed", error="blocked", channel="email")
    assert await desk.read(find_symptoms) == {"failed"}


async def test_the_letter_that_all_is_well_is_no_new_symptom_when_it_fails(desk: Desk) -> None:
    await desk.run(beat, {"failed"})
    await desk.run(beat, set())

    async def fail(tx: Tx) -> None:
        change = update(OutboxRow).where(OutboxRow.key == "mail.recovered")
        await tx.session.execute(change.values(state="failed", error="blocked"))

    await desk.run(fail)
    assert await desk.read(find_symptoms) == set()


async def test_who_blocked_the_bot_is_no_symptom(desk: Desk) -> None:
    await opens(desk, ALICE, "Hello", "payment")
    await change_outbox(desk, state="failed", error="blocked")
    assert await desk.read(find_symptoms) == set()


@pytest.mark.parametrize(("again", "state"), [(True, "queued"), (False, "dropped")])
async def test_an_admin_sends_a_failed_delivery_again_or_drops_it(
    desk: Desk, store: Store, again: bool, state: str
) -> None:
    await opens(desk, ALICE, "Hello", "payment")
    number = await change_outbox(desk, state="failed", error="bad_request", attempts=7)
    assert await desk.read(find_symptoms) == {"failed"}
    (failed,) = (await desk.read(find_health)).failed
    assert (failed.id, failed.error) == (number, "bad_request")
    with pytest.raises(NotAllowed):
        await desk.run(settle_failed, EVE, number, again=again)
    assert await desk.run(settle_failed, ANNA, number, again=again)
    assert not await desk.run(settle_failed, ANNA, number, again=again)
    (row,) = await store.rows(select(OutboxRow).where(OutboxRow.id == number))
    assert row.state == state
    assert await desk.read(find_symptoms) == set()


async def test_who_leads_knows_whether_another_has_led_since(desk: Desk) -> None:
    assert await desk.run(take_lead, "one")
    assert not await desk.run(take_lead, "one")
    assert await desk.run(take_lead, "two")
    assert await desk.run(take_lead, "one"), "two has led meanwhile"
