"""Numbers of the statistics and the tickets behind them: the same, on both databases (H1)."""

from dataclasses import dataclass
from datetime import date

import pytest

from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.people.staff import by_operator
from core.reports.measured import (
    FIGURES,
    Figure,
    count_of,
    named_part,
    page_of_figure,
    scopes_of,
)
from core.reports.statistics import ALL, Scope, statistics_of
from core.tickets.closing import describe
from core.tickets.lifecycle import move, take
from core.tickets.ratings import rate
from tests.actions.people import ALICE, BORIS, OLEG, OLGA, customer, leaves_dialogue, opens
from tests.actions.store import Store
from tests.actions.test_ticket_metrics import answers, counted
from tests.clock import Clock

REASONS = """
[[closing_reason]]
code = "advice"
titles = { en = "Advice", ru = "Совет" }
"""


@dataclass(frozen=True, slots=True)
class Week:
    """Its days, and the numbers of its tickets."""

    since: date
    until: date
    numbers: list[int]

    def figure(self, name: str, scope: Scope = ALL, part: Scope = ALL) -> Figure:
        return Figure(name, self.since, self.until, scope, part)


@pytest.fixture
async def week(desk: Desk, store: Store, clock: Clock) -> Week:
    """Tickets that were answered in time and late, came back, were rated, go on."""
    await desk.run(apply_directory, read_directory(REASONS))
    since, numbers = clock().astimezone(desk.company.zone).date(), []
    for topic, who in (("payment", ALICE), ("access", BORIS)) * 2:
        numbers.append((await opens(desk, who, "it is dark", topic)).id)
        await leaves_dialogue(desk, who)
        clock.move(hours=1)
    for number, who in zip(numbers, (OLGA, OLEG), strict=False):
        await desk.run(by_operator, who, take, number)
        await answers(desk, store, number)
        await desk.run(by_operator, OLGA, move, number, "resolve")
    await desk.run_as(await customer(desk), rate, numbers[0], 5)
    await desk.run(by_operator, OLGA, describe, numbers[0], reason="advice")
    clock.move(days=1)
    await desk.run(by_operator, OLGA, move, numbers[1], "reopen")
    clock.move(days=4)
    await answers(desk, store, numbers[2])
    await counted(desk)
    return Week(since, clock().astimezone(desk.company.zone).date(), numbers)


async def test_each_number_is_how_many_tickets_its_list_has(desk: Desk, week: Week) -> None:
    for scope in (ALL, *await desk.read(scopes_of)):
        found = await desk.read(statistics_of, week.since, week.until, scope)
        said = {
            "opened": found.opened,
            "ended": found.ended,
            "open": found.open,
            "solved": found.solved,
            "reopened": found.reopened,
            "first": 0 if found.first is None else found.first.n,
            "resolution": 0 if found.resolution is None else found.resolution.n,
            "rated": found.ratings.rated,
        }
        for name, number in said.items():
            assert await desk.read(count_of, week.figure(name, scope)) == number, name
        for name in FIGURES:
            figure = week.figure(name, scope)
            page = await desk.read(page_of_figure, figure)
            assert len(page.lines) == page.total == await desk.read(count_of, figure), name
        for day in found.days:
            at_its_end = Figure("open_at", day.day, day.day, scope)
            assert await desk.read(count_of, at_its_end) == day.open


async def test_the_story_has_something_to_count(desk: Desk, week: Week) -> None:
    counts = {name: await desk.read(count_of, week.figure(name)) for name in FIGURES}
    assert {name: counts[name] for name in ("opened", "open", "reopened", "rated", "first")} == {
        "opened": 4,
        "open": 3,
        "reopened": 1,
        "rated": 1,
        "first": 3,
    }
    assert counts["missed"] >= 1 and counts["kept"] >= 2 and counts["overdue"] >= 1
    assert counts["by_us"] >= 1


async def test_parts_divide_a_number(desk: Desk, week: Week) -> None:
    found = await desk.read(statistics_of, week.since, week.until, ALL)
    for column, shares in (("topic", found.topics), ("category", found.categories)):
        for share in shares:
            part = await desk.read(named_part, column, share.code or "")
            assert part is not None
            assert await desk.read(count_of, week.figure("opened", ALL, part)) == share.n
    assert [(one.code, one.n) for one in found.reasons] == [("advice", 1)]
    for share in found.reasons:
        part = await desk.read(named_part, "reason", share.code or "")
        assert part is not None
        assert await desk.read(count_of, week.figure("ended", ALL, part)) == share.n
        listed = await desk.read(page_of_figure, week.figure("ended", ALL, part))
        assert len(listed.lines) == share.n
    for load in found.operators:
        part = await desk.read(named_part, "assignee_id", str(load.person_id))
        assert part is not None and part.title == load.name
        for name, number in (("ended", load.ended), ("open", load.open)):
            assert await desk.read(count_of, week.figure(name, ALL, part)) == number


async def test_pages_of_a_number_hold_each_ticket_once(desk: Desk, week: Week) -> None:
    figure, cursor, seen = week.figure("opened"), "", []
    while True:
        page = await desk.read(page_of_figure, figure, cursor, size=1)
        seen += [line.number for line in page.lines]
        if page.after is None:
            break
        cursor = page.after
    assert seen == week.numbers[::-1]
    back = await desk.read(page_of_figure, figure, cursor, backward=True, size=1)
    assert [line.number for line in back.lines] == [week.numbers[2]]


@pytest.mark.parametrize(
    ("column", "code"),
    [
        ("ticket_id", "1"),
        ("topic", "none"),
        ("team", "none"),
        ("category", "none"),
        ("reason", "none"),
        ("camera", ""),
        ("camera", "none"),
        ("assignee_id", "9" * 30),
        ("assignee_id", "x"),
        ("assignee_id", "999999"),
    ],
)
async def test_what_is_no_part_is_none(desk: Desk, column: str, code: str) -> None:
    assert await desk.read(named_part, column, code) is None


async def test_tickets_without_a_team_are_a_part(desk: Desk, week: Week) -> None:
    part = await desk.read(named_part, "team", "")
    assert part == Scope("team", None)
    assert await desk.read(count_of, week.figure("opened", ALL, part)) == 4
