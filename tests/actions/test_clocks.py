"""Clocks of agreements with their tickets: set, moved, told of, and the same from the journal."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.errors import NotAllowed, NothingToDo, Unreadable
from core.models import Account, AccountMember, Classification, Contract, NextContact
from core.sla.clock_recorder import recompute
from core.sla.clock_store import stored
from core.sla.explanation import why
from core.sla.terms import Kind, Spans, Term
from core.tickets import next_contact
from core.tickets.card import card_of
from core.tickets.classification import choose, classify, prioritise
from core.tickets.conversation import answer_delivered, reply
from core.tickets.intake import hear
from core.tickets.lifecycle import move, take
from core.tickets.sweep import sweep
from core.tx import Tx
from tests.actions import company_directory as directory
from tests.actions.agreement_factories import HOUR, TERMS, WEEK, agrees
from tests.actions.people import (
    ALERTS,
    ALICE,
    OLGA,
    OPERATORS,
    customer,
    opens,
    operator,
    says,
    writes,
)
from tests.actions.store import Store
from tests.clock import Clock

MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


async def due(desk: Desk, number: int) -> dict[str, Any]:
    """When the clocks are due; where they stand, what is left in hours. Held to the journal."""
    _, readings = await desk.read(stored, number)
    assert readings == await desk.read(recompute, number)
    return {
        kind: clock.due_at if clock.left is None else clock.left / HOUR
        for kind, clock in readings.items()
    }


async def answers(desk: Desk, store: Store, number: int) -> None:
    await desk.run_as(await operator(desk), reply, number, writes())
    await desk.run(answer_delivered, [(await store.messages(number))[-1].id])


async def test_without_an_agreement_a_ticket_has_no_clocks(desk: Desk, store: Store) -> None:
    ticket = await opens(desk)
    assert await due(desk, ticket.id) == {}
    assert await store.rows(select(Classification)) == []
    assert "clocks_set" not in await store.journal(ticket.id)


async def test_clocks_are_set_when_the_ticket_is_opened(desk: Desk, store: Store) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    assert await due(desk, ticket.id) == {"reaction": at(23, 11, 30), "resolution": at(25, 9, 30)}
    timers = await store.timers(ticket.id)
    assert timers["reaction"] == at(23, 11, 30) and timers["resolution"] == at(25, 9, 30)
    assert timers["reaction_near"] == at(23, 11)  # a quarter of two hours
    assert timers["resolution_near"] == at(24, 14, 30)  # four working hours ahead
    (facts,) = await store.facts(ticket.id, "clocks_set")
    assert (facts["agreement"], facts["reaction"]) == ("plain", 2 * HOUR)


@pytest.mark.parametrize("by_answer", [True, False])
async def test_the_first_to_take_or_answer_ends_the_reaction_for_good(
    desk: Desk, store: Store, clock: Clock, by_answer: bool
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    clock.move(hours=1)
    if by_answer:
        await answers(desk, store, ticket.id)
    else:
        await desk.run_as(await operator(desk), take, ticket.id)
    assert (await due(desk, ticket.id))["reaction"] == 1.0
    timers = await store.timers(ticket.id)
    assert "reaction" not in timers and "reaction_near" not in timers and "resolution" in timers
    await desk.run_as(await operator(desk), move, ticket.id, "resolve")
    await desk.run_as(await operator(desk), move, ticket.id, "reopen")
    assert (await due(desk, ticket.id))["reaction"] == 1.0


async def test_a_pause_keeps_what_is_left_and_the_customers_answer_ends_it(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    who = await operator(desk)
    await desk.run_as(who, take, ticket.id)
    clock.now = at(23, 12)
    await answers(desk, store, ticket.id)
    await desk.run_as(who, move, ticket.id, "wait")
    assert (await due(desk, ticket.id))["resolution"] == 13.5
    assert "resolution" not in await store.timers(ticket.id)
    clock.now = at(25, 9)
    await desk.run(hear, ALICE, says(ALICE, "Here it is"))
    assert (await due(desk, ticket.id))["resolution"] == at(26, 15, 30)
    assert (await store.timers(ticket.id))["resolution"] == at(26, 15, 30)


async def test_a_resolution_stops_the_clock_and_a_reopening_lets_it_go_on(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    who = await operator(desk)
    clock.now = at(23, 11, 30)
    await desk.run_as(who, move, ticket.id, "resolve")
    assert await due(desk, ticket.id) == {"reaction": at(23, 11, 30), "resolution": 14.0}
    assert set(await store.timers(ticket.id)) >= {"reaction"}  # late by nothing: still to be told
    clock.now = at(24, 9)
    await desk.run_as(who, move, ticket.id, "close")
    clock.now = at(26, 9)
    await desk.run_as(who, move, ticket.id, "reopen")
    assert (await due(desk, ticket.id))["resolution"] == at(27, 16)


async def test_what_is_overdue_stays_overdue(desk: Desk, store: Store, clock: Clock) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    who = await operator(desk)
    clock.now = at(25, 10)
    await desk.run_as(who, move, ticket.id, "freeze")
    assert (await due(desk, ticket.id))["resolution"] == at(25, 9, 30)
    clock.now = at(27, 10)
    await desk.run_as(who, move, ticket.id, "unfreeze")
    assert (await due(desk, ticket.id))["resolution"] == at(25, 9, 30)


async def test_each_deadline_is_told_ahead_and_when_it_has_passed_each_once(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    for moment in (at(23, 11), at(23, 11, 30), at(24, 14, 30), at(25, 9, 30), at(27, 9)):
        clock.now = moment
        await desk.run(sweep)
        await desk.run(sweep)
    told = await store.told(ALERTS)
    assert told.count("alert.clock.reaction") == told.count("alert.clock.resolution") == 1
    group = await store.told(OPERATORS)
    assert group.count("group.clock_near.reaction") == 1
    assert group.count("group.clock_near.resolution") == 1
    mail = await store.told("staff@example.org")
    assert {"mail.clock.reaction", "mail.clock.resolution"} <= set(mail)
    _, readings = await desk.read(stored, ticket.id)
    assert {clock.missed_at for clock in readings.values()} == {at(23, 11, 30), at(25, 9, 30)}
    assert await due(desk, ticket.id)
    card = await desk.read(card_of, ticket.id)
    assert card is not None and str(card.marker) == "⭕"  # the answer is late too, by now


async def test_the_marker_knows_deadlines_of_the_agreement_too(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    clock.now = at(25, 10)
    await desk.run(sweep)
    card = await desk.read(card_of, ticket.id)
    assert card is not None and str(card.marker) == "⭕"
    assert [one.kind for one in card.promised.clocks] == ["reaction", "resolution"]


async def test_after_a_downtime_what_is_late_is_one_digest(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    await desk.run(sweep)
    numbers = [(await opens(desk)).id for _ in range(4)]
    clock.now = at(25, 10)
    await desk.run(sweep)
    assert await store.told(ALERTS) == ["alert.digest"]
    (row,) = await store.outbox(ALERTS)
    assert row.facts["overdue"]["$key"] == "digest.late"
    assert row.facts["overdue"]["facts"]["n"] == 4
    for number in numbers:
        assert (await store.journal(number)).count("clock_missed") == 2
        assert (await desk.read(recompute, number)) == (await desk.read(stored, number))[1]


async def test_late_and_ended_before_the_sweep_came_is_told_all_the_same(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    clock.now = at(23, 11, 31)
    await desk.run_as(await operator(desk), take, ticket.id)
    await desk.run(sweep)
    await desk.run(sweep)
    assert (await store.told(ALERTS)).count("alert.clock.reaction") == 1
    assert await due(desk, ticket.id)


@pytest.mark.parametrize(
    ("words", "reaction", "resolution"),
    [
        ("video", at(23, 10, 30), at(24, 9, 30)),
        ("Vid", at(23, 10, 30), at(24, 9, 30)),
        ("видео", at(23, 10, 30), at(24, 9, 30)),
        ("question", at(23, 14, 30), None),
        ("doors", at(23, 11, 30), at(25, 9, 30)),
        ("doors, question", at(23, 14, 30), None),
    ],
)
async def test_classified_anew_it_is_reckoned_from_the_first_moment(
    desk: Desk,
    store: Store,
    clock: Clock,
    words: str,
    reaction: datetime,
    resolution: datetime | None,
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    clock.now = at(23, 10)
    await desk.run_as(await operator(desk), classify, ticket.id, words)
    expected = {"reaction": reaction} | ({"resolution": resolution} if resolution else {})
    assert await due(desk, ticket.id) == expected
    timers = await store.timers(ticket.id)
    assert timers["reaction"] == reaction and timers.get("resolution") == resolution


async def test_classified_anew_the_same_pauses_count(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    who = await operator(desk)
    clock.now = at(23, 10, 30)
    await desk.run_as(who, move, ticket.id, "freeze")
    clock.now = at(24, 9)
    await desk.run_as(who, move, ticket.id, "unfreeze")
    clock.now = at(24, 10)
    await desk.run_as(who, prioritise, ticket.id, "urgent")
    assert await due(desk, ticket.id) == {"reaction": at(23, 10), "resolution": at(24, 12)}
    await desk.run(sweep)
    assert (await store.told(ALERTS)).count("alert.clock.reaction") == 1


async def test_a_deadline_that_was_missed_is_told_again_only_if_it_moved_ahead(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    who = await operator(desk)
    await desk.run_as(who, prioritise, ticket.id, "urgent")
    clock.now = at(23, 10, 30)
    await desk.run(sweep)
    await desk.run_as(who, classify, ticket.id, "doors")  # still urgent, still late
    await desk.run(sweep)
    assert (await store.told(ALERTS)).count("alert.clock.reaction") == 1
    await desk.run_as(who, prioritise, ticket.id, "low")
    assert (await due(desk, ticket.id))["reaction"] == at(23, 11, 30)
    clock.now = at(23, 12)
    await desk.run(sweep)
    assert (await store.told(ALERTS)).count("alert.clock.reaction") == 2


REFUSED = [
    (classify, "nonsense", Unreadable, "refusal.no_such_class"),
    (classify, "video, nonsense", Unreadable, "refusal.no_such_class"),
    (classify, " ", Unreadable, "refusal.no_such_class"),
    (prioritise, "nonsense", Unreadable, "refusal.no_such_priority"),
    (prioritise, "video", Unreadable, "refusal.no_such_priority"),
]


@pytest.mark.parametrize(("action", "words", "error", "key"), REFUSED)
async def test_words_that_name_nothing_change_nothing(
    desk: Desk, store: Store, action: Any, words: str, error: type[Exception], key: str
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    who = await operator(desk)
    before = await store.everything()
    with pytest.raises(error) as refused:
        await desk.run_as(who, action, ticket.id, words)
    assert refused.value.key == key  # type: ignore[attr-defined]
    assert await store.everything() == before


async def test_the_same_again_is_nothing_to_do(desk: Desk) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    who = await operator(desk)
    await desk.run_as(who, classify, ticket.id, "video")
    with pytest.raises(NothingToDo):
        await desk.run_as(who, choose, ticket.id, "service", "video")
    with pytest.raises(NothingToDo):
        await desk.run_as(who, classify, ticket.id, "plain")


async def test_a_customer_classifies_nothing(desk: Desk) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    for action in (classify, prioritise):
        with pytest.raises(NotAllowed):
            await desk.run_as(await customer(desk), action, ticket.id, "video")


async def _signs(desk: Desk, **contract: Any) -> None:
    """Alice's house has an agreement of its own, and perhaps a contract."""
    alice = await customer(desk)

    async def sign(tx: Tx) -> None:
        account = Account(name="House 10")
        await tx.insert(account)
        await tx.insert(AccountMember(person_id=alice.person_id, account_id=account.id))
        for code, hours in (("house", 3), ("gold", 1)):
            terms = [Term(Kind(), Spans(hours * HOUR, None))]
            await directory.put_agreement(tx, code, code.title(), calendar="office", terms=terms)
        await directory.put_account_agreement(tx, "House 10", "house")
        if contract:
            await tx.insert(
                Contract(account_id=account.id, number="7", agreement="gold", **contract)
            )

    await desk.run(sign)


@pytest.mark.parametrize(
    ("contract", "reaction"),
    [
        ({}, at(23, 12, 30)),
        ({"since": date(2026, 11, 23)}, at(23, 10, 30)),
        ({"since": date(2026, 11, 24)}, at(23, 12, 30)),
        ({"until": date(2026, 11, 22)}, at(23, 12, 30)),
    ],
)
async def test_contract_then_account_then_default(
    desk: Desk, contract: dict[str, Any], reaction: datetime
) -> None:
    await agrees(desk)
    await _signs(desk, **contract)
    ticket = await opens(desk)
    assert await due(desk, ticket.id) == {"reaction": reaction}
    other = await opens(desk, OLGA)
    assert (await due(desk, other.id))["reaction"] == at(23, 11, 30)


async def test_an_operator_may_name_another_agreement(desk: Desk) -> None:
    await agrees(desk)
    await _signs(desk)
    ticket = await opens(desk)
    await desk.run_as(await operator(desk), classify, ticket.id, "gold")
    assert await due(desk, ticket.id) == {"reaction": at(23, 10, 30)}


async def test_all_clocks_count_in_the_hours_of_the_agreement_that_was_named_last(
    desk: Desk, clock: Clock
) -> None:
    await agrees(desk)
    olga, ticket = await operator(desk), await opens(desk)

    async def day_and_night(tx: Tx) -> None:
        week = [[["00:00", "24:00"]]] * 7
        await directory.put_calendar(tx, "always", "Always", zone="UTC", week=week)
        await directory.put_agreement(tx, "gold", "Gold", calendar="always", terms=TERMS)

    await desk.run(day_and_night)
    clock.now = at(23, 10)
    await desk.run_as(olga, take, ticket.id)
    await desk.run_as(olga, classify, ticket.id, "gold")
    assert await due(desk, ticket.id) == {"reaction": 1.5, "resolution": at(24, 1, 30)}
    clock.now = at(23, 20)
    await desk.run_as(olga, move, ticket.id, "freeze")
    assert await due(desk, ticket.id) == {"reaction": 1.5, "resolution": 5.5}


async def test_a_ticket_older_than_the_agreement_gets_clocks_when_it_is_taken_or_classified(
    desk: Desk, clock: Clock
) -> None:
    ticket = await opens(desk)
    await agrees(desk)
    clock.now = at(23, 10)
    await desk.run_as(await operator(desk), take, ticket.id)
    assert await due(desk, ticket.id) == {"reaction": 1.5, "resolution": at(25, 9, 30)}
    await desk.run_as(await operator(desk), classify, ticket.id, "video")
    assert await due(desk, ticket.id) == {"reaction": 0.5, "resolution": at(24, 9, 30)}


async def test_a_holiday_moves_the_clocks_of_open_tickets_at_once(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    ticket, ended = await opens(desk), await opens(desk)
    who = await operator(desk)
    await desk.run_as(who, move, ended.id, "close")
    clock.now = at(23, 12)

    async def off(tx: Tx) -> None:
        await directory.put_calendar(
            tx, "office", "Office", zone="UTC", week=WEEK, days={"2026-11-24": []}
        )

    await desk.run(off)
    assert (await due(desk, ticket.id))["resolution"] == at(26, 9, 30)
    assert (await store.timers(ticket.id))["resolution"] == at(26, 9, 30)
    assert (await store.journal(ended.id)).count("clocks_set") == 1
    await desk.run_as(who, move, ended.id, "reopen")
    assert (await due(desk, ended.id))["resolution"] == at(26, 12)


async def test_new_terms_are_for_new_tickets_and_those_classified_anew(desk: Desk) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    await agrees(desk, [Term(Kind(), Spans(HOUR, None))])
    assert (await due(desk, ticket.id))["reaction"] == at(23, 11, 30)
    assert await due(desk, (await opens(desk)).id) == {"reaction": at(23, 10, 30)}
    await desk.run_as(await operator(desk), classify, ticket.id, "video")
    assert await due(desk, ticket.id) == {"reaction": at(23, 10, 30)}


async def test_a_transaction_that_fails_leaves_the_directory_as_it_was(desk: Desk) -> None:
    await agrees(desk)
    await opens(desk)

    async def put(tx: Tx) -> None:
        terms = [Term(Kind(), Spans(HOUR, None))]
        await directory.put_agreement(
            tx, "plain", "Plain", calendar="office", terms=terms, default=True
        )
        ticket = await tx.get(Classification, 1)
        assert ticket is not None
        raise RuntimeError

    with pytest.raises(Exception):  # noqa: B017
        await desk.run(put)
    assert (await due(desk, (await opens(desk)).id))["reaction"] == at(23, 11, 30)


async def test_why_a_deadline_is_what_it_is(desk: Desk, clock: Clock) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    assert await desk.read(why, (await opens(desk)).id)
    clock.now = at(23, 12)
    await desk.run_as(await operator(desk), move, ticket.id, "freeze")
    reaction, resolution = await desk.read(why, ticket.id)
    assert (reaction.agreement, reaction.calendar, reaction.zone.key) == ("Plain", "Office", "UTC")
    assert reaction.told.reading.due_at == at(23, 11, 30)
    assert resolution.told.counted == timedelta(hours=2.5)
    assert resolution.told.reading.left == 13.5 * HOUR


# ------------------------------------------------------------------ the next contact (C6)


async def test_the_next_contact_is_kept_and_told_when_its_day_comes(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket = await opens(desk)
    await desk.run_as(await operator(desk), next_contact.plan_contact, ticket.id, at(25, 9))
    assert (await store.timers(ticket.id))["contact"] == at(25, 9)
    clock.now = at(25, 9)
    await desk.run(sweep)
    await desk.run(sweep)
    assert (await store.told(OPERATORS)).count("group.contact") == 1
    assert await desk.read(next_contact.contact_of, ticket.id) == at(25, 9)


@pytest.mark.parametrize(
    ("hour", "keeps"), [(at(24, 12), False), (at(25, 5), True), (at(26, 12), True)]
)
async def test_a_word_of_ours_on_the_day_or_later_keeps_the_promise(
    desk: Desk, store: Store, clock: Clock, hour: datetime, keeps: bool
) -> None:
    ticket = await opens(desk)
    await desk.run_as(await operator(desk), next_contact.plan_contact, ticket.id, at(25, 9))
    clock.now = hour
    await answers(desk, store, ticket.id)
    assert (await store.rows(select(NextContact)) == []) is keeps
    assert ("contact" in await store.timers(ticket.id)) is not keeps


@pytest.mark.parametrize(("verb", "still"), [("resolve", 0), ("close", 0), ("wait", 1)])
async def test_an_end_needs_no_next_contact(
    desk: Desk, store: Store, verb: str, still: int
) -> None:
    ticket = await opens(desk)
    who = await operator(desk)
    await answers(desk, store, ticket.id)
    await desk.run_as(who, next_contact.plan_contact, ticket.id, at(25, 9))
    await desk.run_as(who, move, ticket.id, verb)
    assert len(await store.rows(select(NextContact))) == still


async def test_the_list_of_those_passed_comes_once_a_day_in_the_morning(
    desk: Desk, store: Store, clock: Clock
) -> None:
    who = await operator(desk)
    numbers = [(await opens(desk)).id for _ in range(3)]
    for number, day in zip(numbers, (25, 24, 27), strict=True):
        await desk.run_as(who, next_contact.plan_contact, number, at(day, 9))
    moments = [at(26, 5), at(26, 7), at(26, 12), at(27, 5), at(27, 7)]
    for moment in moments:  # in Moscow it is three hours later
        clock.now = moment
        await desk.run(next_contact.tell_passed)
    rows = [row for row in await store.outbox(OPERATORS) if row.key == "group.contacts_passed"]
    assert [row.facts["passed"]["facts"]["n"] for row in rows] == [2, 2]
    assert rows[0].facts["passed"]["facts"]["numbers"] == f"#{numbers[1]}, #{numbers[0]}"


async def test_a_day_is_set_only_where_there_is_something_to_say(desk: Desk, store: Store) -> None:
    ticket = await opens(desk)
    who = await operator(desk)
    with pytest.raises(NothingToDo):
        await desk.run_as(who, next_contact.plan_contact, ticket.id, None)
    await desk.run_as(who, next_contact.plan_contact, ticket.id, at(25, 9))
    await desk.run_as(who, next_contact.plan_contact, ticket.id, at(26, 9))
    await desk.run_as(who, next_contact.plan_contact, ticket.id, None)
    assert await store.rows(select(NextContact)) == []
    await desk.run_as(who, move, ticket.id, "close")
    with pytest.raises(Exception, match=r"refusal\.state\.closed"):
        await desk.run_as(who, next_contact.plan_contact, ticket.id, at(25, 9))


async def test_back_from_its_end_a_ticket_is_reckoned_by_the_calendar_of_the_day(
    desk: Desk, clock: Clock
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    who = await operator(desk)
    clock.now = at(24, 18)
    await desk.run_as(who, move, ticket.id, "close")

    async def off(tx: Tx) -> None:
        await directory.put_calendar(
            tx, "office", "Office", zone="UTC", week=WEEK, days={"2026-11-24": []}
        )

    await desk.run(off)  # nobody worked on that day after all
    clock.now = at(26, 9)
    await desk.run_as(who, move, ticket.id, "reopen")
    assert (await due(desk, ticket.id))["resolution"] == at(27, 9, 30)
