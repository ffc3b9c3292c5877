"""Filters that meet: whichever index a list is read along, it is the same list (D2)."""

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.models import Classification, Ticket, TicketTag, TicketTeam
from core.models import Clock as AgreementClock
from core.tickets import lifecycle
from core.tickets.filters import Filters
from core.tickets.list_lines import Page
from core.tickets.list_order import BY_AGE
from core.tickets.lists import PageRequest, page_within
from core.tickets.looked_at import AtLeast
from core.tickets.marker_counts import count_by_marker
from core.tickets.sweep import sweep
from core.tickets.views import View
from core.tx import ReadTx, Tx
from tests.actions.people import opens, operator
from tests.actions.store import Store
from tests.clock import Clock

COMPANY = """[[team]]
code = "crew"
titles = { en = "Crew" }

[[team]]
code = "roof"
titles = { en = "Roof" }

[[priority]]
code = "high"
titles = { en = "High" }

[[calendar]]
code = "office"
title = "Office"
zone = "UTC"
week = { mon = ["09:00-18:00"] }
"""
MANY = 80
SIZE = 7
ASKED: tuple[dict[str, str], ...] = (
    {},
    *({"marker": one} for one in ("overdue", "needs_answer", "answered", "frozen")),
    *({"marker": one, "team": "crew"} for one in ("overdue", "needs_answer", "frozen")),
    {"marker": "needs_answer", "tag": "vip"},
    {"marker": "overdue", "assignee": "me"},
    {"marker": "needs_answer", "assignee": "nobody", "topic": "payment"},
    {"team": "crew", "assignee": "me"},
    {"tag": "vip", "priority": "high", "state": "in_progress"},
    {"state": "in_progress", "topic": "access"},
)


def marker_of(row: Any, now: Any) -> str:
    """What a ticket is marked with, by its row."""
    if row.queue_rank == 0:
        due = [one for one in (row.answer_due, row.agreed) if one is not None]
        return "overdue" if min(due) <= now else "needs_answer"
    return {1: "answered", 2: "frozen"}.get(row.queue_rank, "")


async def scatter(tx: Tx, number: int, person: int) -> None:
    """Tickets of all kinds beside this one: late and known to be, late for a moment, late by their
    agreement, answered or not.
    """
    dice = random.Random(7)
    facts = _facts(await tx.get(Ticket, number))
    tx.session.add_all(
        Ticket(**{**facts, **_looks(dice, tx.now, at), "assignee_id": dice.choice([None, person])})
        for at in range(MANY)
    )
    await tx.session.flush()
    for other in await tx.all(select(Ticket.id).where(Ticket.id != number).order_by(Ticket.id)):
        if team := dice.choice(["crew", "roof", ""]):
            tx.session.add(TicketTeam(ticket_id=other, team=team, level=1))
        if other % 5 == 0:
            tx.session.add(TicketTag(ticket_id=other, tag="vip"))
        tx.session.add(Classification(ticket_id=other, priority=dice.choice(["high", None])))
    await _agree(tx)


async def _agree(tx: Tx) -> None:
    """An agreement for those who stand earlier than their answer is due."""
    needing = select(Ticket).where(Ticket.queue_rank == 0).order_by(Ticket.id)
    for one in await tx.all(needing):
        place = one.queue_at
        assert place is not None
        if one.answer_due is None or place < one.answer_due - timedelta(minutes=1):
            about = {"span": 60, "started_at": one.opened_at, "due_at": place}
            tx.session.add(
                AgreementClock(ticket_id=one.id, kind="resolution", calendar="office", **about)
            )


def _facts(ticket: Ticket) -> dict[str, Any]:
    return {c.key: getattr(ticket, c.key) for c in Ticket.__table__.columns if c.key != "id"}


def _looks(dice: random.Random, now: Any, at: int) -> dict[str, Any]:
    looks: dict[str, Any] = {"topic": dice.choice(["payment", "access"])}
    looks |= {"state": dice.choice(["new", "in_progress"]), "queue_rank": None, "queue_at": None}
    looks["answer_due"] = looks["missed_due"] = None
    rank, minutes = dice.choice([0, 0, 0, 1, 2, None]), dice.randint(-300, 300)
    if rank is None:
        return looks
    instant = now + timedelta(minutes=minutes, seconds=at)
    if rank:
        return looks | {"queue_rank": rank, "queue_at": instant}
    place = instant + timedelta(seconds=dice.choice([0, 0, 0, 40, -40, -90_000]))
    due = None if place < now and dice.random() < 0.2 else instant
    known = due is not None and due <= now and at % 10 > 0
    looks |= {"queue_rank": rank, "queue_at": place, "answer_due": due}
    return looks | {"missed_due": due if known else None}


async def rows_of(tx: ReadTx) -> list[Any]:
    """Every open ticket with what it is narrowed down by."""
    query = (
        select(Ticket.__table__, TicketTeam.team, Classification.priority, TicketTag.tag)
        .add_columns(AgreementClock.due_at.label("agreed"))
        .outerjoin(AgreementClock, AgreementClock.ticket_id == Ticket.id)
        .outerjoin(TicketTeam, TicketTeam.ticket_id == Ticket.id)
        .outerjoin(Classification, Classification.ticket_id == Ticket.id)
        .outerjoin(TicketTag, TicketTag.ticket_id == Ticket.id)
        .where(Ticket.queue_rank.is_not(None))
    )
    return await tx.rows(query)


def fits(row: Any, asked: Mapping[str, str], now: Any, person: int) -> bool:
    said = {"marker": marker_of(row, now), "topic": row.topic, "state": row.state}
    said |= {"team": row.team, "tag": row.tag, "priority": row.priority}
    said |= {"assignee": {None: "nobody", person: "me"}[row.assignee_id]}
    return all(said[name] == value for name, value in asked.items())


async def turned(desk: Desk, asked: Mapping[str, str], order: str, person: int) -> list[int]:
    """A list's numbers, page by page to its end, and back again to its beginning."""

    async def page(cursor: str, *, back: bool = False) -> Page:
        wanted = PageRequest("queue", cursor, back, person, SIZE, counted=False)
        return await desk.read(page_within, "queue", Filters(**asked), order, wanted)

    pages = [await page("")]
    while pages[-1].after is not None:
        pages.append(await page(pages[-1].after))
    found = _numbers(pages)
    earlier: list[Page] = []
    last = pages[-1]
    while last.before is not None:
        last = await page(last.before, back=True)
        if set(_numbers([last])) & set(_numbers(earlier)):
            break  # nothing stands before: it is the first page again
        earlier.append(last)
    assert _numbers(earlier[::-1]) == found[: len(found) - len(pages[-1].lines)]
    return found


def _numbers(pages: Sequence[Page]) -> list[int]:
    return [line.number for page in pages for line in page.lines]


@pytest.fixture(params=[(3, 4), (1000, 600)])
def bounds(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """How many can be gathered, and how many looked at: hardly any, or all of them."""
    rare, looked = request.param
    monkeypatch.setattr("core.tickets.narrowing.RARE", rare)
    monkeypatch.setattr("core.tickets.lists.LOOKED", looked)
    monkeypatch.setattr("core.tickets.looked_at.LOOKED", looked)
    monkeypatch.setattr("core.tickets.looked_at.COUNTABLE", rare)
    return rare, looked


@pytest.fixture
async def scattered(desk: Desk, clock: Clock) -> int:
    """A desk with tickets of all kinds; whose some of them are."""
    await desk.run(apply_directory, read_directory(COMPANY))
    number = (await opens(desk)).id
    olga = await operator(desk)
    assert olga.person_id is not None
    clock.move(minutes=1)
    await desk.run(scatter, number, olga.person_id)
    return olga.person_id


@pytest.mark.usefixtures("bounds")
async def test_each_list_has_what_fits_in_its_order(desk: Desk, scattered: int) -> None:
    rows = await desk.read(rows_of)
    now = await desk.read(_now)
    for asked in ASKED:
        fit = [one for one in rows if fits(one, asked, now, scattered)]
        for order in ("", *BY_AGE):
            wanted = sorted(fit, key=lambda one: _place(one, by_age=bool(order)))
            numbers = [one.id for one in (wanted[::-1] if order == "newest" else wanted)]
            assert await turned(desk, asked, order, scattered) == numbers, (asked, order)
    some = [one for one in ASKED if one]
    assert all(any(fits(row, one, now, scattered) for row in rows) for one in some)


def _place(row: Any, *, by_age: bool) -> tuple[Any, ...]:
    return (row.id,) if by_age else (row.queue_rank, row.queue_at, row.id)


async def _now(tx: ReadTx) -> Any:
    return tx.now


async def test_a_statement_that_is_kept_heeds_the_bounds_of_its_next_run(
    desk: Desk, scattered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one test had bounded was kept for all others of its process."""
    asked = Filters(team="crew", assignee="me")
    exact = await desk.read(count_by_marker, "queue", asked, scattered)
    for looked in (1, 600, 1, 600):
        monkeypatch.setattr("core.tickets.narrowing.RARE", 3)
        monkeypatch.setattr("core.tickets.looked_at.COUNTABLE", 3)
        monkeypatch.setattr("core.tickets.looked_at.LOOKED", looked)
        counts = await desk.read(count_by_marker, "queue", asked, scattered)
        assert (counts == exact) is (looked == 600), looked


@pytest.mark.parametrize("counted", [2, 1000])
async def test_counts_are_exact_up_to_their_bounds_or_said_to_be_less(
    desk: Desk,
    scattered: int,
    counted: int,
    bounds: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for where in ("marker_counts", "late_counts"):
        monkeypatch.setattr(f"core.tickets.{where}.COUNTED", counted)
    rows, now = await desk.read(rows_of), await desk.read(_now)
    less = []
    for asked in ASKED:
        narrowed = {name: one for name, one in asked.items() if name != "marker"}
        marks = [marker_of(one, now) for one in rows if fits(one, narrowed, now, scattered)]
        counts = await desk.read(count_by_marker, "queue", Filters(**asked), scattered)
        names = ("overdue", "needs_answer", "answered", "frozen")
        for name, count in zip(names, counts.values(), strict=True):
            there = marks.count(name)
            if isinstance(count, AtLeast):
                less.append(asked)
                assert count <= there, (asked, name)
            elif len(narrowed) > 1:
                assert count == there, (asked, name)
            elif name == "needs_answer" and counted < MANY:  # beside many late ones not all are
                assert count <= min(there, counted + 1), (asked, name)
            else:
                assert count == min(there, counted + 1), (asked, name)
    assert bool(less) == (bounds[1] < MANY)


async def test_a_saved_list_with_an_order_of_its_own_can_begin_with_what_is_urgent(
    desk: Desk, clock: Clock
) -> None:
    first = (await opens(desk)).id
    clock.move(minutes=1)
    second = (await opens(desk)).id
    view = View("v", {"en": "V"}, {}, "newest", None, None, True)
    shown = {}
    for order in ("", "urgency"):
        page = await desk.read(page_within, view, Filters(), order, PageRequest("v", counted=False))
        shown[order] = [line.number for line in page.lines]
    assert shown == {"": [second, first], "urgency": [first, second]}


async def test_a_ticket_with_several_tags_of_a_list_counts_once(desk: Desk) -> None:
    number = (await opens(desk)).id

    async def tag(tx: Tx) -> None:
        tx.session.add_all([TicketTag(ticket_id=number, tag=one) for one in ("lift", "vip")])

    await desk.run(tag)
    view = View("v", {"en": "V"}, {"tags": ["lift", "vip"]}, "urgency", None, None, True)
    counts = await desk.read(count_by_marker, view, Filters(assignee="nobody"))
    assert list(counts.values()) == [0, 1, 0, 0]


async def test_a_deadline_that_has_passed_is_noted_and_one_that_moved_is_another(
    desk: Desk, store: Store, clock: Clock
) -> None:
    number = (await opens(desk)).id
    clock.move(days=4)
    assert (await store.ticket(number)).missed_due is None
    await desk.run(sweep)
    late = await store.ticket(number)
    assert late.missed_due == late.answer_due is not None
    olga = await operator(desk)
    await desk.run_as(olga, lifecycle.move, number, "freeze")
    clock.move(days=1)
    await desk.run_as(olga, lifecycle.move, number, "unfreeze")
    again = await store.ticket(number)
    assert again.answer_due is not None and again.missed_due == again.answer_due
    assert again.answer_due > late.answer_due
