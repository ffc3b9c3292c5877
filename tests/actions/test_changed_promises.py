"""Changed agreements and hours: open tickets keep what was promised, or go by the new (C1, C4)."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.directory.deadlines import Touched
from core.directory.reader import read_directory
from core.directory.store import OnlyChecked, apply_directory
from core.models import Clock
from tests.actions.people import BORIS, opens
from tests.actions.store import Store
from tests.actions.test_directory import apply

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


async def test_new_hours_move_clocks_at_once_which_is_said_before(desk: Desk, store: Store) -> None:
    await apply(desk, OFFICE)
    ticket = await opens(desk)
    before, answer = await due(store, ticket.id), (await store.ticket(ticket.id)).answer_due
    assert await touched(desk, LATER) == Touched(answers=1, hours=1)
    await apply(desk, LATER)
    assert await due(store, ticket.id) > before
    assert (await store.ticket(ticket.id)).answer_due == answer, "the answer's deadline is kept"


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
