"""A rule is tried: which tickets, what would be done, and nothing stays of it (X11)."""

import pytest

from core.automation import rule_trials
from core.automation.rule_trials import OnlyTried, Trial, attempt, find_rule, look_back
from core.desk import Desk
from core.directory.file_rules import attempt_with, rule_in
from core.directory.reader import read_directory
from core.tickets.lifecycle import move
from tests.actions.people import ALICE, BORIS, opens, operator
from tests.actions.store import Store
from tests.actions.test_rules import apply, rule
from tests.clock import Clock

OFF = "active = false"


async def on_page(desk: Desk, code: str, page: int = 0) -> Trial:
    found = await desk.read(look_back, await desk.read(find_rule, code), page)
    with pytest.raises(OnlyTried) as tried:
        await desk.run(attempt, found)
    return tried.value.trial


def said(found: Trial) -> list[tuple[int, tuple[str, ...], tuple[str, ...], bool]]:
    return [(one.line.number, one.done, one.left, one.ended) for one in found.shown]


async def test_of_each_ticket_it_is_said_what_would_be_done_and_nothing_is(
    desk: Desk, store: Store
) -> None:
    then = 'priority = "high", tags = ["vip"], assignee = "@nobody", note = "x", state = "resolve"'
    await apply(desk, rule("vip", "opened", then, "", OFF))
    first, second, third = [await opens(desk, who) for who in (ALICE, BORIS, ALICE)]
    await desk.run_as(await operator(desk), move, second.id, "close")
    tagged = rule("tag", "opened", 'tags = ["vip"]', "", OFF)
    await apply(desk, tagged)
    before = await store.everything()
    found = await on_page(desk, "vip")
    assert list(found.tickets) == [third.id, second.id, first.id], "the newest first"
    could, all_of_them = ("priority", "tags", "note", "state"), ("priority", "tags", "assignee")
    assert said(found)[0] == (third.id, could, ("assignee",), False)
    assert said(found)[1][1][:3] == all_of_them and said(found)[1][3], "nothing can be tried"
    assert await store.everything() == before
    assert not found.past.cut


async def test_tickets_come_by_pages(desk: Desk) -> None:
    await apply(desk, rule("all", "opened", 'tags = ["x"]', "", OFF))
    numbers = [(await opens(desk, BORIS if at % 2 else ALICE)).id for at in range(12)]
    found = await on_page(desk, "all")
    assert (len(found.tickets), found.pages, len(found.shown)) == (12, 2, 10)
    last = await on_page(desk, "all", 7)
    assert (last.page, [one[0] for one in said(last)]) == (1, [numbers[1], numbers[0]])


@pytest.mark.parametrize("event", ["opened", "open_for"])
async def test_of_too_many_events_the_newest_count_and_it_is_said(
    desk: Desk, clock: Clock, event: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_trials, "MOST_TRIED", 2)
    more = ('after = "1h"', OFF) if event == "open_for" else (OFF,)
    await apply(desk, rule("all", event, 'tags = ["x"]', "", *more))
    numbers = []
    for who in (ALICE, BORIS, ALICE):
        numbers.append((await opens(desk, who)).id)
        clock.move(hours=2)
    found = await on_page(desk, "all")
    assert list(found.tickets) == numbers[:0:-1]
    assert found.past.cut and len(found.past.events) == 2
    monkeypatch.setattr(rule_trials, "MOST_TRIED", 3)
    assert not (await on_page(desk, "all")).past.cut


async def test_a_rule_of_a_file_is_tried_with_what_else_is_in_it(desk: Desk, store: Store) -> None:
    ticket = await opens(desk)
    team = '[[team]]\ncode = "new"\ntitles = { en = "New" }\nlevel = 2\n'
    document = read_directory(team + rule("fresh", "opened", 'team = "new", tags = ["x"]'))
    found = await desk.read(look_back, rule_in(document, "fresh"))
    before = await store.everything()
    with pytest.raises(OnlyTried) as tried:
        await desk.run(attempt_with, document, found)
    assert said(tried.value.trial) == [(ticket.id, ("tags", "team"), (), False)]
    assert await store.everything() == before
