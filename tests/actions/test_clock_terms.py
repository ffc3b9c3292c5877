"""Which agreement, hours and terms the clocks of a ticket go by, and since when."""

from datetime import date, datetime
from typing import Any

import pytest

from core.desk import Desk
from core.models import Account, AccountMember, Classification, Contract
from core.sla.terms import Kind, Spans, Term
from core.tickets.classification import classify
from core.tickets.lifecycle import move, take
from core.tx import Tx
from tests.actions import company_directory as directory
from tests.actions.agreement_factories import HOUR, TERMS, WEEK, agrees
from tests.actions.clock_readings import at, due
from tests.actions.people import OLGA, customer, opens, operator
from tests.actions.store import Store
from tests.clock import Clock


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
