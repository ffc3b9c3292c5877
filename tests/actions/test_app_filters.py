"""What the table of tickets is narrowed down by: each filter holds, all of them together (D2)."""

from collections.abc import Sequence
from typing import Any

import pytest

from core.addresses import Address
from core.contacts.edit import describe
from core.desk import Desk
from core.models import Ticket
from core.people.staff import by_operator, enrol, id_of
from core.teams import assignment
from core.teams.assignee_parser import AssignmentWish, Target
from core.teams.teams import teams_of
from core.tickets import classification, lifecycle, looked_at, marker_counts
from core.tickets.filters import MARKED, Filters
from core.tickets.found_lists import found_of, found_within
from core.tickets.list_lines import Page
from core.tickets.lists import VIEWS, PageRequest, page_within
from core.tickets.looked_at import AtLeast
from core.tickets.marker_counts import count_by_marker
from core.tickets.search_index import index_new
from core.tickets.tags import tag
from core.tickets.views import View
from core.tickets.workflow import ANSWERED, Marker
from core.tx import Tx
from tests.actions.people import ALICE, BORIS, OLEG, OLGA, leaves_dialogue, opens
from tests.actions.test_directory import apply, arranged
from tests.actions.test_hot_path import asked, plan_of
from tests.clock import Clock

__all__ = ["arranged"]

TEAM = '[[team]]\ncode = "crew"\ntitles = { en = "Crew" }\n'
HOSTILE = ("' OR 1=1 --", "%", "9" * 40, "-1", "٣", "\\", "nonsense")


async def shown(
    desk: Desk,
    base: str | View = "queue",
    *,
    order: str = "",
    person: int | None = None,
    cursor: str = "",
    size: int = 10,
    **filters: Any,
) -> Page:
    """A page of a list with these filters."""
    wanted = PageRequest("queue", cursor, person=person, size=size, counted=False)
    return await desk.read(page_within, base, Filters(**filters), order, wanted)


async def numbers(desk: Desk, base: str | View = "queue", **how: Any) -> list[int]:
    return [line.number for line in (await shown(desk, base, **how)).lines]


async def made(desk: Desk, clock: Clock) -> Sequence[int]:
    """Five tickets: late and Olga's; late; tagged and urgent; the crew's; frozen."""
    await apply(desk, TEAM)
    for who in (OLGA, OLEG):
        await desk.run(by_operator, who, enrol)
    found = []
    for at, topic in enumerate(("payment", "access", "payment", "access", "payment")):
        found.append((await opens(desk, BORIS if at % 2 else ALICE, f"gate {at}", topic)).id)
        await leaves_dialogue(desk, ALICE)
        await leaves_dialogue(desk, BORIS)
        clock.move(days=4 if at == 1 else 0, minutes=1)
    one, _, three, four, five = found
    await desk.run(by_operator, OLGA, lifecycle.take, one)
    await desk.run(by_operator, OLGA, tag, three, "lamp")
    await desk.run(by_operator, OLGA, classification.prioritise, three, "urgent")
    await desk.run(by_operator, OLGA, give, four)
    await desk.run(by_operator, OLGA, lifecycle.move, five, "freeze")
    return found


async def give(tx: Tx, number: int) -> None:
    """To the crew."""
    await assignment.hand_over(tx, number, AssignmentWish(Target((await teams_of(tx))["crew"])))


async def person_of(desk: Desk, address: Address) -> int:
    found = await desk.read(id_of, address)
    assert found is not None
    return found


async def test_each_filter_holds_and_all_of_them_together(desk: Desk, clock: Clock) -> None:
    one, two, three, four, five = await made(desk, clock)
    olga = await person_of(desk, OLGA.address)
    for filters, wanted in (
        ({"marker": "overdue"}, {one, two}),
        ({"marker": "needs_answer"}, {three, four}),
        ({"marker": "frozen"}, {five}),
        ({"marker": "answered"}, set()),
        ({"topic": "payment"}, {one, three, five}),
        ({"team": "crew"}, {four}),
        ({"tag": "lamp"}, {three}),
        ({"priority": "urgent"}, {three}),
        ({"state": "in_progress"}, {one}),
        ({"assignee": str(olga)}, {one}),
        ({"assignee": "nobody"}, {two, three, four, five}),
        ({"topic": "payment", "marker": "overdue"}, {one}),
        ({"topic": "access", "assignee": "nobody", "marker": "overdue"}, {two}),
        ({"tag": "lamp", "topic": "access"}, set()),
        ({"state": "in_progress", "marker": "frozen"}, set()),
    ):
        given: dict[str, Any] = filters
        assert set(await numbers(desk, **given)) == wanted, filters
    mine = await shown(desk, person=olga, assignee="me")
    assert [line.number for line in mine.lines] == [one]
    assert set(await numbers(desk, "free", topic="payment")) == {three, five}


async def test_they_narrow_a_saved_list_too_and_the_order_is_another(
    desk: Desk, clock: Clock
) -> None:
    one, _, three, _, five = await made(desk, clock)
    saved = View("list", {}, {"topics": ["payment"]}, "newest", None, None, active=True)
    assert await numbers(desk, saved) == [five, three, one]
    assert await numbers(desk, saved, order="oldest") == [one, three, five]
    assert await numbers(desk, saved, marker="overdue") == [one]
    assert await numbers(desk, saved, topic="access") == []
    first = await shown(desk, order="oldest", topic="payment", size=2)
    assert first.after is not None and [line.number for line in first.lines] == [one, three]
    rest = await shown(desk, order="oldest", topic="payment", size=2, cursor=first.after)
    assert [line.number for line in rest.lines] == [five] and rest.before is not None


async def test_counts_are_as_many_as_their_lists_have(desk: Desk, clock: Clock) -> None:
    _, two, three, *_ = await made(desk, clock)
    for number in (two, three):
        await desk.run(by_operator, OLGA, lifecycle.move, number, "resolve", reason="Готово")
    olga = await person_of(desk, OLGA.address)
    ended: dict[str, Any] = {"markers": ["resolved", "frozen"]}
    mixed, solved, states = (
        View("list", {}, conditions, "urgency", None, None, active=True)
        for conditions in (ended, {"markers": ["resolved"]}, {"states": ["resolved", "new"]})
    )
    assert (await desk.read(count_by_marker, "resolved"))["🟢"] == 2
    bases: list[str | View] = [*VIEWS, mixed, solved, states]
    for base in bases:
        for given in ({}, {"topic": "payment"}, {"assignee": "nobody"}, {"state": "new"}):
            counts = await desk.read(count_by_marker, base, Filters(**given), olga)
            for marker, count in zip(MARKED, counts.values(), strict=True):
                wanted: dict[str, Any] = {**given, "marker": marker}
                page = await shown(desk, base, person=olga, **wanted)
                there = len(page.lines)
                least = isinstance(count, AtLeast)
                assert count <= there if least else count == there, (base, given, marker)


async def test_what_excludes_itself_has_no_pages(desk: Desk, clock: Clock) -> None:
    await made(desk, clock)
    olga = await person_of(desk, OLGA.address)
    saved = View("list", {}, {"topics": ["payment"], "assignee": "me"}, "newest", None, None, True)
    asked: list[tuple[str | View, dict[str, Any]]] = [
        ("mine", {"assignee": "nobody"}),
        ("free", {"assignee": "me"}),
        ("mine", {"assignee": "9"}),
        ("frozen", {"marker": "overdue"}),
        (saved, {"topic": "access"}),
        (saved, {"assignee": "nobody"}),
    ]
    for base, given in asked:
        page = await shown(desk, base, person=olga, **given)
        assert (page.lines, page.before, page.after) == ((), None, None), (base, given)
        counts = await desk.read(count_by_marker, base, Filters(**given), olga)
        assert not any(counts.values()) or "marker" in given, (base, given)
    for base, given in (("mine", {"assignee": "me"}), ("mine", {"assignee": str(olga)})):
        assert len(await numbers(desk, base, person=olga, **given)) == 1
    assert len(await numbers(desk, saved, person=olga, topic="payment", assignee="me")) == 1


async def test_a_page_before_the_first_is_the_first(desk: Desk, clock: Clock) -> None:
    """What stood before a page is gone meanwhile: whoever turns back sees the list's beginning."""
    found = await made(desk, clock)
    second = await shown(desk, order="oldest", size=2, cursor=(await first_of(desk)).after or "")
    for number in found[:2]:
        await desk.run(by_operator, OLGA, lifecycle.move, number, "close", reason="Готово")
    wanted = PageRequest("queue", second.before or "", True, None, 2, counted=False)
    back = await desk.read(page_within, "queue", Filters(), "oldest", wanted)
    assert [line.number for line in back.lines] == list(found[2:4])
    assert back.before is None and back.after is not None


async def test_by_age_a_page_looks_so_far_where_many_are_not_known_to_be_late(
    desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts those that it passes over, too: half a million in time may come before them."""
    one, two, *_ = await made(desk, clock)
    monkeypatch.setattr("core.tickets.narrowing.RARE", -1)
    monkeypatch.setattr("core.tickets.lists.LOOKED", 2)
    first = await shown(desk, order="newest", marker="overdue")
    assert first.lines == () and first.partly and first.after is not None
    rest = await shown(desk, order="newest", marker="overdue", cursor=first.after)
    assert [line.number for line in rest.lines] == [two, one]


async def first_of(desk: Desk) -> Page:
    return await shown(desk, order="oldest", size=2)


async def test_what_is_no_filter_finds_nothing_and_harms_nothing(desk: Desk, clock: Clock) -> None:
    await made(desk, clock)
    for name in ("topic", "team", "tag", "priority", "state", "assignee"):
        for value in HOSTILE:
            given: dict[str, Any] = {name: value}
            assert await numbers(desk, **given) == [], (name, value)


async def test_what_is_found_by_words_is_narrowed_down_as_well(
    desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, three, *_ = await made(desk, clock)
    await desk.run(index_new)

    async def found(words: str, cursor: str = "", **filters: str) -> Page:
        return await desk.read(found_within, words, Filters(**filters), cursor)

    assert [line.number for line in (await found("gate", marker="overdue")).lines] == [two, one]
    assert [line.number for line in (await found("gate", tag="lamp")).lines] == [three]
    assert (await found("gate", state="in_progress")).lines[0].number == one
    monkeypatch.setattr("core.tickets.found_lists.PAGE", 2)
    page = await found("gate", topic="payment")
    assert len(page.lines) == 2 and page.after is not None
    rest = await found("gate", page.after, topic="payment")
    assert [line.number for line in rest.lines] == [one] and rest.after is None


async def test_a_filter_takes_nothing_from_what_can_be_searched(desk: Desk, clock: Clock) -> None:
    """Phones and solutions are for those who work here, with a filter as without one."""
    one, two, *_ = await made(desk, clock)
    await desk.run(by_operator, OLGA, describe, one, "+79161234567")
    await desk.run(by_operator, OLGA, lifecycle.move, two, "resolve", reason="Заменили кабель")
    clock.move(minutes=1)
    while await desk.run(index_new):
        pass
    for words in ("9161234567", "кабель"):
        everywhere = [line.number for line in (await desk.read(found_of, words)).lines]
        filters = [Filters(topic="payment"), Filters(topic="access")]
        narrowed = [await desk.read(found_within, words, one) for one in filters]
        found = [line.number for page in narrowed for line in page.lines]
        assert everywhere and sorted(found, reverse=True) == everywhere, words


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({"assignee": "7"}, "ix_ticket_assignee_queue"),
        ({"state": "new"}, "ix_ticket_state_queue"),
        ({"marker": "overdue"}, "ix_ticket_queue"),
        ({"marker": "frozen"}, "ix_ticket_queue"),
        ({"topic": "payment"}, "ix_ticket_topic_queue"),
        ({"team": "crew"}, "ix_ticket_team_team_queue"),
        ({"tag": "vip"}, "ix_ticket_tag_tag_queue"),
        ({"priority": "high"}, "ix_classification_priority_queue"),
        ({"tag": "vip", "team": "crew", "state": "new"}, "ix_ticket_tag_tag_queue"),
        ({"marker": "needs_answer"}, "ix_ticket_in_time_queue"),
        ({"marker": "needs_answer", "team": "crew"}, "ix_ticket_team_team_queue"),
        ({"base": "mine", "person": 7, "marker": "needs_answer"}, "ix_ticket_assignee_queue"),
        ({"assignee": "7", "marker": "overdue"}, "ix_ticket_assignee_queue"),
        ({"state": "new", "marker": "needs_answer"}, "ix_ticket_state_queue"),
        ({"topic": "payment", "marker": "needs_answer"}, "ix_ticket_topic_queue"),
        ({"order": "oldest", "marker": "needs_answer"}, "ix_ticket_in_time_open"),
        ({"order": "newest", "marker": "overdue"}, "ix_ticket_missed_open"),
        ({"order": "oldest"}, "ix_ticket_open"),
        ({"order": "newest", "topic": "payment"}, "ix_ticket_topic_open"),
        ({"order": "oldest", "assignee": "7"}, "ix_ticket_assignee_id_open"),
        ({"order": "oldest", "state": "new"}, "ix_ticket_state_open"),
        ({"order": "newest", "team": "crew"}, "ix_ticket_team_team_open"),
        ({"order": "oldest", "priority": "high"}, "ix_classification_priority_open"),
    ],
)
async def test_filters_that_have_an_index_are_read_along_it(
    desk: Desk, filters: dict[str, Any], index: str
) -> None:
    if not desk.database.is_sqlite:
        pytest.skip("PostgreSQL plans by its statistics, which an empty table has none of")

    await opens(desk)
    with asked(desk) as heard:
        await shown(desk, **filters)
    steps = await plan_of(desk.database, heard)
    assert any(
        f"USING INDEX {index}" in step or f"COVERING INDEX {index}" in step for step in steps
    ), steps
    assert not [step for step in steps if step.startswith("SCAN ticket") and "INDEX" not in step]
    assert not [step for step in steps if "CORRELATED LIST" in step], steps
    # the page is read in the order of an index: only its own rows are sorted
    of_all = [step for step in steps if "ORDER BY" in step]
    assert len(of_all) <= 2, steps


async def test_a_list_that_says_which_markers_it_has_shows_no_other(
    desk: Desk, clock: Clock
) -> None:
    late, *_ = await made(desk, clock)
    states = {"states": ["new", "in_progress"], "markers": ["overdue", "needs_answer"]}
    base = View("busy", {"en": "Busy"}, states, "urgency", None, None, active=True)
    assert late in await numbers(desk, base)
    assert await numbers(desk, base, marker="answered") == []
    assert (await desk.read(count_by_marker, base))[Marker.ANSWERED.value] == 0


async def test_a_count_that_was_not_finished_says_so_with_what_is_resolved(
    desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marker_counts, "COUNTABLE", 1)
    monkeypatch.setattr(looked_at, "LOOKED", 1)
    found = await made(desk, clock)
    olga = await person_of(desk, OLGA.address)

    async def answer_all(tx: Tx) -> None:
        rows = [await tx.get(Ticket, number) for number in found]
        for row in rows:
            row.assignee_id, row.topic, row.queue_rank = olga, "payment", ANSWERED

    await desk.run(answer_all)
    markers = {"markers": ["answered", "resolved"]}
    base = View("all", {"en": "All"}, markers, "urgency", None, None, active=True)
    counts = await desk.read(count_by_marker, base, Filters(topic="payment", assignee="me"), olga)
    assert isinstance(counts[Marker.ANSWERED.value], looked_at.AtLeast)


async def test_what_is_resolved_is_counted_where_its_state_is_asked_for(
    desk: Desk, clock: Clock
) -> None:
    first, second, *_ = await made(desk, clock)
    for number in (first, second):
        await desk.run(by_operator, OLGA, lifecycle.move, number, "resolve")
    counts = await desk.read(count_by_marker, "queue", Filters(state="resolved"))
    assert counts[Marker.ANSWERED.value] == 2
    assert await numbers(desk, state="resolved", marker="answered") == [first, second]
    assert await numbers(desk, state="resolved", marker="overdue") == []
    busy = await desk.read(count_by_marker, "queue", Filters(state="in_progress"))
    assert busy[Marker.ANSWERED.value] == 0
