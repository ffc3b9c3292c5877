"""Muting and blocking: with a reason and an end, in the journal, undone at once (S10)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.contacts.erasure import erase_again
from core.desk import Desk
from core.errors import NotAllowed, NothingToDo, Refusal
from core.models import Person, Restriction
from core.people.restrictions import lift, list_restricted, restrict
from core.tickets.customer_dialogue import edit_own
from core.tickets.intake import Outcome, hear
from core.tickets.unassigned import file_unassigned_messages, file_waiting
from core.tx import Tx
from tests.actions.people import (
    ALICE,
    OPERATORS,
    customer,
    opens,
    operator,
    says,
)
from tests.actions.store import Store
from tests.clock import Clock

HOUR = timedelta(hours=1)


async def restricted(desk: Desk, kind: str) -> int:
    person = (await customer(desk)).person_id or 0
    boss = await operator(desk)
    await desk.run_as(boss, restrict, person, kind, desk.clock() + HOUR, "spam")
    return person


async def test_a_muted_person_posts_nothing_and_loses_nothing(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket = await opens(desk)
    await restricted(desk, "mute")
    before = await store.told(OPERATORS)
    clock.move(minutes=1)
    said = says(ALICE, "and more")
    await desk.run(hear, ALICE, said)
    await desk.run(edit_own, ALICE, says(ALICE, "other", message_ref=int(said.ref.message)))
    assert await store.told(OPERATORS) == before
    assert [m.text for m in await store.messages(ticket.id)][-1] == "other"
    assert "customer_wrote" in await store.journal(ticket.id)
    another = await opens(desk, text="another")
    assert await store.told(OPERATORS) == before and another.id
    clock.move(hours=1)
    await opens(desk, text="after the end")
    assert await store.told(OPERATORS) != before


async def test_a_blocked_person_is_told_once_and_opens_nothing(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket = await opens(desk)
    await restricted(desk, "block")
    heard = [(await desk.run(hear, ALICE, says(ALICE, "let me in"))).outcome for _ in range(3)]
    assert heard == [Outcome.TURNED_AWAY] * 3
    assert (await store.told(ALICE.address.chat)).count("customer.blocked") == 1
    assert len(await store.messages(ticket.id)) == 1 and len(await store.tickets()) == 1
    clock.move(hours=1)
    assert (await desk.run(hear, ALICE, says(ALICE, "again"))).outcome is Outcome.JOINED


async def test_words_from_before_a_block_wait_for_its_end(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await desk.run(hear, ALICE, says(ALICE, "where does this belong"))
    await restricted(desk, "block")
    with pytest.raises(Refusal):
        await desk.run(file_unassigned_messages, ALICE, None)
    clock.move(minutes=30)
    assert await desk.run(file_waiting) == 0
    clock.move(minutes=31)
    assert await desk.run(file_waiting) == 1 and len(await store.tickets()) == 1


async def test_both_are_in_the_journal_and_are_lifted(desk: Desk, store: Store) -> None:
    ticket = await opens(desk)
    person = await restricted(desk, "mute")
    (facts,) = await store.facts(ticket.id, "person_restricted")
    assert (facts["kind"], facts["reason"]) == ("mute", "spam")
    (shown,) = await desk.read(list_restricted)
    assert (shown.name, shown.kind, shown.reason, shown.by) == ("Alice", "mute", "spam", "Olga")
    await desk.run_as(await operator(desk), lift, person)
    assert await desk.read(list_restricted) == []
    assert "restriction_lifted" in await store.journal(ticket.id)
    with pytest.raises(NothingToDo):
        await desk.run_as(await operator(desk), lift, person)


async def test_a_block_takes_the_place_of_a_mute_and_ends_by_itself(
    desk: Desk, clock: Clock
) -> None:
    await restricted(desk, "mute")
    await restricted(desk, "block")
    assert [one.kind for one in await desk.read(list_restricted)] == ["block"]
    clock.move(hours=1)
    assert await desk.read(list_restricted) == []


@pytest.mark.parametrize("span", [timedelta(0), timedelta(days=400)])
async def test_an_end_is_needed(desk: Desk, span: timedelta) -> None:
    person = (await customer(desk)).person_id or 0
    boss = await operator(desk)
    with pytest.raises(Refusal):
        await desk.run_as(boss, restrict, person, "mute", desk.clock() + span, "spam")


async def test_customers_restrict_nobody_and_colleagues_are_not_restricted(desk: Desk) -> None:
    person = (await customer(desk)).person_id or 0
    with pytest.raises(NotAllowed):
        await desk.run_as(
            await customer(desk), restrict, person, "block", desk.clock() + HOUR, "spam"
        )
    olga = await operator(desk)

    async def joins(tx: Tx) -> None:
        (await tx.get(Person, olga.person_id)).operator_since = tx.now

    await desk.run(joins)
    with pytest.raises(Refusal):
        await desk.run_as(olga, restrict, olga.person_id or 0, "mute", desk.clock() + HOUR, "x")


async def test_with_an_erased_customer_goes_why_they_were_muted(desk: Desk, store: Store) -> None:
    person = (await opens(desk)).customer_id
    boss, until = await operator(desk), desk.clock() + HOUR
    await desk.run_as(boss, restrict, person, "mute", until, "the canary writes too much")
    await desk.run(erase_again, person)
    assert await store.rows(select(Restriction)) == []
    (there,) = await store.rows(select(Person.restricted_until).where(Person.id == person))
    assert there is None
