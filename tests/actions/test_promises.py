"""What was promised to a customer is reckoned, kept and told of (C1, C4, C5, C6)."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from core.desk import Desk
from core.setup.test_ticket import send_test_ticket
from core.texts import Key, unpack
from core.tickets.catalog import usual_span
from core.tickets.lifecycle import move, take
from core.tickets.next_contact import contact_of, plan_contact
from core.tickets.sweep import sweep
from tests.actions.agreement_factories import agrees
from tests.actions.answer_factories import answers, arrives, stored, timers_of
from tests.actions.people import ALERTS, ALICE, ANNA, BORIS, actor, opens, operator, says
from tests.actions.store import Store
from tests.clock import Clock

# The next contact (C6)


async def test_an_answer_before_the_promised_hour_does_not_keep_the_promise(
    desk: Desk, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    at = clock.now + timedelta(hours=1)
    await desk.run_as(olga, plan_contact, ticket.id, at)
    await arrives(desk, await answers(desk, olga, ticket.id))
    assert await desk.read(contact_of, ticket.id) == at
    clock.move(hours=1)
    await arrives(desk, await answers(desk, olga, ticket.id))
    assert await desk.read(contact_of, ticket.id) is None


async def test_an_answer_on_the_day_promised_before_keeps_the_promise(
    desk: Desk, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, plan_contact, ticket.id, clock.now + timedelta(days=1))
    clock.move(hours=23)
    await arrives(desk, await answers(desk, olga, ticket.id))
    assert await desk.read(contact_of, ticket.id) is None


# Working hours (C1)


FRIDAY: Final = datetime(2026, 11, 27, 16, tzinfo=UTC)
WEDNESDAY: Final = datetime(2026, 12, 2, tzinfo=UTC)


async def test_a_customer_is_promised_an_answer_within_working_hours(
    desk: Desk, clock: Clock, store: Store
) -> None:
    clock.now = FRIDAY
    before = await opens(desk)
    await agrees(desk)
    ticket = await opens(desk)
    assert before.answer_due == FRIDAY + timedelta(days=3)  # what was promised stays
    assert ticket.answer_due == WEDNESDAY.replace(hour=16)
    timers = await store.timers(ticket.id)
    assert timers["answer"] == ticket.answer_due
    assert timers["reminder"] == WEDNESDAY.replace(hour=11)  # 4 hours before, but for the lunch
    (row, *_) = await store.outbox(ALICE.address.chat, key="ticket.opened")
    assert unpack(row.facts)["due"] == before.answer_due


async def test_an_agreement_that_is_nobodys_default_changes_no_promise(
    desk: Desk, clock: Clock
) -> None:
    clock.now = FRIDAY
    await agrees(desk, default=False)
    assert (await opens(desk)).answer_due == FRIDAY + timedelta(days=3)


async def test_what_is_left_of_a_promise_is_working_time(desk: Desk, clock: Clock) -> None:
    clock.now = FRIDAY
    await agrees(desk)
    ticket, olga = await opens(desk), await operator(desk)
    clock.now = WEDNESDAY.replace(hour=3)  # at night: 6 hours of work are left
    await desk.run_as(olga, move, ticket.id, "freeze")
    assert (await stored(desk, ticket.id)).answer_left == 6 * 3600
    clock.now = WEDNESDAY.replace(hour=17)
    await desk.run_as(olga, move, ticket.id, "unfreeze")
    assert (await stored(desk, ticket.id)).answer_due == WEDNESDAY.replace(day=3, hour=15)


async def test_a_promise_that_ends_when_work_begins_is_not_late_in_the_night_before(
    desk: Desk, clock: Clock
) -> None:
    clock.now = FRIDAY.replace(day=28)
    await agrees(desk)
    ticket, olga = await opens(desk), await operator(desk)
    clock.now = datetime(2026, 12, 3, 3, tzinfo=UTC)
    await desk.run_as(olga, move, ticket.id, "freeze")
    await desk.run_as(olga, move, ticket.id, "unfreeze")
    due = (await stored(desk, ticket.id)).answer_due
    assert due is not None and timedelta() < due - clock.now.replace(hour=9) < timedelta(minutes=1)
    assert {"answer"} <= await timers_of(desk, ticket.id)


async def test_customers_are_greeted_with_the_hours_that_they_are_answered_in(
    desk: Desk,
) -> None:
    assert await desk.read(usual_span) == timedelta(days=3)
    await agrees(desk)
    told = await desk.read(usual_span)
    assert isinstance(told, Key) and told.facts == {"span": timedelta(days=3)}


# What has passed (C5)


@pytest.mark.parametrize("after_downtime", [False, True])
async def test_a_customer_whose_promised_time_has_passed_is_told_once(
    desk: Desk, clock: Clock, store: Store, *, after_downtime: bool
) -> None:
    ticket = await opens(desk)
    others = [await opens(desk, BORIS) for _ in range(4)] if after_downtime else []
    await desk.run(sweep)
    for _ in range(3):
        clock.move(days=3, minutes=1)
        await desk.run(sweep)
    told = await store.told(ALICE.address.chat)
    assert told == ["ticket.opened", "ticket.late"]
    assert (await store.told(BORIS.address.chat)).count("ticket.late") == len(others)
    (late,) = await store.outbox(ALICE.address.chat, key="ticket.late")
    assert set(late.facts) == {"number", "due"} and late.ticket_id == ticket.id


@pytest.mark.parametrize("tried", [True, False])
async def test_a_trial_ticket_alarms_nobody(
    desk: Desk, clock: Clock, store: Store, *, tried: bool
) -> None:
    await actor(desk, ANNA, "admin")
    if tried:
        await desk.run(send_test_ticket, ANNA, says(ANNA, "A trial"))
    else:
        await opens(desk)
    clock.move(days=3, minutes=1)
    await desk.run(sweep)
    assert ("alert.overdue" in await store.told(ALERTS)) is not tried
    assert ("mail.overdue" in await store.told("staff@example.org")) is not tried


# Agreements (C4)


async def test_taking_sets_the_deadlines_that_are_still_missing(
    desk: Desk, clock: Clock, store: Store
) -> None:
    """The agreement came after the ticket; what an agreement has set, taking leaves alone."""
    early, olga = await opens(desk), await operator(desk)
    await agrees(desk)
    late = await opens(desk, BORIS)
    before = await store.timers(late.id)
    clock.move(hours=1)
    for number in (early.id, late.id):
        await desk.run_as(olga, take, number)
    after = await store.timers(late.id)
    assert (await store.timers(early.id))["resolution"] == before["resolution"]
    assert after["resolution"] == before["resolution"]
