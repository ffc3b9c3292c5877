"""One customer's flood in the group delays nobody else's ticket (S10)."""

import pytest

from core.delivery import courier
from core.delivery.pacing import FAIR_SHARE, GROUP_WINDOW, MOST_TURNS, Turns
from core.desk import Desk
from core.models import OutboxRow
from core.people.identity import Sender
from core.tickets.intake import hear
from tests.actions.people import ALICE, BORIS, OPERATORS, opens, says
from tests.actions.store import Store
from tests.clock import Clock
from tests.delivery.courier_fixture import CourierHarness

GROUP = str(OPERATORS)


@pytest.fixture
def harness(desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> CourierHarness:
    monkeypatch.setattr(courier, "LOOK_EVERY", 0.02)
    harness = CourierHarness(desk, clock)
    harness.hire(telegram=harness.channel, email=harness.channel)
    return harness


async def posts(harness: CourierHarness, store: Store) -> list[OutboxRow]:
    """What stands in the group, in order."""
    rows = {row.id: row for row in await store.outbox(GROUP)}
    return [rows[number] for number in harness.channel.to(GROUP)]


async def floods(desk: Desk, clock: Clock, sender: Sender, seconds: int) -> None:
    """Somebody writes once a second into the ticket that they have just opened."""
    await opens(desk, sender)
    for second in range(seconds):
        clock.move(seconds=1)
        await desk.run(hear, sender, says(sender, f"and {second}"))


async def test_nobody_waits_for_another_customers_flood(
    desk: Desk, clock: Clock, harness: CourierHarness, store: Store
) -> None:
    await floods(desk, clock, ALICE, 180)
    clock.move(seconds=1)
    fire = await opens(desk, BORIS, "fire")
    clock.move(seconds=5)
    async with harness.at_work():
        await harness.until_over()
    posted = await posts(harness, store)
    assert [row.ticket_id for row in posted].index(fire.id) <= 6  # of the minute's 18
    assert len(posted) == len(await store.outbox(GROUP)) > 180  # and nothing of it is lost


async def test_who_opens_many_tickets_has_one_share(
    desk: Desk, clock: Clock, harness: CourierHarness, store: Store
) -> None:
    for _ in range(16):
        clock.move(seconds=2)
        await opens(desk, ALICE)
    fire = await opens(desk, BORIS, "fire")
    async with harness.at_work():
        await harness.until(lambda: len(harness.channel.to(GROUP)) == 17)
    assert [row.ticket_id for row in await posts(harness, store)].index(fire.id) <= 6


def test_a_share_is_free_again_after_a_minute_and_alone_there_is_no_limit() -> None:
    turns = Turns()
    for second in range(FAIR_SHARE):
        assert not turns.has_had_enough("-1", 7, second)
        turns.take("-1", 7, second)
    assert turns.has_had_enough("-1", 7, FAIR_SHARE)
    assert not turns.has_had_enough("-1", 8, FAIR_SHARE)
    assert not turns.has_had_enough("-1", None, FAIR_SHARE)
    assert not turns.has_had_enough("-1", 7, GROUP_WINDOW)


def test_turns_in_private_chats_are_not_counted_and_old_ones_forgotten() -> None:
    turns = Turns()
    for _ in range(FAIR_SHARE):
        turns.take("7", 7, 0.0)
    assert not turns.has_had_enough("7", 7, 0.0)
    for customer in range(MOST_TURNS + 1):
        turns.take("-1", customer, 100.0 * customer)
    assert len(turns._had) == 1
