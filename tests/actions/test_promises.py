"""Nothing that was promised to a customer is evaded or forgotten (C1, C2, B5, B15, B17, X15)."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from sqlalchemy import delete, select

from core.db import Database
from core.delivery.waiting_rows import drop_unsent
from core.desk import Desk
from core.errors import Refusal
from core.models import Message, Ticket, Timer
from core.setup.test_ticket import send_test_ticket
from core.sla.answer_clock import unanswered_since
from core.tasks.task_actions import resolve
from core.texts import Key, unpack
from core.tickets import conversation
from core.tickets.catalog import usual_span, workflow_of
from core.tickets.closing import set_overdue_ratings
from core.tickets.lifecycle import confirm, move, release, take
from core.tickets.lists import page_of
from core.tickets.metrics import times_of
from core.tickets.next_contact import contact_of, plan_contact
from core.tickets.sweep import sweep
from core.tx import Actor, ReadTx, Tx
from tests.actions.agreement_factories import agrees
from tests.actions.people import (
    ALERTS,
    ALICE,
    ANNA,
    BORIS,
    OLEG,
    OPERATORS,
    actor,
    customer,
    hears,
    opens,
    operator,
    says,
    writes,
)
from tests.actions.store import Store
from tests.clock import Clock


async def stored(desk: Desk, ticket_id: int) -> Ticket:
    async def read(tx: ReadTx) -> Ticket:
        return await tx.get(Ticket, ticket_id)

    return await desk.read(read)


async def timers_of(desk: Desk, ticket_id: int) -> set[str]:
    async def read(tx: ReadTx) -> set[str]:
        query = select(Timer.kind).where(Timer.ticket_id == ticket_id, Timer.due_at.is_not(None))
        return set(await tx.all(query))

    return await desk.read(read)


async def last_message(desk: Desk, ticket_id: int) -> int:
    async def read(tx: ReadTx) -> int:
        query = select(Message.id).where(Message.ticket_id == ticket_id)
        return int(await tx.first(query.order_by(Message.id.desc())) or 0)

    return await desk.read(read)


async def answers(
    desk: Desk, who: Actor, ticket_id: int, text: str = "Please restart it", *, wait: bool = False
) -> int:
    """Write an answer that is on its way from now on. Returns the message."""
    await desk.run_as(who, conversation.reply, ticket_id, writes(text), wait=wait)
    return await last_message(desk, ticket_id)


async def arrives(desk: Desk, message_id: int) -> None:
    await desk.run(conversation.answer_delivered, [message_id])


async def fails(desk: Desk, message_id: int) -> None:
    await desk.run(drop_unsent, [message_id], "content")
    await desk.run(conversation.answer_failed, message_id, "network")


async def names_in(desk: Desk, view: str) -> list[int]:
    page = await desk.read(page_of, view)
    return [line.number for line in page.lines]


# X15, from the tables of moves

Act = Callable[[Desk, Actor, int, Clock], Awaitable[Any]]


def _moves(verb: str, hours: int = 0) -> Act:
    async def act(desk: Desk, who: Actor, ticket: int, clock: Clock) -> None:
        until = clock.now + timedelta(hours=hours) if hours else None
        await desk.run_as(who, move, ticket, verb, until=until)

    return act


def _says(*, wait: bool, arrives_there: bool | None) -> Act:
    async def act(desk: Desk, who: Actor, ticket: int, clock: Clock) -> None:
        message = await answers(desk, who, ticket, wait=wait)
        if arrives_there:
            await arrives(desk, message)
        elif arrives_there is False:
            await fails(desk, message)

    return act


def _acts(action: Callable[..., Awaitable[Any]]) -> Act:
    async def act(desk: Desk, who: Actor, ticket: int, clock: Clock) -> None:
        await desk.run_as(who, action, ticket)

    return act


async def _plans(desk: Desk, who: Actor, ticket: int, clock: Clock) -> None:
    await desk.run_as(who, plan_contact, ticket, clock.now + timedelta(hours=1))


async def _sleeps_over(desk: Desk, who: Actor, ticket: int, clock: Clock) -> None:
    clock.move(hours=3)
    await desk.run(sweep)


# Every verb of the table of moves that an operator has, and what else they can do.
ACTIONS: Final[dict[str, Act]] = {
    "take": _acts(take),
    "release": _acts(release),
    "reply": _says(wait=False, arrives_there=True),
    "reply that is on its way": _says(wait=False, arrives_there=None),
    "reply that fails": _says(wait=False, arrives_there=False),
    "wait with a question": _says(wait=True, arrives_there=True),
    "wait with a question that fails": _says(wait=True, arrives_there=False),
    "wait": _moves("wait"),
    "freeze": _moves("freeze"),
    "freeze for two hours": _moves("freeze", 2),
    "unfreeze": _moves("unfreeze"),
    "resolve": _acts(resolve),
    "close": _moves("close"),
    "cancel": _moves("cancel"),
    "reopen": _moves("reopen"),
    "next": _plans,
    "three hours pass": _sleeps_over,
}
OF_OTHERS: Final = frozenset({"hear", "confirm", "dispute", "expire", "wake", "junk"})


async def _is_safe(desk: Desk, ticket_id: int) -> bool:
    """Answered, or a deadline, a next date, an ended state."""

    async def look(tx: ReadTx) -> bool:
        ticket = await tx.get(Ticket, ticket_id)
        state = (await workflow_of(tx)).state(ticket.state)
        if state.final or state.resolution or ticket.answer_due is not None:
            return True
        return await unanswered_since(tx, ticket) is None

    dated = {"wake", "contact", "review", "answer"}
    return await desk.read(look) or bool(dated & await timers_of(desk, ticket_id))


async def _print(desk: Desk, ticket_id: int) -> tuple[Any, ...]:
    """What decides how the ticket can go on."""
    row = await stored(desk, ticket_id)
    message = await last_message(desk, ticket_id)

    async def arrived(tx: ReadTx) -> bool:
        return (await tx.get(Message, message)).delivered_at is not None

    timers = frozenset(await timers_of(desk, ticket_id))
    late = row.answer_due is not None, row.answer_left is not None
    return row.state, timers, late, await desk.read(arrived)


async def _play(desk: Desk, clock: Clock, who: Actor, names: Sequence[str]) -> int | None:
    """Do these with a new ticket; ``None`` if the last is refused."""
    number = (await opens(desk)).id
    for name in names:
        try:
            await ACTIONS[name](desk, who, number, clock)
        except Refusal:
            return None
    return number


async def _forget_timers(tx: Tx) -> None:
    """The sweep has nothing to do with tickets that were looked at."""
    await tx.change(delete(Timer))


def test_every_move_that_an_operator_has_is_among_the_actions() -> None:
    """A new verb is tried, too."""
    from core.tickets.default_workflow import MOVES

    verbs = {move.verb for move in MOVES} - OF_OTHERS
    assert verbs <= set(ACTIONS)


async def test_no_four_actions_of_operators_leave_an_unanswered_ticket_in_silence(
    own_sqlite_url: str, clock: Clock, company: Any
) -> None:
    """Sequences that lead to the same ticket are continued once."""
    from core.subscriptions import SUBSCRIBERS

    database = Database(own_sqlite_url)
    desk = Desk(database, company, SUBSCRIBERS, clock=clock)
    who = await operator(desk)
    seen: set[tuple[Any, ...]] = set()
    ahead: deque[tuple[str, ...]] = deque([()])
    silent = []
    while ahead:
        begun = ahead.popleft()
        for name in ACTIONS:
            names = (*begun, name)
            number = await _play(desk, clock, who, names)
            if number is None:
                continue
            if not await _is_safe(desk, number):
                silent.append(names)
            shape = await _print(desk, number)
            if shape not in seen and len(names) < 4:
                seen.add(shape)
                ahead.append(names)
            await desk.run(_forget_timers)
    await database.close()
    assert len(seen) > 20
    assert silent == []


# Waiting (B5)


async def test_waiting_without_a_question_is_refused_while_the_customer_waits(desk: Desk) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    for taken in (False, True):
        if taken:
            await desk.run_as(olga, take, ticket.id)
        with pytest.raises(Refusal) as refused:
            await desk.run_as(olga, move, ticket.id, "wait")
        assert refused.value.key == "refusal.wait_unasked"
    kept = await stored(desk, ticket.id)
    assert kept.answer_due is not None and kept.state == "in_progress"


async def test_waiting_after_an_answer_that_is_on_its_way_is_allowed(desk: Desk) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    message = await answers(desk, olga, ticket.id, "Which entrance?")
    await desk.run_as(olga, move, ticket.id, "wait")
    assert (await stored(desk, ticket.id)).answer_due is not None
    await arrives(desk, message)
    kept = await stored(desk, ticket.id)
    assert (kept.state, kept.answer_due) == ("waiting", None)


async def test_a_question_ends_the_deadline_only_when_it_is_delivered(desk: Desk) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    due = (await stored(desk, ticket.id)).answer_due
    message = await answers(desk, olga, ticket.id, "Which entrance?", wait=True)
    assert (await stored(desk, ticket.id)).answer_due == due
    await fails(desk, message)
    assert (await stored(desk, ticket.id)).answer_due == due
    with pytest.raises(Refusal):
        await desk.run_as(olga, move, ticket.id, "wait")


async def test_a_pause_without_an_end_is_told_of_every_week(
    desk: Desk, clock: Clock, store: Store
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await arrives(desk, await answers(desk, olga, ticket.id, "Which entrance?", wait=True))
    for weeks in (1, 2):
        clock.move(days=7, minutes=1)
        await desk.run(sweep)
        assert (await store.told(OPERATORS)).count("group.still.waiting") == weeks
    await hears(desk, ALICE, says(ALICE, "The second one"))
    assert "review" not in await timers_of(desk, ticket.id)


async def test_a_freeze_without_an_end_is_told_of_and_one_with_an_end_is_not(desk: Desk) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, move, ticket.id, "freeze")
    assert "review" in await timers_of(desk, ticket.id)
    until = desk.clock() + timedelta(days=30)
    await desk.run_as(olga, move, ticket.id, "freeze", until=until)
    assert {"wake"} == await timers_of(desk, ticket.id)


async def test_waiting_and_resolved_tickets_have_lists_of_their_own(desk: Desk) -> None:
    olga = await operator(desk)
    asked, solved = await opens(desk), await opens(desk)
    await arrives(desk, await answers(desk, olga, asked.id, "Which entrance?", wait=True))
    await desk.run_as(olga, resolve, solved.id)
    assert await names_in(desk, "waiting") == [asked.id]
    assert await names_in(desk, "resolved") == [solved.id]
    assert await names_in(desk, "queue") == [asked.id]


# Waking (B17)


@pytest.mark.parametrize("early", [False, True])
async def test_a_woken_ticket_needs_an_answer_with_a_fresh_deadline(
    desk: Desk, clock: Clock, *, early: bool
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await arrives(desk, await answers(desk, olga, ticket.id))
    await desk.run_as(olga, move, ticket.id, "freeze", until=clock.now + timedelta(days=9))
    if early:
        clock.move(days=2)
        await desk.run_as(olga, move, ticket.id, "unfreeze")
    else:
        clock.move(days=9)
        await desk.run(sweep)
    kept = await stored(desk, ticket.id)
    assert kept.waiting_since == clock.now
    assert kept.answer_due == clock.now + desk.company.answer_deadline


async def test_what_was_left_of_the_deadline_is_left_after_a_freeze(
    desk: Desk, clock: Clock
) -> None:
    """A short freeze buys no fresh deadline."""
    ticket, olga = await opens(desk), await operator(desk)
    clock.move(days=2)
    await desk.run_as(olga, move, ticket.id, "freeze", until=clock.now + timedelta(hours=1))
    clock.move(hours=1)
    await desk.run(sweep)
    assert (await stored(desk, ticket.id)).answer_due == clock.now + timedelta(days=1)


@pytest.mark.parametrize("how", ["woken", "disputed"])
async def test_an_answer_that_fails_does_not_end_what_is_owed_without_words(
    desk: Desk, clock: Clock, *, how: str
) -> None:
    """The deadline of a woken or disputed ticket has no message of the customer behind it."""
    ticket, olga = await opens(desk), await operator(desk)
    await arrives(desk, await answers(desk, olga, ticket.id))
    if how == "woken":
        await desk.run_as(olga, move, ticket.id, "freeze", until=clock.now + timedelta(days=1))
        clock.move(days=1)
        await desk.run(sweep)
    else:
        await desk.run_as(olga, resolve, ticket.id)
        clock.move(days=1)
        await desk.run_as(await customer(desk), confirm, ticket.id, content=False)
    due = (await stored(desk, ticket.id)).answer_due
    clock.move(hours=1)
    message = await answers(desk, olga, ticket.id)
    await fails(desk, message)
    assert due is not None and (await stored(desk, ticket.id)).answer_due == due
    await arrives(desk, await answers(desk, olga, ticket.id))
    assert (await stored(desk, ticket.id)).answer_due is None


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


# Resolved tickets (B15)


def without_rating(desk: Desk) -> None:
    desk.company = replace(desk.company, rating_wait=None)


async def test_what_was_switched_off_closes_nothing_that_already_ran(
    desk: Desk, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, resolve, ticket.id)
    without_rating(desk)
    clock.move(days=30)
    await desk.run(sweep)
    await desk.run(set_overdue_ratings)
    await desk.run(sweep)
    assert (await stored(desk, ticket.id)).state == "resolved"
    assert await names_in(desk, "resolved") == [ticket.id]


async def test_what_was_resolved_while_it_was_off_is_closed_when_it_is_on_again(
    desk: Desk, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    on = desk.company
    without_rating(desk)
    await desk.run_as(olga, resolve, ticket.id)
    desk.company = on
    await desk.run(set_overdue_ratings)
    assert (await stored(desk, ticket.id)).state == "resolved"
    clock.move(days=3)
    await desk.run(set_overdue_ratings)
    await desk.run(sweep)
    assert (await stored(desk, ticket.id)).state == "closed"


async def test_a_longer_wait_counts_for_what_was_resolved_before(desk: Desk, clock: Clock) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, resolve, ticket.id)
    desk.company = replace(desk.company, rating_wait=timedelta(days=5))
    clock.move(days=3)
    await desk.run(sweep)
    assert (await stored(desk, ticket.id)).state == "resolved"
    clock.move(days=2)
    await desk.run(sweep)
    assert (await stored(desk, ticket.id)).state == "closed"


# Resolving at once (B3, C8)


async def test_who_resolves_a_ticket_of_nobody_is_its_assignee(desk: Desk) -> None:
    ticket, oleg = await opens(desk), await operator(desk, OLEG)
    await desk.run_as(oleg, resolve, ticket.id, reason="a new cable")
    assert (await stored(desk, ticket.id)).assignee_id == oleg.person_id


@pytest.mark.parametrize("words", ["a new cable", None])
async def test_a_solution_in_words_is_a_first_response(
    desk: Desk, clock: Clock, words: str | None
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    clock.move(hours=2)
    await desk.run_as(olga, resolve, ticket.id, reason=words)
    times = await desk.read(times_of, ticket.id)
    assert times is not None
    assert times.real.first_response == (timedelta(hours=2) if words else None)


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
