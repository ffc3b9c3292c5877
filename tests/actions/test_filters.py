"""Tickets of a list by what they are: the same on both databases (A9, D2)."""

import pytest

from core.desk import Desk
from core.models import Ticket
from core.people.staff import by_operator
from core.tickets.classification import prioritise
from core.tickets.details import Details, details_of
from core.tickets.facts import list_filtered
from core.tickets.filters import Filters
from core.tickets.lists import numbers_named
from core.tickets.tags import tag
from core.tx import ReadTx
from tests.actions import people
from tests.actions.test_directory import apply

COMPANY = """[[priority]]
code = "high"
titles = { en = "High" }

[[view]]
code = "urgent"
titles = { en = "Urgent" }
priorities = ["high"]
order = "newest"
"""


@pytest.fixture
async def tickets(desk: Desk) -> list[int]:
    """Two of Alice, the first of them urgent, and one of Boris with a tag."""
    await apply(desk, COMPANY)
    made: list[Ticket] = [
        await people.opens(desk, who) for who in (people.ALICE, people.ALICE, people.BORIS)
    ]
    numbers = [one.id for one in made]
    await desk.run(by_operator, people.OLGA, prioritise, numbers[0], "high")
    await desk.run(by_operator, people.OLGA, tag, numbers[2], "vip")
    return numbers


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filters(priority="high"), [0]),
        (Filters(tag="vip"), [2]),
        (Filters(tag="vip", priority="high"), []),
        (Filters(topic="payment", state="new"), [2, 1, 0]),
        (Filters(channel="telegram"), [2, 1, 0]),
        (Filters(service="none"), []),
    ],
)
async def test_a_filter_has_what_meets_where(
    desk: Desk, tickets: list[int], wanted: Filters, found: list[int]
) -> None:
    async def look(tx: ReadTx) -> list[int]:
        listed, after = await list_filtered(tx, None, 10, wanted.where(tx))
        assert after is None
        in_queue, _ = await numbers_named(tx, "queue", size=10, filters=wanted)
        assert sorted(in_queue) == sorted(one.number for one in listed)
        return [one.number for one in listed]

    assert await desk.read(look) == [tickets[at] for at in found]


async def test_a_saved_list_may_be_narrowed_down(desk: Desk, tickets: list[int]) -> None:
    async def look(tx: ReadTx, wanted: Filters) -> list[int]:
        return (await numbers_named(tx, "urgent", filters=wanted))[0]

    assert await desk.read(look, Filters()) == [tickets[0]]
    assert await desk.read(look, Filters(channel="form")) == []


async def test_tags_are_read_for_many_tickets_at_once(desk: Desk, tickets: list[int]) -> None:
    found = await desk.read(details_of, tickets)
    assert found == {tickets[0]: Details(), tickets[1]: Details(), tickets[2]: Details({"vip": {}})}
