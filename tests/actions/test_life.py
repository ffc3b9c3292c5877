"""The life of a ticket: every move of the table, and what follows from the flags."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from core.desk import Desk
from core.errors import MoveRefused, NoSuchTicket, NothingToDo, Unreadable
from core.models import Ticket
from core.tickets.card import card_of
from core.tickets.catalog import TopicFacts, Topics
from core.tickets.classification import change_topic, retitle
from core.tickets.conversation import answer_delivered, reply
from core.tickets.default_workflow import MOVES, STATES
from core.tickets.intake import hear
from core.tickets.lifecycle import confirm, enter, move
from core.tickets.sweep import sweep
from core.tickets.workflow import RESOLVED, Marker
from core.tx import SYSTEM, Tx
from tests.actions.people import (
    ALICE,
    BORIS,
    OPERATORS,
    customer,
    opens,
    operator,
    says,
    writes,
)
from tests.actions.store import Store
from tests.clock import Clock


async def put(tx: Tx, number: int, state: str) -> None:
    await tx.session.execute(update(Ticket).where(Ticket.id == number).values(state=state))


async def go(tx: Tx, number: int, verb: str) -> None:
    await enter(tx, await tx.get(Ticket, number), verb)


async def test_every_verb_does_in_every_state_what_the_table_says(desk: Desk, store: Store) -> None:
    ticket = await opens(desk)
    table = {(m.source, m.verb): m.target for m in MOVES}
    for source in STATES:
        for verb in sorted({m.verb for m in MOVES}):
            await desk.run(put, ticket.id, source.code)
            if (source.code, verb) in table:
                await desk.run(go, ticket.id, verb)
                wanted = table[source.code, verb]
            else:
                with pytest.raises(MoveRefused) as refused:
                    await desk.run(go, ticket.id, verb)
                assert refused.value.key == f"refusal.state.{source.category}"
                wanted = source.code
            assert (await store.ticket(ticket.id)).state == wanted, (source.code, verb)


async def test_a_refused_move_changes_nothing(desk: Desk, store: Store) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    before = await store.everything()
    for verb in ("unfreeze", "reopen"):
        with pytest.raises(MoveRefused):
            await desk.run_as(olga, move, ticket.id, verb)
    with pytest.raises(NoSuchTicket):
        await desk.run_as(olga, move, 10_000, "close")
    assert await store.everything() == before


# Freezing


async def test_a_freeze_stops_the_clock_and_what_was_left_runs_on_after_it(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    clock.move(days=1)
    await desk.run_as(olga, move, ticket.id, "freeze", reason="parts")
    kept = await store.ticket(ticket.id)
    assert (kept.state, kept.reason, kept.answer_due) == ("frozen", "parts", None)
    assert kept.answer_left == 2 * 86400
    assert await store.timers(ticket.id) == {"review": clock.now + timedelta(days=7)}
    card = await desk.read(card_of, ticket.id)
    assert card and card.marker is Marker.FROZEN
    back = clock.move(days=30)
    await desk.run_as(olga, move, ticket.id, "unfreeze")
    kept = await store.ticket(ticket.id)
    assert (kept.state, kept.answer_due) == ("reopened", back + timedelta(days=2))
    assert kept.waiting_since == ticket.waiting_since
    assert set(await store.timers(ticket.id)) == {"answer", "reminder"}


async def test_overdue_before_a_freeze_is_overdue_after_it_and_not_told_twice(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    clock.move(days=4)
    await desk.run(sweep)
    await desk.run_as(olga, move, ticket.id, "freeze")
    clock.move(days=4)
    await desk.run_as(olga, move, ticket.id, "unfreeze")
    card = await desk.read(card_of, ticket.id)
    assert card and card.marker is Marker.OVERDUE
    assert card.answer_due == clock.now - timedelta(days=1)
    assert await store.timers(ticket.id) == {}


async def test_a_frozen_ticket_wakes_at_its_time(desk: Desk, store: Store, clock: Clock) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    until = clock.now + timedelta(hours=10)
    await desk.run_as(olga, move, ticket.id, "freeze", until=until, reason="parts")
    assert await store.timers(ticket.id) == {"wake": until}
    clock.move(hours=10)
    assert await desk.run(sweep) == 1
    kept = await store.ticket(ticket.id)
    assert (kept.state, kept.frozen_until) == ("reopened", None)
    assert kept.answer_due == clock.now + timedelta(days=3)
    (woke,) = await store.outbox(OPERATORS, key="group.woke")
    assert woke.facts["reason"] == "parts"


async def test_a_second_freeze_replaces_the_first(desk: Desk, store: Store, clock: Clock) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    first = clock.now + timedelta(hours=1)
    await desk.run_as(olga, move, ticket.id, "freeze", until=first)
    await desk.run_as(olga, reply, ticket.id, writes())
    assert await store.timers(ticket.id) == {"wake": first}
    await desk.run_as(olga, move, ticket.id, "freeze")
    kept = await store.ticket(ticket.id)
    assert (kept.frozen_until, kept.answer_left) == (None, 3 * 86400)
    assert set(await store.timers(ticket.id)) == {"review"}


@pytest.mark.parametrize("verb", ["unfreeze", "wait", "resolve", "close", "cancel"])
async def test_whatever_ends_a_freeze_takes_its_alarm_away(
    desk: Desk, store: Store, clock: Clock, verb: str
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    until = clock.now + timedelta(hours=1)
    await desk.run_as(olga, reply, ticket.id, writes())
    await desk.run_as(olga, move, ticket.id, "freeze", until=until)
    await desk.run_as(olga, move, ticket.id, verb)
    assert "wake" not in await store.timers(ticket.id)
    assert (await store.ticket(ticket.id)).frozen_until is None


# Endings


async def test_a_resolution_asks_and_the_content_customer_closes_it(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket, olga, alice = await opens(desk), await operator(desk), await customer(desk)
    await desk.run_as(olga, move, ticket.id, "resolve", reason="new cable")
    kept = await store.ticket(ticket.id)
    assert (kept.waiting_since, kept.answer_due, kept.queue_rank) == (None, None, RESOLVED)
    asked, closed = (clock.now + timedelta(days=days) for days in (1, 3))
    assert await store.timers(ticket.id) == {"rating_asked": asked, "rating": closed}
    (told,) = await store.outbox(ALICE.address.chat, key="ticket.resolved_reason")
    assert told.facts["reason"] == "new cable"
    await desk.run_as(alice, confirm, ticket.id, content=True)
    kept = await store.ticket(ticket.id)
    assert (kept.state, kept.closed_at) == ("closed", clock.now)
    assert await store.timers(ticket.id) == {}


async def test_a_disputed_resolution_comes_back_to_the_team(desk: Desk, store: Store) -> None:
    ticket, olga, alice = await opens(desk), await operator(desk), await customer(desk)
    await desk.run_as(olga, reply, ticket.id, writes())
    await desk.run_as(olga, move, ticket.id, "resolve")
    await desk.run_as(alice, confirm, ticket.id, content=False)
    kept = await store.ticket(ticket.id)
    assert (kept.state, kept.assignee_id) == ("reopened", None)
    assert kept.waiting_since is not None
    assert set(await store.timers(ticket.id)) == {"answer", "reminder"}
    assert "group.disputed_to" in await store.told(OPERATORS)  # Olga had it
    with pytest.raises(MoveRefused):
        await desk.run_as(alice, confirm, ticket.id, content=True)


async def test_somebody_elses_ticket_does_not_exist(desk: Desk, store: Store) -> None:
    ticket, olga, boris = await opens(desk), await operator(desk), await customer(desk, BORIS)
    await desk.run_as(olga, move, ticket.id, "resolve")
    before = await store.everything()
    with pytest.raises(NoSuchTicket) as refused:
        await desk.run_as(boris, confirm, ticket.id, content=True)
    with pytest.raises(NoSuchTicket) as missing:
        await desk.run_as(boris, confirm, 10_000, content=True)
    assert refused.value.key == missing.value.key
    assert await store.everything() == before


async def test_silence_closes_a_resolved_ticket_after_the_rating_wait(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, move, ticket.id, "resolve")
    clock.move(days=3, seconds=-1)
    await desk.run(sweep)
    assert (await store.ticket(ticket.id)).state == "resolved"
    clock.move(seconds=1)
    assert await desk.run(sweep) == 1
    assert (await store.ticket(ticket.id)).state == "closed"
    assert (await store.told(ALICE.address.chat))[-2:] == ["ticket.closed", "unask"]


async def test_the_rating_wait_can_be_switched_off(desk: Desk, store: Store) -> None:
    desk.company = replace(desk.company, rating_wait=None)
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, move, ticket.id, "resolve")
    assert set(await store.timers(ticket.id)) == {"rating_asked"}


@pytest.mark.parametrize("verb", ["close", "cancel"])
async def test_an_ended_ticket_can_be_brought_back(
    desk: Desk, store: Store, clock: Clock, verb: str
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, move, ticket.id, verb, reason="a repeat")
    kept = await store.ticket(ticket.id)
    assert (kept.closed_at, kept.waiting_since, kept.queue_rank) == (clock.now, None, None)
    assert await store.timers(ticket.id) == {}
    said = {"close": "ticket.closed", "cancel": "ticket.cancelled_reason"}[verb]
    assert (await store.told(ALICE.address.chat))[-1] == said
    await desk.run_as(olga, move, ticket.id, "reopen")
    kept = await store.ticket(ticket.id)
    assert (kept.state, kept.closed_at, kept.reopened) == ("reopened", None, 1)
    assert (await store.told(ALICE.address.chat))[-1] == "ticket.reopened"


@pytest.mark.parametrize("verb", ["close", "cancel", "resolve"])
@pytest.mark.parametrize("answered", [False, True])
async def test_who_was_never_answered_waits_again_when_an_end_is_taken_back(
    desk: Desk, store: Store, clock: Clock, verb: str, answered: bool
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    if answered:
        await desk.run_as(olga, reply, ticket.id, writes())
        await desk.run(answer_delivered, [(await store.messages(ticket.id))[-1].id])
    clock.move(days=2)
    await desk.run_as(olga, move, ticket.id, verb)
    back = clock.move(days=2)
    await desk.run_as(olga, move, ticket.id, "reopen")
    kept = await store.ticket(ticket.id)
    waits = (None, None) if answered else (back, back + timedelta(days=3))
    assert (kept.waiting_since, kept.answer_due) == waits
    assert kept.queue_rank == (1 if answered else 0)
    assert set(await store.timers(ticket.id)) == (set() if answered else {"answer", "reminder"})


async def test_a_ticket_left_by_hand_is_no_longer_closed_by_silence(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, move, ticket.id, "resolve")
    await desk.run(hear, ALICE, says(ALICE, "It is broken again"))
    clock.move(days=3)
    await desk.run(sweep)
    assert (await store.ticket(ticket.id)).state == "reopened"


# Details


async def test_a_title_is_changed_for_operators_only(desk: Desk, store: Store) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    before = await store.told(ALICE.address.chat)
    await desk.run_as(olga, retitle, ticket.id, "  Paid \u202etwice ")
    assert (await store.ticket(ticket.id)).title == "Paid twice"
    assert await store.facts(ticket.id, "title_changed") == [
        {"old": "Payment", "new": "Paid twice"}
    ]
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, retitle, ticket.id, "Paid twice")
    with pytest.raises(Unreadable):
        await desk.run_as(olga, retitle, ticket.id, " ")
    assert await store.told(ALICE.address.chat) == before


def with_span(desk: Desk, code: str, answer: timedelta) -> None:
    topics: Topics = desk.cache[Topics]
    desk.cache[Topics] = Topics(topics | {code: replace(topics[code], answer=answer)})


async def test_another_topic_restates_the_deadline_from_the_same_beginning(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    with_span(desk, "access", timedelta(hours=8))
    clock.move(hours=2)
    await desk.run_as(olga, change_topic, ticket.id, "acc")
    kept = await store.ticket(ticket.id)
    assert (kept.topic, kept.title) == ("access", "Access and app")
    assert ticket.answer_due is not None
    assert kept.answer_due == clock.now + timedelta(hours=6)
    assert (await store.timers(ticket.id))["answer"] == kept.answer_due
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, change_topic, ticket.id, "access")
    with pytest.raises(Unreadable) as refused:
        await desk.run_as(olga, change_topic, ticket.id, "weather")
    assert "Payment" in refused.value.facts["topics"]


async def test_a_title_given_by_hand_survives_another_topic(desk: Desk, store: Store) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, retitle, ticket.id, "Paid twice")
    await desk.run_as(olga, change_topic, ticket.id, "other")
    assert (await store.ticket(ticket.id)).title == "Paid twice"


async def test_a_deadline_restated_into_the_past_alerts_at_once(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    with_span(desk, "access", timedelta(hours=1))
    clock.move(hours=2)
    await desk.run_as(olga, change_topic, ticket.id, "access")
    await desk.run(sweep)
    assert (await store.journal(ticket.id)).count("deadline_missed") == 1
    await desk.run_as(olga, change_topic, ticket.id, "other")
    await desk.run_as(olga, change_topic, ticket.id, "access")
    assert (await desk.run(sweep)) == 1


async def test_a_topic_that_is_switched_off_cannot_be_chosen(desk: Desk) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    topics: Topics = desk.cache[Topics]
    off = TopicFacts("access", {"en": "Access"}, None, active=False)
    desk.cache[Topics] = Topics(topics | {"access": off})
    with pytest.raises(Unreadable):
        await desk.run_as(olga, change_topic, ticket.id, "access")


async def test_the_clock_acts_as_nobody(desk: Desk, store: Store) -> None:
    ticket = await opens(desk)
    with pytest.raises(MoveRefused):
        await desk.run_as(SYSTEM, move, ticket.id, "wake")
