"""Changed agreements and hours: open tickets keep what was promised, or go by the new (C1, C4)."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.directory import recount
from core.directory.deadlines import Touched
from core.directory.reader import read_directory
from core.directory.recount import go_on_recounting
from core.directory.store import OnlyChecked, apply_directory
from core.models import Account, AccountMember, Classification, Clock, Contract
from core.people.staff import by_operator
from core.sla.clock_recorder import recompute
from core.sla.clock_store import stored
from core.tickets.classification import classify
from core.tickets.lists import page_of
from core.tickets.marker_counts import count_by_marker
from core.tickets.workflow import Marker
from core.tx import Tx
from tests.actions.people import ANNA, BORIS, OLGA, opens
from tests.actions.store import Store
from tests.actions.test_directory import apply
from tests.clock import Clock as MovedClock

OFFICE = """
[[calendar]]
code = "office"
title = "Office"
zone = "UTC"
week = { mon = ["09:00-18:00"], tue = ["09:00-18:00"], wed = ["09:00-18:00"], thu = ["09:00-18:00"], fri = ["09:00-18:00"] }

[[agreement]]
code = "plain"
title = "Plain"
calendar = "office"
default = true
terms = [{ reaction = "2h", resolution = "16h" }]
"""  # noqa: E501
QUICKER = OFFICE.replace('"2h"', '"1h"')
LATER = OFFICE.replace("09:00", "12:00")


async def touched(desk: Desk, text: str) -> Touched:
    with pytest.raises(OnlyChecked) as checked:
        await apply(desk, text, really=False)
    return checked.value.touched


async def signs(desk: Desk, person_id: int, agreement: str) -> None:
    """The person belongs to an account with a contract that has not ended."""

    async def sign(tx: Tx) -> None:
        account = Account(name="ACME")
        await tx.insert(account)
        await tx.write()
        await tx.insert(AccountMember(account_id=account.id, person_id=person_id))
        await tx.insert(Contract(account_id=account.id, number="17", agreement=agreement))

    await desk.run(sign)


async def due(store: Store, number: int, kind: str = "reaction") -> Any:
    query = select(Clock).where(Clock.ticket_id == number, Clock.kind == kind)
    (clock,) = await store.rows(query)
    return clock.due_at


async def test_new_terms_are_kept_or_counted_anew_as_somebody_chooses(
    desk: Desk, store: Store
) -> None:
    await apply(desk, OFFICE)
    first, second = await opens(desk), await opens(desk, BORIS)
    before = await due(store, first.id)
    assert await touched(desk, QUICKER) == Touched(agreed=2)
    await apply(desk, QUICKER)
    assert await due(store, first.id) == before, "what was promised stays"
    assert await touched(desk, OFFICE) == Touched(agreed=2)
    await desk.run(apply_directory, read_directory(OFFICE.replace('"2h"', '"3h"')), recount=True)
    for ticket in (first, second):
        assert await due(store, ticket.id) == before + timedelta(hours=1)


async def test_clocks_by_former_hours_are_kept_or_counted_anew_as_somebody_chooses(
    desk: Desk, store: Store
) -> None:
    await apply(desk, OFFICE)
    ticket = await opens(desk)
    before, answer = await due(store, ticket.id), (await store.ticket(ticket.id)).answer_due
    assert await touched(desk, LATER) == Touched(answers=1, hours=1)
    await apply(desk, LATER)
    assert await due(store, ticket.id) == before, "what was promised stays"
    await apply(desk, OFFICE)
    assert await due(store, ticket.id) == before
    await desk.run(apply_directory, read_directory(LATER), recount=True)
    assert await due(store, ticket.id) > before
    assert (await store.ticket(ticket.id)).answer_due != answer


async def test_who_is_late_by_the_agreement_is_late_after_answers_were_counted_anew(
    desk: Desk, store: Store, clock: MovedClock
) -> None:
    """The place in the queue says who is late: it is that of the nearest deadline."""
    settings = '[settings]\nanswer_deadline = "5h"\n' + OFFICE
    await apply(desk, settings)
    ticket = await opens(desk)
    clock.now = await due(store, ticket.id) + timedelta(minutes=2)
    await desk.run(apply_directory, read_directory(settings.replace("5h", "6h")), recount=True)
    listed = await desk.read(page_of, "overdue")
    assert [line.number for line in listed.lines] == [ticket.id]
    counts = await desk.read(count_by_marker)
    assert counts[Marker.OVERDUE.value] == 1


async def test_an_answers_deadline_by_new_hours_is_counted_anew_where_somebody_wants_it(
    desk: Desk, store: Store
) -> None:
    night = OFFICE.replace("09:00-18:00", "20:00-21:00")
    await apply(desk, '[settings]\nanswer_deadline = "5h"\n' + OFFICE)
    ticket = await opens(desk)
    before = (await store.ticket(ticket.id)).answer_due
    assert before is not None
    await desk.run(apply_directory, read_directory(night), recount=True)
    after = (await store.ticket(ticket.id)).answer_due
    assert after is not None and after != before
    assert 20 <= after.hour <= 21
    assert await touched(desk, night) == Touched()


# Another default agreement

OTHER = """
[[agreement]]
code = "gold"
title = "Gold"
calendar = "office"
default = true
terms = [{ reaction = "1h", resolution = "8h" }]
"""


async def agreement_of(store: Store, number: int) -> str | None:
    query = select(Classification.agreement).where(Classification.ticket_id == number)
    return next(iter(await store.rows(query)), None)


async def test_tickets_of_the_former_default_keep_it_or_follow_as_somebody_chooses(
    desk: Desk, store: Store
) -> None:
    early = await opens(desk)
    assert await touched(desk, OFFICE) == Touched(default=1)
    await apply(desk, OFFICE)
    assert await agreement_of(store, early.id) is None, "it was opened before anything was agreed"
    plain, named, own = await opens(desk), await opens(desk, BORIS), await opens(desk, ANNA)
    await apply(desk, OTHER.replace("default = true", "").replace("old", "ilver"))
    for words in ("gilver", "plain"):
        await desk.run(by_operator, OLGA, classify, named.id, words)
    await signs(desk, own.customer_id, "plain")
    before = await due(store, plain.id)
    assert await touched(desk, OTHER) == Touched(default=1)
    await apply(desk, OTHER)
    assert await agreement_of(store, plain.id) == "plain"
    assert await due(store, plain.id) == before
    await apply(desk, OFFICE)
    await desk.run(apply_directory, read_directory(OTHER), recount=True)
    numbers = (plain.id, named.id, own.id)
    assert [await agreement_of(store, one) for one in numbers] == ["gold", "plain", "plain"]
    assert await due(store, plain.id) == before - timedelta(hours=1)


# Many tickets


async def test_many_tickets_are_counted_anew_in_steps_of_their_own(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recount, "BATCH", 2)
    await apply(desk, OFFICE)
    tickets = [(await opens(desk)).id for _ in range(5)]
    (before,) = {await due(store, one) for one in tickets}
    await desk.run(apply_directory, read_directory(QUICKER), recount=True)

    async def moved() -> int:
        return sum([await due(store, one) != before for one in tickets])

    assert await moved() == 2, "as many as one transaction takes"
    assert await desk.run(go_on_recounting) == 1 and await moved() == 4
    assert await desk.run(go_on_recounting) == 0 and await moved() == 5
    assert await desk.run(go_on_recounting) == 0


async def test_what_is_left_is_joined_by_another_change(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recount, "BATCH", 2)
    await apply(desk, OFFICE)
    tickets = [(await opens(desk)).id for _ in range(4)]
    (before,) = {await due(store, one) for one in tickets}
    await desk.run(apply_directory, read_directory(QUICKER), recount=True)
    await desk.run(apply_directory, read_directory(QUICKER.replace("09:00", "12:00")), recount=True)
    while await desk.run(go_on_recounting):
        pass
    (after,) = {await due(store, one) for one in tickets}
    assert after not in {before, before - timedelta(hours=1)}
    for one in tickets:
        assert (await desk.read(stored, one))[1] == await desk.read(recompute, one)


async def test_tickets_without_an_agreement_follow_a_second_default_as_well(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first default is not everybody's yet when there is another one."""
    monkeypatch.setattr(recount, "BATCH", 1)
    tickets = [(await opens(desk)).id for _ in range(3)]
    for text in (OFFICE, OTHER):
        await desk.run(apply_directory, read_directory(text), recount=True)
    while await desk.run(go_on_recounting):
        pass
    assert [await agreement_of(store, one) for one in tickets] == ["gold"] * 3
