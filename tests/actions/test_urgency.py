"""The queue by urgency (D4): the nearest deadline, then the priority, page by page."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.desk import Desk
from core.reports.desk_figures import find_figures
from core.sla.terms import Kind, Spans, Term
from core.tickets.board import board_of
from core.tickets.card import card_of
from core.tickets.classification import change_topic, prioritise
from core.tickets.conversation import answer_delivered, reply
from core.tickets.facts import tickets_with
from core.tickets.filters import MARKED, Filters
from core.tickets.lifecycle import move, take
from core.tickets.list_lines import Page
from core.tickets.lists import PageRequest, page_of, page_of_view, page_within
from core.tickets.queue_order import shaded
from core.tickets.sweep import sweep
from core.tickets.views import View
from core.tickets.workflow import Marker
from tests.actions.agreement_factories import HOUR, agrees
from tests.actions.people import ALICE, BORIS, opens, operator, writes
from tests.actions.store import Store
from tests.clock import Clock

DUE = datetime(2026, 11, 24, 9, 30, 40, tzinfo=UTC)


async def queue(desk: Desk, view: str = "queue", size: int = 10) -> list[int]:
    """All numbers of a list, read page by page, and the same backwards."""
    page: Page = await desk.read(page_of, view, size=size)
    numbers = [line.number for line in page.lines]
    while page.after is not None:
        page = await desk.read(page_of, view, page.after, size=size)
        numbers += [line.number for line in page.lines]
    back = [line.number for line in page.lines]
    while page.before is not None:
        page = await desk.read(page_of, view, page.before, backward=True, size=size)
        back = [line.number for line in page.lines] + back
    assert back == numbers
    return numbers


async def test_within_a_minute_priority_decides_and_no_further(desk: Desk, clock: Clock) -> None:
    who = await operator(desk)
    numbers = []
    for _ in range(4):
        numbers.append((await opens(desk)).id)
        clock.move(seconds=5)
    clock.move(minutes=1)
    later = (await opens(desk)).id
    await desk.run_as(who, prioritise, later, "urgent")
    for number, words in zip(numbers, ("low", "normal", "high", "urgent"), strict=True):
        await desk.run_as(who, prioritise, number, words)
    assert await queue(desk) == [*numbers[::-1], later]
    assert await queue(desk, size=2) == [*numbers[::-1], later]


async def test_a_nearer_deadline_of_an_agreement_goes_first(desk: Desk, clock: Clock) -> None:
    await agrees(desk, [Term(Kind(priority="urgent"), Spans(None, HOUR))])
    who = await operator(desk)
    first, second = (await opens(desk)).id, (await opens(desk)).id
    assert await queue(desk) == [first, second]
    await desk.run_as(who, prioritise, second, "urgent")
    assert await queue(desk) == [second, first]
    # whatever else places it in the queue, it keeps that place
    await desk.run_as(who, take, second)
    await desk.run_as(who, change_topic, second, "access")
    assert await queue(desk) == [second, first]
    await desk.run_as(who, move, second, "freeze")
    await desk.run_as(who, move, second, "unfreeze")
    assert await queue(desk) == [second, first]


async def test_what_is_late_by_its_agreement_is_listed_as_overdue_too(
    desk: Desk, clock: Clock
) -> None:
    await agrees(desk, [Term(Kind(priority="urgent"), Spans(None, HOUR))])
    who = await operator(desk)
    numbers = [(await opens(desk)).id for _ in range(3)]
    for number, words in zip(numbers, ("low", "normal", "urgent"), strict=True):
        await desk.run_as(who, prioritise, number, words)
    due = clock.now + timedelta(hours=1)
    clock.move(minutes=59)
    assert await queue(desk, "overdue") == []
    lines = (await desk.read(page_of, "queue")).lines
    assert [(one.late_since, one.agreed_due) for one in lines] == [(None, due), *[(None, None)] * 2]
    clock.move(minutes=1)
    assert await queue(desk, "overdue") == numbers[2:]
    page: Page = await desk.read(page_of, "overdue")
    (line,) = page.lines
    assert (line.marker, line.late_since, line.agreed_due) == (Marker.OVERDUE, clock.now, None)
    page = await desk.read(page_of, "queue")
    assert (page.total, page.overdue) == (3, 1)
    clock.move(days=3)
    assert sorted(await queue(desk, "overdue")) == numbers
    page = await desk.read(page_of, "queue")
    assert (page.total, page.overdue) == (3, 3)


async def answered(desk: Desk, store: Store, number: int) -> None:
    await desk.run_as(await operator(desk), reply, number, writes())
    await desk.run(answer_delivered, [(await store.messages(number))[-1].id])


async def test_an_answered_ticket_that_is_not_solved_in_time_moves_up(
    desk: Desk, store: Store, clock: Clock
) -> None:
    """At the deadline it moves up among those who need us (C5), and is late like any of them."""
    await agrees(desk, [Term(Kind(), Spans(None, 4 * HOUR))])
    first = (await opens(desk, ALICE)).id
    await answered(desk, store, first)
    clock.move(hours=1)
    second = (await opens(desk, BORIS)).id
    assert await queue(desk) == [second, first]
    assert await queue(desk, "overdue") == []
    clock.move(hours=4)
    await desk.run(sweep)
    assert await queue(desk) == [first, second]
    assert await queue(desk, "overdue") == [first]
    page: Page = await desk.read(page_of, "queue")
    assert (page.lines[0].marker, page.total, page.overdue) == (Marker.OVERDUE, 2, 1)


async def test_late_is_one_thing_wherever_it_is_said(
    desk: Desk, store: Store, clock: Clock
) -> None:
    """Answered, and late by its agreement: so says its line, its card, each list and each count."""
    await agrees(desk, [Term(Kind(), Spans(None, 4 * HOUR))])
    number = (await opens(desk, ALICE)).id
    await answered(desk, store, number)
    clock.move(hours=5)
    await desk.run(sweep)
    (line,) = (await desk.read(page_of, "queue")).lines
    card = await desk.read(card_of, number)
    (facts,) = await desk.read(tickets_with, [number])
    assert card is not None
    assert (line.marker, card.marker, facts.marker) == (Marker.OVERDUE, Marker.OVERDUE, "overdue")
    board, figures = await desk.read(board_of), await desk.read(find_figures)
    assert {marker: count for marker, count in board.counts.items() if count} == {"⭕": 1}
    assert (board.page.overdue, figures.overdue) == (1, 1)
    for marker in MARKED:
        saved = View("v", {"en": "V"}, {"markers": [marker]}, "urgency", None, None, active=True)
        wanted = [number] if marker == "overdue" else []
        page = await desk.read(page_of_view, saved)
        assert [one.number for one in page.lines] == wanted, marker
        for order in ("", "oldest", "newest"):
            asked = PageRequest("queue", counted=False)
            found = await desk.read(page_within, "queue", Filters(marker=marker), order, asked)
            assert [one.number for one in found.lines] == wanted, (marker, order)
    await desk.run_as(await operator(desk), move, number, "wait")
    (line,) = (await desk.read(page_of, "queue")).lines
    assert (line.marker, line.late_since, line.agreed_due) == (Marker.ANSWERED, None, None)


@pytest.mark.parametrize(
    ("verb", "listed"),
    [("wait", True), ("freeze", True), ("resolve", False), ("close", False)],
)
async def test_what_is_late_moves_down_again_when_it_is_not_our_turn(
    desk: Desk, store: Store, clock: Clock, verb: str, listed: bool
) -> None:
    await agrees(desk, [Term(Kind(), Spans(None, 4 * HOUR))])
    late = (await opens(desk, ALICE)).id
    await answered(desk, store, late)
    clock.move(hours=5)
    await desk.run(sweep)
    other, who = (await opens(desk, BORIS)).id, await operator(desk)
    await desk.run_as(who, move, late, verb)
    assert await queue(desk) == [other, *([late] if listed else [])]
    assert await queue(desk, "overdue") == []
    if listed:
        back = "unfreeze" if verb == "freeze" else "resolve"
        await desk.run_as(who, move, late, back)
        if back == "resolve":
            await desk.run_as(who, move, late, "reopen")
        assert await queue(desk) == [late, other]
        assert await queue(desk, "overdue") == [late]


async def test_a_longer_promise_takes_it_back_to_the_answered(
    desk: Desk, store: Store, clock: Clock
) -> None:
    terms = [
        Term(Kind(), Spans(None, 4 * HOUR)),
        Term(Kind(priority="low"), Spans(None, 40 * HOUR)),
    ]
    await agrees(desk, terms)
    late = (await opens(desk, ALICE)).id
    await answered(desk, store, late)
    clock.move(hours=5)
    await desk.run(sweep)
    other = (await opens(desk, BORIS)).id
    assert await queue(desk) == [late, other]
    await desk.run_as(await operator(desk), prioritise, late, "low")
    assert await queue(desk) == [other, late]
    assert await queue(desk, "overdue") == []


@pytest.mark.parametrize("words", ["low", "urgent"])
async def test_a_ticket_is_listed_as_overdue_to_the_second_whatever_its_priority(
    desk: Desk, store: Store, clock: Clock, words: str
) -> None:
    number = (await opens(desk)).id
    await desk.run_as(await operator(desk), prioritise, number, words)
    due = (await store.ticket(number)).answer_due
    assert due is not None
    clock.now = due
    assert await queue(desk, "overdue") == [number]
    clock.move(seconds=-1)
    assert await queue(desk, "overdue") == []


@given(st.integers(0, 3600), st.integers(-20, 20), st.integers(0, 3600), st.integers(-20, 20))
def test_priority_decides_within_a_minute_and_nowhere_else(
    one: int, weight: int, other: int, more: int
) -> None:
    first, second = DUE + timedelta(seconds=one), DUE + timedelta(seconds=other)
    place, next_place = shaded(first, weight), shaded(second, more)
    minute, next_minute = first.replace(second=0), second.replace(second=0)
    assert place.replace(second=0, microsecond=0) == minute
    inside = first.second and second.second  # at :00 the usual stand first themselves
    if minute < next_minute or (minute == next_minute and weight < more and inside):
        assert place < next_place
